"""An order may rest on a decision for another task, wherever in what is read this stands; it must be in the log."""

from collections.abc import Sequence

import pytest

from check.brokerage import CitedBrokerage
from check.laws import Seen
from schemas.reading import Place
from schemas.task import BrokerageDecided, JobsGenerated
from schemas.types import BrokerageCitation, BrokerageEvidence, FileAccounts, GeneratedJob, JobKind, QueueVerdict
from tests.streams.builders import an_envelope

ONE, TWO = 10_000_001, 10_000_002
DECISION = an_envelope(str(ONE), 3).event_id


def seen(message: object, task_id: int, number: int) -> Seen:
    envelope = an_envelope(str(task_id), number)
    return Seen(Place("culm.task.events.v1", 0, number), "events", "task", type(message).__name__, envelope, message)


def decided() -> Seen:
    taken = QueueVerdict(queue="Q1", taken=True, code="use")
    return seen(BrokerageDecided(order=1, ram_mb=2000, brokerage=BrokerageEvidence(seed="s", verdicts=(taken,))), ONE, 3)


def generated(task_id: int, queue: str = "Q1", of: int = ONE) -> Seen:
    cited = BrokerageCitation(decision=DECISION, ram_mb=2000, task_id=of)
    job = GeneratedJob(job_id=7, serial=1, queue=queue, unit_ids=(1,), attempt=1)
    accounts = FileAccounts(total=1, used=1, finished=0, failed=0, jobs_live=1, jobs_total=1)
    evidence = BrokerageEvidence(seed="s", cited=(cited,))
    return seen(JobsGenerated(order=1, kind=JobKind.NORMAL, jobs=(job,), brokerage=evidence, accounts=accounts), task_id, 4)


@pytest.mark.parametrize(
    ("records", "violations"),
    [
        ([decided(), generated(TWO)], 0),
        ([generated(TWO), decided()], 0),
        ([generated(TWO)], 2),
        ([generated(TWO, "Q2"), decided()], 1),
        ([generated(TWO, of=0), decided()], 2),
        ([decided(), generated(ONE, of=0)], 0),
        ([generated(ONE, of=0), decided()], 2),
    ],
)
def test_an_order_rests_on_a_decision_that_is_in_the_log(records: Sequence[Seen], violations: int) -> None:
    law = CitedBrokerage()

    found = [violation for record in records for violation in law.see(record)] + list(law.end())

    assert len(found) == violations
