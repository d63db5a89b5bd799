"""After any history, a task and its jobs are moved by something: a reaction, a job, a deadline or clock, or a person."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.job.model import FINAL
from commands.task.transitions import TaskStatus
from projections.deadlines import apply as deadlines_module
from schemas.clocks import BUILT_IN
from schemas.instants import DAY, HOUR
from schemas.job import ExpireJobState, JobDefined
from schemas.queue import OfferElsewhere
from schemas.task import (
    AssignNucleus,
    ExpirePending,
    FinishTask,
    KillTask,
    ParkTask,
    PauseTask,
    ReassignTask,
    RefineTask,
    ReloadTask,
    RestoreTask,
    ResumeTask,
    RetryTask,
    SetTaskAside,
    TaskWoken,
    ThrottleOrder,
    WakeTask,
)
from schemas.types import BrokerageEvidence, OutcomeKind, ReportedState, ScoutRules
from tests.commands.builders import (
    QUEUE,
    TASK,
    a_definition,
    a_merging_definition,
    a_queue,
    a_submission,
    account,
    end,
    generate_all,
    lease,
    report,
    spec_of,
    the_task,
)
from tests.commands.in_memory import Culm, a_culm
from tests.commands.moved_by import deadlines, moved_by, reactions
from tests.commands.test_throttled_tasks import THROTTLE

LETTER = "4f1d0f4e-8a39-5d8e-a2b0-2d6f6e1c7a11"
DEFINITIONS: dict[str, Callable[[], Any]] = {
    "plain": lambda: a_definition(attempts_max=2),
    "merging": a_merging_definition,
    "scouts": lambda: a_definition(events_total=15, attempts_max=1, scouts=ScoutRules(success_tenths=5)),
    "goal": lambda: a_definition(attempts_max=2, goal_permille=300),
    "nucleus": lambda: a_definition(attempts_max=2, nucleus_wanted=True),
    "to stay": lambda: a_definition(attempts_max=1, auto_finish=False),
}
TO_TASK: dict[str, Any] = {
    "kill": KillTask(reason="r"),
    "finish": FinishTask(soft=False),
    "finish softly": FinishTask(soft=True),
    "retry": RetryTask(reason="r"),
    "reload": ReloadTask(parameters_json="{}"),
    "pause": PauseTask(),
    "resume": ResumeTask(),
    "reassign": ReassignTask(site="S", mode="soft"),
    "reassign nucleus": ReassignTask(nucleus="N", mode="soft", back_to_old_status=False),
}
BY_CULM: dict[str, Any] = {"wake": WakeTask(cause="TIMER"), "expire pending": ExpirePending(seconds=1)}
KINDS = {
    "finished": OutcomeKind.FINISHED,
    "failed": OutcomeKind.FAILED,
    "cancelled": OutcomeKind.CANCELLED,
    "closed": OutcomeKind.CLOSED,
    "merging": OutcomeKind.MERGING,
}
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ("plan", "plan", "park", "lease", "lease", "begin", "succeed", "succeed", "fail", "clock", "account", "refine",
             "elsewhere", "throttle", "aside", "restore", "assign nucleus", *TO_TASK, *BY_CULM)
        ),
        st.integers(0, 20),
    ),
    max_size=20,
)  # fmt: skip


class History:
    """A task under drawn steps; reactions of Culm happen when the steps say so, so that what is under way is seen, too."""

    def __init__(self, definition: str) -> None:
        self.culm: Culm = a_culm()
        self.definition = DEFINITIONS[definition]
        a_queue(self.culm)
        self.culm.send(a_submission(), str(TASK))
        self.step("refine", 0)
        self.accounted = dict[int, str]()

    def step(self, name: str, number: int) -> None:
        """Do one thing; what does not fit is refused."""
        self.culm.now += HOUR
        match name:
            case "refine":
                revision = the_task(self.culm).parameters_revision
                made = RefineTask(definition=self.definition(), parameters_revision=revision)
                self.culm.send(made, str(TASK), role="system")
            case "plan":
                generate_all(self.culm)
            case "park" | "throttle" | "assign nucleus":
                {"park": self._park, "throttle": self._throttle, "assign nucleus": self._assign}[name]()
            case "aside":
                self.culm.send(SetTaskAside(dead_letter_id=LETTER, message="a bug"), str(TASK), role="system")
            case "restore":
                self.culm.send(RestoreTask(dead_letter_id=LETTER), str(TASK), role="system")
            case "lease":
                lease(self.culm)
            case "account":
                self._account()
            case "elsewhere":
                self.culm.send(OfferElsewhere(reason="r"), QUEUE, role="system")
            case "begin" | "succeed" | "fail" | "clock":
                self._job_step(name, number)
            case _ if name in TO_TASK:
                self.culm.send(TO_TASK[name], str(TASK))
            case _:
                self.culm.send(BY_CULM[name], str(TASK), role="system")

    def _assign(self) -> None:
        assign = AssignNucleus(order=max(1, the_task(self.culm).last_order), nucleus="M", seed="s")
        self.culm.send(assign, str(TASK), role="system")

    def _park(self) -> None:
        for number in [number for number, order in the_task(self.culm).orders.items() if not order.parked]:
            park = ParkTask(order=number, brokerage=BrokerageEvidence(seed="s"), message="no queue")
            self.culm.send(park, str(TASK), role="system")

    def _throttle(self) -> None:
        for number in [number for number, order in the_task(self.culm).orders.items() if not order.parked][:1]:
            self.culm.send(ThrottleOrder(order=number, throttle=THROTTLE, message="m"), str(TASK), role="system")

    def _job_step(self, name: str, number: int) -> None:
        held = list(self.culm.state("queue", QUEUE).leases)
        if not held:
            return
        job_id = held[number % len(held)]
        job = self.culm.state("job", job_id)
        if name == "begin":
            report(self.culm, job_id, ReportedState.RUNNING, spec_of(self.culm, job_id).attempt)
        elif name == "clock":
            rung = ExpireJobState(clock="age", status=job.status.value, lease_id=job.lease_id, code=2, seconds=1)
            self.culm.send(rung, str(job_id), role="system")
        else:
            end(self.culm, job_id, succeeded=name == "succeed", attempt=spec_of(self.culm, job_id).attempt)

    def _account(self) -> None:
        for job_id in [event.spec.job_id for event, _ in self.culm.events if isinstance(event, JobDefined)]:
            status = self.culm.state("job", job_id).status
            if (status in FINAL or status == "merging") and self.accounted.get(job_id) != status:
                self.accounted[job_id] = status
                account(self.culm, job_id, KINDS[status])

    def standing_still(self, kinds: frozenset[str], clocks: Any = BUILT_IN) -> list[str]:
        """The task and the jobs that nothing moves."""
        found = moved_by(self.culm, TASK, kinds, deadlines(self.culm), clocks)
        return [name for name, mover in found.items() if not mover]


@settings(deadline=None)
@given(st.sampled_from(sorted(DEFINITIONS)), STEPS)
def test_in_every_state_something_moves_the_task_and_each_of_its_jobs(definition: str, steps: list[tuple[str, int]]) -> None:
    history = History(definition)
    kinds = reactions(history.culm)

    for number, step in enumerate(steps):
        history.step(*step)

        assert history.standing_still(kinds) == [], steps[: number + 1]


def test_a_deadline_that_is_left_out_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    history = History("plain")
    kinds = reactions(history.culm)
    history.step("park", 0)
    assert history.standing_still(kinds) == []

    monkeypatch.setattr(deadlines_module, "_waiting", lambda record, event, changes: None)

    assert history.standing_still(kinds) == ["task"]


def test_a_clock_that_is_left_out_is_found() -> None:
    history = History("plain")
    kinds = reactions(history.culm)
    for name in ("plan", "lease"):
        history.step(name, 0)
    jobs = [str(event.spec.job_id) for event, _ in history.culm.events if isinstance(event, JobDefined)]

    without_sent = [clock for clock in BUILT_IN if clock.name != "sent"]
    without_activated = [clock for clock in BUILT_IN if clock.name != "activated_age"]

    assert history.standing_still(kinds) == []
    assert history.standing_still(kinds, without_sent) == jobs[:1]
    assert history.standing_still(kinds, without_activated) == jobs[1:]


@pytest.mark.parametrize(("left_out", "step"), [("JobsOrdered", "resume"), ("JobFinished", "succeed")])
def test_a_reaction_that_is_left_out_is_found(left_out: str, step: str) -> None:
    history = History("plain")
    kinds = reactions(history.culm)
    if step == "succeed":
        for name in ("plan", "lease", "begin", "succeed"):
            history.step(name, 0)

    assert history.standing_still(kinds) == []
    assert len(history.standing_still(kinds - {left_out})) == 1


def test_an_exhausted_task_has_a_clock_or_a_person() -> None:
    by_clock, by_person = History("plain"), History("to stay")
    for history in (by_clock, by_person):
        kinds = reactions(history.culm)
        history.step("park", 0)
        history.culm.now += 7 * DAY
        history.step("expire pending", 0)
        assert the_task(history.culm).status == "exhausted"
        assert history.standing_still(kinds) == []

    assert ("exhausted", str(TASK)) in deadlines(by_clock.culm)
    assert ("exhausted", str(TASK)) not in deadlines(by_person.culm)


def test_a_throttled_task_that_was_set_aside_paused_resumed_and_restored_goes_on() -> None:
    history = History("plain")
    kinds = reactions(history.culm)

    for name in ("throttle", "aside", "pause", "resume", "restore"):
        history.step(name, 0)

    assert history.standing_still(kinds) == []
    assert the_task(history.culm).status is TaskStatus.READY
    assert history.culm.last(TaskWoken).cause == "RESTORED"


def test_a_task_that_was_set_aside_while_it_was_paused_is_not_paused_again() -> None:
    history = History("plain")

    for name in ("park", "pause", "aside", "resume", "restore"):
        history.step(name, 0)

    assert the_task(history.culm).status is TaskStatus.PENDING
