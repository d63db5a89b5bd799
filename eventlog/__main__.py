"""`python -m eventlog apply`: make the declared topics and register the schemas, before the first process starts."""

import os
import sys

from eventlog.registry import connect, register_all
from eventlog.topics import apply_topics
from schemas.topics import TopicDiffers, declared_topics


def main(arguments: list[str]) -> int:
    """Exit code: 0 when done, 1 with a sentence on standard error when not, 2 for wrong usage."""
    if arguments != ["apply"]:
        print(__doc__, file=sys.stderr)
        return 2
    return apply(os.environ["CULM_KAFKA"], os.environ["CULM_REGISTRY"])


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
