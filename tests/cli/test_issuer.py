"""`culm issuer add`: a provider that is not sound, and a clock that does not fit, are refused by name before anything is changed.

The provider is a real HTTP server on loopback; what the API is asked is kept.
"""

import json
import time
from collections.abc import Iterator
from email.utils import formatdate
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import issuer
from cli.api_client import ApiClient
from cli.main import app
from deploy.errors import StepFailed
from tests.identity.builders import key_set
from tests.identity.keys import an_rsa_key
from tests.identity.provider import WELL_KNOWN, Provider, a_provider

KEY = an_rsa_key(0, kid="rsa-1")
TEN_MINUTES = 600


class ApiStandIn(ApiClient):
    """Knows no issuer, and keeps what is posted."""

    def __init__(self) -> None:
        super().__init__("http://culm", {})
        object.__setattr__(self, "posted", [])

    posted: list[Any]

    def get(self, path: str, **parameters: Any) -> Any:
        return {"issuers": [], "revision": 0}

    def post(self, path: str, body: Any = None) -> Any:
        self.posted.append(body)
        return {"accepted": True}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> ApiStandIn:
    found = ApiStandIn()
    monkeypatch.setattr(issuer, "api_client", lambda _: found)
    return found


@pytest.fixture
def provider() -> Iterator[Provider]:
    yield from a_provider(KEY)


def added(provider: Provider, *words: str) -> str:
    """What `culm issuer add` says; of a refusal its sentence."""
    told = ("--vo", "wlcg", "--audience", "https://culm.example.org")
    done = CliRunner().invoke(app, ["issuer", "add", provider.address, *told, *words])
    if isinstance(done.exception, StepFailed):
        return str(done.exception)
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


def test_a_sound_provider_is_believed(api: ApiStandIn, provider: Provider) -> None:
    said = added(provider)

    assert said.splitlines()[-1] == f"{provider.address} is believed for wlcg"
    assert [row["issuer"] for row in api.posted[0]["issuers"]] == [provider.address]


NO_KID = json.dumps({"keys": [{name: value for name, value in KEY.as_dict(private=False).items() if name != "kid"}]}).encode()


@pytest.mark.parametrize(
    ("path", "status", "body", "said"),
    [
        (WELL_KNOWN, 200, b'{"issuer": ', "the discovery document of ADDRESS is not JSON"),
        ("/jwks", 200, b'{"keys": [', "the key set is not JSON"),
        ("/jwks", 200, b" " * 10_000_000, "the keys at ADDRESS/jwks has more than 262144 bytes"),
        ("/jwks", 200, NO_KID, "key 0 of the key set has no kid, expected a text of 1 to 200 characters"),
        ("/jwks", 302, b"", "ADDRESS/jwks answered 302, expected 200 with the keys"),
        (WELL_KNOWN, 302, b"", "ADDRESS/.well-known/openid-configuration answered 302, expected 200 with the discovery document"),
    ],
    ids=["broken discovery", "broken keys", "10 MB of keys", "no kid", "keys moved inside", "discovery moved inside"],
)
def test_a_provider_that_is_not_sound_is_refused_by_name(
    api: ApiStandIn, provider: Provider, path: str, status: int, body: bytes, said: str
) -> None:
    inner = {"Location": "http://169.254.169.254/latest/meta-data"} if status == 302 else {}
    provider.says(path, body, status, **inner)

    assert added(provider) == said.replace("ADDRESS", provider.address)
    assert api.posted == []


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (-TEN_MINUTES, "this host is 600 s ahead of ADDRESS/jwks, expected at most 60 s: set its clock"),
        (TEN_MINUTES, "this host is 600 s behind ADDRESS/jwks, expected at most 60 s: set its clock"),
    ],
)
def test_a_clock_that_is_ten_minutes_off_is_refused_with_how_much(
    api: ApiStandIn, provider: Provider, monkeypatch: pytest.MonkeyPatch, ahead: int, said: str
) -> None:
    now = 1_800_000_000
    monkeypatch.setattr(time, "time", lambda: float(now))
    provider.says("/jwks", key_set(KEY), Date=formatdate(now + ahead, usegmt=True))

    assert added(provider) == said.replace("ADDRESS", provider.address)
    assert api.posted == []


def test_an_answer_that_a_cache_kept_is_as_old_as_it_says(
    api: ApiStandIn, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_800_000_000
    monkeypatch.setattr(time, "time", lambda: float(now))
    provider.says("/jwks", key_set(KEY), Date=formatdate(now - TEN_MINUTES, usegmt=True), Age=str(TEN_MINUTES))

    assert "is believed for wlcg" in added(provider)


@pytest.mark.parametrize("headers", [{}, {"Date": "noon"}, {"Date": formatdate(0, usegmt=True), "Age": "old"}])
def test_a_provider_without_a_time_is_believed(api: ApiStandIn, provider: Provider, headers: dict[str, str]) -> None:
    provider.says("/jwks", key_set(KEY), 200, **headers)

    assert "is believed for wlcg" in added(provider)
