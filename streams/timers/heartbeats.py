"""The heartbeat path as the timers see it: does a pilot's sign of life reach the log, and when did each last do.

In: the heartbeat topic from its end on, and the API's door. Out: times of the last heartbeats, whether the path works now
(the broker answers, the API answers), and until when everything in the topic was read. More heartbeats than can be read in a
round are no gap: what is known ends earlier, in the partition that they fill. Keys and broker timestamps suffice; nothing is
decoded.
"""

import time

import httpx
import structlog
from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from eventlog.consumers import tail_reader
from eventlog.reading import take_what_is_there
from schemas.instants import micros_of_millis, micros_of_nanos
from schemas.partition import partition_of
from streams.timers.watch import LastSeen

TOPIC = "culm.pilot.heartbeats.v1"
ANSWER_SECONDS = 2.0
CATCH_UP_SECONDS = 2.0
BATCH = 5000
log = structlog.get_logger()


class HeartbeatPath:
    """Listens without a group; begins at the end of the topic, because what was before was not watched."""

    def __init__(self, kafka: str, api: str | None, last_seen: LastSeen) -> None:
        self._last_seen = last_seen
        self._api = httpx.Client(base_url=api, timeout=ANSWER_SECONDS) if api else None
        self._read: dict[int, int] = {}
        self._read_until: dict[int, int] = {}
        self._consumer = tail_reader(kafka, "culm-timers", hears_ends=True)

    def works(self) -> bool:
        """True when signs of life get through at this moment; reads what came meanwhile, for a limited time."""
        asked_at = _now()
        try:
            ends = self._ends()
        except KafkaException as problem:
            log.warning("heartbeat_topic_away", problem=str(problem))
            return False
        if not self._read:
            self._read = dict(ends)
            self._consumer.assign([TopicPartition(TOPIC, partition, end) for partition, end in ends.items()])
        try:
            self._read_up_to(ends, asked_at)
            return self._api_answers()
        except KafkaException as problem:
            log.warning("heartbeat_topic_away", problem=str(problem))
            return False

    def read_until(self, job_id: str) -> int:
        """Until when every sign of life of the job's pilot was read, microseconds; 0 before the first round."""
        return self._read_until.get(partition_of(job_id, len(self._read)), 0) if self._read else 0

    def close(self) -> None:
        """Give the connections back."""
        self._consumer.close()
        if self._api is not None:
            self._api.close()

    def _ends(self) -> dict[int, int]:
        found = None if self._read else self._consumer.list_topics(TOPIC, timeout=ANSWER_SECONDS).topics.get(TOPIC)
        partitions = list(self._read) or list(found.partitions if found else ())
        if not partitions:
            raise KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))
        ends = {}
        for partition in partitions:
            marks = self._consumer.get_watermark_offsets(TopicPartition(TOPIC, partition), timeout=ANSWER_SECONDS)
            ends[partition] = marks[1]
        return ends

    def _read_up_to(self, ends: dict[int, int], asked_at: int) -> None:
        """Read what stands before `ends`, which were the ends at `asked_at`, as far as a little while allows."""
        until = time.monotonic() + CATCH_UP_SECONDS
        while any(self._read[partition] < end for partition, end in ends.items()) and time.monotonic() < until:
            for message in take_what_is_there(self._consumer, BATCH, 0.2):
                self._take(message)
        for partition, end in ends.items():
            if self._read[partition] >= end:
                self._extend(partition, asked_at)

    def _take(self, message: Message) -> None:
        partition, offset, failure = message.partition() or 0, message.offset() or 0, message.error()
        if failure is None:
            self._read[partition] = offset + 1
            # Others of the same moment may be unread.
            self._extend(partition, _at(message) - 1)
            self._last_seen.note((message.key() or b"").decode(errors="replace"), _at(message))
        elif failure.code() == KafkaError._PARTITION_EOF:
            # Behind the last record may stand a mark of a transaction, which is never handed out.
            self._read[partition] = max(self._read[partition], offset)

    def _extend(self, partition: int, at: int) -> None:
        self._read_until[partition] = max(self._read_until.get(partition, 0), at)

    def _api_answers(self) -> bool:
        """Any answer at all: what is asked is whether pilots can get through the door."""
        if self._api is None:
            return True
        try:
            self._api.get("/v1/health")
        except httpx.HTTPError as problem:
            log.warning("api_away", problem=repr(problem))
            return False
        return True


def _at(message: Message) -> int:
    """When the record was written, as it says itself, but never later than now: no sign of life lies in the future."""
    return min(micros_of_millis(message.timestamp()[1]), _now())


def _now() -> int:
    return micros_of_nanos(time.time_ns())
