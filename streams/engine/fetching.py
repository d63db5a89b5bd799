"""aiokafka's consumer for readers who are interested in few of the records.

A record that concerns nobody costs a look at its first bytes: of it only the offset is handed on. Fetches go out at once
while there is little to do and are gathered while there is much, because a request costs as much as many records.
Subclasses of aiokafka's parts, which carry no types (hence `type: ignore`); nothing of it is patched.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiokafka
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords

from streams.engine.rate_limit import RateLimit

#: At most so often, with so many in reserve: a task's way to its first job is a handful of fetches, and none of them waits.
FETCH_INTERVAL_SECONDS = 0.025
FETCH_BURST = 12
Wanted = Callable[[str, bytes | None], bool]


@dataclass(slots=True)
class Record:
    """A record that concerns somebody. timestamp: milliseconds since 1970."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class SiftedRecords(PartitionRecords):  # type: ignore[misc]
    """The records of a partition: a `Record` for what is wanted, the bare offset for the rest."""

    def __init__(self, plain: PartitionRecords, wanted: Wanted) -> None:
        self._wanted = wanted
        super().__init__(
            plain._tp,
            plain._records,
            plain._aborted_transactions,
            plain.next_fetch_offset,
            None,
            None,
            plain._check_crcs,
            plain._isolation_level,
        )

    def _consumer_record(self, tp: Any, record: Any) -> Record | int:
        value = record.value
        if not self._wanted(tp.topic, value):
            return int(record.offset)
        return Record(tp.topic, tp.partition, record.offset, record.timestamp, record.key, value)


class GatheringFetcher(Fetcher):  # type: ignore[misc]
    """A fetcher that keeps a pace and sifts what it brings."""

    def __init__(self, client: Any, subscription: Any, wanted: Wanted, **settings: Any) -> None:
        self._wanted = wanted
        self._paces: dict[int, RateLimit] = {}
        super().__init__(client, subscription, **settings)

    async def _proc_fetch_request(self, assignment: Any, node_id: int, request: Any) -> bool:
        pace = self._paces.setdefault(node_id, RateLimit(FETCH_INTERVAL_SECONDS, FETCH_BURST))
        if (seconds := pace.wait(self._loop.time())) > 0:
            try:
                await asyncio.sleep(seconds)
            except asyncio.CancelledError:  # as aiokafka does: the assignment is gone, or the consumer ends
                return False
        brought = bool(await super()._proc_fetch_request(assignment, node_id, request))
        for result in self._records.values():
            if isinstance(result, FetchResult) and type(result._partition_records) is PartitionRecords:
                result._partition_records = SiftedRecords(result._partition_records, self._wanted)
        return brought


class SiftingConsumer(aiokafka.AIOKafkaConsumer):  # type: ignore[misc]
    """A consumer that hands out what `wanted` says, called with topic and value in the consumer's own thread."""

    _fetcher: Any

    def __init__(self, *, wanted: Wanted, **settings: Any) -> None:
        self._wanted = wanted
        super().__init__(**settings)

    async def start(self) -> None:
        """Connect; the fetcher that aiokafka made has not been asked for anything yet and gives way to ours."""
        await super().start()
        await self._fetcher.close()
        self._fetcher = GatheringFetcher(
            self._client,
            self._subscription,
            self._wanted,
            fetch_min_bytes=self._fetch_min_bytes,
            fetch_max_bytes=self._fetch_max_bytes,
            fetch_max_wait_ms=self._fetch_max_wait_ms,
            max_partition_fetch_bytes=self._max_partition_fetch_bytes,
            check_crcs=self._check_crcs,
            fetcher_timeout=self._consumer_timeout,
            retry_backoff_ms=self._retry_backoff_ms,
            auto_offset_reset=self._auto_offset_reset,
            isolation_level=self._isolation_level,
        )
