"""`culm link`: what is sent, and what is not understood."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import link, login
from cli.api_client import ApiClient
from cli.main import app


class ApiStandIn(ApiClient):
    """Keeps what is posted."""

    def __init__(self) -> None:
        super().__init__("http://culm", {"Authorization": "Bearer own", "Origin": "wlcg"})
        object.__setattr__(self, "posted", [])

    posted: list[tuple[str, Any]]

    def post(self, path: str, body: Any = None) -> Any:
        self.posted.append((path, body))
        return {"actor": "dn", "other": "jane"}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> ApiStandIn:
    found = ApiStandIn()
    monkeypatch.setattr(link, "api_client", lambda _: found)
    return found


def culm(*words: str, given: str | None = None) -> tuple[int, str]:
    answer = CliRunner().invoke(app, [*words], input=given)
    return answer.exit_code, answer.output


def test_a_person_links_with_a_token_that_is_not_shown(api: ApiStandIn) -> None:
    code, said = culm("link", "--token", "-", "--reason", "mine", given="secret.to.ken\n")

    assert api.posted == [("/v1/links", {"token": "secret.to.ken", "reason": "mine"})]
    assert (code, said) == (0, "dn and jane are one person; `culm unlink` takes that back\n")


def test_an_administrator_links_two_ids(api: ApiStandIn) -> None:
    assert culm("link", "dn", "jane")[0] == 0
    assert api.posted == [("/v1/links", {"actor": "dn", "other": "jane", "reason": None})]


def test_a_link_is_taken_back(api: ApiStandIn) -> None:
    culm("unlink", "dn")
    culm("unlink", "dn", "jane")

    bodies = [body for _, body in api.posted]
    assert bodies == [{"other": "dn", "reason": None}, {"actor": "dn", "other": "jane", "reason": None}]


@pytest.mark.parametrize(
    "words",
    [
        ["link"],
        ["link", "one"],
        ["link", "a", "b", "c"],
        ["link", "a", "b", "--token", "f"],
        ["link", "--certificate", "f"],
        ["link", "--edge", "https://h"],
        ["link", "--certificate", "f", "--edge", "http://h"],
        ["unlink", "a", "b", "c"],
    ],
)
def test_what_is_not_understood_links_nothing(api: ApiStandIn, words: list[str]) -> None:
    assert culm(*words)[0] == 2
    assert api.posted == []


def test_whoami_shows_what_is_linked(api: ApiStandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    me = {"display_name": "Jane Doe", "nickname": "jane", "vo": "wlcg", "roles": [], "subject": "jane", "linked": ["dn"]}
    monkeypatch.setattr(login, "api_client", lambda _: api)
    monkeypatch.setattr(ApiStandIn, "get", lambda *_, **__: me, raising=False)

    done = CliRunner().invoke(app, ["whoami"], env={"HOME": str(tmp_path), "CULM_API": "http://culm"})

    assert "linked: jane may do what these may with what they own: dn" in done.output


def test_a_certificate_that_cannot_be_read_is_said(api: ApiStandIn, tmp_path: Path) -> None:
    answer = CliRunner().invoke(app, ["link", "--certificate", str(tmp_path / "none.pem"), "--edge", "https://127.0.0.1:1"])

    assert "does not answer: FileNotFoundError" in str(answer.exception)
