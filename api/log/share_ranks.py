"""How the global shares stand, as the log said last: what each request of a pilot brings to its queue.

In: the newest ranking and those that come after it, read committed by a thread of its own. Out: `current`, for any thread.
Guards: a ranking that cannot be read leaves the one before; while none is known, queues serve by priority and age alone.
"""

import threading

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition

from eventlog.consumers import follower
from eventlog.reading import take_what_is_there
from schemas.aggregates import AGGREGATES
from schemas.ranking import SharesRanked
from schemas.types import ShareRanks
from schemas.wire import Codec

AGAIN_SECONDS = 1.0
KAFKA_SECONDS_MAX = 5.0
PREFETCH_KILOBYTES = 1024
#: Places behind which the newest ranking is looked for: rankings and the marks of transactions, aborted ones among them.
LOOKED_BACK = 100
log = structlog.get_logger()


class ShareRanksFollower:
    """Start it, ask it, close it."""

    def __init__(self, kafka: str, codec: Codec) -> None:
        self._kafka, self._codec = kafka, codec
        self._current: ShareRanks | None = None
        self._ending = threading.Event()

    @property
    def current(self) -> ShareRanks | None:
        """The newest ranking with its sequence; None while there is none, or where the tree of shares is empty."""
        found = self._current
        return found if found is not None and found.standings else None

    def start(self) -> None:
        """Begin to read."""
        threading.Thread(target=self._run, name="share-ranks", daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._ending.set()

    def take(self, value: bytes | None) -> None:
        """A record of the log; an earlier ranking than the one that is known changes nothing."""
        try:
            found = self._codec.decode(value)
        except Exception as problem:  # the thread must outlive an odd record
            log.exception("share_ranks_unreadable", reason=str(problem)[:200])
            return
        sequence = found.envelope.sequence
        if isinstance(found.message, SharesRanked) and (self._current is None or sequence > self._current.sequence):
            self._current = ShareRanks(sequence=sequence, standings=found.message.standings)

    def _run(self) -> None:
        while not self._ending.is_set():
            consumer = follower(self._kafka, "culm-api-ranks", prefetch_kilobytes=PREFETCH_KILOBYTES)
            try:
                if self._assign(consumer):
                    self._follow(consumer)
            except KafkaException as problem:
                log.warning("share_ranks_not_followed", reason=str(problem)[:200], retry_in_seconds=AGAIN_SECONDS)
            finally:
                consumer.close()
            self._ending.wait(AGAIN_SECONDS)

    def _assign(self, consumer: Consumer) -> bool:
        """The last records of each partition and all that come; False while there is no such topic. Raises KafkaException."""
        topic = AGGREGATES["ranking"].topic("events")
        found = consumer.list_topics(topic, timeout=KAFKA_SECONDS_MAX).topics.get(topic)
        if found is None or not found.partitions:
            return False
        places = []
        for number in found.partitions:
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=KAFKA_SECONDS_MAX)
            places.append(TopicPartition(topic, number, max(low, high - LOOKED_BACK)))
        consumer.assign(places)
        return True

    def _follow(self, consumer: Consumer) -> None:
        while not self._ending.is_set():
            for message in take_what_is_there(consumer, 500, 0.5):
                if message.error() is None:
                    self.take(message.value())
