"""`culm agents`: a code is shown once and sent as a digest; keys rotate on the host."""

import re
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from cli import agents
from cli.main import app
from identity.agent_issuer import AgentKeys
from identity.agents import code_digest_of
from schemas.ids import enrolment_key
from tests.cli.test_revoke import ApiStandIn


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> ApiStandIn:
    found = ApiStandIn()
    monkeypatch.setattr(agents, "api_client", lambda _: found)
    return found


def culm(*words: str, code: int = 0) -> str:
    answer = CliRunner().invoke(app, ["agents", *words])
    assert answer.exit_code == code, answer.output
    return answer.output


def test_a_code_is_shown_once_and_sent_as_a_digest(api: ApiStandIn) -> None:
    said = culm("code", "--queue", "A", "--queue", "B", "--days", "2")

    (code,) = re.findall(r"culm-[A-Za-z0-9_-]{43}", said)
    ((command, body),) = api.posted
    digest = code_digest_of(code)
    assert (command, body["aggregate_id"], body["code"]) == ("OfferEnrolment", enrolment_key(digest), digest)
    assert (body["queues"], body["worker_id"]) == (["A", "B"], None)
    assert body["tokens_until"] - body["expires_at"] == (2 * 86_400 - 15 * 60) * 1_000_000
    assert f"culm agents end {digest}" in said
    assert code not in str(api.posted)


def test_a_code_in_a_file_is_for_its_owner_and_not_printed(api: ApiStandIn, tmp_path: Path) -> None:
    file = tmp_path / "code"

    said = culm("code", "--queue", "A", "--worker", "w1", "--file", str(file))

    assert api.posted[0][1]["worker_id"] == "w1"
    assert api.posted[0][1]["code"] == code_digest_of(file.read_text())
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text() not in said


def test_a_pilots_host_enrols_and_may_repeat_it_as_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, str]] = []

    def post(address: str, *, json: dict[str, str], timeout: float) -> httpx.Response:
        asked.append(json)
        found = {"token": f"t{len(asked)}", "token_key": "k", "vo": "wlcg", "queues": ["Q"], "worker_id": "w1", "expires_at": 1}
        return httpx.Response(200 if len(asked) != 2 else 403, json=found if len(asked) != 2 else {"detail": "no"})

    monkeypatch.setattr(httpx, "post", post)
    (tmp_path / "code").write_text("the-code\n")
    words = (
        "enrol",
        str(tmp_path / "code"),
        "--token",
        str(tmp_path / "token"),
        "--key",
        str(tmp_path / "key"),
        "--api",
        "http://c",
    )

    said = culm(*words)
    refused = CliRunner().invoke(app, ["agents", *words])
    culm(*words)

    assert "worker w1 of wlcg, for queue Q" in said
    assert refused.exit_code != 0
    assert [one["code"] for one in asked] == ["the-code"] * 3
    assert len({one["redeemer"] for one in asked}) == 1
    assert ((tmp_path / "token").read_text(), (tmp_path / "key").read_text()) == ("t3", "k")
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600


def test_an_enrolment_is_ended_by_its_digest(api: ApiStandIn) -> None:
    culm("end", "d" * 64, "--reason", "left")

    assert api.posted == [("EndEnrolment", {"aggregate_id": f"enrolment.{'d' * 64}", "code": "d" * 64, "reason": "left"})]


def test_keys_are_rotated_on_the_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CULM_HOME", str(tmp_path))
    first = AgentKeys.of(tmp_path).signer().kid

    assert "2 keys; the last one signs from" in culm("rotate")
    assert "2 keys" in culm("rotate")
    assert AgentKeys.of(tmp_path).signer().kid == first
    assert "culm revoke before urn:culm:agents" in culm("rotate", "--at-once")
    assert AgentKeys.of(tmp_path).signer().kid != first


def test_keys_that_the_platform_gave_are_rotated_by_the_platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CULM_HOME", str(tmp_path))
    monkeypatch.setenv("CULM_AGENT_KEYS", str(tmp_path / "given.json"))

    answer = CliRunner().invoke(app, ["agents", "rotate"])

    assert answer.exit_code != 0
    assert "given by the platform" in f"{answer.output}{answer.exception}"
