"""SIGKILL of any one process while a task runs: nothing is lost, nothing runs twice, the task ends as it would have."""

import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import psutil
import pytest

from deploy.stack import Stack
from tests.conformance.client import PATIENCE_SECONDS, Client, a_client, written_by_payloads

pytestmark = pytest.mark.alone

JOBS = 8
KINDS = ("decider", "processors", "timers", "projector", "notary", "api", "registry", "postgres", "kafka", "harvester")


@pytest.fixture(scope="module")
def client(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Client:
    """panda-client of Jane Doe."""
    return a_client(stack, tmp_path_factory.mktemp("faults"))


def until(answer: Callable[[], Any], what: str) -> Any:
    """The first true answer; fails after PATIENCE_SECONDS."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        with contextlib.suppress(httpx.HTTPError):
            found = answer()
            if found:
                return found
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.1)


def a_running_task(client: Client, name: str, payload: str, jobs: int = JOBS) -> int:
    """A task of which at least one job runs."""
    task = client.prun(name, "--nJobs", str(jobs), payload=payload).task_id
    until(lambda: client.task(task)["jobs"].get("running"), "a running job")
    return task


@pytest.mark.parametrize("kind", KINDS)
def test_a_task_ends_done_although_a_process_was_killed(client: Client, stack: Stack, kind: str) -> None:
    runs = written_by_payloads(stack) / "runs"
    payload = f"echo begin $PANDAID >> {runs}; sleep 0.7; echo end $PANDAID >> {runs}"
    task = a_running_task(client, f"user.jdoe.kill.{kind}", payload)
    killed = stack.process_pid(kind)

    os.kill(killed, signal.SIGKILL)
    until(lambda: _restarted(stack, kind, killed), f"a new {kind}")
    ended = until(lambda: _final(client, task), "the end of the task")

    assert (ended["status"], ended["files_finished"], ended["files_failed"]) == ("done", JOBS, 0)
    ends = Counter(line.split()[1] for line in runs.read_text().splitlines() if line.startswith("end"))
    assert set(ends.values()) == {1}, f"a payload ran twice: {ends}"
    finished = [job for job in client.get(f"/v1/jobs?task_id={task}&limit=100")["jobs"] if job["status"] == "finished"]
    assert len(finished) == JOBS
    assert {str(job["job_id"]) for job in finished} <= set(ends)


def test_a_frozen_pilot_loses_its_job_and_stops_its_payload_when_it_wakes(client: Client, stack: Stack) -> None:
    runs = written_by_payloads(stack) / "runs"
    payload = f"echo begin $PANDAID >> {runs}; test -e {runs}.again || sleep 40; touch {runs}.again; echo end $PANDAID >> {runs}"
    task = a_running_task(client, "user.jdoe.frozen", payload, jobs=1)
    first = client.get(f"/v1/jobs?task_id={task}")["jobs"][0]["job_id"]
    pilot = until(lambda: _pilot_of(stack, first), "the pilot that holds the job")

    pilot.suspend()
    until(lambda: _status(client, task, first) == "failed", "the loss of the lease")
    (runs.parent / "runs.again").touch()
    ended = until(lambda: _final(client, task), "the end of the task")
    pilot.resume()
    until(lambda: not _payload_runs(first), "the end of the frozen pilot's payload")

    assert ended["status"] == "done"
    lines = runs.read_text().splitlines()
    assert f"end {first}" not in lines
    assert f"end {first + 1}" in lines
    events = [event["event_type"] for event in client.get(f"/v1/jobs/{first}/timeline")["events"]]
    assert "JobLost" in events
    until(lambda: "LateReportRefused" in _events(client, first), "the trace of the late report")
    assert _status(client, task, first) == "failed"


def _restarted(stack: Stack, kind: str, killed: int) -> bool:
    return any(s.name == kind and s.state == "running" and s.pid not in (None, killed) for s in stack.supervisor.states())


def _final(client: Client, task: int) -> dict[str, Any] | None:
    found = client.task(task)
    return found if found["status"] in ("done", "finished", "failed", "aborted", "broken") else None


def _status(client: Client, task: int, job: int) -> str | None:
    jobs = client.get(f"/v1/jobs?task_id={task}&limit=100")["jobs"]
    return next((found["status"] for found in jobs if found["job_id"] == job), None)


def _events(client: Client, job: int) -> list[str]:
    return [event["event_type"] for event in client.get(f"/v1/jobs/{job}/timeline")["events"]]


def _pilot_of(stack: Stack, job: int) -> psutil.Process | None:
    """The pilot that runs the payload of `job`; a harvester that was killed meanwhile is not its parent any more."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("PANDAID") == str(job):
                pilots = [one for one in process.parents() if "agents.pilot" in one.cmdline()]
                if pilots and pilots[-1].environ().get("CULM_HOME") == str(stack.config.home):
                    return pilots[-1]
    return None


def _payload_runs(job: int) -> bool:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("PANDAID") == str(job) and process.status() != psutil.STATUS_ZOMBIE:
                return True
    return False
