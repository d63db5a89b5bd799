"""From the request to its end, in memory: the front, the real deciders, the real reactions, pilots; no word from outside between.

The request is one that BPS sent, with and without its final work, which a condition starts.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from api.log.long_lists import PFN_LIST
from commands.task.transitions import TaskStatus
from schemas.job import JobFailed, JobFinished
from schemas.queue import JobQueued
from schemas.task import SubmitTask, TaskReloaded, TaskSubmitted
from schemas.types import WorkflowOutcome
from schemas.workflow import ConditionEvaluated, WorkflowFinalized, WorkStarted
from streams.engine.messages import OutgoingCommand, RecordRead
from streams.facts.snapshot import Snapshot
from streams.jedi.outcomes import ENDINGS
from streams.jedi.reactions import Generation, refine_submitted
from streams.processors import JobEnds
from tests.api.idds.builders import IddsFront
from tests.api.idds.test_into_deciders import DecidingGateway
from tests.commands.builders import a_queue, end, lease, spec_of
from tests.commands.in_memory import a_culm
from tests.streams.builders import a_queue as a_known_queue
from tests.streams.idds_requests import WORKFLOWS, a_condition, a_request, a_work, an_object, asks, golden

FINAL_WORK = "37c30fa1"
INIT = "pipetaskInit"
#: Whether a job ends well, by its name.
Ends = Callable[[str], bool]


def the_request() -> list[dict[str, Any]]:
    """What BPS sent, without its final work."""
    args: list[dict[str, Any]] = json.loads(golden("bps_relayed"))
    base = args[0]["attributes"]["template"]["attributes"]
    del base["_works"][FINAL_WORK]
    base["_conditions"], base["_work_conds"] = {}, {}
    return args


@pytest.fixture(scope="module")
def shared_front(api_home: Path) -> IddsFront:
    return IddsFront(api_home, gateway=DecidingGateway())


class Grid:
    """The front with what stands around the deciders: what listens to their events, and pilots at one site."""

    def __init__(self, front: IddsFront) -> None:
        front.begin_again()
        self.front, self.culm = front, a_culm()
        front.gateway.culm = self.culm  # type: ignore[attr-defined]  # it is a DecidingGateway
        a_queue(self.culm)
        self._facts = Snapshot({"LOCAL": a_known_queue("LOCAL", cloud="LOCAL", workdir_mb_max=1_000_000)}, position="")
        self._generation, self._ends = Generation(), JobEnds()
        self._heard = 0
        self.ran: list[str] = []

    def submit(self, args: list[dict[str, Any]] | None = None) -> int:
        """The number of the request; without `args` of the one without a final work."""
        headers = {"Authorization": f"Bearer {self.front.headers()['X-IDDS-Auth-Token']}", "Origin": "wlcg"}
        given = {"command_name": "submit", "args": json.dumps(args or the_request()), "manager": True}
        answer = self.front.ask("POST", "/server/panda/relay_idds_command", json.dumps(given).encode(), headers, prefix="")
        done, number = answer.json()
        assert done is True, number
        return int(number)

    def run(self, ends_well: Ends = lambda name: True) -> list[str]:
        """Names of the jobs that ran, in order, until nothing is left to do."""
        before = len(self.ran)
        while True:
            self._react()
            job_id = lease(self.culm)
            if job_id is None:
                return self.ran[before:]
            spec = spec_of(self.culm, job_id)
            name = self._name_of(spec.task_id, job_id)
            self.ran.append(name)
            end(self.culm, job_id, succeeded=ends_well(name), attempt=spec.attempt)

    def _react(self) -> None:
        while self._heard < len(self.culm.events):
            event, envelope = self.culm.events[self._heard]
            self._heard += 1
            for made in self._following(RecordRead(event, envelope, "t", 0, self._heard)):
                by = made.envelope
                self.culm.send(
                    made.command, by.aggregate_id, actor=by.actor, vo=by.vo, role=by.role, command_id=by.command_id
                )

    def _following(self, record: RecordRead) -> Iterator[OutgoingCommand]:
        name = type(record.message).__name__
        if isinstance(record.message, TaskSubmitted | TaskReloaded):
            yield from refine_submitted([record], "http://culm.example", self._facts)
        if name in self._generation.kinds:
            yield from self._generation.choose([record], self._facts)
        if name in ENDINGS:
            yield from self._ends.choose([record], self._facts)

    def _name_of(self, task_id: int, job_id: int) -> str:
        """As the client named the job: the kind of it and its number, without the ids of the graph."""
        made = (
            one for event, _ in self.culm.events for one in getattr(event, "jobs", ()) if getattr(one, "job_id", 0) == job_id
        )
        (unit,) = next(made).unit_ids
        submitted = next(
            one for one, _ in self.front.gateway.sent if isinstance(one, SubmitTask) and one.task_id == task_id
        )
        full: str = json.loads(submitted.parameters_json)[PFN_LIST][unit - 1]
        first = full.partition("+")[0]
        return first.partition("_")[2] or first

    def events(self, kind: type) -> list[Any]:
        """Events of a kind, in order."""
        return [event for event, _ in self.culm.events if isinstance(event, kind)]

    def status_of_tasks(self) -> list[TaskStatus]:
        """In the order of the works."""
        return [self.culm.state("task", event.task_id).status for event in self.events(WorkStarted)]


@pytest.fixture
def grid(shared_front: IddsFront) -> Grid:
    return Grid(shared_front)


def test_jobs_of_a_request_run_in_the_order_of_their_dependencies_and_it_ends_finished(grid: Grid) -> None:
    number = grid.submit()

    ran = grid.run()

    assert ran[0] == INIT
    assert Counter(ran) == Counter([INIT, *(f"{kind}_{one}" for kind in ("isr", "warp") for one in (1, 2, 3, 4))])
    assert all(ran.index(f"isr_{one}") < ran.index(f"warp_{one}") for one in (1, 2, 3, 4))
    (ended,) = grid.events(WorkflowFinalized)
    assert (ended.outcome, ended.finished, ended.failed, ended.pruned) == (WorkflowOutcome.FINISHED, 9, 0, 0)
    assert grid.status_of_tasks() == [TaskStatus.DONE] * 3
    assert (number, grid.culm.letters) == (1, [])


def test_what_waits_for_a_failed_job_is_pruned_and_the_request_ends_subfinished(grid: Grid) -> None:
    grid.submit()

    ran = grid.run(lambda name: name != "isr_2")

    assert ran.count("isr_2") == len(grid.events(JobFailed)) > 1
    assert "warp_2" not in ran
    assert len(grid.events(JobFinished)) == 7
    (ended,) = grid.events(WorkflowFinalized)
    assert (ended.outcome, ended.finished, ended.failed, ended.pruned) == (WorkflowOutcome.SUBFINISHED, 7, 1, 1)


def test_a_retry_runs_only_what_failed_and_what_was_pruned_behind_it(grid: Grid) -> None:
    number = grid.submit()
    grid.run(lambda name: name != "isr_2")

    answer = grid.front.ask("PUT", f"/request/retry/{number}/null", b"null")
    ran = grid.run()

    assert answer.status_code == 200, answer.headers
    assert ran == ["isr_2", "warp_2"]
    ended = grid.events(WorkflowFinalized)[-1]
    assert (ended.outcome, ended.finished, ended.failed, ended.pruned) == (WorkflowOutcome.FINISHED, 9, 0, 0)
    assert grid.status_of_tasks() == [TaskStatus.DONE] * 3


def test_a_request_that_comes_again_makes_no_second_tasks_and_no_job_runs_twice(grid: Grid) -> None:
    numbers = [grid.submit()]
    ran = grid.run()

    numbers.append(grid.submit())
    again = grid.run()

    assert numbers == [1, 1]
    assert (len(ran), again) == (9, [])
    assert len(grid.events(TaskSubmitted)) == 3


#: `pure_pseudoinput` without what stands before the first underscore.
FINAL_JOB = "pseudoinput"


def with_its_final_work() -> list[dict[str, Any]]:
    """What BPS sent, whole: its final work starts when the one before has terminated."""
    args: list[dict[str, Any]] = json.loads(golden("bps_relayed"))
    return args


def test_the_final_work_of_bps_runs_when_all_before_it_has_ended(grid: Grid) -> None:
    grid.submit(with_its_final_work())

    ran = grid.run()

    assert (len(ran), ran[-1] == FINAL_JOB) == (10, True), ran
    (ended,) = grid.events(WorkflowFinalized)
    assert (ended.outcome, ended.finished) == (WorkflowOutcome.FINISHED, 10)
    assert grid.status_of_tasks() == [TaskStatus.DONE] * 4
    assert grid.culm.letters == []


def test_the_final_work_of_bps_runs_after_failures(grid: Grid) -> None:
    grid.submit(with_its_final_work())

    ran = grid.run(lambda name: not name.startswith("warp"))

    assert ran[-1] == FINAL_JOB
    (ended,) = grid.events(WorkflowFinalized)
    assert (ended.outcome, ended.finished, ended.failed) == (WorkflowOutcome.SUBFINISHED, 6, 4)


def test_the_final_work_of_bps_runs_after_an_abort(grid: Grid) -> None:
    number = grid.submit(with_its_final_work())

    grid.front.ask("PUT", f"/request/abort/{number}/null", b"null")
    ran = grid.run()

    assert ran == [FINAL_JOB]
    assert grid.status_of_tasks() == [*[TaskStatus.ABORTED] * 3, TaskStatus.DONE]
    assert grid.events(WorkflowFinalized)[-1].outcome is WorkflowOutcome.CANCELLED


def test_a_retry_runs_the_final_work_again_after_what_failed(grid: Grid) -> None:
    number = grid.submit(with_its_final_work())
    grid.run(lambda name: name != "warp_2" and name != FINAL_JOB)

    grid.front.ask("PUT", f"/request/retry/{number}/null", b"null")
    ran = grid.run()

    assert ran == ["warp_2", FINAL_JOB]
    assert grid.events(WorkflowFinalized)[-1].outcome is WorkflowOutcome.FINISHED


def branches() -> list[dict[str, Any]]:
    """Three works without graphs of jobs: `good` after a good end of `first`, `bad` after any other."""
    flow = a_request(
        *(a_work(name, executable="true", task_queue="LOCAL") for name in ("first", "good", "bad")),
        initial_works=["first"],
        _conditions={"c1": a_condition("c1", [asks("first", "is_finished")], ["good"], ("bad",))},
    )
    return [flow["request_metadata"]["workflow"]]


@pytest.mark.parametrize("well", [True, False])
def test_a_condition_starts_one_of_two_works_and_the_other_is_ended(grid: Grid, *, well: bool) -> None:
    grid.submit(branches())

    grid.run(lambda name: well or len(grid.ran) > 5)

    (taken,) = grid.events(ConditionEvaluated)
    chosen = TaskStatus.DONE
    statuses = grid.status_of_tasks()
    assert (taken.holds, taken.works) == (well, (1 if well else 2,))
    assert statuses == ([chosen, chosen, TaskStatus.ABORTED] if well else [TaskStatus.FAILED, TaskStatus.ABORTED, chosen])
    assert grid.events(WorkflowFinalized)[-1].outcome is WorkflowOutcome.SUBFINISHED
    assert grid.culm.letters == []


def test_a_workflow_within_a_workflow_runs_between_two_works(grid: Grid) -> None:
    works = {name: a_work(name, [{"name": f"job_{name}", "dependencies": []}], task_queue="LOCAL") for name in "psrq"}
    inner = a_request(
        works["s"], works["r"], internal_id="0b0b0b0b", initial_works=["s"],
        _conditions={"c2": a_condition("c2", [asks("s", "is_finished")], ["r"])},
    )["request_metadata"]["workflow"]  # fmt: skip
    outer = a_request(works["p"], works["q"], initial_works=["p"], _conditions={
        "c1": a_condition("c1", [asks("p", "is_finished")], ["0b0b0b0b"]),
        "c3": a_condition("c3", [asks("0b0b0b0b", "is_finished")], ["q"]),
    })["request_metadata"]["workflow"]  # fmt: skip
    outer["attributes"]["template"]["attributes"]["_works"]["0b0b0b0b"] = inner
    grid.submit([outer])

    ran = grid.run()

    assert ran == ["p", "s", "r", "q"]
    assert grid.events(WorkflowFinalized)[-1].outcome is WorkflowOutcome.FINISHED
    assert grid.culm.letters == []


def test_an_aborted_request_takes_its_tasks_with_it(grid: Grid) -> None:
    number = grid.submit()

    grid.front.ask("PUT", f"/request/abort/{number}/null", b"null")
    ran = grid.run()

    assert ran == []
    assert grid.status_of_tasks() == [TaskStatus.ABORTED] * 3
    assert grid.events(WorkflowFinalized)[-1].outcome is WorkflowOutcome.CANCELLED


def linked(executable: str = "echo 5") -> list[dict[str, Any]]:
    """`second` runs after `first`, and has its command line and priority."""
    names = ("executable", "task_priority")
    link = an_object("ParameterLink", WORKFLOWS, internal_id="l1", num_parameters=2, parameters={
        str(number): {"source": name, "destination": name} for number, name in enumerate(names)
    })  # fmt: skip
    flow = a_request(
        a_work("first", task_queue="LOCAL", executable=executable, task_priority=700),
        a_work("second", task_queue="LOCAL", executable="true", task_priority=0),
        initial_works=["first"],
        _conditions={"c1": a_condition("c1", [asks("first", "is_finished")], ["second"])},
        parameter_links={"l1": link},
        parameter_links_source={"first": ["l1"]},
        parameter_links_destination={"second": ["l1"]},
    )
    return [flow["request_metadata"]["workflow"]]


def test_a_link_gives_a_work_the_command_line_and_the_priority_of_the_one_before(grid: Grid) -> None:
    grid.submit(linked())

    ran = grid.run()

    (reloaded,) = grid.events(TaskReloaded)
    assert json.loads(reloaded.parameters_json)["taskPriority"] == 700
    specs = [one.spec for one in grid.events(JobQueued)]
    assert ["echo 5" in one.parameters for one in specs] == [True, True]
    assert specs[0].priority == specs[1].priority
    assert len(ran) == 2
    assert grid.status_of_tasks() == [TaskStatus.DONE] * 2
    assert grid.events(WorkflowFinalized)[-1].outcome is WorkflowOutcome.FINISHED
    assert grid.culm.letters == []


def test_a_value_that_the_task_could_not_be_submitted_with_is_refused_before_anything_is_claimed(grid: Grid) -> None:
    headers = {"Authorization": f"Bearer {grid.front.headers()['X-IDDS-Auth-Token']}", "Origin": "wlcg"}
    given = {"command_name": "submit", "args": json.dumps(linked(executable="x" * 7_000)), "manager": True}

    answer = grid.front.ask("POST", "/server/panda/relay_idds_command", json.dumps(given).encode(), headers, prefix="")

    done, why = answer.json()
    assert done is False
    assert "a link sets" in why
    assert grid.events(TaskSubmitted) == []
