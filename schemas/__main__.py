"""`python -m schemas generate | check | release | apply | docs`: the vocabulary's own commands."""

import os
import sys

from schemas.declarations import declaration_problems
from schemas.documentation import write_documentation
from schemas.evolution import violations, write_release
from schemas.generate import write_files
from schemas.registry import connect, register_all
from schemas.topics import TopicDiffers, apply_topics, declared_topics


def main(arguments: list[str]) -> int:
    """Exit code: 0 when done, 1 with a sentence on standard error when not, 2 for wrong usage."""
    match arguments:
        case ["generate"]:
            for path in write_files():
                print(path)
        case ["check"]:
            found = [*declaration_problems(), *violations()]
            print("\n".join(found) or "every message reads and is read by every released version")
            return 1 if found else 0
        case ["docs"]:
            print(write_documentation())
        case ["release"]:
            print(write_release())
        case ["apply"]:
            return apply(os.environ["CULM_KAFKA"], os.environ["CULM_REGISTRY"])
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


def apply(kafka: str, registry: str) -> int:
    """Make the topics and register the schemas; 1 when the cluster differs from what is declared."""
    try:
        topics = declared_topics()
        made = apply_topics(kafka, topics)
    except TopicDiffers as problem:
        print(f"culm: {problem}", file=sys.stderr)
        return 1
    with connect(registry) as client:
        ids = register_all(client)
    print(f"{len(made)} topics made, {len(topics) - len(made)} found as declared, {len(ids)} schemas registered")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
