"""`culm revoke`: which command goes to which key, and what becomes of a person's tasks."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import login, revoke
from cli.api_client import ApiClient
from cli.credentials import Login
from cli.main import app
from cli.tasks_of_revoked import order_tasks
from deploy.errors import StepFailed
from identity.believed import actor_of
from identity.digest import digest_of_id
from schemas.ids import revoked_identity_key, revoked_issuer_key
from tests.identity.builders import IAM, a_token, an_issuer

PAYLOADS = [
    {"job_id": 1, "is_owner": True, "stops_within_seconds": 60},
    {"job_id": 2, "is_owner": True, "stops_within_seconds": None},
    {"job_id": 3, "is_owner": False, "stops_within_seconds": 60},
]


class ApiStandIn(ApiClient):
    """Answers pages of tasks and accepts commands, which it keeps."""

    def __init__(self, pages: list[dict[str, Any]] | None = None, refuses: tuple[str, ...] = ()) -> None:
        super().__init__("http://culm", {})
        object.__setattr__(self, "posted", [])
        object.__setattr__(self, "pages", pages or [])
        object.__setattr__(self, "refuses", refuses)

    posted: list[tuple[str, Any]]
    pages: list[dict[str, Any]]
    refuses: tuple[str, ...]

    def get(self, path: str, **parameters: Any) -> Any:
        if path == "/v1/issuers":
            return {"issuers": [an_issuer().to_avro()]}
        if path == "/v1/revocations/payloads":
            return {"payloads": PAYLOADS}
        return self.pages.pop(0)

    def post(self, path: str, body: Any = None) -> Any:
        self.posted.append((path.rpartition("/")[2], body))
        if body["aggregate_id"] in self.refuses:
            raise StepFailed("no")
        return {"accepted": True}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> ApiStandIn:
    found = ApiStandIn()
    monkeypatch.setattr(revoke, "api_client", lambda _: found)
    return found


def culm(*words: str) -> str:
    answer = CliRunner().invoke(app, ["revoke", *words], catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return answer.output


def test_a_person_is_revoked_by_the_id_or_by_issuer_and_subject(api: ApiStandIn) -> None:
    actor = actor_of(an_issuer(), "jane")

    culm("user", actor, "--reason", "left")
    culm("user", "--issuer", IAM.removesuffix("/"), "--subject", "jane")
    culm("restore", actor)

    key = revoked_identity_key(actor)
    assert api.posted == [
        ("RevokeIdentity", {"aggregate_id": key, "actor": actor, "since": None, "reason": "left"}),
        ("RevokeIdentity", {"aggregate_id": key, "actor": actor, "since": None, "reason": None}),
        ("RestoreIdentity", {"aggregate_id": key, "actor": actor, "reason": None}),
    ]


def test_a_token_is_revoked_by_its_file_without_sending_it(api: ApiStandIn, tmp_path: Path) -> None:
    text = a_token(tmp_path, iss=IAM, sub="jane", jti="7", exp=1_900_000_000)
    (tmp_path / "token").write_text(text + "\n")
    culm("token", str(tmp_path / "token"))
    culm("token", "--issuer", IAM, "--subject", "jane", "--jti", "7", "--until", "2030-03-17T17:46:40.000Z")

    actor = actor_of(an_issuer(), "jane")
    body = {
        "aggregate_id": revoked_identity_key(actor), "actor": actor, "issuer": IAM, "token": digest_of_id(IAM, "7"),
        "until": "2030-03-17T17:46:40.000Z", "reason": None,
    }  # fmt: skip
    assert api.posted == [("RevokeToken", body)] * 2
    assert text not in repr(api.posted)


def test_all_tokens_from_before_a_time_are_revoked_and_that_is_undone(api: ApiStandIn) -> None:
    culm("before", IAM, "--time", "2026-11-29T12:00:00Z", "--reason", "key")
    culm("before", IAM, "--undo")

    key = revoked_issuer_key(IAM)
    assert api.posted == [
        ("RevokeTokensBefore", {"aggregate_id": key, "issuer": IAM, "time": "2026-11-29T12:00:00Z", "reason": "key"}),
        ("RevokeTokensBefore", {"aggregate_id": key, "issuer": IAM, "time": None, "reason": None}),
    ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("user",), "--issuer and --subject"),
        (("user", "jane", "--tasks", "burn"), "expected one of keep, kill, pause"),
        (("token",), "give a FILE"),
        (("before", IAM, "--undo", "--time", "2026-11-29"), "not both"),
    ],
)  # fmt: skip
def test_what_is_missing_is_named_and_nothing_is_sent(api: ApiStandIn, words: tuple[str, ...], expected: str) -> None:
    answer = CliRunner(env={"COLUMNS": "300"}).invoke(app, ["revoke", *words])

    assert (answer.exit_code, api.posted) == (2, [])
    assert expected in " ".join(answer.output.split())


def test_an_issuer_that_is_not_believed_has_no_one_to_revoke(api: ApiStandIn) -> None:
    with pytest.raises(StepFailed, match=r"is not believed here, expected one of https://iam\.example\.org/"):
        CliRunner().invoke(app, ["revoke", "user", "--issuer", "https://x", "--subject", "j"], catch_exceptions=False)


def test_tasks_are_ordered_only_when_no_api_takes_new_ones_any_more(api: ApiStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[tuple[float, int]] = []
    monkeypatch.setattr("time.sleep", lambda seconds: waited.append((seconds, len(api.posted))))
    api.pages.append({"tasks": [{"task_id": 1, "owner": "jane", "status": "running"}], "next": None})

    told = culm("user", "jane", "--tasks", "pause")

    assert [name for name, _ in api.posted] == ["RevokeIdentity", "PauseTask"]
    assert waited == [(5.0, 1)]
    assert "1 tasks were ordered to pause" in told


def test_the_answer_says_which_payloads_stop_when(api: ApiStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    api.pages.append({"tasks": [], "next": None})

    killed, kept = culm("user", "jane", "--tasks", "kill"), culm("user", "jane")

    assert killed.splitlines()[-2:] == [
        "2 payloads (jobs 1, 3) stop within 60 s",
        "1 payloads (jobs 2) stop at their pilot's next call (pilot3: up to 30 minutes)",
    ]
    assert kept.splitlines()[-2:] == ["2 payloads (jobs 1, 2) of its tasks run on", "1 payloads (jobs 3) stop within 60 s"]


def test_tasks_of_a_namesake_and_those_that_have_ended_stay() -> None:
    rows = [(1, "jane", "running"), (2, "joe", "running"), (3, "jane", "done"), (4, "jane", "ready"), (5, "jane", "pending")]
    tasks = [{"task_id": number, "owner": owner, "status": status} for number, owner, status in rows]
    api = ApiStandIn([{"tasks": tasks[:3], "next": "3"}, {"tasks": tasks[3:], "next": None}], refuses=("4",))

    told = order_tasks(api, "jane", "kill", "jane was revoked")

    sent = [(name, body["aggregate_id"]) for name, body in api.posted]
    assert sent == [("KillTask", "1"), ("KillTask", "4"), ("KillTask", "5")]
    assert told == "2 tasks were ordered to kill, 1 refused"


def test_a_login_that_is_over_needs_no_end(tmp_path: Path) -> None:
    kept = Login("http://127.0.0.1:1", "wlcg", a_token(tmp_path, exp=1), "", "http://127.0.0.1:1", "culm")

    assert login._ended(kept) == ""


def test_an_api_that_is_away_does_not_keep_a_login(tmp_path: Path) -> None:
    kept = Login("http://127.0.0.1:1", "wlcg", a_token(tmp_path), "", "http://127.0.0.1:1", "culm")

    assert login._ended(kept) == "the API does not answer: ConnectError"
