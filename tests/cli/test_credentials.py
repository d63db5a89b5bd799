"""The logins that `culm` keeps."""

import base64
import json
import stat
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli import login
from cli.credentials import Credentials, Login, credentials_of, refresh_until, valid
from deploy.errors import StepFailed

API = "https://culm.example.org"


def a_token(seconds_left: float) -> str:
    claims = json.dumps({"exp": time.time() + seconds_left}).encode()
    return f"h.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.s"


def a_login(api: str = API, seconds_left: float = 600.0, refresh_token: str = "refresh") -> Login:
    return Login(api, "wlcg", a_token(seconds_left), refresh_token, f"{api}/auth/wlcg/token", "panda")


@pytest.fixture
def credentials(tmp_path: Path) -> Credentials:
    return Credentials(tmp_path / "culm" / "credentials.json")


def answers(monkeypatch: pytest.MonkeyPatch, status: int, content: Any) -> list[dict[str, str]]:
    """Let the token endpoint answer so; what it is asked."""
    asked: list[dict[str, str]] = []

    def post(url: str, *, data: dict[str, str], timeout: float) -> httpx.Response:
        asked.append({"url": url, **data})
        return httpx.Response(status, json=content)

    monkeypatch.setattr("cli.credentials.httpx.post", post)
    return asked


def test_a_login_is_found_by_its_api_and_the_only_one_without(credentials: Credentials) -> None:
    assert credentials.find("") is None
    credentials.keep(a_login())

    assert credentials.find(API) == credentials.find("") == a_login_like(credentials)
    credentials.keep(a_login("https://other.example"))
    assert credentials.find("") is None


def a_login_like(credentials: Credentials) -> Login | None:
    return credentials.find(API)


def test_the_file_is_for_its_owner_alone(credentials: Credentials, tmp_path: Path) -> None:
    credentials.keep(a_login())
    path = tmp_path / "culm" / "credentials.json"

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    with pytest.raises(StepFailed, match="has mode 644, expected 600"):
        credentials.find(API)


def test_a_file_that_is_broken_is_named(credentials: Credentials, tmp_path: Path) -> None:
    credentials.keep(a_login())
    (tmp_path / "culm" / "credentials.json").write_text("{")

    with pytest.raises(StepFailed, match=r"credentials\.json is not JSON"):
        credentials.find(API)


def test_a_token_with_time_left_is_used_as_it_is(credentials: Credentials, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, 500, {})
    login = a_login(seconds_left=120)

    assert valid(login, credentials) is login
    assert asked == []


def test_a_token_that_ends_is_refreshed_and_kept(credentials: Credentials, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = a_token(600)
    asked = answers(monkeypatch, 200, {"id_token": fresh, "refresh_token": "next"})

    found = valid(a_login(seconds_left=10), credentials)

    assert (found.id_token, found.refresh_token) == (fresh, "next")
    assert credentials.find(API) == found
    assert asked == [
        {"url": f"{API}/auth/wlcg/token", "client_id": "panda", "grant_type": "refresh_token", "refresh_token": "refresh"}
    ]


def test_an_answer_without_a_refresh_token_keeps_the_one_before(
    credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, 200, {"id_token": a_token(600)})

    assert valid(a_login(seconds_left=10), credentials).refresh_token == "refresh"


@pytest.mark.parametrize(
    ("status", "content"),
    [(400, {"error": "invalid_grant", "error_description": "Session not active"}), (200, {}), (200, [1]), (200, {"id_token": 5})],
)
def test_a_login_that_has_ended_says_how_to_log_in_again(
    credentials: Credentials, monkeypatch: pytest.MonkeyPatch, status: int, content: Any
) -> None:
    answers(monkeypatch, status, content)

    with pytest.raises(StepFailed, match=r"culm login --api https://culm\.example\.org --vo wlcg") as refused:
        valid(a_login(seconds_left=10), credentials)
    assert "refresh_token" not in str(refused.value)


def test_a_login_without_a_refresh_token_ends_with_its_token(credentials: Credentials) -> None:
    with pytest.raises(StepFailed, match="has ended"):
        valid(a_login(seconds_left=10, refresh_token=""), credentials)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "a.!!.c", "a.bnVsbA.c"])
def test_a_token_that_cannot_be_read_counts_as_ended(token: str) -> None:
    assert Login(API, "wlcg", token, "", "", "").expires == 0.0


def test_the_file_stands_in_the_configuration_folder_or_where_it_is_named(tmp_path: Path) -> None:
    login = a_login()
    credentials_of({"HOME": str(tmp_path)}).keep(login)
    credentials_of({"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "xdg")}).keep(login)
    credentials_of({"CULM_CREDENTIALS": str(tmp_path / "named.json")}).keep(login)

    places = [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*.json"))]
    assert places == [".config/culm/credentials.json", "named.json", "xdg/culm/credentials.json"]


def test_who_one_is_says_for_how_long_the_login_is_refreshed(
    credentials: Credentials, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tokens = {"id_token": a_token(600.0), "refresh_token": "next", "refresh_expires_in": 29.2 * 86_400}
    answers(monkeypatch, 200, tokens)
    me = {"display_name": "Jane Doe", "nickname": "jdoe", "vo": "wlcg"}

    login._say(me, valid(a_login(seconds_left=10), credentials))
    login._say(me, a_login())
    kept = credentials.find(API)
    assert kept is not None
    login._say(me, replace(kept, refresh_until=time.time() + 5.2 * 3600))

    assert [line.rpartition(", ")[2] for line in capsys.readouterr().out.splitlines()] == [
        "refreshed for 29 days", "refreshed by itself", "refreshed for 5 h",
    ]  # fmt: skip


@pytest.mark.parametrize("said", [None, "600", True, -1, 1e12])
def test_a_provider_that_says_nothing_sensible_of_refreshing_is_not_quoted(said: object) -> None:
    assert refresh_until({"refresh_expires_in": said}) == 0.0
