"""How long keys are used, when they are fetched again, and what processes share. The clock is driven."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from joserfc.jwk import RSAKey

from identity.errors import KeyNotKnown, KeysRefused, TokenRefused
from identity.key_cache import KeyCache
from schemas.types import TrustedIssuer
from tests.identity.builders import SharedDocuments, an_issuer, key_set
from tests.identity.keys import an_rsa_key

HOUR = 3600.0
FIRST = an_rsa_key(0, kid="first")
NEXT = an_rsa_key(1, kid="next")
ISSUER = an_issuer()


@dataclass
class Provider:
    """Publishes keys, or does not answer; counts how often it is asked. The time stands beside it."""

    keys: list[RSAKey] = field(default_factory=lambda: [FIRST])
    is_away: bool = False
    asked: int = 0
    now: float = 1_800_000_000.0
    shared: SharedDocuments = field(default_factory=SharedDocuments)

    def fetch(self, _: TrustedIssuer) -> bytes:
        self.asked += 1
        if self.is_away:
            raise KeysRefused("the provider does not answer")
        return key_set(*self.keys)

    def cache(self) -> KeyCache:
        return KeyCache(self.fetch, self.shared, lambda: self.now)


def rule(call: Callable[[], object]) -> type[Exception]:
    with pytest.raises(TokenRefused) as denied:
        call()
    return type(denied.value)


def test_keys_are_fetched_once_and_used() -> None:
    provider = Provider()
    cache = provider.cache()
    assert rule(lambda: cache.key(ISSUER, "first")) is KeyNotKnown

    cache.refresh(ISSUER)

    assert cache.key(ISSUER, "first").algorithm == "RS256"
    assert cache.key(ISSUER, None).algorithm == "RS256"
    assert provider.asked == 1


def test_an_unknown_key_is_asked_for_at_most_once_a_minute() -> None:
    provider = Provider()
    cache = provider.cache()
    cache.refresh(ISSUER)

    provider.now += 59
    assert rule(lambda: cache.key(ISSUER, "next")) is TokenRefused
    cache.refresh(ISSUER)
    assert provider.asked == 1

    provider.now += 1
    provider.keys = [FIRST, NEXT]
    assert rule(lambda: cache.key(ISSUER, "next")) is KeyNotKnown
    cache.refresh(ISSUER)
    assert cache.key(ISSUER, "next").algorithm == "RS256"
    assert provider.asked == 2


def test_keys_are_fetched_again_after_six_hours() -> None:
    provider = Provider()
    cache = provider.cache()
    cache.refresh_due([ISSUER])

    provider.now += 6 * HOUR - 1
    cache.refresh_due([ISSUER])
    assert provider.asked == 1
    provider.now += 1
    provider.keys = [NEXT]
    cache.refresh_due([ISSUER])

    assert provider.asked == 2
    assert rule(lambda: cache.key(ISSUER, "first")) is KeyNotKnown
    cache.refresh(ISSUER)
    assert rule(lambda: cache.key(ISSUER, "first")) is TokenRefused


def test_a_key_that_a_provider_makes_just_after_it_was_added_is_fetched_at_the_first_token() -> None:
    provider = Provider()
    cache = provider.cache()
    cache.refresh_due([ISSUER])
    provider.now, provider.keys = provider.now + 1, [NEXT]

    assert rule(lambda: cache.key(ISSUER, "next")) is KeyNotKnown
    cache.refresh(ISSUER)

    assert cache.key(ISSUER, "next").algorithm == "RS256"
    assert provider.asked == 2


def test_a_provider_that_is_away_for_a_day_is_believed_and_for_two_is_not() -> None:
    provider = Provider()
    cache = provider.cache()
    cache.refresh(ISSUER)
    provider.is_away = True

    for _ in range(24):
        provider.now += HOUR
        cache.refresh_due([ISSUER])
    assert cache.key(ISSUER, "first").algorithm == "RS256"
    assert cache.condition(ISSUER).problem == "the provider does not answer"
    assert cache.condition(ISSUER).age_seconds == 24 * HOUR

    provider.now += 24 * HOUR
    cache.refresh_due([ISSUER])
    with pytest.raises(TokenRefused, match="cannot be had at present"):
        cache.key(ISSUER, "first")


def test_a_set_that_is_not_sound_replaces_none() -> None:
    provider = Provider()
    cache = provider.cache()
    cache.refresh(ISSUER)
    provider.keys, provider.now = [], provider.now + 7 * HOUR

    cache.refresh_due([ISSUER])

    assert cache.key(ISSUER, "first").algorithm == "RS256"
    assert "no key" in cache.condition(ISSUER).problem


def test_processes_share_what_one_of_them_fetched() -> None:
    provider = Provider()
    provider.cache().refresh(ISSUER)

    other = provider.cache()

    assert other.key(ISSUER, "first").algorithm == "RS256"
    assert provider.asked == 1


def test_a_shared_document_that_is_broken_or_of_the_future_is_not_used() -> None:
    provider = Provider()
    provider.cache().refresh(ISSUER)
    (name,) = provider.shared.kept
    good = provider.shared.kept[name]

    for broken in (b"{", b"[]", b'{"fetched": "x", "keys": {}}', good.replace(b"1800000000", b"1900000000")):
        provider.shared.kept[name] = broken
        assert rule(lambda: provider.cache().key(ISSUER, "first")) is KeyNotKnown


def test_another_address_of_keys_has_keys_of_its_own() -> None:
    provider = Provider()
    cache = provider.cache()
    cache.refresh(ISSUER)

    assert rule(lambda: cache.key(an_issuer(jwks_url="https://elsewhere.example/jwks"), "first")) is KeyNotKnown
