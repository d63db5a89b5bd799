"""A pilot whose job came with it in a file: it runs that job and asks for none; a lost, old or strange file is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from agents.job_file import JOB, TAKEN
from schemas.job import JobFinished, JobSent
from schemas.types import JobSpec
from schemas.worker import WorkerIntended
from tests.agents.builders import a_job
from tests.agents.conftest import StartAgent
from tests.agents.culm_stand_in import KILL, CulmStandIn, eventually
from tests.agents.pushed_jobs import ends, judged, lease_is_over, push
from tests.commands.builders import QUEUE, job

WORKER = {"HARVESTER_ID": "h1", "HARVESTER_WORKER_ID": "w1"}
REFUSED = 80


def a_file(folder: Path, content: Any) -> str:
    """A job file with this content."""
    path = folder / JOB
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def of_worker(found: dict[str, Any], worker_id: str = "w1") -> dict[str, Any]:
    """The content of a job file."""
    return {str(found["PandaID"]): {**found, "culm_worker_id": worker_id, "culm_lease_id": "l1"}}


def test_a_pilot_runs_the_job_in_its_file_and_asks_for_none(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    file = a_file(tmp_path, of_worker(a_job(culm, "echo x > out.txt")))

    pilot = start_agent("agents.pilot", "--job", file, **WORKER)

    assert pilot.ended() == 0
    assert (culm.states(1001)[-1], culm.requests_for_jobs) == ("finished", [])
    name, mode, _ = culm.updates[-1]["pilotID"].split("|")
    assert (name.startswith("w1-"), mode) == (True, "PUSH")
    assert (Path(file).exists(), (tmp_path / TAKEN).is_dir()) == (False, True)


def test_a_file_that_is_lost_is_named_and_nothing_is_asked_for(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    pilot = start_agent("agents.pilot", "--job", str(tmp_path / JOB), **WORKER)

    assert pilot.ended() == REFUSED
    assert f"job file {tmp_path / JOB} is not there, expected the job of worker w1" in pilot.log
    assert (culm.requests_for_jobs, culm.updates) == ([], [])


def test_a_file_is_read_once(culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path) -> None:
    content = of_worker(a_job(culm, "echo x > out.txt"))
    file = a_file(tmp_path, content)
    assert start_agent("agents.pilot", "--job", file, **WORKER).ended() == 0
    reports = len(culm.updates)

    gone = start_agent("agents.pilot", "--job", file, **WORKER)
    assert gone.ended() == REFUSED
    a_file(tmp_path, content)
    again = start_agent("agents.pilot", "--job", file, **WORKER)
    assert again.ended() == REFUSED

    assert f"job file {file} was read before, expected that it is read once" in again.log
    assert (len(culm.updates), culm.requests_for_jobs) == (reports, [])


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (of_worker({"PandaID": 7}, "w2"), "is for worker 'w2', not for 'w1'"),
        ({"7": {"PandaID": 7}}, "is for worker 'None', not for 'w1'"),
        ({"8": {"PandaID": 7, "culm_worker_id": "w1"}}, "names job '8' and holds another one"),
        ({}, "has 0 entries, expected one job by its PandaID"),
        ([1], "has a list, expected one job by its PandaID"),
        ("{", "of 1 bytes is no JSON"),
        ("[" * 100_000, "of 100000 bytes is no JSON"),
    ],
)
def test_a_file_with_another_content_is_refused_by_name(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path, content: Any, problem: str
) -> None:
    pilot = start_agent("agents.pilot", "--job", a_file(tmp_path, content), **WORKER)

    assert pilot.ended() == REFUSED
    assert problem in pilot.log
    assert (culm.requests_for_jobs, culm.updates) == ([], [])


def test_a_job_that_is_another_workers_by_now_is_not_begun(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    culm.on_update = lambda _: (200, {**KILL, "message": "another pilot holds the job"})
    file = a_file(tmp_path, of_worker(a_job(culm, f"touch {tmp_path}/began")))

    pilot = start_agent("agents.pilot", "--job", file, **WORKER)

    assert pilot.ended() == 0
    assert "another pilot holds the job" in pilot.log
    assert not (tmp_path / "began").exists()
    assert [update["state"] for update in culm.updates][-1] == "failed"


def test_a_harvester_of_this_host_and_its_pilots_run_each_job_of_a_queue_that_pushes_once(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    push(culm, 3)
    culm.payload_of = lambda spec: runnable(culm, spec)

    def update(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        answer = judged(culm, body)
        if body["state"] in ("finished", "failed"):
            lease_is_over(culm, int(body["jobId"]))
        return answer

    culm.on_update = update
    agent = start_agent("agents.harvester", CULM_QUEUE=QUEUE, CULM_MAX_PILOTS="3", CULM_PILOT_MEMORY_GRACE="100")

    eventually(lambda: len(ends(culm)) == 3 and not culm.tags_alive())

    assert sorted(ends(culm)) == [job(1), job(2), job(3)]
    with culm.lock:
        events = [event for event, _ in culm.log.events]
    kinds = [len([event for event in events if isinstance(event, kind)]) for kind in (WorkerIntended, JobSent, JobFinished)]
    assert (kinds, culm.requests_for_jobs) == ([3, 3, 3], [])
    assert agent.log.count("pilot_started") == 3


def runnable(culm: CulmStandIn, spec: JobSpec) -> dict[str, Any]:
    """A job of the log as its pilot gets it, with a payload that this host can run."""
    out, log = (file.lfn for file in spec.outputs)
    changes = {"PandaID": spec.job_id, "attemptNr": 1, "outFiles": f"{out},{log}", "logFile": log}
    return a_job(culm, f"echo x > {out}", **changes)
