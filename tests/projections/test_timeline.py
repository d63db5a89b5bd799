"""What is filed of every event, and how it reads."""

import orjson
import pytest

from projections.timeline.body import body_of
from schemas.catalog import CatalogEntry, messages
from schemas.dataset import ContentsRequested
from schemas.job import JobDefined, JobFinished
from schemas.policy import AccessPolicySet
from schemas.queue import JobQueued, LeasesRenewed
from schemas.records import replace
from schemas.sentences import sentence_of
from schemas.subjects import is_filed
from schemas.task import ContentsFed, JobsOrdered
from schemas.types import AccessPolicy, CertifiedPerson, JobKind, LeaseEnding
from schemas.wire import message_class
from tests.projections.sample_history import INPUT, QUEUE, a_definition, a_spec, a_unit, accounts, ended, leased
from tests.projections.tables_in_memory import after, the
from tests.schemas.samples import a_sample

TASK = 10_000_001
JOB = 100_000_010_000_001
EVENTS = [entry for entry in messages() if entry.role == "events"]
NOT_FILED = {"JobQueued", "LeasesRenewed"}


@pytest.mark.parametrize("entry", EVENTS, ids=lambda entry: entry.name)
def test_every_event_has_a_sentence_and_a_small_body(entry: CatalogEntry) -> None:
    message, _ = a_sample(entry)

    text, body = sentence_of(message), orjson.dumps(body_of(message))

    assert ("sentence" in entry.schema) == is_filed(message_class(entry.full_name)) == (entry.name not in NOT_FILED)
    assert text.endswith(".") or ":" in text
    assert "\n" not in text
    assert len(body) < 3000


def test_an_event_is_filed_with_who_wanted_it_and_where_it_stands() -> None:
    rows = after([(JobDefined(spec=a_spec(JOB, TASK)), JOB)]).all("timeline")

    (row,) = rows
    assert the(row, "aggregate", "aggregate_id", "sequence", "event_type") == ("job", str(JOB), 1, "JobDefined")
    assert the(row, "task_id", "job_id", "actor", "vo") == (TASK, JOB, "jdoe", "wlcg")
    assert the(row, "topic", "partition", "log_offset") == ("culm.job.events.v1", 0, 0)
    assert row["summary"] == "Attempt 1 was made for queue LOCAL."


def test_the_timeline_of_a_job_holds_its_lease() -> None:
    rows = after([(leased(TASK, JOB), QUEUE), (ended(JOB, LeaseEnding.EXPIRED), QUEUE)]).all("timeline")

    assert [the(row, "aggregate", "task_id", "job_id", "event_type") for row in rows] == [
        ("queue", TASK, JOB, "JobLeased"),
        ("queue", TASK, JOB, "LeaseEnded"),
    ]


def test_an_event_of_a_dataset_is_about_the_task_that_it_names() -> None:
    rows = after([(ContentsRequested(task_id=TASK, files_total=2), INPUT)]).all("timeline")

    assert [the(row, "task_id", "job_id", "summary") for row in rows] == [(TASK, None, "Task 10000001 was sent 2 files.")]


def test_signs_of_life_and_repetitions_are_not_filed() -> None:
    events = [
        (JobQueued(spec=a_spec(JOB, TASK), waiting=1, leased=0), QUEUE),
        (LeasesRenewed(job_ids=(JOB,), seen_at=1), QUEUE),
    ]

    assert after(events).all("timeline") == []


def test_long_lists_and_texts_are_given_by_their_number_only() -> None:
    units = tuple(a_unit(number) for number in range(1, 501))
    fed = body_of(ContentsFed(dataset=INPUT, units=units, complete=True, accounts=accounts(total=500)))
    order = body_of(
        JobsOrdered(
            order=1, kind=JobKind.NORMAL, units=units, definition=a_definition(), task_id=TASK, priority=1
        )
    )
    finished = body_of(JobFinished(metadata_json="x" * 100_000))
    defined = body_of(JobDefined(spec=a_spec(JOB, TASK, parameters="x" * 100_000)))

    assert fed["units"] == order["units"] == 500
    assert "definition" not in order
    assert "metadata_json" not in finished
    assert "parameters" not in defined["spec"]


def test_people_of_the_access_policy_are_not_shown_to_members() -> None:
    jane = CertifiedPerson(authority="/CN=CA", name="/CN=Jane Doe", groups=("wlcg",))

    body = orjson.dumps(body_of(AccessPolicySet(policy=AccessPolicy(persons=(jane,)))))

    assert b"Jane" not in body


def test_a_lease_names_the_worker_whose_pilot_got_the_job() -> None:
    lease = replace(leased(TASK, JOB), worker_id="worker-1")
    other = replace(leased(TASK, JOB + 1), worker_id=None)

    rows = after([(lease, QUEUE), (other, QUEUE)]).all("timeline")

    assert [the(row, "aggregate", "aggregate_id", "worker_id", "to_worker_id") for row in rows] == [
        ("queue", QUEUE, None, "worker-1"),
        ("queue", QUEUE, None, None),
    ]
