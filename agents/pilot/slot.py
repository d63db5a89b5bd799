"""The slot that a pilot has: the memory that it may really use, as the machine, the batch system or the site limits it.

A limit that cannot be read is none. The kernel's file is looked for in the pilot's own control group and at the top, where a
container shows its own.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MB = 1 << 20
#: Larger ones stand for no limit.
BYTES_MAX = 1 << 60


def memory_mb_of_slot(
    total_mb: int,
    given_mb: int,
    group_file: Path = Path("/proc/self/cgroup"),
    groups: Path = Path("/sys/fs/cgroup"),
) -> int:
    """The least of the machine's memory, what the site gives (0: does not say) and what the control group allows."""
    limits = [total_mb, *([given_mb] if given_mb > 0 else []), *_group_limits_mb(group_file, groups)]
    return min(limits)


def _group_limits_mb(group_file: Path, groups: Path) -> Iterator[int]:
    for path in _limit_files(group_file, groups):
        with suppress(OSError, ValueError):
            limit = int(path.read_text(encoding="ascii"))
            if MB <= limit < BYTES_MAX:
                yield limit // MB


def _limit_files(group_file: Path, groups: Path) -> Iterator[Path]:
    """Where limits of memory may stand, in either version of control groups."""
    yield from (groups / "memory.max", groups / "memory" / "memory.limit_in_bytes")
    with suppress(OSError, UnicodeDecodeError):
        for line in group_file.read_text(encoding="utf-8").splitlines():
            _, _, rest = line.partition(":")
            controllers, _, name = rest.partition(":")
            own = name.strip("/")
            if not own or ".." in own.split("/"):
                continue
            if not controllers:
                yield groups / own / "memory.max"
            elif "memory" in controllers.split(","):
                yield groups / "memory" / own / "memory.limit_in_bytes"
