"""Tokens that were believed and are not any more."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.http.access import Gate
from api.http.errors import AccessDenied
from identity.digest import digest_of, digest_of_id
from identity.errors import TokenRefused
from identity.own_issuers import ISSUER
from identity.ruling import EndpointClass
from identity.verify import Verifier
from schemas.ids import revoked_identity_key, revoked_issuer_key
from schemas.instants import MICROSECONDS, micros_of_seconds
from schemas.policy import IdentityRestored, IdentityRevoked, TokenRevoked, TokensRevokedBefore
from tests.api.builders import a_request, run
from tests.identity.builders import a_gate, a_token, a_verifier

NOW = micros_of_seconds(time.time())
HOUR = 3600 * MICROSECONDS


def revoked_token(actor: str, digest: str, until: int = NOW + HOUR) -> TokenRevoked:
    return TokenRevoked(actor=actor, issuer=ISSUER, token=digest, until=until)


def is_believed(verifier: Verifier, token: str) -> bool:
    """False for a token that is refused because it was revoked; for any other reason it raises."""
    try:
        verifier.believe(token)
    except TokenRefused as problem:
        if problem.rule != "revoked":
            raise
        return False
    return True


def test_a_revoked_identity_is_refused_although_its_token_is_remembered(tmp_path: Path) -> None:
    verifier = a_verifier(tmp_path)
    old, fresh, other = a_token(tmp_path), a_token(tmp_path, jti="2"), a_token(tmp_path, sub="t")
    assert is_believed(verifier, old)

    verifier.revocations.take(IdentityRevoked(actor="s"), NOW)

    assert [is_believed(verifier, token) for token in (old, fresh, other)] == [False, False, True]


def test_a_restored_identity_is_believed_at_once(tmp_path: Path) -> None:
    verifier, token = a_verifier(tmp_path), a_token(tmp_path)
    verifier.revocations.take(IdentityRevoked(actor="s"), NOW)
    assert not is_believed(verifier, token)

    verifier.revocations.take(IdentityRestored(actor="s"), NOW)

    assert is_believed(verifier, token)


@pytest.mark.parametrize("jti", ["1", None])
def test_one_token_is_refused_and_the_next_of_its_owner_is_not(tmp_path: Path, jti: str | None) -> None:
    verifier = a_verifier(tmp_path)
    stolen, fresh = a_token(tmp_path, jti=jti), a_token(tmp_path, jti="2")

    verifier.revocations.take(revoked_token("s", verifier.believe(stolen).digest), NOW)

    assert (is_believed(verifier, stolen), is_believed(verifier, fresh)) == (False, True)


def test_a_token_is_revoked_for_its_own_owner_alone(tmp_path: Path) -> None:
    verifier, token = a_verifier(tmp_path), a_token(tmp_path, jti="1")

    verifier.revocations.take(revoked_token("mallory", digest_of_id(ISSUER, "1")), NOW)

    assert is_believed(verifier, token)


def test_a_signature_that_is_spelled_otherwise_makes_no_other_token() -> None:
    assert digest_of("head.body.one", ISSUER, {}) == digest_of("head.body.two", ISSUER, {})
    assert digest_of("head.body.one", ISSUER, {}) != digest_of("head.other.one", ISSUER, {})
    assert digest_of("head.body.one", ISSUER + "/", {"jti": "1"}) == digest_of_id(ISSUER, "1")


def test_tokens_from_before_a_time_are_refused_and_later_ones_are_not(tmp_path: Path) -> None:
    verifier = a_verifier(tmp_path)
    leak = int(time.time()) - 100
    old, new = a_token(tmp_path, iat=leak - 1), a_token(tmp_path, iat=leak)

    verifier.revocations.take(TokensRevokedBefore(issuer=ISSUER, time=leak * MICROSECONDS), NOW)
    assert (is_believed(verifier, old), is_believed(verifier, new)) == (False, True)

    verifier.revocations.take(TokensRevokedBefore(issuer=ISSUER, time=None), NOW)
    assert is_believed(verifier, old)


def test_an_event_that_cannot_be_read_refuses_whom_it_is_about(tmp_path: Path) -> None:
    verifier = a_verifier(tmp_path)
    token, other = a_token(tmp_path), a_token(tmp_path, sub="t")

    verifier.revocations.take_unreadable(revoked_identity_key("s"))
    assert (is_believed(verifier, token), is_believed(verifier, other)) == (False, True)

    verifier.revocations.take_unreadable(revoked_issuer_key(ISSUER))
    assert not is_believed(verifier, other)


def test_tokens_that_have_ended_are_not_kept(tmp_path: Path) -> None:
    revocations = a_verifier(tmp_path).revocations
    for number in range(100):
        revocations.take(revoked_token("s", f"{number:064x}", NOW + number), NOW)

    revocations.forget_ended(NOW + 90)
    assert len(revocations.tokens(0)) == 9

    revocations.take(revoked_token("s", "f" * 64, NOW + 90), NOW + 90)
    assert len(revocations.tokens(0)) == 9


def test_a_later_end_of_a_revoked_token_counts(tmp_path: Path) -> None:
    revocations = a_verifier(tmp_path).revocations
    for until in (NOW + 2 * HOUR, NOW + HOUR):
        revocations.take(revoked_token("s", "f" * 64, until), NOW)

    revocations.forget_ended(NOW + HOUR)

    assert len(revocations.tokens(0)) == 1


def test_requests_and_streams_end_with_the_identity(tmp_path: Path) -> None:
    gate = a_gate(tmp_path)
    bearer = f"Bearer {a_token(tmp_path)}"

    async def items() -> AsyncIterator[int]:
        yield 1
        gate.verifier.revocations.take(IdentityRevoked(actor="s"), NOW)
        yield 2
        raise AssertionError("the stream was read on")

    async def seen() -> list[int]:
        request = a_request({"Authorization": bearer, "Origin": "wlcg"})
        identity = await gate.admit(EndpointClass.USER, request)
        return [item async for item in gate.of_one_member(request, identity, items())]

    assert asyncio.run(seen()) == [1]
    with pytest.raises(AccessDenied, match="this identity is revoked"):
        run(gate.let_in(EndpointClass.USER, bearer, "wlcg"))


def test_a_revoked_token_is_another_thing_than_one_that_is_not_believed(tmp_path: Path) -> None:
    gate: Gate = a_gate(tmp_path)
    verifier, token = gate.verifier, a_token(tmp_path)
    verifier.revocations.take(IdentityRevoked(actor="s"), NOW)

    found = [verifier.refuses_as_revoked(text) for text in (token, a_token(tmp_path, sub="t"), "no token", "")]

    assert found == [True, False, False, False]
