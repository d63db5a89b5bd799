"""What writing and reading a record costs, by compiled code and by fastavro, over samples of every message of the catalogue.

`python -m tests.bench.codec [--rounds 5]` prints microseconds of CPU a message, the least of the rounds, with the yardstick. Both
take turns in one process, and must have made the same bytes and the same message.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any

from schemas.catalog import CATALOG
from schemas.message_forms import Form, form_named
from tests.bench.yardstick import yardstick_ms
from tests.schemas.samples import a_sample

TIMES = 100


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="tests.bench.codec", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args(arguments).rounds
    cases = [_case(form_named(entry.full_name), *a_sample(entry)) for entry in CATALOG.values() if entry.is_message]
    least = [min(sum(case[way](TIMES) for case in cases) for _ in range(rounds)) / len(cases) / TIMES for way in range(4)]
    writing, written, reading, was_read = (seconds * 1e6 for seconds in least)
    print(f"{len(cases)} messages, yardstick {yardstick_ms():.1f} ms, CPU a message, compiled and by fastavro:")
    print(f"write {writing:6.2f} us and {written:6.2f} us ({written / writing:.1f} times)")
    print(f"read  {reading:6.2f} us and {was_read:6.2f} us ({was_read / reading:.1f} times)")


def _case(form: Form, message: Any, envelope: Any) -> tuple[Callable[[int], float], ...]:
    """Write and write by fastavro, read and read by fastavro: each takes how often, and gives seconds."""
    compiled = form.compiled
    assert compiled is not None, "the compiled codec was not built when Culm was installed"
    value = form.encode_interpreted(message, envelope)
    assert compiled.encode(b"", message, envelope) == value
    assert compiled.decode(value, 0) == form.decode_interpreted(value, form.schema) == (message, envelope)
    return (
        _timed(lambda: compiled.encode(b"", message, envelope)),
        _timed(lambda: form.encode_interpreted(message, envelope)),
        _timed(lambda: compiled.decode(value, 0)),
        _timed(lambda: form.decode_interpreted(value, form.schema)),
    )


def _timed(act: Callable[[], object]) -> Callable[[int], float]:
    def seconds(times: int) -> float:
        began = time.process_time()
        for _ in range(times):
            act()
        return time.process_time() - began

    return seconds


if __name__ == "__main__":
    main()
