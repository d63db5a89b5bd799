"""The log as the decider's loop sees it: a port, so that the same loop runs on Kafka and in the simulator.

A shard is a partition number, the same of every topic; the group of deciders shares them. In: which shards are whose. Out:
committed records, and a commit that is one transaction. An implementation promises: a commit of a decider that lost one of its
shards is refused; `commit` writes all records and the positions or nothing; readers see only what was committed, and a new
owner sees all that its predecessor committed.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from commands.engine.entries import Positions
from commands.engine.records import InputRecord, OutputRecord


@dataclass(frozen=True, slots=True)
class ShardChange:
    """What the group says now: the shards of this decider, and those of them that no one else had meanwhile."""

    shards: frozenset[int]
    kept: frozenset[int]


@dataclass(frozen=True, slots=True)
class Backlog:
    """What an owner finds: partitions by topic of commands, its shards, and the ends of commands that it has not read yet."""

    partitions: Mapping[str, int]
    shards: frozenset[int]
    unread: Positions


class DeciderLog(Protocol):
    """One membership in the group: joined once, thrown away after anything but a clean commit.

    Every method may raise Fenced (another decider has the name), Rebalanced (ask `change` again), or Interrupted (the outcome is
    unknown, or the log is away).
    """

    def join(self) -> int:
        """Number of all shards. Shuts out every earlier decider of this name, whose open transactions are aborted."""

    def change(self) -> ShardChange | None:
        """What the group changed since this was last asked; None for nothing."""

    def read(self, topics: Sequence[str], known: Positions, shards: Collection[int]) -> Iterator[InputRecord]:
        """Every committed record of the shards' partitions of `topics`, from the positions on, to the end of now.

        From the beginning where none is known. What an earlier owner had under way is waited for.
        """

    def start_reading(self) -> Backlog:
        """Read commands of all shards from the group's positions on; from the beginning where there is none and no event either.

        Raises PositionsMissing where there is none although there are events.
        """

    def take(self, records_max: int, *, waits: bool = True) -> Sequence[InputRecord]:
        """The commands that are there, at most `records_max`; waits a moment for the first one. Nothing after a change.

        waits: False for a caller that has something else to do.
        """

    def hold(self, topic: str, partition: int, offset: int) -> None:
        """Hand out no more commands of a partition until `go_on`, or until shards are given; then from `offset` on."""

    def go_on(self, held: Positions) -> Positions:
        """Hand out the commands of partitions that are held, from these offsets on; the ends of these partitions now."""

    def commit(self, outputs: Iterable[OutputRecord], positions: Positions) -> None:
        """Write `outputs` and the next positions of the commands in one transaction.

        Raises Unwritable when one of them is larger than the log takes: nothing is written then, and this owner goes on.
        """

    def ends(self, topics: Sequence[str], shards: Collection[int]) -> Positions:
        """The ends of the shards' partitions of topics that only their owner writes.

        Another owner may have written there; what is committed on their ground is refused then.
        """

    def release(self) -> None:
        """Let go; never raises."""


DeciderLogFactory = Callable[[], DeciderLog]
