"""Keys of the issuer for agents change in time, and no verifier is ever without the key that signs."""

import os
from pathlib import Path
from typing import Any

import orjson
import pytest

from identity.agent_issuer import AgentKeys, key_ring_path, worker_token
from identity.agents import Agent
from identity.errors import TokenRefused
from identity.key_ring import AFTER_SECONDS, AHEAD_SECONDS, SIGNS_SECONDS, KeyRing, RingUnusable
from identity.own_issuers import agents_issuer
from identity.trust import key_cache
from identity.verify import Verifier
from tests.identity.builders import VOS, SharedDocuments

DAY = 24 * 3600.0
START = 1_800_000_000.0
AGENT = Agent("e" * 64, "wlcg", ("LOCAL",), "w1", int(START + 400 * DAY))


class Clock:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


def kids(keys: AgentKeys) -> list[str]:
    return [key["kid"] for key in orjson.loads(keys.public_document())["keys"]]


def a_key(kid: str) -> dict[str, Any]:
    return {"kid": kid, "kty": "EC", "crv": "P-256", "x": "x", "y": "y", "d": "d"}


def test_a_key_is_published_a_day_before_it_signs_and_two_days_after() -> None:
    ring = KeyRing().rotated(a_key("one"), START).rotated(a_key("two"), START + 10 * DAY)

    def seen(days: float) -> tuple[str, list[str]]:
        now = START + days * DAY
        signing = ring.signing(now)
        return str(signing and signing["kid"]), [str(key["kid"]) for key in ring.published(now)]

    assert (AHEAD_SECONDS, AFTER_SECONDS) == (DAY, 2 * DAY)
    assert seen(10) == ("one", ["one", "two"])
    assert seen(10.99) == ("one", ["one", "two"])
    assert seen(11) == ("two", ["one", "two"])
    assert seen(12.99) == ("two", ["one", "two"])
    assert seen(13) == ("two", ["two"])


def test_a_ring_with_a_key_that_waits_takes_no_other_and_a_leaked_one_is_replaced_at_once() -> None:
    ring = KeyRing().rotated(a_key("one"), START).rotated(a_key("two"), START + DAY)

    assert ring.rotated(a_key("three"), START + 1.5 * DAY) == ring
    replaced = ring.replaced(a_key("four"), START + 1.5 * DAY)
    assert [key["kid"] for key in replaced.published(START + 1.5 * DAY)] == ["four"]
    assert (replaced.signing(START + 1.5 * DAY) or {})["kid"] == "four"


@pytest.mark.slow  # 1,460 tokens are made and verified
def test_over_a_year_every_token_is_believed_by_a_verifier_that_looks_each_six_hours(tmp_path: Path) -> None:
    clock = Clock()
    keys = AgentKeys.of(tmp_path, clock=clock)
    cache = key_cache(tmp_path, SharedDocuments(), clock, agents=AgentKeys.of(tmp_path, clock=clock))
    row = agents_issuer(VOS)
    cache.at_hand = frozenset()  # as another machine has them: fetched each six hours
    cache.refresh(row)
    verifier = Verifier((row,), cache, clock)

    signed_with = set()
    for _ in range(4 * 365):
        token, _ends = worker_token(keys, AGENT, clock.now)
        signed_with.add(keys.signer().kid)
        assert verifier.believe(token).actor == AGENT.subject
        clock.now += DAY / 4
        cache.refresh_due((row,))

    assert len(signed_with) == 12
    assert 365 / len(signed_with) * DAY >= SIGNS_SECONDS


def test_a_key_that_was_replaced_is_refused_within_seconds(tmp_path: Path) -> None:
    clock = Clock()
    keys = AgentKeys.of(tmp_path, clock=clock)
    verifier = Verifier((agents_issuer(VOS),), key_cache(tmp_path, SharedDocuments(), clock), clock)
    stolen, _ends = worker_token(keys, AGENT, clock.now)
    assert verifier.believe(stolen).actor == AGENT.subject
    forged, _ends = worker_token(keys, AGENT, clock.now + 1)

    AgentKeys.of(tmp_path, clock=clock).rotate(at_once=True)
    clock.now += 6

    with pytest.raises(TokenRefused) as refused:
        verifier.believe(forged)
    assert refused.value.rule == "key"
    assert verifier.believe(worker_token(keys, AGENT, clock.now)[0]).actor == AGENT.subject


def test_the_ring_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    AgentKeys.of(tmp_path).signer()

    assert key_ring_path(tmp_path).stat().st_mode & 0o777 == 0o600
    key_ring_path(tmp_path).chmod(0o644)
    with pytest.raises(RingUnusable, match="has mode 644, expected 600"):
        AgentKeys.of(tmp_path).signer()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "not JSON"),
        (b"[]", "expected an object with a list 'keys'"),
        (b'{"keys": [{}]}', "key 0: expected a JWK of kty EC and crv P-256"),
        (b'{"keys": [{"key": {"kty": "EC", "crv": "P-256", "kid": "a"}}]}', "key 0: expected texts kid, x, y and d"),
    ],
)
def test_a_ring_of_the_platform_that_is_none_is_named(tmp_path: Path, content: bytes, problem: str) -> None:
    given = tmp_path / "given.json"
    descriptor = os.open(given, os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(descriptor, content)
    os.close(descriptor)

    with pytest.raises(RingUnusable) as found:
        AgentKeys.of(tmp_path, given).signer()
    assert problem in str(found.value)
    assert str(given) in str(found.value)


def test_the_published_keys_have_no_private_part(tmp_path: Path) -> None:
    keys = AgentKeys.of(tmp_path)

    (published,) = orjson.loads(keys.public_document())["keys"]

    assert set(published) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert kids(keys) == [published["kid"]]
