"""A provider that is away for a day, and one that changes its key under load, at an API in this process; the clock is driven."""

import asyncio
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from api.http.access import Gate
from api.login import documents
from api.native import health
from api.pilots.hot_routes import HotRoutes
from identity.verify import Verifier
from schemas.types import IssuerLogin
from tests.api.builders import run
from tests.api.test_routes import services_at
from tests.identity.builders import VOS, an_issuer
from tests.identity.forged.tokens import claims, signed
from tests.identity.test_key_cache import FIRST, HOUR, NEXT, Provider

ROW = an_issuer(issuer="https://127.0.0.1:1/", login=IssuerLogin(client_id="panda"))
ASKED_AT_ONCE = 200
ROUTES = (health.build_router, documents.build_router)


class Site:
    """An API whose clock and whose provider's are one. keys: fetched as the thread of an API does it, when they are due."""

    def __init__(self, home: Path, provider: Provider) -> None:
        self.provider, self.keys = provider, provider.cache()
        verifier = Verifier([ROW], self.keys, lambda: provider.now)
        self.gate = Gate(verifier, self.keys, VOS)
        self._app: HotRoutes = create_app(replace(services_at(home), gate=self.gate), only=ROUTES)
        self.keys.refresh_due([ROW])

    def token(self, *, is_new: bool = False) -> str:
        now = int(self.provider.now)
        return signed(claims(iss=ROW.issuer, iat=now, nbf=now, exp=now + 3600), NEXT if is_new else FIRST)

    def statuses(self, *tokens: str) -> list[int]:
        """Answers to requests with `tokens`, all at once."""

        async def ask() -> list[int]:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://culm") as client:
                sent = [client.get("/v1/whoami", headers={"Authorization": f"Bearer {t}", "Origin": "wlcg"}) for t in tokens]
                return [answer.status_code for answer in await asyncio.gather(*sent)]

        found: list[int] = run(ask())
        return found

    def login(self) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://culm") as client:
                return await client.post("/auth/wlcg/device", data={"client_id": "panda"})

        answer: httpx.Response = run(ask())
        return answer


@pytest.fixture
def site(api_home: Path) -> Site:
    return Site(api_home, Provider())


def test_for_a_day_without_its_provider_tokens_are_believed_and_logins_say_why_not(site: Site) -> None:
    site.provider.is_away = True
    for _ in range(24):
        site.provider.now += HOUR
        site.keys.refresh_due([ROW])
        assert site.statuses(site.token()) == [200]

    answer = site.login()
    assert (answer.status_code, answer.json()["title"]) == (502, "Identity provider")
    assert "did not answer with the discovery document" in answer.json()["detail"]
    assert site.keys.condition(ROW).problem == "the provider does not answer"

    site.provider.now += 24 * HOUR
    site.keys.refresh_due([ROW])
    assert site.statuses(site.token()) == [403]
    site.provider.is_away = False
    site.provider.now += 61
    assert site.statuses(site.token()) == [200]


def test_no_request_is_refused_while_a_provider_changes_its_key_without_a_word(site: Site) -> None:
    assert site.statuses(site.token()) == [200]
    site.provider.keys = [FIRST, NEXT]
    asked = site.provider.asked

    found = site.statuses(*(site.token(is_new=bool(number % 2)) for number in range(ASKED_AT_ONCE)))

    assert found == [200] * ASKED_AT_ONCE
    assert site.provider.asked == asked + 1


def test_tokens_of_the_key_that_was_taken_away_are_refused_once_the_keys_are_fetched_again(site: Site) -> None:
    old = site.token()
    site.provider.keys = [NEXT]
    assert site.statuses(old) == [200]

    assert site.statuses(site.token(is_new=True), site.token(is_new=True)) == [200, 200]
    assert site.statuses(old) == [403], "also one that was believed before"
    assert site.gate.refusals.take_all(0)[-1].rule == "key"
