"""Uploads under way at one API. Guards: one user has a bounded number at a time, and so a bounded part of the disk."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

#: Of one user at a time.
AT_ONCE_MAX = 8


class TooManyUploads(ValueError):
    """The user uploads as much as one may; the message is the answer's."""


@dataclass(slots=True)
class OpenUploads:
    """Uploads under way, by user. taken: how many there were since the start."""

    open: Counter[str] = field(default_factory=Counter)
    taken: int = 0

    @contextmanager
    def turn(self, owner: str) -> Iterator[None]:
        """Room for one more of `owner`; raises TooManyUploads."""
        if self.open[owner] >= AT_ONCE_MAX:
            found = f"{AT_ONCE_MAX} uploads are under way, expected fewer before another begins"
            raise TooManyUploads(f"ERROR: cannot write file: {found}")
        self.open[owner] += 1
        self.taken += 1
        try:
            yield
        finally:
            self.open[owner] -= 1
            if not self.open[owner]:
                del self.open[owner]
