"""What an API reads of issuers and revocations, from a log that a test writes."""

import asyncio
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError

from api.log.issuer_policy import IssuerPolicy
from identity.errors import IssuersNotKnown, TokenRefused
from identity.verify import Verifier
from schemas.ids import revoked_identity_key
from schemas.policy import AccessPolicySet, IdentityLinked, IdentityRestored, IdentityRevoked, IdentityUnlinked
from schemas.types import AccessPolicy, EventEnvelope, RoleGrant
from tests.commands.in_memory import a_codec
from tests.identity.builders import a_gate, a_token

CODEC = a_codec()
KEY = revoked_identity_key("s")
PATIENCE_SECONDS = 20.0


class LogStandIn:
    """Two partitions; a record is given once, an end after it; what a test calls `breaks` is raised at the next look."""

    def __init__(self) -> None:
        self.records: list[Any] = []
        self.breaks: list[Exception] = []
        #: Cleared by a test that lets the reader wait before its first record.
        self.may_be_read = threading.Event()
        self.may_be_read.set()
        #: Set once the reader came again after the last record: what followed from it is done.
        self.read_to_the_end = threading.Event()
        self._lock = threading.Lock()
        self._read = 0
        self._ends: list[int] = []

    def write(self, value: bytes, key: str = KEY) -> None:
        """A record at the end of partition 0."""
        made = SimpleNamespace(key=key.encode, value=lambda: value, offset=lambda: 0, error=lambda: None, partition=lambda: 0)
        with self._lock:
            self.records.append(made)

    def list_topics(self, topic: str, timeout: float) -> Any:
        return SimpleNamespace(topics={topic: SimpleNamespace(partitions={0: None, 1: None})})

    def get_watermark_offsets(self, place: Any, timeout: float) -> tuple[int, int]:
        return 0, 0

    def assign(self, places: list[Any]) -> None:
        assert [place.partition for place in places] == [0, 1]
        self._read, self._ends = 0, [0, 1]

    def poll(self, seconds: float) -> Any:
        assert self.may_be_read.wait(PATIENCE_SECONDS)
        with self._lock:
            if self.breaks:
                raise self.breaks.pop()
            if self._read < len(self.records):
                self._read += 1
                return self.records[self._read - 1]
            if self._ends:
                return _end_of(self._ends.pop(0))
            self.read_to_the_end.set()
            return None

    def consume(self, most: int, seconds: float) -> list[Any]:
        return []

    def close(self) -> None:
        """Nothing to end."""


def _end_of(partition: int) -> Any:
    error = SimpleNamespace(code=lambda: KafkaError._PARTITION_EOF)
    return SimpleNamespace(error=lambda: error, partition=lambda: partition)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> LogStandIn:
    found = LogStandIn()
    monkeypatch.setattr("api.log.issuer_policy.follower", lambda *_, **__: found)
    return found


@pytest.fixture
def verifier(tmp_path: Path, log: LogStandIn) -> Iterator[Verifier]:
    """One that follows `log` in an event loop of its own."""
    gate = a_gate(tmp_path)
    found = Verifier(None, gate.keys)
    policy = IssuerPolicy("", CODEC, found, gate.keys, ("wlcg",))
    loop = asyncio.new_event_loop()
    runner = threading.Thread(target=loop.run_forever, daemon=True)
    runner.start()
    loop.call_soon_threadsafe(policy.start)
    yield found
    policy.close()
    loop.call_soon_threadsafe(loop.stop)
    runner.join()
    loop.close()


def an_event(message: Any) -> bytes:
    envelope = EventEnvelope(
        event_id="0" * 8 + "-0000-0000-0000-" + "0" * 12, aggregate_id=KEY, sequence=1, decision_index=0, decision_size=1,
        command_id="0" * 8 + "-0000-0000-0000-" + "0" * 12, correlation_id="0" * 8 + "-0000-0000-0000-" + "0" * 12,
        occurred_at=1_700_000_000_000_000, actor="root", vo="wlcg", writer_epoch=1, causation_id=None,
        command_type="RevokeIdentity", role="administrator",
    )  # fmt: skip
    return CODEC.encode(message, envelope)


def verdict(verifier: Verifier, token: str) -> str:
    """What becomes of the token: believed, or why not."""
    try:
        verifier.believe(token)
    except IssuersNotKnown:
        return "not known"
    except TokenRefused as problem:
        return problem.rule
    return "believed"


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < end, "it did not come true in time"
        pause.wait(0.01)


def test_revocations_are_taken_as_they_are_written(verifier: Verifier, log: LogStandIn, tmp_path: Path) -> None:
    token = a_token(tmp_path)
    until(lambda: verdict(verifier, token) == "believed")

    log.write(an_event(IdentityRevoked(actor="s")))
    until(lambda: verdict(verifier, token) == "revoked")

    log.write(an_event(IdentityRestored(actor="s")))
    until(lambda: verdict(verifier, token) == "believed")


def test_what_was_revoked_before_the_start_is_refused_from_the_first_request_on(
    log: LogStandIn, verifier: Verifier, tmp_path: Path
) -> None:
    token = a_token(tmp_path)
    log.write(an_event(IdentityRevoked(actor="s")))

    until(lambda: verdict(verifier, token) == "revoked")
    assert verdict(verifier, a_token(tmp_path, sub="t")) == "believed"


def test_a_revocation_that_cannot_be_read_refuses_whom_it_is_about(verifier: Verifier, log: LogStandIn, tmp_path: Path) -> None:
    token = a_token(tmp_path)
    until(lambda: verdict(verifier, token) == "believed")

    log.write(b"of a later release")

    until(lambda: verdict(verifier, token) == "revoked")
    assert verdict(verifier, a_token(tmp_path, sub="t")) == "believed"


def test_links_are_taken_as_they_are_written(verifier: Verifier, log: LogStandIn) -> None:
    log.write(an_event(IdentityLinked(actor="dn", other="s")), "linked.dn")
    until(lambda: verifier.links.others("s") == ("dn",))

    log.write(an_event(IdentityUnlinked(actor="dn", other="s")), "linked.dn")
    until(lambda: verifier.links.others("s") == ())


def test_a_link_that_cannot_be_read_makes_no_one_own_more(verifier: Verifier, log: LogStandIn, tmp_path: Path) -> None:
    log.write(an_event(IdentityLinked(actor="dn", other="s")), "linked.dn")
    until(lambda: verifier.links.others("s") == ("dn",))

    log.write(b"of a later release", "linked.dn")

    until(lambda: verifier.links.others("s") == ())
    until(lambda: verdict(verifier, a_token(tmp_path)) == "believed")


def test_policies_of_other_kinds_are_not_even_read(verifier: Verifier, log: LogStandIn, tmp_path: Path) -> None:
    log.write(b"unreadable", "queue.LOCAL")
    log.write(b"unreadable", "shares")

    until(lambda: verdict(verifier, a_token(tmp_path)) == "believed")


def test_a_reader_that_fails_believes_no_one_until_it_has_read_again(verifier: Verifier, log: LogStandIn, tmp_path: Path) -> None:
    token = a_token(tmp_path)
    until(lambda: verdict(verifier, token) == "believed")

    log.breaks.append(ValueError("a bug"))

    until(lambda: verdict(verifier, token) == "not known")
    until(lambda: verdict(verifier, token) == "believed")


def roles_by_group(verifier: Verifier) -> dict[str, str]:
    return verifier.access.roles_of("wlcg", ("wlcg/shift", "wlcg/pilot"))


def test_a_loop_that_ended_before_the_issuers_are_believed_leaves_no_coroutine(log: LogStandIn, tmp_path: Path) -> None:
    policy = IssuerPolicy("", CODEC, Verifier(None, a_gate(tmp_path).keys), None, ("wlcg",))
    loop = asyncio.new_event_loop()
    log.may_be_read.clear()
    loop.call_soon(policy.start)
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()

    with warnings.catch_warnings(record=True) as left:
        warnings.simplefilter("always")
        log.may_be_read.set()
        until(log.read_to_the_end.is_set)
        policy.close()

    assert [str(one.message) for one in left] == []


def test_roles_and_rights_are_taken_as_they_are_written(verifier: Verifier, log: LogStandIn) -> None:
    until(lambda: roles_by_group(verifier) == {"pilot": "wlcg/pilot"})

    log.write(an_event(AccessPolicySet(policy=AccessPolicy(grants=(RoleGrant(group="shift", role="operator"),)))), "access")

    until(lambda: roles_by_group(verifier) == {"operator": "wlcg/shift"})
    assert verifier.access.revision == 1


def test_where_roles_and_rights_cannot_be_read_no_group_gives_a_role(verifier: Verifier, log: LogStandIn) -> None:
    until(lambda: roles_by_group(verifier) == {"pilot": "wlcg/pilot"})

    log.write(b"of a later release", "access")

    until(lambda: roles_by_group(verifier) == {})
