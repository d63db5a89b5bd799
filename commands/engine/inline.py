"""Which follow-ups are decided at once, in the transaction of their cause, instead of taking the way through the log.

In: how far the commands of the own shards are read, and the follow-ups that went through the log and did not come back yet.
Guards: an aggregate meets the follow-ups of a decider in the order in which they were given; so a follow-up goes through the log
as long as an earlier one to the same aggregate may still be there. What belongs to another decider always does.
"""

from collections.abc import Mapping

from commands.engine.entries import Positions
from commands.engine.log_port import Backlog
from schemas.ids import FOLLOW_UPS_INLINE_MAX
from schemas.partition import partition_of

#: Behind every record of a partition.
HELD = 2**63


class InlineFollowUps:
    """The choice of one decider; begins by sending everything through the log."""

    def __init__(self, decisions_max: int = 400) -> None:
        """decisions_max: what one record may bring about before the rest goes through the log; others wait meanwhile."""
        self.decisions_max = decisions_max
        self._shards: frozenset[int] = frozenset()
        self._partitions: Mapping[str, int] = {}
        self._unread: Positions = {}
        self._under_way: dict[tuple[str, str], set[str]] = {}

    def begin(self, backlog: Backlog) -> None:
        """Other shards than before; follow-ups that were sent to them are somewhere among what is unread."""
        self._partitions, self._shards = backlog.partitions, backlog.shards
        self._unread = dict(backlog.unread)
        self._under_way.clear()

    def hold(self, topic: str, partition: int) -> None:
        """No command of this partition is decided for a while: what is sent there meanwhile comes after what waits."""
        self._unread[(topic, partition)] = HELD

    def go_on(self, ends: Positions) -> None:
        """Commands of these partitions are decided again, those before the ends before any that follow at once."""
        self._unread |= ends

    def takes(self, topic: str, aggregate_id: str, number: int) -> bool:
        """True when follow-up `number` of a decision, to this aggregate, may be decided at once."""
        if number >= FOLLOW_UPS_INLINE_MAX or (topic, aggregate_id) in self._under_way:
            return False
        partition = self._own_partition(topic, aggregate_id)
        return partition is not None and (topic, partition) not in self._unread

    def sent(self, topic: str, aggregate_id: str, command_id: str) -> None:
        """Note a follow-up that goes through the log."""
        if self._own_partition(topic, aggregate_id) is not None:
            self._under_way.setdefault((topic, aggregate_id), set()).add(command_id)

    def read(self, topic: str, partition: int, offset: int) -> None:
        """Note how far commands are read."""
        if self._unread and offset + 1 >= self._unread.get((topic, partition), offset + 2):
            del self._unread[(topic, partition)]

    def came(self, topic: str, aggregate_id: str, command_id: str) -> None:
        """Note a command that came through the log."""
        under_way = self._under_way.get((topic, aggregate_id))
        if under_way is not None:
            under_way.discard(command_id)
            if not under_way:
                del self._under_way[(topic, aggregate_id)]

    def _own_partition(self, topic: str, aggregate_id: str) -> int | None:
        """The partition of an aggregate; None for one of another decider, or before anything is owned."""
        partitions = self._partitions.get(topic)
        if partitions is None:
            return None
        partition = partition_of(aggregate_id, partitions)
        return partition if partition in self._shards else None
