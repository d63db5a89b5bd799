"""Positions in the log, so that a reader finds what it wrote.

Out of a write comes a position (`Culm-Position`): the end of the event partition that holds the aggregate. A read
that names it (`Culm-Min-Position`) waits until the read models have covered it. Rule of comparison: read models store
the offset after the last event they applied, which never counts the transaction marker behind it; so a partition
without an open transaction is covered one before its end.
"""

import asyncio
import base64
import binascii
import time
from collections.abc import Sequence
from dataclasses import dataclass

from confluent_kafka import IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, ListOffsetsResultInfo, OffsetSpec

from api.http.errors import BadRequest, LogUnavailable, PositionNotReached, ReadModelsUnavailable
from api.queries.positions import stored_position_now, stored_positions
from api.queries.read_models import ReadModels
from eventlog.connection import open_admin
from eventlog.consumers import one_shot_reader
from schemas.partition import partition_of
from schemas.topics import topics_of_role

TOKEN_LENGTH_MAX = 120
REFRESH_SECONDS = 0.008
#: A waiter this old makes us look whether only aborted transactions lie between the read models and the position.
SUSPECT_SECONDS = 0.3
QUERY_SECONDS = 5.0
#: Markers are written a moment after the answer can be read.
OPEN_TRANSACTION_LOOKS = 4
EVENT_TOPICS = frozenset(topics_of_role("events"))


@dataclass(frozen=True, slots=True)
class Position:
    """Offset after the last event that must have been applied, in one partition of an event topic."""

    topic: str
    partition: int
    offset: int

    def token(self) -> str:
        """The position as one opaque word for a header."""
        text = f"{self.topic}/{self.partition}/{self.offset}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def position_from(token: str) -> Position:
    """The position that `token` stands for; raises BadRequest for anything that `Position.token` did not make."""
    if len(token) > TOKEN_LENGTH_MAX:
        raise BadRequest(f"Culm-Min-Position has {len(token)} characters, at most {TOKEN_LENGTH_MAX} are expected")
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        topic, partition, offset = text.split("/")
        position = Position(topic, int(partition), int(offset))
    except (ValueError, binascii.Error) as problem:
        raise BadRequest("Culm-Min-Position is not a value that was once sent as Culm-Position") from problem
    if topic not in EVENT_TOPICS or not 0 <= position.partition < 10_000 or not 0 <= position.offset < 2**62:
        raise BadRequest("Culm-Min-Position does not name a place in an event topic")
    return position


class Positions:
    """Finds positions in the log and waits until the read models cover them.

    The table of the read models is looked at only while there are waiters, by one task for all of them.
    """

    def __init__(self, kafka: str, read_models: ReadModels) -> None:
        self._kafka = kafka
        self._read_models = read_models
        self._admin = self._new_admin()
        self._partitions: dict[str, int] = {}
        self._waiting: list[tuple[Position, asyncio.Future[bool]]] = []
        self._refresher: asyncio.Task[None] | None = None

    async def position_of(self, aggregate: str, aggregate_id: str) -> Position:
        """The end, as of now, of the event partition that holds `aggregate_id`; raises LogUnavailable."""
        topic = f"culm.{aggregate}.events.v1"
        assert topic in EVENT_TOPICS, f"{aggregate!r} is no aggregate with events"
        try:
            if topic not in self._partitions:
                await asyncio.to_thread(self._count_partitions, topic)
            number = partition_of(aggregate_id, self._partitions[topic])
            part = TopicPartition(topic, number)
            high = await self._end(part, IsolationLevel.READ_UNCOMMITTED)
            stable = await self._end(part, IsolationLevel.READ_COMMITTED)
            for _ in range(OPEN_TRANSACTION_LOOKS):
                if stable >= high:
                    break
                await asyncio.sleep(REFRESH_SECONDS / 4)
                stable = await self._end(part, IsolationLevel.READ_COMMITTED)
        except KafkaException as problem:
            raise LogUnavailable(f"the end of {topic} could not be found: {problem}", retry_after_seconds=1) from problem
        return Position(topic, number, covered_at(high, stable))

    async def wait_for(self, position: Position, seconds: float) -> bool:
        """True once the read models cover `position`, false when `seconds` passed; raises ReadModelsUnavailable."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        entry = (position, future)
        self._waiting.append(entry)
        if self._refresher is None or self._refresher.done():
            self._refresher = asyncio.create_task(self._refresh())
        started = time.monotonic()
        try:
            done, _ = await asyncio.wait((future,), timeout=min(seconds, SUSPECT_SECONDS))
            if not done and seconds > SUSPECT_SECONDS and await asyncio.to_thread(self._nothing_left, position):
                return True
            if not done:
                await asyncio.wait((future,), timeout=max(0.0, seconds - (time.monotonic() - started)))
            return future.done() and future.result()
        finally:
            if entry in self._waiting:
                self._waiting.remove(entry)

    async def require(self, position: Position, seconds: float) -> None:
        """Return once the read models cover `position`; raises PositionNotReached with the position reached."""
        if await self.wait_for(position, seconds):
            return
        reached = (await stored_positions(self._read_models)).get((position.topic, position.partition), 0)
        raise PositionNotReached(
            f"the read models are {position.offset - reached} records behind the position after {seconds:.1f} s",
            position=Position(position.topic, position.partition, reached).token(),
        )

    async def _refresh(self) -> None:
        while self._waiting:
            try:
                stored = await stored_positions(self._read_models)
            except ReadModelsUnavailable as problem:
                for _, future in self._waiting:
                    if not future.done():
                        future.set_exception(problem)
                return
            for position, future in self._waiting:
                if not future.done() and stored.get((position.topic, position.partition), 0) >= position.offset:
                    future.set_result(True)
            await asyncio.sleep(REFRESH_SECONDS)

    def _count_partitions(self, topic: str) -> None:
        count = len(self._admin.list_topics(topic, timeout=QUERY_SECONDS).topics[topic].partitions)
        if not count:
            raise LogUnavailable(f"topic {topic} does not exist; run `python -m eventlog apply`")
        self._partitions[topic] = count

    async def _end(self, part: TopicPartition, isolation: IsolationLevel) -> int:
        """The end of a partition; asked a second time with a new client.

        After a change of leader a client of librdkafka asks with the old epoch, for ever.
        """
        try:
            return await self._end_reported(part, isolation)
        except KafkaException:
            self._admin = self._new_admin()
            return await self._end_reported(part, isolation)

    async def _end_reported(self, part: TopicPartition, isolation: IsolationLevel) -> int:
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # not annotated there
        asked = self._admin.list_offsets({part: latest}, isolation_level=isolation, request_timeout=QUERY_SECONDS)
        found: ListOffsetsResultInfo = await asyncio.wrap_future(asked[part])
        return int(found.offset)

    def _new_admin(self) -> AdminClient:
        return open_admin(self._kafka, "culm-api-positions")

    def _nothing_left(self, position: Position) -> bool:
        """True when no committed record lies between the read models and `position`."""
        consumer = one_shot_reader(self._kafka, "culm-api-positions")
        try:
            stored = stored_position_now(self._read_models, position.topic, position.partition)
            consumer.assign([TopicPartition(position.topic, position.partition, stored)])
            record = consumer.poll(1.0)
            if record is None:
                return False
            reached = record.offset()
            return reached is not None and reached >= position.offset
        finally:
            consumer.close()


def covered_at(high: int, stable: int) -> int:
    """What a reader has stored once it has applied everything that was below `high`, the end of the partition.

    stable: end of what is committed, found after `high`. Where it is not below, the record before it is the marker of
    the last transaction, which readers never see; else records up to `high` are of a transaction that is still open.
    """
    assert high >= 0, f"end of a partition at {high}"
    return max(0, stable - 1) if stable >= high else high


def tokens(positions: Sequence[Position]) -> str:
    """Header value for several positions, separated by commas."""
    return ",".join(position.token() for position in positions)
