"""`culm config`: which Culm the commands speak to."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from cli.api_client import ApiClient, api_client
from cli.contexts import Context, contexts_of
from cli.credentials import Login, credentials_of
from deploy.errors import NotUp, StepFailed
from tests.cli.conftest import CulmAtHand


def test_the_first_context_is_in_use_and_another_can_be_chosen(culm: CulmAtHand, tmp_path: Path) -> None:
    culm("config", "set-context", "cern", "--api", "https://culm.example.org/", "--vo", "atlas")
    culm("config", "set-context", "here", "--home", str(tmp_path / "stack"))
    first = culm("config", "view").out
    culm("config", "use-context", "here")

    rows = json.loads(culm("config", "view", "--json").out)["contexts"]

    assert first.splitlines()[1].split() == ["yes", "cern", "https://culm.example.org", "-", "atlas", "-"]
    assert [(row["name"], row["used"]) for row in rows] == [("cern", False), ("here", True)]


def test_the_file_is_its_owners_alone_and_holds_no_token(culm: CulmAtHand, tmp_path: Path) -> None:
    culm("config", "set-context", "robot", "--api", "https://c", "--token-file", str(tmp_path / "token"))

    file = tmp_path / "config" / "culm" / "config.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text())["contexts"]["robot"]["token_file"] == str(tmp_path / "token")


def test_a_file_that_others_may_write_is_not_used(culm: CulmAtHand, tmp_path: Path) -> None:
    culm("config", "set-context", "cern", "--api", "https://c")
    (tmp_path / "config" / "culm" / "config.json").chmod(0o666)

    told = culm("config", "view")

    assert (told.code, "has mode 666, expected 600" in told.err) == (1, True)


@pytest.mark.parametrize("text", ["", "[]", '{"contexts": {"a": {"api": 1}}, "current": ""}', '{"contexts": {"a": 5}}', "\x00"])
def test_a_file_that_holds_something_else_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config.json"
    file.write_text(text)
    file.chmod(0o600)

    with pytest.raises(StepFailed, match=r"config\.json"):
        contexts_of({"CULM_CONFIG": str(file)})


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("a/b", "--api", "https://c"), "name: found"),
        (("\x1b[1m", "--api", "https://c"), "name: found"),
        (("a", "--api", "ftp://c"), "--api: found"),
        (("a", "--api", "https://user:secret@c"), "--api: found"),
        (("a",), "name either --api"),
        (("a", "--api", "https://c", "--home", "/h"), "name either --api"),
    ],
)
def test_a_context_that_names_no_culm_is_refused(culm: CulmAtHand, words: tuple[str, ...], problem: str) -> None:
    told = culm("config", "set-context", *words)

    assert (told.code, problem in told.err) == (1, True), told.err
    assert "\x1b" not in told.out


def environ_with(tmp_path: Path, **variables: str) -> dict[str, str]:
    """A user with a context `cern`, in use, and `here`."""
    environ = {"CULM_CONFIG": str(tmp_path / "c.json"), "CULM_CREDENTIALS": str(tmp_path / "k.json"), **variables}
    contexts = contexts_of(environ)
    contexts.write("cern", {"cern": Context("https://culm.example.org", "atlas"), "here": Context(home=str(tmp_path / "home"))})
    return environ


def test_a_context_without_a_login_says_how_to_log_in(tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match=r"culm login --api https://culm\.example\.org --vo atlas"):
        api_client(environ_with(tmp_path))


def test_a_context_uses_the_login_that_is_kept_for_its_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = environ_with(tmp_path)
    credentials_of(environ).keep(Login("https://culm.example.org", "atlas", "the-token", "", "", ""))
    monkeypatch.setattr("cli.credentials.valid", lambda login, _: login)

    found = api_client(environ)

    assert (found.address, found.headers["Authorization"], found.headers["Origin"]) == (
        "https://culm.example.org", "Bearer the-token", "atlas",
    )  # fmt: skip


def test_a_named_context_goes_before_the_variables_and_those_before_the_current_one(tmp_path: Path) -> None:
    environ = environ_with(tmp_path, CULM_API="http://elsewhere", CULM_TOKEN="t")

    assert api_client(environ).address == "http://elsewhere"
    with pytest.raises(NotUp, match=str(tmp_path / "home")):
        api_client({**environ, "CULM_CONTEXT": "here"})
    with pytest.raises(NotUp, match="/other"):
        api_client(environ_with(tmp_path, CULM_HOME="/other"))
    with pytest.raises(StepFailed, match="no context 'none'"):
        api_client({**environ, "CULM_CONTEXT": "none"})


def test_a_kept_token_that_is_believed_no_more_is_replaced_once(culm: CulmAtHand) -> None:
    good, made = api_client(os.environ).headers, list[int]()

    def renewed() -> Mapping[str, str]:
        made.append(1)
        return good

    client = ApiClient("http://culm.test", {"Authorization": "Bearer old", "Origin": "wlcg"}, renewed)

    assert client.get("/v1/whoami")["user_name"] == "Jane Doe"
    assert made == [1]
