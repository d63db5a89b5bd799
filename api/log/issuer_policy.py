"""Which issuers of tokens this API believes, as the log says, from the first event on.

In: policy events of the key `issuers`, read committed by a thread of its own. Out: the rows that its verifier believes, put there
in the event loop, within a fetch of the event being written. Guards: until the end of the log at the start was reached, and
when reading fails, nothing is believed; keys of new rows are fetched at once, and those of all rows again when they are due.
"""

import asyncio
import contextlib
import threading
import time

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from eventlog.consumers import follower
from eventlog.reading import take_what_is_there
from identity.key_cache import KeyCache
from identity.own_issuers import own_issuers
from identity.trust import rows_with_own
from identity.verify import Verifier
from schemas.aggregates import AGGREGATES
from schemas.partition import partition_of
from schemas.policy import IssuersSet
from schemas.types import TrustedIssuer
from schemas.wire import Codec

ISSUERS = "issuers"
KEYS_LOOK_SECONDS = 30.0
KAFKA_SECONDS_MAX = 5.0
AGAIN_SECONDS = 1.0
PREFETCH_KILOBYTES = 1024
log = structlog.get_logger()


class IssuerPolicy:
    """Keeps a verifier up to date."""

    def __init__(self, kafka: str, codec: Codec, verifier: Verifier, keys: KeyCache, vos: tuple[str, ...]) -> None:
        self._kafka, self._codec, self._vos = kafka, codec, vos
        self._verifier, self._keys = verifier, keys
        #: None when the list cannot be read.
        self._rows: tuple[TrustedIssuer, ...] | None = ()
        #: How many times the issuers were set, as the decider counts them.
        self.revision = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._known = asyncio.Event()
        self._ending = threading.Event()

    def start(self) -> None:
        """Begin to read; call from the event loop."""
        self._loop = asyncio.get_running_loop()
        for work, name in ((self._read, "issuer-policy"), (self._keep_keys, "issuer-keys")):
            threading.Thread(target=work, name=name, daemon=True).start()

    async def known(self, seconds: float) -> bool:
        """True as soon as the verifier has rows; false when it has none after `seconds`."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._known.wait(), seconds)
        return self._known.is_set()

    def close(self) -> None:
        """Stop."""
        self._ending.set()

    def _read(self) -> None:
        """Follow the log; when that fails, believe no one until it was read again from the beginning."""
        while not self._ending.is_set():
            try:
                self._follow()
            except Exception as problem:
                # A list that stands still would go on believing who is removed from now on.
                self._verifier.believe_no_one()
                log.exception("issuers_not_followed", reason=str(problem)[:200])
                self._ending.wait(AGAIN_SECONDS)

    def _follow(self) -> None:
        self._rows, self.revision = (), 0
        consumer = follower(self._kafka, "culm-api-issuers", prefetch_kilobytes=PREFETCH_KILOBYTES)
        reached_end = False
        try:
            self._assign(consumer)
            while not self._ending.is_set():
                for message in self._taken(consumer):
                    error = message.error()
                    if error is None:
                        self._take(message)
                    reached_end |= error is not None and error.code() == KafkaError._PARTITION_EOF
                if reached_end:
                    self._tell()
        finally:
            consumer.close()

    def _assign(self, consumer: Consumer) -> None:
        """The partition of the issuers, from its beginning; tries until the broker answers."""
        topic = AGGREGATES["policy"].topic("events")
        wait = 0.1
        while not self._ending.is_set():
            try:
                found = consumer.list_topics(topic, timeout=KAFKA_SECONDS_MAX).topics.get(topic)
                if found is not None and found.partitions:
                    partition = partition_of(ISSUERS, len(found.partitions))
                    low, _ = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=KAFKA_SECONDS_MAX)
                    consumer.assign([TopicPartition(topic, partition, low)])
                    return
            except KafkaException as problem:
                log.warning("issuers_not_known", problem=str(problem)[:200], retry_in_seconds=wait)
            self._ending.wait(wait)
            wait = min(wait * 2, 2.0)

    def _taken(self, consumer: Consumer) -> list[Message]:
        try:
            return take_what_is_there(consumer, 500, 0.5)
        except KafkaException as problem:
            log.warning("issuers_not_known", problem=str(problem)[:200])
            self._ending.wait(0.5)
            return []

    def _take(self, message: Message) -> None:
        if message.key() != ISSUERS.encode():
            return
        try:
            found = self._codec.decode(message.value()).message
        except Exception as problem:
            # Going on with the list before would believe for ever who was removed: only Culm's own issuer is left.
            log.exception("issuers_unreadable", offset=message.offset(), reason=str(problem)[:200])
            self._rows = None
            return
        if isinstance(found, IssuersSet):
            self._rows = found.issuers
            self.revision += 1

    def _tell(self) -> None:
        """Have the verifier believe the rows, if it does not yet; in the event loop, where tokens are judged."""
        rows = self._rows
        believed = own_issuers(self._vos, development=False) if rows is None else rows_with_own(self._vos, rows)
        if self._verifier.knows_issuers and set(believed) == set(self._verifier.issuers):
            return
        loop = self._loop
        assert loop is not None, "start first"
        with contextlib.suppress(RuntimeError):  # the loop has ended
            asyncio.run_coroutine_threadsafe(self._trust(believed), loop).result(KAFKA_SECONDS_MAX)

    async def _trust(self, rows: tuple[TrustedIssuer, ...]) -> None:
        self._verifier.trust(rows)
        self._known.set()
        log.info("issuers_believed", issuers=[row.issuer for row in rows])

    def _keep_keys(self) -> None:
        seen: set[str] = set()
        looked = float("-inf")
        while not self._ending.wait(0.2):
            rows = self._verifier.issuers
            names = {row.issuer for row in rows}
            if names == seen and time.monotonic() - looked < KEYS_LOOK_SECONDS:
                continue
            seen, looked = names, time.monotonic()
            try:
                self._keys.refresh_due(rows)
            except Exception as problem:  # the keys of one issuer must not keep those of others from being fetched again
                log.exception("issuer_keys_not_refreshed", reason=str(problem)[:200])
