"""`python -m schemas generate | check | release | docs`: the vocabulary's own commands."""

import sys

from schemas.declarations import declaration_problems
from schemas.documentation import write_documentation
from schemas.evolution import violations, write_release
from schemas.generate import write_files


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
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
