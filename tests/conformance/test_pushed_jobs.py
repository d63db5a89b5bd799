"""Jobs that travel with their workers through a whole Culm: one worker each, of the job's own size; the mode turns meanwhile."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from deploy.config import CHECKOUT
from deploy.enrolment import local_offer
from deploy.local_queue import operator_command
from deploy.stack import Stack
from tests.api.test_stack import _until
from tests.conformance.client import Client
from tests.starting import starts_processes

pytestmark = pytest.mark.stack
QUEUE = "PUSHED"


def configure(stack: Stack, mode: str, status: str = "ONLINE") -> None:
    """The queue in this mode."""
    settings = {
        "name": QUEUE, "site": QUEUE, "cloud": "LOCAL", "core_count": 1, "rss_mb_max": 220_000, "workdir_mb_max": 20_000,
        "storage": "LOCAL_DISK", "pilots_max": 4, "allow_no_pilot": True, "mode": mode, "status": status,
        "start_seconds_max": 600,
    }  # fmt: skip
    body = {"aggregate_id": f"queue.{QUEUE}", "settings": settings}
    operator_command(stack.config.addresses.health, stack.config.home, "ConfigureQueue", body, "the queue is refused")


@pytest.fixture
@starts_processes
def harvester(stack: Stack, tmp_path: Path) -> Iterator[Path]:
    """A harvester of the queue with processes of this host; its log."""
    configure(stack, "PUSH")
    code, key, offer = local_offer(QUEUE)
    about = {"aggregate_id": key, **offer}
    operator_command(stack.config.addresses.health, stack.config.home, "OfferEnrolment", about, "there is no enrolment code")
    (tmp_path / "code").write_text(code)
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "CULM_API": stack.config.api, "CULM_HOME": str(tmp_path / "home"),
        "CULM_QUEUE": QUEUE, "CULM_MAX_PILOTS": "4", "CULM_ENROLMENT_FILE": str(tmp_path / "code"), "CULM_PILOT_ISOLATION": "off",
        "CULM_PILOT_IDLE_SECONDS": "2", "CULM_HEARTBEAT_SECONDS": "1", "PYTHONPATH": str(CHECKOUT),
    }  # fmt: skip
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "agents.harvester"], env=environment, cwd=CHECKOUT, stderr=log)
    try:
        yield tmp_path / "log"
    finally:
        configure(stack, "PULL", "OFFLINE")  # the stack is shared: no job of another test may come here
        process.terminate()
        process.wait(60)


def workers(stack: Stack) -> list[tuple[Any, ...]]:
    """(mode, memory, state, task) of each worker of the queue."""
    question = (
        "SELECT w.mode, w.memory_mb, w.state, j.task_id FROM worker w LEFT JOIN job j ON j.job_id = w.job_id WHERE w.queue = %s"
        " ORDER BY w.intended_at"
    )
    with psycopg2.connect(stack.config.postgres) as connection, connection.cursor() as cursor:
        cursor.execute(question, (QUEUE,))
        return cursor.fetchall()


def submit(client: Client, name: str, jobs: int, memory_mb: int, payload: str) -> int:
    """A task of the queue."""
    options = ("--nJobs", str(jobs), "--outputs", "out.txt", "--site", QUEUE, "--memory", str(memory_mb), "-y")
    return client.prun(f"user.jdoe.push.{name}", *options, payload=payload).task_id


def is_done(found: dict[str, Any]) -> bool:
    """The task has ended well; one that has failed is shown."""
    assert found["status"] not in ("failed", "broken", "finished", "exhausted"), found
    return bool(found["status"] == "done")


def test_jobs_travel_with_workers_of_their_own_size_and_the_mode_turns_while_they_run(
    client: Client, stack: Stack, harvester: Path, tmp_path: Path
) -> None:
    until_told = f"while ! [ -e {tmp_path}/go ]; do sleep 0.2; done; echo b > out.txt"
    first = submit(client, "first", 2, 20_000, "echo a > out.txt")
    client.wait_for(first, is_done)
    rows = workers(stack)
    assert [(mode, memory, task) for mode, memory, _, task in rows] == [("push", 20_000, first)] * 2, harvester.read_text()

    began = submit(client, "began", 2, 2_000, until_told)
    client.wait_for(began, lambda found: found["jobs"].get("running", 0) == 2)
    configure(stack, "PULL")
    pulled = submit(client, "pulled", 2, 2_000, until_told)
    client.wait_for(pulled, lambda found: found["jobs"].get("running", 0) >= 1)
    configure(stack, "PUSH")
    last = submit(client, "last", 1, 3_000, "echo d > out.txt")
    (tmp_path / "go").touch()
    for task in (began, pulled, last):
        client.wait_for(task, is_done)

    _until(lambda: all(state not in ("intended", "submitted", "pending", "running") for _, _, state, _ in workers(stack)))
    bound = [(memory, state, task) for mode, memory, state, task in workers(stack) if mode == "push"]
    assert [task for *_, task in bound].count(began) == 2
    assert (3_000, "finished", last) in bound
    assert {memory for memory, _, task in bound if task == first} == {20_000}
    for task in (first, began, pulled, last):
        jobs = client.get(f"/v1/jobs?task_id={task}")["jobs"]
        assert {(one["status"], one["attempt"]) for one in jobs} == {("finished", 1)}
