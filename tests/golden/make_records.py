"""`python -m tests.golden.make_records N`: the golden records of release N, made once, when the release is, and never again."""

import json
import sys
from pathlib import Path

from schemas.catalog import messages
from schemas.wire import Codec
from tests.schemas.samples import a_sample


def main(release: int) -> int:
    """Number of records written; refuses to touch a release that has its records."""
    folder = Path(__file__).parent / "records" / str(release)
    if folder.exists():
        sys.exit(f"{folder} exists; the records of a release are never made again")
    folder.mkdir(parents=True)
    for entry in messages():
        message, envelope = a_sample(entry)
        value = Codec({entry.full_name: release}, lambda number: {}).encode(message, envelope)
        (folder / f"{entry.full_name}.bin").write_bytes(value)
        text = json.dumps(message.to_avro(), indent=1, sort_keys=True, default=lambda value: value.hex())
        (folder / f"{entry.full_name}.json").write_text(text + "\n", encoding="utf-8")
    return len(messages())


if __name__ == "__main__":
    print(main(int(sys.argv[1])), "records")
