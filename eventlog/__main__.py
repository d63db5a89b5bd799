"""`python -m eventlog apply`: make the declared topics and register the schemas, before the first process starts."""

import os
import sys

from eventlog.declarations import apply_declarations
from process.servers import kafka_of, registry_of
from process.settings import Settings
from schemas.topics import TopicDiffers


def main(arguments: list[str]) -> int:
    """Exit code: 0 when done, 1 with a sentence on standard error when not, 2 for wrong usage."""
    if arguments != ["apply"]:
        print(__doc__, file=sys.stderr)
        return 2
    settings = Settings(os.environ)
    try:
        print(apply_declarations(kafka_of(settings), registry_of(settings)))
    except TopicDiffers as problem:
        print(f"culm: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
