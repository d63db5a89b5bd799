"""What stopped instances had, until others have it: meanwhile its commands wait, and so do those who sent them."""

import time
from collections.abc import Callable, Iterable

from eventlog.members import have_left
from process.instances import process_named

#: A session of ten seconds, the time that sharing out takes, and a busy machine.
SECONDS_MAX = 60.0
PAUSE_SECONDS = 0.2


def await_handing_over(kafka: str, stopped: Iterable[str], say: Callable[[str], None]) -> None:
    """Return when the partitions of the programs that were `stopped` have other owners, or after a minute, which is said."""
    for name in stopped:
        process = process_named(name)
        follows = process.kind.follows if process is not None else None
        if process is None or follows is None or not follows.groups:
            continue
        end = time.monotonic() + SECONDS_MAX
        while not have_left(kafka, follows.groups, {str(process.instance)}):
            if time.monotonic() > end:
                say(f"what {name} had is not shared out yet")
                break
            time.sleep(PAUSE_SECONDS)
