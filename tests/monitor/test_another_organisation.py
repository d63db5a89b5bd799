"""With two organisations behind one API, a member of one sees nothing of the other: in no page, list, audit or live region."""

import os
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from deploy.config import CHECKOUT
from deploy.stack import Stack
from process.kafka_security import environment_of
from tests.monitor.manual_actors import QUEUE, ManualActors, token_of, until

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def stranger(stack: Stack) -> Iterator[httpx.Client]:
    """A member of dune, at an API over the shared stack that serves wlcg and dune."""
    config = stack.config
    address = f"http://127.0.0.1:{config.ports.api + 8}"
    environ = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        **environment_of(config.kafka),
        "CULM_REGISTRY": config.registry,
        "CULM_POSTGRES": config.postgres,
        "CULM_HOME": str(config.home),
        "CULM_API": address,
        "CULM_VOS": "wlcg,dune",
        "PYTHONWARNINGS": "ignore",
    }
    process = subprocess.Popen([sys.executable, "-m", "api"], cwd=CHECKOUT, env=environ, stderr=subprocess.DEVNULL)
    headers = {"Authorization": f"Bearer {token_of(stack, 'dora', vo='dune')}", "Origin": "dune"}
    try:
        with httpx.Client(base_url=address, headers=headers, timeout=30) as client:
            until(lambda: _answers(client), 60)
            yield client
    finally:
        process.terminate()
        process.wait(30)


def test_a_member_of_another_organisation_sees_nothing(stranger: httpx.Client, actors: ManualActors) -> None:
    task = actors.submit(name="user.pages.nobodys.business")
    job = actors.lease(task)["PandaID"]
    until(lambda: actors.user.get(f"/v1/why/job/{job}").status_code == 200)
    single = [f"/task/{task}/?json", f"/job/{job}/?json", f"/job/{job}/usage", f"/compare/?json&pandaid={job}",
              f"/v1/trace/{task}", f"/v1/tasks/{task}"]
    single += [f"/v1/{question}/{kind}/{number}" for question in ("history", "state", "why") for kind, number in
               (("task", task), ("job", job))]  # fmt: skip
    single += [f"/v1/diff/task/{task}?a=1", f"/v1/events?task_id={task}"]
    lists = ["/?json", "/now/?json", "/workflows/?json", "/search/?json&q=obodys.business", "/search/?json&q=user:ages",
             "/search/?json&q=node:n1",
             "/tasks/?json", "/jobs/?json", "/users/?json", "/errors/?json", "/queues/?json",
             f"/queue/{QUEUE}/?json",
             "/workers/?json", "/harvesters/?json", "/shares/?json", "/health/?json",
             f"/v1/history/queue/{QUEUE}", f"/v1/state/queue/{QUEUE}",
             "/v1/tasks", "/v1/jobs"]  # fmt: skip

    found = {path: stranger.get(path) for path in single}
    shown = {path: stranger.get(path) for path in lists}

    assert {path: answer.status_code for path, answer in found.items() if answer.status_code != 404} == {}
    assert {path: answer.status_code for path, answer in shown.items() if answer.status_code != 200} == {}
    secrets = (str(task), "nobodys", "Pages")
    assert [path for path, answer in shown.items() if any(secret in answer.text for secret in secrets)] == []


def test_an_open_page_of_another_organisation_tells_nothing(stranger: httpx.Client, actors: ManualActors) -> None:
    task = actors.submit(name="user.pages.nobodys.live")

    with stranger.stream("GET", f"/monitor/live?path={quote('/tasks/')}") as answer:
        told = next(line for line in answer.iter_lines() if line.startswith("data:"))

    assert str(task) not in told
    assert "no task fits" in told


def test_workers_of_a_queue_that_serves_others_only_are_not_listed(stranger: httpx.Client, actors: ManualActors) -> None:
    settings = {"name": "WLCG_ALONE", "site": "HAND", "status": "BROKEROFF", "vos": ["wlcg"]}
    wait = {"Prefer": "wait=30"}
    body = {"aggregate_id": "queue.WLCG_ALONE", "settings": settings}
    assert actors.operator.post("/v1/commands/ConfigureQueue", json=body, headers=wait).json()["accepted"]
    worker = {"worker_id": "hidden-worker", "harvester_id": "h", "state": "running"}
    until(lambda: actors.operator.get("/v1/queues/WLCG_ALONE").status_code == 200)
    assert actors.pilot.post("/v1/queues/WLCG_ALONE/workers", json=worker).json()["accepted"]
    until(lambda: "hidden-worker" in actors.user.get("/v1/workers?queue=WLCG_ALONE").text)

    assert stranger.get("/v1/workers?queue=WLCG_ALONE").json()["workers"] == []
    assert stranger.get("/v1/queues/WLCG_ALONE").status_code == 404
    assert actors.user.get("/worker/WLCG_ALONE/hidden-worker/?json").status_code == 200
    assert stranger.get("/worker/WLCG_ALONE/hidden-worker/?json").status_code == 404


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/v1/health").status_code == 200
    except httpx.TransportError:
        return False
