"""The device flow handed on: what a provider answers, and what panda-client gets. The provider is a real server on loopback."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import orjson
import pytest

from api.login.device_codes import DeviceCodes
from api.login.device_flow import DEVICE_GRANT, DeviceFlow
from api.login.providers import ProviderAway, Providers
from api.shared.directory import DirectorySpace
from schemas.types import IssuerLogin, TrustedIssuer
from tests.api.builders import run
from tests.identity.builders import an_issuer

LOGIN = IssuerLogin(client_id="panda", audience="https://culm.example.org", scopes=("wlcg",))
Reply = tuple[int, Any]


class Provider:
    """Answers forms as a test says, and keeps what it was asked."""

    def __init__(self) -> None:
        self.replies: dict[str, list[Reply]] = {"/device": [], "/token": []}
        self.asked: list[dict[str, str]] = []
        #: More that its discovery document says.
        self.more: dict[str, Any] = {}
        replies, asked, more = self.replies, self.asked, self.more

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                base = f"http://{self.headers['host']}"
                found = {"issuer": base, "device_authorization_endpoint": f"{base}/device", "token_endpoint": f"{base}/token"}
                self._answer(200, found | more)

            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                asked.append(dict(parse_qsl(self.rfile.read(length).decode())))
                self._answer(*replies[self.path].pop(0))

            def _answer(self, status: int, content: Any) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(content if isinstance(content, bytes) else orjson.dumps(content))

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def row(self) -> TrustedIssuer:
        return an_issuer(issuer=f"http://127.0.0.1:{self.server.server_port}", login=LOGIN)


@pytest.fixture
def provider() -> Iterator[Provider]:
    found = Provider()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def flow(tmp_path: Path) -> DeviceFlow:
    return DeviceFlow(Providers(), DeviceCodes(DirectorySpace(tmp_path / "codes")), lambda token: token == "r.e.v")


BEGUN = {"device_code": "provider-code", "user_code": "ABCD", "verification_uri": "https://p/device",
         "verification_uri_complete": "https://p/device?user_code=ABCD", "expires_in": 600, "interval": 1}  # fmt: skip
TOKENS = {"id_token": "i.d.t", "access_token": "a.c.t", "refresh_token": "refresh", "token_type": "Bearer", "expires_in": 600,
          "session_state": "secret of the provider"}  # fmt: skip


def begin(flow: DeviceFlow, provider: Provider, reply: Reply = (200, BEGUN)) -> tuple[int, dict[str, Any]]:
    provider.replies["/device"].append(reply)
    answer: tuple[int, dict[str, Any]] = run(flow.begin(provider.row, LOGIN, "wlcg", {"scope": "openid email mine"}))
    return answer


def poll(flow: DeviceFlow, provider: Provider, code: str, *replies: Reply, vo: str = "wlcg") -> tuple[int, dict[str, Any]]:
    provider.replies["/token"] += replies
    form = {"grant_type": DEVICE_GRANT, "device_code": code, "client_id": "panda", "client_secret": "None"}
    answer: tuple[int, dict[str, Any]] = run(flow.token(provider.row, LOGIN, vo, form))
    return answer


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let `seconds` pass on the clock of device codes and of the flow."""
    now = time.time() + seconds
    monkeypatch.setattr("time.time", lambda: now)


def test_a_login_begins_with_a_code_of_ours(flow: DeviceFlow, provider: Provider) -> None:
    status, found = begin(flow, provider)

    assert status == 200
    assert found["verification_uri_complete"] == "https://p/device?user_code=ABCD"
    assert (found["expires_in"], found["interval"]) == (600, 1)
    assert found["device_code"] != "provider-code"
    assert provider.asked == [
        {"client_id": "panda", "scope": "openid profile email offline_access wlcg mine", "audience": "https://culm.example.org"}
    ]


def test_a_provider_without_interval_and_complete_address_is_repaired(flow: DeviceFlow, provider: Provider) -> None:
    bare = {name: BEGUN[name] for name in ("device_code", "user_code", "verification_uri")}

    _, found = begin(flow, provider, (200, bare))

    assert found["verification_uri_complete"] == "https://p/device"
    assert (found["expires_in"], found["interval"]) == (600, 5)


def test_a_completed_login_gives_both_tokens_once(
    flow: DeviceFlow, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, begun = begin(flow, provider)
    later(monkeypatch, 2)

    first = poll(flow, provider, begun["device_code"], (200, TOKENS))
    again = poll(flow, provider, begun["device_code"])

    assert first[0] == 200
    assert first[1] == {name: TOKENS[name] for name in TOKENS if name != "session_state"}
    assert (again[0], again[1]["error"]) == (400, "expired_token")
    assert provider.asked[-1] == {"client_id": "panda", "grant_type": DEVICE_GRANT, "device_code": "provider-code"}


def test_slow_down_becomes_pending_and_slows_us_down(
    flow: DeviceFlow, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, begun = begin(flow, provider)
    code = begun["device_code"]
    assert poll(flow, provider, code)[1]["error"] == "authorization_pending"
    assert len(provider.asked) == 1

    later(monkeypatch, 2)
    assert poll(flow, provider, code, (400, {"error": "slow_down"}))[1]["error"] == "authorization_pending"
    later(monkeypatch, 5)
    assert poll(flow, provider, code)[1]["error"] == "authorization_pending"
    assert len(provider.asked) == 2
    later(monkeypatch, 2)
    assert poll(flow, provider, code, (400, {"error": "authorization_pending"}))[1]["error"] == "authorization_pending"
    assert len(provider.asked) == 3


@pytest.mark.parametrize("error", ["access_denied", "expired_token", "invalid_grant"])
def test_an_end_of_the_login_is_shown_and_ends_the_code(
    flow: DeviceFlow, provider: Provider, monkeypatch: pytest.MonkeyPatch, error: str
) -> None:
    _, begun = begin(flow, provider)
    later(monkeypatch, 2)

    status, told = poll(flow, provider, begun["device_code"], (400, {"error": error, "error_description": "no"}))

    assert (status, told) == (400, {"error": error, "error_description": "no"})
    assert poll(flow, provider, begun["device_code"])[1]["error"] == "expired_token"


def test_a_code_of_another_vo_is_not_known(flow: DeviceFlow, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    _, begun = begin(flow, provider)
    later(monkeypatch, 2)

    assert poll(flow, provider, begun["device_code"], vo="cms")[1]["error"] == "expired_token"
    assert len(provider.asked) == 1


def test_a_code_ends_with_the_providers(flow: DeviceFlow, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    _, begun = begin(flow, provider)
    later(monkeypatch, 601)

    assert poll(flow, provider, begun["device_code"])[1]["error"] == "expired_token"


def test_a_provider_that_is_away_for_a_moment_does_not_end_a_login(
    flow: DeviceFlow, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, begun = begin(flow, provider)
    later(monkeypatch, 2)

    assert poll(flow, provider, begun["device_code"], (502, b"<html>"))[1]["error"] == "authorization_pending"


def test_the_store_holds_nothing_that_logs_anyone_in(flow: DeviceFlow, provider: Provider, tmp_path: Path) -> None:
    _, begun = begin(flow, provider)

    kept = [path.name.encode() + path.read_bytes() for path in (tmp_path / "codes").iterdir()]

    assert len(kept) == 1
    assert b"provider-code" not in kept[0]
    assert begun["device_code"].encode() not in kept[0]


def refresh(flow: DeviceFlow, provider: Provider, *replies: Reply, token: str = "old") -> tuple[int, dict[str, Any]]:
    provider.replies["/token"] += replies
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "panda", "client_secret": "None"}
    answer: tuple[int, dict[str, Any]] = run(flow.token(provider.row, LOGIN, "wlcg", form))
    return answer


def test_a_refresh_always_answers_with_both_tokens(flow: DeviceFlow, provider: Provider) -> None:
    status, found = refresh(flow, provider, (200, {"id_token": "n.e.w", "access_token": "a"}))

    assert (status, found["id_token"], found["refresh_token"]) == (200, "n.e.w", "old")
    assert "client_secret" not in provider.asked[0]


def test_a_refresh_without_an_id_token_is_an_error(flow: DeviceFlow, provider: Provider) -> None:
    status, told = refresh(flow, provider, (200, {"access_token": "a"}))

    assert (status, told["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("token", ["", "x" * 9000])
def test_a_refresh_token_beyond_its_bounds_is_refused_here(flow: DeviceFlow, provider: Provider, token: str) -> None:
    assert refresh(flow, provider, token=token)[1]["error"] == "invalid_request"
    assert provider.asked == []


@pytest.mark.parametrize("reply", [(200, b"<html>"), (200, b"[1]"), (200, b" " * 300_000), (302, b"")])
def test_an_answer_that_is_no_bounded_json_object_is_named(flow: DeviceFlow, provider: Provider, reply: Reply) -> None:
    with pytest.raises(ProviderAway, match="identity provider answered"):
        begin(flow, provider, reply)


def test_an_error_of_the_provider_is_shown_without_more(flow: DeviceFlow, provider: Provider) -> None:
    said = {"error": "invalid_client", "error_description": "x" * 5000, "trace": "inner"}

    status, told = begin(flow, provider, (401, said))

    assert (status, told["error"], len(told["error_description"])) == (401, "invalid_client", 300)
    assert told.keys() == {"error", "error_description"}


def test_another_grant_is_refused(flow: DeviceFlow, provider: Provider) -> None:
    status, told = run(flow.token(provider.row, LOGIN, "wlcg", {"grant_type": "password", "password": "x"}))

    assert (status, told["error"]) == (400, "unsupported_grant_type")


def test_a_login_that_is_completed_after_a_revocation_gives_no_token(
    flow: DeviceFlow, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, begun = begin(flow, provider)
    later(monkeypatch, 2)

    status, found = poll(flow, provider, begun["device_code"], (200, TOKENS | {"id_token": "r.e.v"}))

    assert (status, found["error"]) == (400, "access_denied")


def test_a_revoked_identity_refreshes_no_login(flow: DeviceFlow, provider: Provider) -> None:
    provider.replies["/token"].append((200, TOKENS | {"id_token": "r.e.v"}))
    form = {"grant_type": "refresh_token", "refresh_token": "old"}

    status, found = run(flow.token(provider.row, LOGIN, "wlcg", form))

    assert (status, found["error"]) == (400, "access_denied")
