"""A dose of the fault campaign on the shared stack: after each fault work goes on, everything ends, the checker finds nothing."""

import pytest

from deploy.stack import Stack
from tests.chaos.campaign import Outcome, Report, run
from tests.chaos.faults import faults

pytestmark = pytest.mark.stack
RATE = 30.0
DOSE = ("kill decider", "kill processors", "kill projector", "decider stopped", "delivered twice", "poison")


def test_a_dose_of_faults_loses_nothing_and_breaks_no_law(stack: Stack) -> None:
    chosen = [fault for fault in faults(stack, away_seconds=5.0) if fault.name.startswith(DOSE) or fault.name.endswith(DOSE)]
    chosen += [fault for fault in faults(stack, away_seconds=5.0) if fault.name.startswith("postgres away")]

    report = run(stack, chosen, RATE, seed=3)

    names = {outcome.fault for outcome in report.outcomes}
    assert len(names) == 8
    assert [outcome.fault for outcome in report.outcomes if not outcome.went_on] == []
    assert report.left_over == ()
    assert report.violations == ()
    assert report.jobs_finished > 500
    assert report.checked > 5_000


def test_a_report_tells_what_does_not_hold() -> None:
    from tests.chaos.__main__ import holds, table

    good = Report((Outcome("kill kafka", 0.1, 3.2, went_on=True),), 10, 2, 1.0, (), (), 99)
    bad = Report((Outcome("kill kafka", 0.1, 99.0, went_on=False),), 10, 2, 1.0, ("3 leases",), ("sequences: 1",), 99)

    assert holds(good)
    assert not holds(bad)
    assert "| kill kafka | 0.1 | 3.2 | yes |" in table(good, "one node")
    assert "| kill kafka | 0.1 | 99.0 | NO |" in table(bad, "one node")
    assert any("Left over: 3 leases." in line for line in table(bad, "one node"))
