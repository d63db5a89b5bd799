"""A harvester that is killed at each of its named points: the next one goes on, nothing is lost and nothing is there twice."""

import json
import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from agents.harvester.kill_points import POINTS
from agents.harvester.systems.contract import NativeState
from agents.job_file import JOB
from check.report import judge_log
from check.workers import WorkersAreIntended
from schemas.job import KillJob
from schemas.worker import WorkerIntended
from tests.agents.conftest import StartAgent
from tests.agents.culm_stand_in import CulmStandIn, eventually
from tests.agents.fake_batch import FakeJobs
from tests.agents.processes import ROOT, Agent
from tests.agents.pushed_jobs import ends, job_of, jobs_left, push, run_job
from tests.check.test_workers_law import seen_of
from tests.commands.builders import QUEUE, job

HARVESTER = "agents.harvester"
#: Of the plugin for processes of a host alone.
OF_LOCAL = {"local.prepared", "local.started", "local.recorded", "end.written"}
#: Of plugins that make folders, run commands or ask over HTTP: tests/systems/test_kills.py.
OF_PLUGINS = {"folder.half", "native.before", "native.after", "kubernetes.half", "arc.half"}
#: Of a queue that pushes alone, and what is not reached in one: its workers ask for nothing and none is too many.
OF_PUSH = {"bind.before", "bind.after", "job.before", "job.after"}
NOT_OF_PUSH = {"intend.before", "intend.after", "withdraw.before", "withdraw.after"}
#: These run always, all others by `make killed`.
DOSE = {"claim.after", "intend.after", "submit.after", "report.half", "reconcile.after"}
DOSE_OF_PUSH = {"bind.before", "bind.after", "job.after", "submit.before", "submit.after"}
#: Time passes at Culm with each listing, so that listings prove something, and no faster than the harvester works.
LISTING_SECONDS = 10.0
ALL = os.environ.get("CULM_KILL_POINTS") == "all"


@pytest.fixture
def site(tmp_path: Path) -> dict[str, str]:
    """Variables of a harvester whose batch system is found by its entry point."""
    info = tmp_path / "site" / "fake_batch-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fake-batch\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[culm.batch_systems]\nfake = tests.agents.fake_batch:FakeBatch\n")
    (tmp_path / "config.toml").write_text(
        f'[queues.Q]\nsystem = "fake"\npilots_max = 10\n[systems.fake]\nstate = "{tmp_path / "batch"}"\n'
    )
    (tmp_path / "code").write_text("code-1")
    return {
        "PYTHONPATH": f"{ROOT}:{tmp_path / 'site'}",
        "CULM_HARVESTER_CONFIG": str(tmp_path / "config.toml"),
        "CULM_HARVESTER_POLL_SECONDS": "0.1",
        "CULM_HARVESTER_SUBMIT_SECONDS": "2",
        "CULM_ENROLMENT_FILE": str(tmp_path / "code"),
    }


class Died(Exception):
    """The harvester was killed."""


class Scene:
    """Culm, a batch system, and a harvester that dies somewhere on the way."""

    def __init__(self, culm: CulmStandIn, jobs: FakeJobs, first: Agent) -> None:
        self._culm, self._jobs, self._first = culm, jobs, first

    def drive_to_its_death(self) -> None:
        """Let workers begin, vanish, end well, and be too many while they wait."""
        self._culm.want(2)
        self._until(lambda: len(self._jobs.alive()) == 2 and self._told() == 2)
        for state in (None, NativeState.FINISHED):
            tag, number = next(iter(self._jobs.alive().items()))
            self._jobs.put(number, tag, state)
            self._until(partial(self._is_over, tag))
            self._until(lambda: len(self._jobs.alive()) == 2)
        for tag, number in self._jobs.alive().items():
            self._jobs.put(number, tag, NativeState.PENDING)
        self._until(lambda: self._culm.states_alive() == {"PENDING"})
        self._culm.want(0)
        self._until(lambda: not self._jobs.alive())
        self._until(lambda: False)

    def _is_over(self, tag: str) -> bool:
        return tag not in self._culm.tags_alive()

    def _told(self) -> int:
        return len(self._culm.tags_alive())

    def _until(self, condition: Callable[[], bool]) -> None:
        eventually(lambda: self._first.process.poll() is not None or condition())
        if self._first.process.poll() is not None:
            raise Died


def all_over(jobs: FakeJobs) -> bool:
    """Let all end well, also those that the harvester starts until it knows that none is wanted; whether none was alive."""
    alive = jobs.alive()
    for tag, number in alive.items():
        jobs.put(number, tag, NativeState.FINISHED)
    return not alive


@pytest.mark.parametrize(
    "point", [point for point in POINTS if point not in OF_LOCAL | OF_PLUGINS | OF_PUSH and (ALL or point in DOSE)]
)
def test_after_a_sigkill_at_a_point_the_next_harvester_goes_on(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path, site: dict[str, str], point: str
) -> None:
    culm.listing_seconds = LISTING_SECONDS
    jobs = FakeJobs(tmp_path / "batch")
    first = start_agent(HARVESTER, CULM_KILL_AT=point, **site)
    with pytest.raises(Died):
        Scene(culm, jobs, first).drive_to_its_death()
    assert first.ended() == -signal.SIGKILL

    culm.want(2)
    second = start_agent(HARVESTER, **site)
    eventually(lambda: len(jobs.alive()) == 2 and culm.tags_alive() == set(jobs.alive()))
    culm.want(0)
    eventually(lambda: all_over(jobs) and not culm.tags_alive())
    second.send(signal.SIGTERM)
    assert second.ended() == 0

    tags = [tag for _, tag, _ in jobs.all()]
    intended = {event.tag for event, _ in culm.log.events if isinstance(event, WorkerIntended)}
    assert (len(tags), set(tags) - intended) == (len(set(tags)), set())
    (law,) = judge_log(seen_of(culm.log), [WorkersAreIntended()])
    assert law.first is None


class PushedScene:
    """Jobs that travel with their workers, and a harvester that dies somewhere on the way."""

    def __init__(self, culm: CulmStandIn, jobs: FakeJobs, agent: Agent) -> None:
        self._culm, self._jobs, self._agent = culm, jobs, agent

    def drive(self) -> None:
        """Let one worker vanish, one job be killed while its worker waits, and all others end well; until the harvester dies."""
        for tag, number in self._two_at_work()[:1]:
            self._jobs.put(number, tag, None)
            self._until(partial(self._is_over, tag))
        for tag, number in self._two_at_work()[:1]:
            self._jobs.put(number, tag, NativeState.PENDING)
            self._culm.command(KillJob(code=4, reason="by its owner"), job_of(self._culm, tag))
            self._until(partial(self._is_over, tag))
        self._until(lambda: self.all_over())
        self._until(lambda: False)

    def all_over(self) -> bool:
        """Run the job of each worker that lives here and in the log; whether no job is left."""
        for tag, number in self._jobs.alive().items():
            if tag in self._culm.tags_alive():
                run_job(self._culm, job_of(self._culm, tag))
                self._jobs.put(number, tag, NativeState.FINISHED)
        return not self._culm.on_log(lambda: jobs_left(self._culm))

    def _two_at_work(self) -> list[tuple[str, str]]:
        self._until(lambda: len(self._at_work()) == 2)
        return self._at_work()

    def _at_work(self) -> list[tuple[str, str]]:
        known = self._culm.tags_alive()
        return [(tag, number) for tag, number in self._jobs.alive().items() if tag in known]

    def _is_over(self, tag: str) -> bool:
        return tag not in self._culm.tags_alive()

    def _until(self, condition: Callable[[], bool]) -> None:
        eventually(lambda: self._agent.process.poll() is not None or condition())
        if self._agent.process.poll() is not None:
            raise Died


@pytest.mark.parametrize(
    "point", [point for point in POINTS if point not in OF_LOCAL | OF_PLUGINS | NOT_OF_PUSH and (ALL or point in DOSE_OF_PUSH)]
)
def test_after_a_sigkill_at_a_point_no_job_that_travels_with_its_worker_is_lost_or_run_twice(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path, site: dict[str, str], point: str
) -> None:
    culm.listing_seconds = LISTING_SECONDS
    config = tmp_path / "config.toml"
    config.write_text(config.read_text().replace("[queues.Q]", f"[queues.{QUEUE}]").replace("= 10", "= 2"))
    push(culm, 5, rebind_max=100)
    jobs = FakeJobs(tmp_path / "batch")
    first = start_agent(HARVESTER, CULM_KILL_AT=point, **site)
    with pytest.raises(Died):
        PushedScene(culm, jobs, first).drive()
    assert first.ended() == -signal.SIGKILL

    second = start_agent(HARVESTER, **site)
    scene = PushedScene(culm, jobs, second)
    eventually(lambda: scene.all_over() and not culm.tags_alive())
    second.send(signal.SIGTERM)
    assert second.ended() == 0

    tags = [tag for _, tag, _ in jobs.all()]
    intended = {event.tag: event.job_id for event, _ in culm.log.events if isinstance(event, WorkerIntended)}
    assert (len(tags), set(tags) - intended.keys()) == (len(set(tags)), set())
    for tag in tags:
        assert list(json.loads(jobs.file_of(tag, JOB))) == [str(intended[tag])]
    ended = ends(culm)
    assert (sorted(ended), len(ended)) == ([job(number) for number in range(1, 6)], 5)
    laws = judge_log(seen_of(culm.log), [WorkersAreIntended()])
    assert [law.first for law in laws] == [None]


@pytest.mark.parametrize("point", sorted(OF_LOCAL))
def test_after_a_sigkill_at_a_point_of_the_local_plugin_no_pilot_is_there_twice_and_none_is_unknown(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path, point: str
) -> None:
    culm.listing_seconds = LISTING_SECONDS
    patient = {"CULM_PILOT_IDLE_SECONDS": "30", "CULM_HARVESTER_SUBMIT_SECONDS": "2", "CULM_MAX_PILOTS": "3"}
    first = start_agent(HARVESTER, CULM_KILL_AT=point, **{**patient, "CULM_PILOT_IDLE_SECONDS": "0.2"})
    culm.want(1)
    assert first.ended() == -signal.SIGKILL

    second = start_agent(HARVESTER, **patient)
    eventually(lambda: second.log.count("queue_served") == 2)
    eventually(lambda: len({one["worker_id"] for one in list(culm.requests_for_jobs)}) >= 1)
    eventually(lambda: culm.states_alive() == {"RUNNING"})
    second.send(signal.SIGTERM)
    assert second.ended() == 0

    (law,) = judge_log(seen_of(culm.log), [WorkersAreIntended()])
    assert law.first is None
    assert {one["worker_id"] for one in culm.requests_for_jobs} <= {
        event.worker_id for event, _ in culm.log.events if isinstance(event, WorkerIntended)
    }
