"""`python tests/golden/make_records.py N`: the golden records of release N, made once, when the release is, and never again."""

import json
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent.parent.parent), str(Path(__file__).parent.parent / "schemas")]

from samples import a_sample  # noqa: E402 - the path is set above
from schemas.catalog import messages  # noqa: E402
from schemas.wire import Codec  # noqa: E402


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
