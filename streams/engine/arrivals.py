"""Records on their way from the log to who listens: what was read is sifted and entered into the ledger at once. Pure.

Faust hands `Arrival`s over in batches, one event a topic and fetch, because an event costs it more than a choice costs us.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from streams.engine.offset_ledger import OffsetLedger


@dataclass(frozen=True, slots=True)
class Arrival:
    """A record that somebody asked for. done: takes its offset once all that follows from it is in the log."""

    message: Any
    done: Callable[[int], None]

    def ack(self) -> None:
        """All that follows from the record is in the log."""
        self.done(self.message.offset)


def arrivals(read: Iterable[Any], ledger: OffsetLedger, done: Callable[[int], None]) -> list[Arrival]:
    """What concerns somebody among `read`, delivered in `ledger`; the rest is passed over there.

    read: records of one partition in order; of one that concerns nobody only the offset.
    """
    found = []
    passed: int | None = None
    for one in read:
        if type(one) is int:
            passed = one
        else:
            ledger.deliver(one.offset)
            found.append(Arrival(one, done))
    if passed is not None:
        ledger.pass_over(passed)
    return found
