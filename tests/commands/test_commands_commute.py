"""Kill, finish and retry said twice, and reports of pilots that come after their job has ended, change nothing.

Two systems get the same drawn history; one of them also gets each command again and reports that are late. Their tasks must be
alike after every step.
"""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from commands.job.model import FINAL
from schemas.job import JobDefined
from schemas.task import FinishTask, KillTask, RetryTask
from schemas.types import OutcomeKind
from tests.commands.builders import TASK, a_definition, a_running_task, account, end, generate_all, lease, spec_of, the_task

KINDS = {
    "finished": OutcomeKind.FINISHED,
    "failed": OutcomeKind.FAILED,
    "cancelled": OutcomeKind.CANCELLED,
    "closed": OutcomeKind.CLOSED,
}
COMMANDS: dict[str, Any] = {
    "kill": KillTask(reason="r"),
    "finish": FinishTask(soft=False),
    "finish softly": FinishTask(soft=True),
    "retry": RetryTask(reason="r"),
}
STEPS = st.lists(
    st.tuples(st.sampled_from(("lease", "lease", "succeed", "fail", *COMMANDS)), st.integers(0, 20), st.booleans()),
    min_size=1,
    max_size=14,
)


class Played:
    """A task under a history; `loud`: it gets everything again."""

    def __init__(self, *, loud: bool) -> None:
        self.culm = a_running_task(a_definition(attempts_max=2))
        self.loud, self.held, self.accounted = loud, list[int](), set[int]()

    def step(self, name: str, number: int, again: bool) -> None:
        """Do one thing, then what the reactions of Culm do about it."""
        if name == "lease":
            job_id = lease(self.culm)
            self.held += [job_id] if job_id is not None else []
        elif name in COMMANDS:
            for _ in range(2 if again and self.loud else 1):
                self.culm.send(COMMANDS[name], str(TASK))
        elif self.held:
            self._report(self.held.pop(number % len(self.held)), succeeded=name == "succeed")
        self._react()
        if again and self.loud:
            self._late_report(number)

    def alike(self) -> tuple[Any, ...]:
        """What two tasks of one history have in common."""
        task = the_task(self.culm)
        return (
            task.status, task.attempt, task.finished, task.failed, task.ready, task.jobs.counted(), task.last_serial, task.ending,
            [(unit, task.units.status_of(unit)) for unit in range(1, len(task.units) + 1)],
        )  # fmt: skip

    def _report(self, job_id: int, *, succeeded: bool) -> None:
        end(self.culm, job_id, succeeded=succeeded, attempt=spec_of(self.culm, job_id).attempt)

    def _react(self) -> None:
        for job_id in self._jobs():
            status = self.culm.state("job", job_id).status
            if status in FINAL and job_id not in self.accounted:
                self.accounted.add(job_id)
                account(self.culm, job_id, KINDS[status])
        generate_all(self.culm)

    def _late_report(self, number: int) -> None:
        ended = [one for one in self._jobs() if one in self.accounted]
        if ended:
            self._report(ended[number % len(ended)], succeeded=number % 2 == 0)

    def _jobs(self) -> list[int]:
        return [event.spec.job_id for event, _ in self.culm.events if isinstance(event, JobDefined)]


@settings(deadline=None)
@given(STEPS)
def test_commands_said_twice_and_late_reports_change_nothing(steps: list[tuple[str, int, bool]]) -> None:
    quiet, loud = Played(loud=False), Played(loud=True)

    for step in steps:
        quiet.step(*step)
        loud.step(*step)

        assert loud.alike() == quiet.alike(), step


def test_a_kill_ends_the_task_alike_before_and_after_the_reports_of_its_pilots() -> None:
    first, last = Played(loud=True), Played(loud=True)
    for played in (first, last):
        for _ in range(3):
            played.step("lease", 0, False)
    reports = [("succeed", 0, True), ("fail", 0, True), ("succeed", 0, True)]

    for step in (("kill", 0, True), *reports):
        first.step(*step)
    for step in (reports[0], ("kill", 0, True), *reports[1:]):
        last.step(*step)

    assert (the_task(first.culm).status, the_task(last.culm).status) == ("aborted", "aborted")
    assert (the_task(first.culm).finished, the_task(last.culm).finished) == (0, 1)
