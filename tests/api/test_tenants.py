"""Two organisations behind one API: every route is asked by members of the one, and no answer holds a byte of the other."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from deploy.config import CHECKOUT
from deploy.stack import Stack
from process.authorities import believed
from process.kafka_security import environment_of
from schemas.scopes import scope_of
from tests.api.every_route import Asked, requests, unknown_parameters
from tests.monitor.manual_actors import ManualActors, token_of, until

QUEUE, ALONE = "TENANTS", "ZEBRA_ALONE"
#: In the name of everything that the other organisation has.
PLANTED = "zebra"
DATASET = "user.zebra.data"
CALLERS = {"user": (), "operator": ("wlcg/operator", "wlcg/production"), "pilot": ("wlcg/pilot",)}
#: Routes that stream are read for so long.
STREAMS, STREAM_SECONDS = ("/v1/tail", "/v1/events", "/monitor/live"), 0.7
NAMES = ("task_id", "job_id", "queue", "name", "actor", "kind", "command_id", "owner", "text", "path", "filter", "harvester_id",
         "lfn", "id", "command", "task", "job", "username", "produsername", "computingsite", "modificationhost",
         "dataset_name", "sequence", "worker")  # fmt: skip


@dataclass(frozen=True)
class OtherOrganisation:
    """What it has. values: by the name of a parameter."""

    values: dict[str, tuple[str, ...]]
    numbers: tuple[str, ...]


def test_every_parameter_of_every_route_has_a_value_to_ask_with() -> None:
    assert unknown_parameters(dict.fromkeys(NAMES, ())) == set()


@pytest.fixture(scope="module")
def address(stack: Stack) -> Iterator[str]:
    """An API over the shared stack that serves wlcg and juno."""
    config = stack.config
    address = f"http://127.0.0.1:{config.ports.api + 9}"
    environ = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        **environment_of(config.kafka), "CULM_REGISTRY": config.registry, "CULM_POSTGRES": config.postgres,
        "CULM_HOME": str(config.home), "CULM_API": address, "CULM_VOS": "wlcg,juno", "PYTHONWARNINGS": "ignore",
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, "-m", "api"], cwd=CHECKOUT, env=environ, stderr=subprocess.DEVNULL)
    try:
        until(lambda: _answers(address), 60)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def client_of(stack: Stack, address: str, user: str, *groups: str, vo: str) -> httpx.Client:
    """Requests of a member of `vo`."""
    token = token_of(stack, user, *groups, vo=vo, name=f"{user} Person")
    return httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}", "Origin": vo}, timeout=30)


@pytest.fixture(scope="module")
def other(stack: Stack, address: str) -> Iterator[OtherOrganisation]:
    """Juno, with tasks, jobs, a failure, a worker, a dataset and a queue of its own, and with something going on all the time."""
    wait = {"Prefer": "wait=30"}
    with (
        client_of(stack, address, PLANTED, vo="juno") as user,
        client_of(stack, address, "zebrapilot", "juno/pilot", vo="juno") as pilot,
        client_of(stack, address, "zebraop", "juno/operator", "juno/production", vo="juno") as operator,
        client_of(stack, address, "tenantop", "wlcg/operator", vo="wlcg") as ours,
    ):
        for client, name, vos in ((ours, QUEUE, []), (operator, ALONE, ["juno"])):
            settings = {"name": name, "site": name, "status": "BROKEROFF", "workdir_mb_max": 20_000, "vos": vos}
            body = {"aggregate_id": f"queue.{name}", "settings": settings}
            assert client.post("/v1/commands/ConfigureQueue", json=body, headers=wait).json()["accepted"]
        until(lambda: operator.get(f"/v1/queues/{QUEUE}").status_code == 200)
        task, job, command = _plant(ManualActors(user, pilot, operator), wait)
        ending = threading.Event()
        busy = threading.Thread(target=_keep_busy, args=(user, task, ending), daemon=True)
        busy.start()
        actor = user.get("/v1/whoami").json()["subject"]
        yield OtherOrganisation(_values(task, job, command, actor), (str(task), str(job), actor))
        ending.set()
        busy.join(60)


def _plant(actors: ManualActors, wait: dict[str, str]) -> tuple[int, int, str]:
    """A task of which one job failed and one runs; ids of the task and of the job that failed, and of a command."""
    task = actors.submit(jobs=2, name=f"user.{PLANTED}.{uuid4()}", queue=QUEUE)
    failed, running = actors.lease(task, queue=QUEUE, node="zebra-node"), actors.lease(task, queue=QUEUE, node="zebra-node")
    actors.report(running, "running", pilotErrorDiag="zebra runs")
    actors.report(failed, "running")
    actors.report(failed, "failed", pilotErrorCode=1305, pilotErrorDiag="zebra exploded", transExitCode=1)
    for queue in (QUEUE, ALONE):
        worker = {"worker_id": "zebra-worker", "harvester_id": "zebra-harvester", "state": "running", "node": "zebra-node"}
        until(lambda queue=queue: actors.user.get(f"/v1/queues/{queue}").status_code == 200)
        assert actors.pilot.post(f"/v1/queues/{queue}/workers", json=worker).json()["accepted"]
    _plant_harvester(actors.pilot)
    files = [{"lfn": "zebra.file", "scope": "user.zebra", "size_bytes": 1, "checksum": "ad:00000001", "endpoint": "LOCAL_DISK"}]
    body = {"aggregate_id": DATASET, "dataset": DATASET, "files": files}
    actors.operator.post("/v1/commands/RegisterFiles", json=body, headers=wait)
    answer = actors.user.post("/v1/commands/RetryTask", json={"aggregate_id": str(task)}, headers=wait).json()
    until(lambda: "zebra-worker" in actors.user.get(f"/v1/workers?queue={QUEUE}").text)
    until(lambda: actors.user.get(f"/v1/jobs/{failed['PandaID']}").json().get("status") == "failed")
    return task, int(failed["PandaID"]), str(answer["command_id"])


def _plant_harvester(pilot: httpx.Client) -> None:
    """A Harvester that counts, has workers and writes a log."""
    counts = '{"zebra": {"SCORE": {"running": 3}}}'
    said: dict[str, dict[str, Any]] = {
        "heartbeat": {"data": {"startTime": "datetime/2026-11-28 12:27:36.908823", "sw_version": "zebra"}},
        "report_worker_statistics": {"panda_queue": QUEUE, "statistics": counts},
        "add_dialogs": {"dialogs": [{"diagID": 1, "diagMessage": "zebra failed"}]},
        "update_service_metrics": {"metrics": [["2026-11-28 12:49:38", "zebra-host", '{"zebra": 1}']]},
        "update_workers": {"workers": [{"workerID": 7, "status": "running", "computingSite": QUEUE}]},
    }
    for call, body in said.items():
        answer = pilot.post(f"/api/v1/harvester/{call}", json={"harvester_id": "zebra-harvester", **body})
        assert answer.json()["success"], answer.text
    until(lambda: "zebra" in pilot.get("/api/v1/harvester/get_worker_statistics").text)


def _values(task: int, job: int, command: str, actor: str) -> dict[str, tuple[str, ...]]:
    names = (str(task), str(job), QUEUE, ALONE, DATASET, command)
    return {
        "task_id": (str(task),), "task": (str(task),), "job_id": (str(job),), "job": (str(job),), "queue": (QUEUE, ALONE),
        "computingsite": (QUEUE, ALONE), "panda_queue": (QUEUE, ALONE), "name": names, "id": names,
        "kind": ("task", "job", "queue", "worker", "dataset", "policy"),
        "command_id": (command,), "actor": (actor,), "owner": (actor, PLANTED),
        "q": ("zeb", str(task), str(job), "task:user"), "pandaid": (str(job),),
        "username": (PLANTED,), "produsername": (PLANTED,), "text": ("zeb",),
        "path": ("/tasks/", f"/task/{task}/", "/workers/", f"/queue/{QUEUE}/",
                 f"/worker/{QUEUE}/zebra-worker/", "/harvesters/", "/harvesters/zebra-harvester/"), "filter": (f"task={task}",),
        "harvester_id": ("zebra-harvester",), "worker": ("zebra-worker",), "modificationhost": ("zebra-node",),
        "lfn": ("zebra.file",),
        "command": ("KillTask",),
        "dataset_name": (DATASET,),
        "sequence": ("0",),
    }  # fmt: skip


def _keep_busy(user: httpx.Client, task: int, ending: threading.Event) -> None:
    while not ending.is_set():
        for command in ("PauseTask", "ResumeTask"):
            user.post(
                f"/v1/commands/{command}", json={"aggregate_id": str(task), **_reason(command)}, headers={"Prefer": "wait=5"}
            )
            ending.wait(0.2)


def _reason(command: str) -> dict[str, str]:
    return {"reason": "zebra rests"} if command == "PauseTask" else {}


@pytest.mark.stack
@pytest.mark.parametrize("caller", list(CALLERS))
def test_no_answer_to_a_member_holds_a_byte_of_another_organisation(
    stack: Stack, address: str, other: OtherOrganisation, caller: str
) -> None:
    leaks: dict[str, str] = {}
    statuses: dict[int, int] = {}
    with client_of(stack, address, f"tenant{caller}", *CALLERS[caller], vo="wlcg") as client:
        for asked in requests(other.values):
            status, text = _answer(client, asked)
            statuses[status] = statuses.get(status, 0) + 1
            found = _leak(text, asked, other)
            if found:
                leaks[f"{asked.method} {asked.path} {dict(asked.query)}"] = f"{status}: {found}"

    assert leaks == {}, "\n".join(f"{path}: {what}" for path, what in leaks.items())
    assert statuses.get(200, 0) > 100
    # 501: a call that is not offered, to a client that reads the status alone.
    assert not any(status >= 500 and status not in (501, 503) for status in statuses)


@pytest.mark.stack
def test_the_other_organisation_sees_what_it_has(stack: Stack, address: str, other: OtherOrganisation) -> None:
    (task,) = other.values["task_id"]
    paths = (f"/v1/tasks/{task}", "/v1/tasks", f"/v1/workers?queue={QUEUE}", "/workers/?json", "/errors/?json",
             f"/worker/{QUEUE}/zebra-worker/?json", "/harvesters/?json", "/harvesters/zebra-harvester/?json",
             f"/v1/history/task/{task}", f"/v1/queues/{ALONE}")  # fmt: skip

    with client_of(stack, address, PLANTED, vo="juno") as client:
        blind = [path for path in paths if PLANTED not in client.get(path).text.lower()]

    assert blind == []


def _answer(client: httpx.Client, asked: Asked) -> tuple[int, str]:
    """Status and text; of a stream what came in time."""
    text, status = b"", 200
    seconds = STREAM_SECONDS if asked.path in STREAMS else 30.0
    try:
        with client.stream(
            asked.method, quote(asked.path, safe="/:.~"), params=dict(asked.query), json=asked.body, timeout=seconds
        ) as answer:
            status = answer.status_code
            text = str(dict(answer.headers)).encode()
            for part in answer.iter_bytes():
                text += part
    except httpx.ReadTimeout:
        assert asked.path in STREAMS, f"{asked.path} did not answer in {seconds} s"
    return status, text.decode("utf-8", "replace")


def _leak(text: str, asked: Asked, other: OtherOrganisation) -> str:
    """What of the other organisation stands in `text`, besides what was asked for by name."""
    sent = {part for value in asked.sent for part in (value, *value.split("/"), value.rpartition("=")[2])}
    sent |= {scope_of(value) for value in asked.sent if value.startswith("user.")}
    for value in sorted((one for one in sent if len(one) > 4), key=len, reverse=True):
        text = text.replace(value, "").replace(quote(value, safe=""), "").replace(value.title(), "")
    lowered = text.lower()
    at = lowered.find(PLANTED)
    if at >= 0:
        return text[max(0, at - 80) : at + 80]
    if asked.path.endswith("/openapi.json"):
        return ""  # bounds of fields are numbers as ids are
    number = next((one for one in other.numbers if re.search(rf"(?<!\w){one}(?!\w)", text)), None)
    return f"{number}" if number else ""


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/v1/health", verify=believed()).status_code == 200
    except httpx.TransportError:
        return False
