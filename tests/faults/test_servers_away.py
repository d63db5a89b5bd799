"""Servers that are away for a while: what is answered meanwhile, and that it stays true afterwards."""

import contextlib
import os
import signal
from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.stack import Stack
from identity.issuer import make_token
from tests.faults.test_killed_processes import until

pytestmark = pytest.mark.alone

NOWHERE = {
    "uniqueTaskName": True, "vo": "wlcg", "architecture": "", "transUses": "", "transHome": None, "nEvents": 1,
    "processingType": "panda-client-2.2.0-jedi-run", "prodSourceLabel": "user", "site": "NOWHERE", "nEventsPerJob": 1,
    "noInput": True, "nMaxFilesPerJob": 200, "cliParams": "prun", "sourceURL": "http://127.0.0.1", "taskType": "anal",
    "jobParameters": [{"type": "constant", "value": "-p echo"}],
}  # fmt: skip


def parameters(name: str, **changes: Any) -> dict[str, Any]:
    """A task that stays where it is: its queue does not exist."""
    log = {"dataset": f"{name}.log/", "container": f"{name}.log/", "type": "template", "param_type": "log",
           "value": f"{name}.log.$JEDITASKID.${{SN}}.log.tgz"}  # fmt: skip
    return {**NOWHERE, "taskName": f"{name}/", "log": log, **changes}


@pytest.fixture(scope="module")
def away(stack: Stack) -> Iterator[httpx.Client]:
    """A user, Away Person."""
    token = make_token(stack.config.home, user="away", name="Away Person", groups=["wlcg"], audience_hours=1)
    headers = {"Authorization": f"Bearer {token}", "Origin": "wlcg"}
    with httpx.Client(base_url=stack.config.api, headers=headers, timeout=70) as client:
        yield client


@contextlib.contextmanager
def stopped(stack: Stack, name: str) -> Iterator[None]:
    """One of our servers, stopped and started again."""
    stack.supervisor.stop(name)
    try:
        yield
    finally:
        stack.supervisor.start(name)


@contextlib.contextmanager
def frozen(stack: Stack, name: str) -> Iterator[None]:
    """A process that does nothing, but whose connections stand."""
    pid = stack.process_pid(name)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def is_there(client: httpx.Client, task: int) -> bool:
    """True once readers find the task."""
    return client.get(f"/v1/tasks/{task}").status_code == 200


def test_tasks_are_submitted_while_postgres_is_stopped_and_appear_when_it_is_back(stack: Stack, away: httpx.Client) -> None:
    key, name = str(uuid4()), f"user.away.{uuid4()}"
    body = {"parameters": parameters(name)}

    with stopped(stack, "postgres"):
        native = away.post("/v1/tasks", json=body, headers={"Idempotency-Key": key})
        again = away.post("/v1/tasks", json=body, headers={"Idempotency-Key": key})
        other = {"task_parameters": parameters(f"user.away.{uuid4()}"), "parent_tid": None}
        panda = away.post("/api/v1/task/submit", json=other)
        taken = away.post("/v1/tasks", json=body)

    assert (native.status_code, again.status_code, panda.json()["success"]) == (201, 201, True), (native.text, panda.text)
    assert again.json()["task_id"] == native.json()["task_id"]
    assert taken.status_code == 503, taken.text
    for task in (native.json()["task_id"], panda.json()["data"]):
        until(partial(is_there, away, task), f"task {task}")


def test_a_submission_that_was_not_answered_is_not_carried_out_later(stack: Stack, away: httpx.Client) -> None:
    key, name = str(uuid4()), f"user.away.{uuid4()}"
    body = {"parameters": parameters(name, uniqueTaskName=False)}
    first = away.post("/v1/tasks", json={"parameters": parameters(f"user.away.{uuid4()}")})
    assert first.status_code == 201, first.text

    with frozen(stack, "kafka"):
        refused = away.post("/v1/tasks", json=body)
        with_key = away.post("/v1/tasks", json=body, headers={"Idempotency-Key": key})

    later = until(lambda: _submitted(away, body, key), "the log")
    assert (refused.status_code, refused.json()["reason"]) == (503, "OUTCOME_UNKNOWN"), refused.text
    assert with_key.status_code == 503
    assert with_key.json()["detail"].endswith("; no task was submitted")  # its key was not even claimed
    until(lambda: is_there(away, later), "the task")
    assert [task["task_id"] for task in away.get(f"/v1/tasks?text={name}").json()["tasks"]] == [later]


def test_panda_client_shows_that_the_outcome_is_not_known(stack: Stack, away: httpx.Client) -> None:
    name = f"user.away.{uuid4()}"
    body = {"task_parameters": parameters(name, uniqueTaskName=False), "parent_tid": None}
    assert away.post("/v1/tasks", json={"parameters": parameters(f"user.away.{uuid4()}")}).status_code == 201

    with frozen(stack, "kafka"):
        refused = away.post("/api/v1/task/submit", json=body)

    later = until(lambda: _submitted(away, {"parameters": body["task_parameters"]}, str(uuid4())), "the log")
    until(lambda: is_there(away, later), "the task")
    assert refused.status_code == 503
    assert "it is not known whether it was carried out, it will not be carried out any more; look whether task" in refused.text
    assert [task["task_id"] for task in away.get(f"/v1/tasks?text={name}").json()["tasks"]] == [later]


def _submitted(client: httpx.Client, body: dict[str, Any], key: str) -> int | None:
    answer = client.post("/v1/tasks", json=body, headers={"Idempotency-Key": key})
    return answer.json()["task_id"] if answer.status_code == 201 else None
