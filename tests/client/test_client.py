"""The client against the API in process, and against answers that are made up."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from api.app import create_app
from api.queries.read_models import ReadModels
from culm.client import AsyncClient, Client, NoAccess, NotFound, Refused, to_pandas, to_polars
from identity.issuer import make_token, signing_key
from tests.api.builders import ReadModelsStandIn, run
from tests.api.test_routes import services_at
from tests.cli.rows import a_row_of_jobs, a_task

ROOT = Path(__file__).parents[2]


class InProcess(httpx.BaseTransport):
    """Requests of a sync client to an app in this process."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The whole answer."""

        async def ask() -> httpx.Response:
            answer = await httpx.ASGITransport(self._app).handle_async_request(request)
            return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())

        found: httpx.Response = run(ask())
        return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CULM_HOME whose issuer has a key."""
    found = tmp_path_factory.mktemp("home")
    signing_key(found)
    return found


@pytest.fixture(scope="module")
def app(home: Path) -> Any:
    """An API with one task and one job."""
    tables = {
        "count(*) as jobs from job": [{"task_id": 10_000_001, "status": "running", "jobs": 3}],
        "from dataset": [],
        "from task": [a_task(10_000_001, parameters="{}", lists=None, definition=None, changed=None)],
        "from job": [a_row_of_jobs()],
    }
    return create_app(replace(services_at(home), read_models=cast(ReadModels, ReadModelsStandIn(cast(Any, tables)))))


@pytest.fixture
def token(home: Path) -> str:
    """Of a member of wlcg."""
    return make_token(home, user="jdoe", name="Jane Doe", groups=["wlcg"], audience_hours=1)


def made_up(answer: Callable[[httpx.Request], httpx.Response]) -> Client:
    return Client("http://culm", token="t", transport=httpx.MockTransport(answer))


def test_rows_have_types_and_keep_what_is_not_known(app: Any, token: str) -> None:
    (task,) = Client("http://culm", token=token, transport=InProcess(app)).list_tasks()

    assert (task.task_id, task.status, task.ended_at) == (10_000_001, "running", None)
    assert task.created_at == datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
    assert task.extra["jobs"] == {"running": 3}


def test_the_async_client_gives_the_same(app: Any, token: str) -> None:
    async def ask() -> list[int | None]:
        async with AsyncClient("http://culm", token=token, transport=httpx.ASGITransport(app)) as culm:
            return [task.task_id async for task in culm.list_tasks()]

    assert asyncio.run(ask()) == [10_000_001]


def test_a_problem_is_an_exception_with_the_sentence_of_the_api(app: Any, token: str) -> None:
    with pytest.raises(NotFound) as raised:
        Client("http://culm", token=token, transport=InProcess(app)).get_command_answer("x")

    assert (raised.value.status, raised.value.detail) == (404, "no command 'x', expected a UUID")


def test_the_example_of_the_manual_runs_as_it_is_written(
    app: Any, token: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CULM_API", "http://culm")
    monkeypatch.setenv("CULM_TOKEN", token)
    monkeypatch.setattr("httpx.HTTPTransport", lambda: InProcess(app))
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "client.md").read_text(encoding="utf-8"), re.DOTALL)

    exec(compile(example, "docs/client.md", "exec"), {})

    said = capsys.readouterr().out
    assert said.startswith("10000001 user.jdoe.t1 running 2027-01-15 08:00:00+00:00")
    assert "no dataset" in said


def test_all_pages_are_read() -> None:
    pages = {None: {"tasks": [{"task_id": 3}, {"task_id": 2}], "next": "2"}, "2": {"tasks": [{"task_id": 1}], "next": None}}

    culm = made_up(lambda request: httpx.Response(200, json=pages[request.url.params.get("after")]))

    assert [task.task_id for task in culm.list_tasks()] == [3, 2, 1]


def test_a_command_is_sent_again_with_its_key_after_the_time_that_the_api_names(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    keys: list[str] = []
    monkeypatch.setattr("httpx_retries.retry.time.sleep", slept.append)

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["idempotency-key"])
        if len(keys) == 1:
            return httpx.Response(503, headers={"Retry-After": "7"})
        return httpx.Response(200, json={"command_id": "c", "answered": True, "accepted": True}, headers={"Culm-Position": "p"})

    done = made_up(answer).kill_task(10_000_001, reason="wrong input")

    assert (done.accepted, done.extra, slept) == (True, {"culm_position": "p"}, [7.0])
    assert len(keys) == 2
    assert keys[0] == keys[1]


def test_what_has_an_effect_each_time_is_not_sent_again() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(422, json={"title": "Refused", "status": 422, "detail": "no", "reason": "STALE"})

    with pytest.raises(Refused) as raised:
        made_up(answer).link_identities(body={"token": "x"})

    assert (asked, raised.value.members) == (["/v1/links"], {"reason": "STALE"})


def test_a_name_leads_to_no_other_route() -> None:
    asked: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path)
        return httpx.Response(200, json={})

    made_up(answer).get_dataset("a/../b?c")

    assert asked == [b"/v1/datasets/a%2F..%2Fb%3Fc"]
    with pytest.raises(ValueError, match="expected a name"):
        made_up(answer).get_dataset("..")


def test_a_task_is_awaited_on_the_stream_of_its_end() -> None:
    states = ["running", "done"]
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if request.url.path == "/v1/tail":
            return httpx.Response(200, text='{"event_type": "TaskFinalized", "place": "culm.task.events.v1/3/41"}\n')
        status = states.pop(0)
        return httpx.Response(200, json={"status": status, "ended_at": "2027-01-15T08:00:00Z" if status == "done" else None})

    assert made_up(answer).wait_for_task(10_000_001).status == "done"
    assert asked == ["/v1/tasks/10000001", "/v1/tail", "/v1/tasks/10000001"]


def test_rows_are_frames() -> None:
    culm = made_up(lambda _: httpx.Response(200, json={"tasks": [{"task_id": 1, "jobs": {"done": 2}}], "next": None}))
    rows = list(culm.list_tasks())

    assert to_polars(rows).select("task_id", "jobs").rows() == [(1, '{"done": 2}')]
    assert list(to_pandas(rows)["jobs"]) == [{"done": 2}]


def test_without_a_login_the_error_says_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CULM_TOKEN", "CULM_API"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "credentials.json"
    monkeypatch.setenv("CULM_CREDENTIALS", str(path))

    with pytest.raises(NoAccess, match="culm login"):
        Client()
    path.write_text("{}")
    path.chmod(0o644)
    with pytest.raises(NoAccess, match="mode 644, expected 600"):
        Client()
