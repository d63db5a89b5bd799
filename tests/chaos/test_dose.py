"""A dose of the fault campaign on a stack of its own: after each fault work goes on, everything ends, no law is broken."""

from collections.abc import Iterator

import pytest

from deploy.stack import Stack
from tests.audit.agreement import auditor_on, culm, disagreeing, every_subject
from tests.chaos.campaign import Outcome, Report, run
from tests.chaos.faults import faults, resized
from tests.conftest import PORTS_OFFSET, brought_up, stack_for_tests
from tests.starting import starts_processes

RATE = 30.0
#: Of the jobs so many are asked about one by one; the replay compares every row.
JOBS_LOOKED_AT = 150
DOSE = (
    "kill decider-1", "kill decider-2", "decider stopped", "decider frozen", "commands delivered twice", "poison",
    "postgres away",
)  # fmt: skip


@pytest.fixture
@starts_processes
def chaotic() -> Iterator[Stack]:
    """A stack that no other test uses: its load has a queue that no task of another test may find."""
    one = stack_for_tests(f"chaos-{PORTS_OFFSET}", PORTS_OFFSET + 900)
    yield from brought_up(Stack(one.config.with_counts({"decider": 2}), one.environ), only_servers=False)


@pytest.fixture
@starts_processes
def growing() -> Iterator[Stack]:
    """A stack with one decider in the beginning."""
    yield from brought_up(stack_for_tests(f"growing-{PORTS_OFFSET}", PORTS_OFFSET + 900), only_servers=False)


@pytest.mark.alone
def test_a_dose_of_faults_loses_nothing_and_breaks_no_law(chaotic: Stack) -> None:
    chosen = [fault for fault in faults(chaotic, away_seconds=5.0) if fault.name.startswith(DOSE)]

    report = run(chaotic, chosen, RATE, seed=3)

    names = {outcome.fault for outcome in report.outcomes}
    assert len(names) == 1 + len(DOSE)
    assert [outcome.fault for outcome in report.outcomes if not outcome.went_on] == []
    assert report.left_over == ()
    assert report.violations == ()
    assert report.jobs_finished > 300
    assert report.checked > 5_000
    replayed = culm(chaotic, "replay")
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    with auditor_on(chaotic) as auditor:
        subjects = every_subject(auditor)
        assert len(subjects) > 300
        # Every task, and jobs from the whole run.
        jobs = [one for one in subjects if one.kind == "job"]
        tasks = [one for one in subjects if one.kind == "task"]
        assert disagreeing(auditor, tasks + jobs[:: max(1, len(jobs) // JOBS_LOOKED_AT)]) == []


@pytest.mark.alone
def test_one_then_three_then_two_deciders_under_load_lose_and_repeat_nothing(growing: Stack) -> None:
    report = run(growing, [resized((3, 2))], RATE, seed=1)

    names = [process.name for process in growing.supervisor.states() if process.name.startswith("decider")]
    assert names == ["decider", "decider-2"]
    assert [outcome.fault for outcome in report.outcomes if not outcome.went_on] == []
    assert report.left_over == ()
    assert report.violations == ()
    assert report.jobs_finished > 300
    assert culm(growing, "replay").returncode == 0


def test_a_report_tells_what_does_not_hold() -> None:
    from tests.chaos.__main__ import holds, table

    good = Report((Outcome("kill kafka", 0.1, 3.2, went_on=True),), 10, 2, 1.0, (), (), 99)
    bad = Report((Outcome("kill kafka", 0.1, 99.0, went_on=False),), 10, 2, 1.0, ("3 leases",), ("sequences: 1",), 99)

    assert holds(good)
    assert not holds(bad)
    assert "| kill kafka | 0.1 | 3.2 | yes |" in table(good, "one node")
    assert "| kill kafka | 0.1 | 99.0 | NO |" in table(bad, "one node")
    assert any("Left over: 3 leases." in line for line in table(bad, "one node"))
