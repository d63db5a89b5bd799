"""Brings the copies of closed rows to the end of the log: at once where little is missing, else behind the start, in portions.

In: the shards whose copies are behind, and the log. Out: whole copies. Guards: rows of one partition are taken over in the order
of the log, so what this decider itself writes meanwhile is not put into the copy but read with the rest; and a copy counts as
whole only when nothing was written since its end was asked for. What is not known until then is not answered
(docs/decisions/0046).
"""

from collections.abc import Iterator
from itertools import islice

import structlog

from commands.engine.closed_rows import ClosedRow, ClosedRowsOfShards
from commands.engine.entries import Positions
from commands.engine.log_port import DeciderLog
from commands.engine.records import InputRecord
from commands.engine.rows import named_by
from schemas.catalog import CLOSED_ROWS

log = structlog.get_logger()


class ClosedRowsFetch:
    """Of one decider. `closed` knows which shards are behind, so that a state which is not there is never taken for a new one."""

    def __init__(self, closed: ClosedRowsOfShards, portion: int) -> None:
        """portion: records that are taken over at once."""
        self._closed = closed
        self._portion = portion
        self._reading: frozenset[int] = frozenset()
        self._records: Iterator[InputRecord] | None = None
        self._ends: Positions = {}

    def begin(self, decider_log: DeciderLog, shards: frozenset[int], at_once_max: int) -> None:
        """The copies of `shards` are behind from now on; but whole at the end if at most `at_once_max` records are missing."""
        self.stop()
        self._closed.behind |= shards
        missing = 0
        for (_, shard), end in decider_log.ends((CLOSED_ROWS,), shards).items():
            closed = self._closed.of(shard)
            if closed.position() > end:
                log.warning("closed_rows_of_another_log", shard=shard, remedy="they are fetched again")
                closed.clear()
            missing += end - closed.position()
        if missing > at_once_max:
            log.info("closed_rows_behind", shards=sorted(shards), records=missing)
            return
        while not self.go_on(decider_log, shards):
            pass

    def go_on(self, decider_log: DeciderLog, shards: frozenset[int]) -> bool:
        """Take a portion over; True when the copies of `shards` are whole."""
        if self._records is None or self._reading != shards:
            self.stop()
            self._ends = decider_log.ends((CLOSED_ROWS,), shards)
            self._closed.missed -= shards
            known = {(CLOSED_ROWS, shard): self._closed.of(shard).position() for shard in shards}
            self._reading, self._records = shards, decider_log.read((CLOSED_ROWS,), known, shards)
        count, rows, reached = 0, dict[int, list[ClosedRow]](), dict[int, int]()
        for record in islice(self._records, self._portion):
            key, name = named_by(record.key)
            rows.setdefault(record.partition, []).append((key, name, record.value))
            reached[record.partition] = record.offset + 1
            count += 1
        for shard, some in rows.items():
            self._closed.of(shard).put(some, reached[shard])
        if count == self._portion:
            return False
        self.stop()
        for (_, shard), end in self._ends.items():
            self._closed.of(shard).reached(max(end, self._closed.of(shard).position()))
        if self._closed.missed & shards:
            return False
        self._closed.behind -= shards
        return True

    def stop(self) -> None:
        """Put the reader away; a later portion begins where the copies end."""
        self._records = None
