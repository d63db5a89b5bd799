"""Which issuers of tokens this API believes, which tokens it believes no more, and which ids are of one person, as the log says.

In: policy events of the keys `issuers`, `revoked.*`, `revoked_before.*` and `linked.*`, from the first on, read committed by a
thread of its own. Out: the rows, revocations and links by which its verifier judges, within a fetch of the event being written;
there is no cache in between. Guards: until the end of the log at the start was reached, and when reading fails, nothing is
believed; an event that cannot be read refuses, or links no one; keys of new rows are fetched at once, and those of all rows again
when they are due.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from eventlog.consumers import follower
from eventlog.reading import take_what_is_there
from identity.access_policy import ACCESS_POLICY_KEY, NOTHING_GRANTED, AccessRules
from identity.enrolments import Enrolments
from identity.key_cache import KeyCache
from identity.own_issuers import own_issuers
from identity.trust import rows_with_own
from identity.verify import Verifier
from schemas.aggregates import AGGREGATES
from schemas.ids import ENROLMENT, LINKED_IDENTITY, REVOKED_IDENTITY, REVOKED_ISSUER
from schemas.instants import MINUTE, micros_of_seconds
from schemas.policy import AccessPolicySet, EnrolmentEnded, IssuersSet
from schemas.types import TrustedIssuer
from schemas.wire import Codec, Decoded

ISSUERS = "issuers"
KEYS_LOOK_SECONDS = 30.0
FORGET_SECONDS = 60.0
AGAIN_SECONDS = 1.0
KAFKA_SECONDS_MAX = 5.0
PREFETCH_KILOBYTES = 1024
#: An API that reads the log again raises no alarm about what was long ago.
ALARM_MICROS = 10 * MINUTE
CODE_DIGITS = 16
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Fold:
    """What is done with events of one kind. keys: whole, or beginnings that end with a dot. take_unreadable: gets the key."""

    keys: tuple[str, ...]
    kind: str
    take: Callable[[Decoded], None]
    take_unreadable: Callable[[str], None]

    def is_of(self, name: str) -> bool:
        """True when events under the key `name` are of this kind."""
        return any(name == key or (key.endswith(".") and name.startswith(key)) for key in self.keys)


class IssuerPolicy:
    """Keeps a verifier up to date."""

    def __init__(
        self,
        kafka: str,
        codec: Codec,
        verifier: Verifier,
        keys: KeyCache | None,
        vos: tuple[str, ...],
        enrolments: Enrolments | None = None,
    ) -> None:
        """keys: kept up to date, too; None where no tokens are judged."""
        self._kafka, self._codec, self._vos = kafka, codec, vos
        self._verifier, self._keys = verifier, keys
        self._enrolments = enrolments if enrolments is not None else Enrolments()
        revocations, links = verifier.revocations, verifier.links
        self._folds = (
            _Fold((ISSUERS,), "issuers", self._take_issuers, self._take_unreadable_issuers),
            _Fold((ACCESS_POLICY_KEY,), "access_policy", self._take_access, self._take_unreadable_access),
            _Fold((REVOKED_IDENTITY, REVOKED_ISSUER), "revocation", self._take_revocation, revocations.take_unreadable),
            _Fold((ENROLMENT,), "enrolment", self._take_enrolment, revocations.take_unreadable),
            _Fold((LINKED_IDENTITY,), "link", self._take_link, links.take_unreadable),
        )
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
        threading.Thread(target=self._read, name="issuer-policy", daemon=True).start()
        if self._keys is not None:
            threading.Thread(target=self._keep_keys, args=(self._keys,), name="issuer-keys", daemon=True).start()

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
                # A list that stands still would go on believing who is removed or revoked from now on.
                self._verifier.believe_no_one()
                log.exception("issuers_not_followed", reason=str(problem)[:200])
                self._ending.wait(AGAIN_SECONDS)

    def _follow(self) -> None:
        consumer = follower(self._kafka, "culm-api-issuers", prefetch_kilobytes=PREFETCH_KILOBYTES)
        self._rows, self.revision = (), 0
        self._verifier.access = AccessRules()
        try:
            unread = self._assign(consumer)
            forgot = time.monotonic()
            while not self._ending.is_set():
                for message in self._taken(consumer):
                    error = message.error()
                    if error is None:
                        self._take(message.key() or b"", message.value(), message.offset())
                    elif error.code() == KafkaError._PARTITION_EOF:
                        unread.discard(message.partition() or 0)
                if not unread:
                    self._tell()
                if time.monotonic() - forgot >= FORGET_SECONDS:
                    self._verifier.revocations.forget_ended(micros_of_seconds(time.time()))
                    self._enrolments.forget_expired(micros_of_seconds(time.time()))
                    forgot = time.monotonic()
        finally:
            consumer.close()

    def _assign(self, consumer: Consumer) -> set[int]:
        """Every partition of policies, from its beginning; tries until the broker answers. The numbers of all of them."""
        topic = AGGREGATES["policy"].topic("events")
        wait = 0.1
        while not self._ending.is_set():
            try:
                found = consumer.list_topics(topic, timeout=KAFKA_SECONDS_MAX).topics.get(topic)
                if found is not None and found.partitions:
                    consumer.assign([_beginning(consumer, topic, partition) for partition in found.partitions])
                    return set(found.partitions)
            except KafkaException as problem:
                log.warning("issuers_not_known", problem=str(problem)[:200], retry_in_seconds=wait)
            self._ending.wait(wait)
            wait = min(wait * 2, 2.0)
        return set()

    def _taken(self, consumer: Consumer) -> list[Message]:
        try:
            return take_what_is_there(consumer, 500, 0.5)
        except KafkaException as problem:
            log.warning("issuers_not_known", problem=str(problem)[:200])
            self._ending.wait(0.5)
            return []

    def _take(self, key: bytes, value: bytes | None, offset: int | None) -> None:
        name = key.decode("utf-8", "replace")
        fold = next((one for one in self._folds if one.is_of(name)), None)
        if fold is None:
            return
        try:
            found = self._codec.decode(value)
        except Exception as problem:
            log.exception(f"{fold.kind}_unreadable", offset=offset, reason=str(problem)[:200])
            fold.take_unreadable(name)
            return
        fold.take(found)

    def _take_issuers(self, found: Decoded) -> None:
        if isinstance(found.message, IssuersSet):
            self._rows = found.message.issuers
            self.revision += 1

    def _take_unreadable_issuers(self, _: str) -> None:
        # Going on with the list before would believe for ever who was removed: only Culm's own issuer is left.
        self._rows = None

    def _take_access(self, found: Decoded) -> None:
        if isinstance(found.message, AccessPolicySet):
            policy, revision = found.message.policy, self._verifier.access.revision + 1
            self._verifier.access = AccessRules(policy, revision)
            log.info("access_policy_taken", revision=revision, grants=len(policy.grants))

    def _take_unreadable_access(self, _: str) -> None:
        # What was taken away must not stay: no group gives a role until this process knows the schema.
        self._verifier.access = AccessRules(NOTHING_GRANTED, self._verifier.access.revision + 1)

    def _take_revocation(self, found: Decoded) -> None:
        self._verifier.revocations.take(found.message, micros_of_seconds(time.time()))
        log.info("revocation_taken", kind=type(found.message).__name__)

    def _take_enrolment(self, found: Decoded) -> None:
        now = micros_of_seconds(time.time())
        self._verifier.revocations.take(found.message, now)
        self._enrolments.take(found.message, found.envelope.vo, now)
        is_news = now - found.envelope.occurred_at < ALARM_MICROS
        if is_news and isinstance(found.message, EnrolmentEnded) and found.message.used_twice:
            code = found.message.code[:CODE_DIGITS]
            log.error("enrolment_code_used_twice", code_digest=code, vo=found.envelope.vo, said="all that came of it is refused")

    def _take_link(self, found: Decoded) -> None:
        self._verifier.links.take(found.message)

    def _tell(self) -> None:
        """Have the verifier believe the rows, if it does not yet; in the event loop, where tokens are judged."""
        rows = self._rows
        believed = own_issuers(self._vos, development=False) if rows is None else rows_with_own(self._vos, rows)
        if self._verifier.knows_issuers and set(believed) == set(self._verifier.issuers):
            return
        loop = self._loop
        assert loop is not None, "start first"
        # A plain call and no coroutine: a loop that ends first drops the call, and nothing is left that was never awaited.
        trusted: Future[None] = Future()
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(self._trust, believed, trusted)
            trusted.result(KAFKA_SECONDS_MAX)

    def _trust(self, rows: tuple[TrustedIssuer, ...], trusted: Future[None]) -> None:
        """In the event loop. trusted: done afterwards, for the thread that waits."""
        self._verifier.trust(rows)
        self._known.set()
        trusted.set_result(None)
        log.info("issuers_believed", issuers=[row.issuer for row in rows])

    def _keep_keys(self, keys: KeyCache) -> None:
        seen: set[str] = set()
        looked = float("-inf")
        while not self._ending.wait(0.2):
            rows = self._verifier.issuers
            names = {row.issuer for row in rows}
            if names == seen and time.monotonic() - looked < KEYS_LOOK_SECONDS:
                continue
            seen, looked = names, time.monotonic()
            try:
                keys.refresh_due(rows)
            except Exception as problem:  # the keys of one issuer must not keep those of others from being fetched again
                log.exception("issuer_keys_not_refreshed", reason=str(problem)[:200])


def _beginning(consumer: Consumer, topic: str, partition: int) -> TopicPartition:
    low, _ = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=KAFKA_SECONDS_MAX)
    return TopicPartition(topic, partition, low)
