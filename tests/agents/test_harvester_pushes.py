"""A harvester of a queue whose jobs travel with their workers: each job once, with what it asked for, in a file of its own."""

import json
import signal
from pathlib import Path

from agents.harvester.systems.contract import NativeState
from agents.job_file import JOB
from check.report import judge_log
from check.workers import WorkersAreIntended
from schemas.job import JobLost, JobReturned, KillJob
from schemas.types import WorkerMode
from schemas.worker import WorkerIntended
from tests.agents.conftest import StartAgent
from tests.agents.culm_stand_in import CulmStandIn, eventually
from tests.agents.fake_batch import FakeJobs
from tests.agents.processes import ROOT
from tests.agents.pushed_jobs import CORES, MEMORY_MB, SECONDS, finish, finished, job_of, push, turn
from tests.check.test_workers_law import seen_of
from tests.commands.builders import QUEUE, job

HARVESTER = "agents.harvester"


def fake_site(folder: Path, *queues: str, **settings: str) -> dict[str, str]:
    """Variables of a harvester that serves `queues` with a batch system that is a folder."""
    info = folder / "site" / "fake_batch-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fake-batch\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[culm.batch_systems]\nfake = tests.agents.fake_batch:FakeBatch\n")
    tables = "".join(f'[queues.{name}]\nsystem = "fake"\npilots_max = 10\n' for name in queues)
    of_system = "".join(f'{name} = "{value}"\n' for name, value in {"state": str(folder / "batch"), **settings}.items())
    (folder / "config.toml").write_text(f"{tables}[systems.fake]\n{of_system}")
    (folder / "code").write_text("code-1")
    return {
        "PYTHONPATH": f"{ROOT}:{folder / 'site'}",
        "CULM_HARVESTER_CONFIG": str(folder / "config.toml"),
        "CULM_HARVESTER_POLL_SECONDS": "0.1",
        "CULM_HARVESTER_SUBMIT_SECONDS": "2",
        "CULM_ENROLMENT_FILE": str(folder / "code"),
    }


def run_all(culm: CulmStandIn, jobs: FakeJobs, count: int) -> None:
    """Let every worker run its job and end, until `count` jobs have finished."""

    def step() -> bool:
        for tag, number in jobs.alive().items():
            if tag in culm.tags_alive() and jobs.state_of(number) is NativeState.RUNNING:
                finish(culm, job_of(culm, tag))
                jobs.put(number, tag, NativeState.FINISHED)
        return len(finished(culm)) >= count

    eventually(step)


def test_each_job_goes_with_one_worker_of_its_own_size_and_stands_in_its_file(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    push(culm, 3)
    jobs = FakeJobs(tmp_path / "batch")

    start_agent(HARVESTER, **fake_site(tmp_path, QUEUE))

    eventually(lambda: len(jobs.alive()) == 3)
    for tag in jobs.alive():
        ((number, payload),) = json.loads(jobs.file_of(tag, JOB)).items()
        assert (int(number), payload["PandaID"]) == (job_of(culm, tag), job_of(culm, tag))
        assert tag.endswith(payload["culm_worker_id"])
        size = json.loads(jobs.file_of(tag, "size"))
        assert size == {"memory_mb": MEMORY_MB, "cores": CORES, "walltime_seconds": SECONDS}
    run_all(culm, jobs, 3)
    eventually(lambda: not culm.tags_alive())
    assert finished(culm) == [job(1), job(2), job(3)]
    assert len(jobs.all()) == 3


def test_an_answer_that_is_lost_is_asked_for_again_and_has_the_same_job(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    push(culm, 2)
    culm.answers_lost = 3
    jobs = FakeJobs(tmp_path / "batch")

    start_agent(HARVESTER, **fake_site(tmp_path, QUEUE) | {"CULM_HARVESTER_SUBMIT_SECONDS": "60"})

    eventually(lambda: len(jobs.alive()) == 2)
    run_all(culm, jobs, 2)
    assert len(jobs.all()) == 2
    assert not any(isinstance(event, JobReturned) for event, _ in culm.log.events)
    assert len([event for event, _ in culm.log.events if isinstance(event, WorkerIntended)]) == 2


def test_the_kill_of_a_job_ends_its_worker_that_waits(culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path) -> None:
    push(culm, 1)
    jobs = FakeJobs(tmp_path / "batch")
    start_agent(HARVESTER, **fake_site(tmp_path, QUEUE))
    ((tag, number),) = eventually(jobs.alive).items()
    jobs.put(number, tag, NativeState.PENDING)
    eventually(lambda: culm.states_alive() == {"PENDING"})

    culm.command(KillJob(code=4, reason="its task was killed"), job(1))

    eventually(lambda: jobs.state_of(number) is NativeState.CANCELLED)
    eventually(lambda: not culm.tags_alive())
    assert len(jobs.all()) == 1


def test_a_worker_that_vanishes_before_its_job_began_costs_no_attempt(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    push(culm, 1)
    culm.listing_seconds = 10.0
    jobs = FakeJobs(tmp_path / "batch")
    start_agent(HARVESTER, **fake_site(tmp_path, QUEUE))
    ((tag, number),) = eventually(jobs.alive).items()
    eventually(lambda: culm.states_alive() == {"RUNNING"})

    jobs.put(number, tag, None)

    eventually(lambda: len(jobs.all()) == 2)
    run_all(culm, jobs, 1)
    assert not any(isinstance(event, JobLost) for event, _ in culm.log.events)
    assert [event.returns for event, _ in culm.log.events if isinstance(event, JobReturned)] == [1]
    (law,) = judge_log(seen_of(culm.log), [WorkersAreIntended()])
    assert law.first is None


def test_a_queue_of_a_system_that_ships_no_files_is_named_and_starts_nothing(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    push(culm, 1)
    jobs = FakeJobs(tmp_path / "batch")

    agent = start_agent(HARVESTER, **fake_site(tmp_path, QUEUE, "OTHER", ships_files="no"))

    said = "system fake ships no files to its workers, expected one that does for a queue of mode PUSH"
    eventually(lambda: said in agent.log and QUEUE in agent.log)
    eventually(lambda: agent.log.count("queue_served") == 2)
    assert jobs.all() == []
    with culm.lock:
        assert not any(isinstance(event, WorkerIntended) for event, _ in culm.log.events)


def test_a_queue_turns_from_push_to_pull_and_back_while_its_workers_run(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    push(culm, 3)
    jobs = FakeJobs(tmp_path / "batch")
    agent = start_agent(HARVESTER, **fake_site(tmp_path, QUEUE) | {"CULM_PILOT_IDLE_SECONDS": "0.2"})
    eventually(lambda: len(jobs.alive()) == 3)
    bound = set(jobs.alive())

    turn(culm, WorkerMode.PULL)
    culm.want(4)
    eventually(lambda: len(jobs.alive()) == 4)
    culm.want(0)
    (puller,) = set(jobs.alive()) - bound
    jobs.put(jobs.alive()[puller], puller, NativeState.PENDING)
    eventually(lambda: set(jobs.alive()) == bound)
    turn(culm, WorkerMode.PUSH)
    run_all(culm, jobs, 3)

    assert (finished(culm), len(jobs.all())) == ([job(1), job(2), job(3)], 4)
    agent.send(signal.SIGTERM)
    assert agent.ended() == 0
