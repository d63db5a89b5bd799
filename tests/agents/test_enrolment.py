"""A harvester's enrolment, and tokens that agents renew: nothing is used twice, nothing is lost with an answer."""

from pathlib import Path
from typing import Any, cast

import pytest

from agents.errors import CallFailed, NotAdmitted, Rejected, Unreachable
from agents.harvester.enrolment import EnrolmentFiles, HarvesterEnrolment
from agents.pilot.config import read_config
from agents.pilot.server import Server
from agents.session import AgentSession
from agents.stop_event import StopEvent
from agents.token_renewal import TokenRenewal
from tests.agents.culm_stand_in import TOKEN, CulmStandIn


class Api:
    """Answers as Culm does; `enrolled`, `renewed`: what was asked. problems: raised one after the other, before anything else."""

    def __init__(self) -> None:
        self.enrolled: list[tuple[str, str]] = []
        self.renewed: list[str] = []
        self.token = ""
        self.problems: list[CallFailed] = []
        self.token_has_ended = False

    def post_without_token(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        assert path == "/v1/agents/enrol"
        self.enrolled.append((body["code"], body["redeemer"]))
        if self.problems:
            raise self.problems.pop(0)
        return {"token": f"token-{len(self.enrolled)}", "token_key": f"key-{len(self.enrolled)}"}

    def post(self, path: str, body: dict[str, Any], seconds: float) -> dict[str, Any]:
        if path == "/v1/agents/workers":
            return {"token": f"token of {body['worker_id']}", "token_key": f"key of {body['worker_id']}"}
        self.renewed.append(body["token_key"])
        if self.token_has_ended:
            raise NotAdmitted("status 403")
        return {"token": "renewed", "token_key": body["token_key"]}

    def use(self, token: str) -> None:
        self.token = token

    def session(self) -> AgentSession:
        return cast(AgentSession, self)


def a_harvester(api: Api, folder: Path, code: str = "code-1") -> HarvesterEnrolment:
    """One that starts, with what an earlier one of the same folder left."""
    files = EnrolmentFiles(folder / "code", folder / "token", folder / "key", folder / "used")
    files.code.write_text(code)
    return HarvesterEnrolment(api.session(), files, StopEvent())


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failed tries are repeated at once."""
    monkeypatch.setattr("agents.harvester.enrolment.AGAIN_SECONDS", 0.0)


def test_a_harvester_makes_the_folder_of_its_tokens(tmp_path: Path) -> None:
    api, code = Api(), tmp_path / "code"
    code.write_text("code-1")
    new = tmp_path / "home" / "tokens"
    files = EnrolmentFiles(code, new / "token", new / "key", new / "used")

    assert HarvesterEnrolment(api.session(), files, StopEvent()).begin()

    assert (new.stat().st_mode & 0o777, (new / "token").read_text()) == (0o700, "token-1")


def test_a_code_is_used_once_and_a_harvester_that_starts_again_renews(tmp_path: Path) -> None:
    api = Api()

    assert a_harvester(api, tmp_path).begin()
    first = api.token
    assert a_harvester(api, tmp_path).begin()

    assert (first, api.token, api.renewed) == ("token-1", "renewed", ["key-1"])
    assert [code for code, _ in api.enrolled] == ["code-1"]
    assert ((tmp_path / "token").read_text(), (tmp_path / "token").stat().st_mode & 0o777) == ("renewed", 0o600)
    assert "code-1" not in (tmp_path / "used").read_text()


@pytest.mark.usefixtures("quick")
def test_a_use_whose_answer_was_lost_is_repeated_with_the_same_secret(tmp_path: Path) -> None:
    api = Api()
    api.problems = [Unreachable("no answer"), Unreachable("no answer")]

    assert a_harvester(api, tmp_path).begin()

    assert len(api.enrolled) == 3
    assert len(set(api.enrolled)) == 1


@pytest.mark.usefixtures("quick")
def test_a_harvester_that_was_killed_after_it_chose_its_secret_goes_on_with_it(tmp_path: Path) -> None:
    api = Api()
    a_harvester(api, tmp_path).begin()
    for name in ("token", "key"):
        (tmp_path / name).unlink()

    assert a_harvester(api, tmp_path).begin()

    assert (len(api.enrolled), len(set(api.enrolled))) == (2, 1)


def test_a_harvester_whose_token_has_ended_uses_its_code_again_as_itself(tmp_path: Path) -> None:
    api = Api()
    a_harvester(api, tmp_path).begin()
    api.token_has_ended = True

    assert a_harvester(api, tmp_path).begin()

    assert (api.token, len(set(api.enrolled))) == ("token-2", 1)


def test_a_new_code_takes_the_place_of_the_old_enrolment(tmp_path: Path) -> None:
    api = Api()
    a_harvester(api, tmp_path).begin()

    assert a_harvester(api, tmp_path, "code-2").begin()

    assert [code for code, _ in api.enrolled] == ["code-1", "code-2"]
    assert api.enrolled[0][1] != api.enrolled[1][1]
    assert api.token == "token-2"


def test_each_pilot_gets_a_token_of_its_own(tmp_path: Path) -> None:
    api = Api()
    harvester = a_harvester(api, tmp_path)
    harvester.begin()

    assert [harvester.token_for(name) for name in ("w1", "w2")] == [("token of w1", "key of w1"), ("token of w2", "key of w2")]


def a_server(culm: CulmStandIn, home: Path, token: str = TOKEN) -> Server:
    (home / "token").write_text(token)
    environ = {"CULM_API": culm.address, "CULM_HOME": str(home), "CULM_TOKEN_FILE": str(home / "token"), "CULM_QUEUE": "Q"}
    return Server(read_config(environ), StopEvent())


def shown(culm: CulmStandIn) -> list[str]:
    """Which tokens came, in order."""
    found = [{name.lower(): value for name, value in headers.items()} for headers in culm.headers]
    return [headers["authorization"].removeprefix("Bearer ") for headers in found if "authorization" in headers]


def test_a_pilot_reports_with_the_token_of_its_job_and_takes_the_next_one(culm: CulmStandIn, tmp_path: Path) -> None:
    server = a_server(culm, tmp_path)
    culm.job_tokens = {"job-1", "job-2"}
    culm.jobs.append({"StatusCode": 0, "PandaID": 7, "job_token": "job-1"})
    answers = iter([{"StatusCode": 0, "command": "NULL", "job_token": "job-2"}] + [{"StatusCode": 0, "command": "NULL"}] * 2)
    culm.on_update = lambda _: (200, next(answers))

    server.get_job({})
    for _ in range(3):
        server.heartbeat({"jobId": "7", "state": "running"})
    server.close()

    assert culm.requests_for_jobs[0]["wants_job_token"] is True
    assert shown(culm) == [TOKEN, "job-1", "job-2", "job-2"]


def test_a_pilot_asks_under_the_same_id_until_it_has_an_answer(culm: CulmStandIn, tmp_path: Path) -> None:
    server = a_server(culm, tmp_path)
    answers = iter([(503, {}), (200, {"StatusCode": 10}), (200, {"StatusCode": 20}), (200, {"StatusCode": 0, "PandaID": 7})])
    culm.on_get_job = lambda: next(answers)

    found = []
    for _ in range(4):
        try:
            found.append(server.get_job({}))
        except CallFailed:
            found.append(None)
    server.close()

    first, second, third, fourth = (body["request_id"] for body in culm.requests_for_jobs)
    assert found == [None, None, None, {"StatusCode": 0, "PandaID": 7}]
    assert first == second == third != fourth
    assert len(first) == 32
    assert [body["request_is_new"] for body in culm.requests_for_jobs] == [True, False, False, True]


def test_a_pilot_whose_job_token_has_ended_reports_with_its_own(culm: CulmStandIn, tmp_path: Path) -> None:
    server = a_server(culm, tmp_path)
    culm.jobs.append({"StatusCode": 0, "PandaID": 7, "job_token": "ended"})

    server.get_job({})
    reply = server.heartbeat({"jobId": "7", "state": "running"})
    server.close()

    assert reply.status_code == 0
    assert shown(culm) == [TOKEN, "ended", TOKEN]


def test_a_token_that_is_kept_in_memory_is_in_no_file_and_renewed_there(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("first")
    (tmp_path / "key").write_text("the key")
    api = Api()
    session = AgentSession("http://127.0.0.1:1", tmp_path / "token", "wlcg", "agent")
    renewal = TokenRenewal(session, tmp_path / "token", tmp_path / "key", StopEvent())

    renewal.take_out_of_files()
    left = [path.name for path in tmp_path.iterdir()]
    renewal._session = api.session()
    renewal.renew()
    session.close()

    assert (left, [path.name for path in tmp_path.iterdir()]) == ([], [])
    assert (session._read_token(), api.renewed, api.token) == ("first", ["the key"], "renewed")


def test_a_renewal_that_is_refused_enrols_again_and_one_that_fails_is_tried_again(tmp_path: Path) -> None:
    api = Api()
    harvester = a_harvester(api, tmp_path)
    harvester.begin()

    api.token_has_ended = True
    assert harvester._renewal._is_renewed()
    assert (api.token, len(api.enrolled), len(set(api.enrolled))) == ("token-2", 2, 1)

    api.problems = [Unreachable("no answer")]
    assert not harvester._renewal._is_renewed()
    assert harvester._renewal._is_renewed()


def test_a_renewal_without_its_key_is_refused_by_name(tmp_path: Path) -> None:
    renewal = TokenRenewal(Api().session(), tmp_path / "token", tmp_path / "key", StopEvent())

    with pytest.raises(Rejected, match=r"no key in .*key: FileNotFoundError"):
        renewal.renew()
