"""The log as the decider's loop sees it: a port, so that the same loop runs on Kafka and in the simulator.

In: where a slot begins. Out: committed events and commands as raw records, and a commit that is one transaction. An
implementation promises: after `acquire` no earlier owner commits anything more; `commit` writes all records and the positions or
nothing; readers see only what was committed.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from commands.engine.entries import Positions
from commands.engine.inline import Backlog
from commands.engine.records import InputRecord, OutputRecord


class ShardLog(Protocol):
    """One ownership of one slot: acquired once, thrown away after anything but a clean commit.

    Every method may raise Fenced (another decider has the slot) or Interrupted (the outcome is unknown, or the log is away).
    """

    def acquire(self) -> None:
        """Shut out every earlier owner of the slot; their open transactions are aborted."""

    def read(self, topics: Sequence[str], known: Positions) -> Iterator[InputRecord]:
        """Every committed record of the slot's partitions of `topics`, from the positions on, to the end of now.

        From the beginning where none is known.
        """

    def start_reading(self) -> Backlog:
        """Read commands from the committed positions of the slot on, from the beginning where none is committed."""

    def take(self, records_max: int) -> Sequence[InputRecord]:
        """The commands that are there, at most `records_max`; waits a moment for the first one."""

    def commit(self, outputs: Iterable[OutputRecord], positions: Positions) -> None:
        """Write `outputs` and the next positions of the commands in one transaction.

        Raises Unwritable when one of them is larger than the log takes: nothing is written then, and this owner goes on.
        """

    def ends(self, topics: Sequence[str]) -> Positions:
        """The ends of the slot's partitions of topics that only its owner writes.

        Another owner may have written there; what is committed on their ground is refused then.
        """

    def release(self) -> None:
        """Let go; never raises."""


ShardLogFactory = Callable[[], ShardLog]
