"""What events do to the row of a job."""

import pytest

from commands.job.guarded import guarded
from commands.job.model import TRANSITIONS, JobStatus
from projections.catalogue import PROJECTIONS
from projections.engine.changes import RowChanges
from projections.jobs.apply import apply
from schemas.catalog import CATALOG
from schemas.job import (
    JobActivated,
    JobCancelled,
    JobClosed,
    JobDefined,
    JobFailed,
    JobFinished,
    JobKillOrdered,
    JobMerging,
    JobSent,
    JobStarted,
    JobTransferring,
)
from schemas.queue import JobQueued
from schemas.types import JobError, JobUsage
from tests.projections.event_writer import START, EventWriter
from tests.projections.sample_history import QUEUE, Said, a_job_that_is_lost, a_spec, an_output
from tests.projections.tables_in_memory import Tables, after, the
from tests.schemas.samples import a_sample

TASK = 10_000_001
JOB = 100_000_010_000_001
LEGAL = sorted(TRANSITIONS, key=lambda row: (row[0], row[1].__name__, row[2]))
ERROR = JobError(source="exe", code=1, diagnostic="boom")


def until_running() -> list[Said]:
    """A job whose payload runs."""
    return [
        (JobDefined(spec=a_spec(JOB, TASK)), JOB),
        (JobActivated(queue=QUEUE), JOB),
        (JobSent(lease_id="lease", queue=QUEUE, pilot="w1", node="node1"), JOB),
        (JobStarted(node="node1", pilot_id="p1", batch_id="b1"), JOB),
    ]


@pytest.mark.parametrize(("found", "event", "reached"), LEGAL, ids=lambda value: getattr(value, "__name__", value))
def test_the_status_is_the_one_that_the_decider_reaches(found: JobStatus, event: type, reached: JobStatus) -> None:
    message, _ = a_sample(CATALOG[f"culm.job.{event.__name__}"])
    changes = RowChanges(PROJECTIONS["jobs"].shapes)
    changes.insert("job", {"job_id": JOB, "status": found.value})

    apply(EventWriter().recorded(message, JOB), changes)

    rows = [change.row["status"] for change in changes.of("job").values() if change.row is not None]
    assert rows[-1] == reached.value


def test_a_job_keeps_the_moments_of_its_life() -> None:
    job = after(until_running()).one("job")

    moments = the(job, "created_at", "activated_at", "sent_at", "started_at", "ended_at")
    assert moments == (START + 1_000_000, START + 2_000_000, START + 3_000_000, START + 4_000_000, None)
    assert the(job, "pilot", "node", "pilot_id", "batch_id", "lease_id") == ("w1", "node1", "p1", "b1", "lease")


def test_times_that_the_pilot_reports_are_believed() -> None:
    finished = JobFinished(outputs=(an_output(1),), started_at=11, ended_at=22, exit_code=0)

    job = after(until_running(), [(finished, JOB)]).one("job")

    assert the(job, "status", "started_at", "ended_at", "exit_code") == ("finished", 11, 22, 0)


def test_what_the_pilot_reported_stays_when_the_merge_step_ends_the_job() -> None:
    events = [
        (JobMerging(outputs=(an_output(1),), usage=JobUsage(cpu_seconds=2.5), metadata_json="{}"), JOB),
        (JobFinished(merge_job_id=7), JOB),
    ]

    job = after(until_running(), events).one("job")

    assert the(job, "status", "merge_job_id", "metadata") == ("finished", 7, "{}")
    assert [file["lfn"] for file in job["outputs"]] == ["o.1"]
    assert job["usage"]["cpu_seconds"] == 2.5


def test_a_failed_job_lists_its_errors_and_the_end_of_its_log() -> None:
    job = after(until_running(), [(JobFailed(errors=(ERROR,), log_extract="last words"), JOB)]).one("job")

    assert the(job, "status", "log_extract") == ("failed", "last words")
    assert job["errors"] == [{"source": "exe", "code": 1, "diagnostic": "boom"}]


def test_a_kill_is_an_order_until_the_job_is_cancelled() -> None:
    ordered = after(until_running(), [(JobKillOrdered(code=50, reason="enough"), JOB)]).one("job")
    killed = after(until_running(), [(JobCancelled(code=50, errors=(ERROR,), reason="enough"), JOB)]).one("job")

    assert the(ordered, "status", "order_kill", "kill_code") == ("running", True, 50)
    assert the(killed, "status", "kill_code") == ("cancelled", 50)


def test_a_withdrawn_job_says_why() -> None:
    job = after(until_running()[:2], [(JobClosed(code=51, sub_status="toreassign", errors=(ERROR,)), JOB)]).one("job")

    assert the(job, "status", "sub_status", "kill_code") == ("closed", "toreassign", 51)


def test_the_sub_status_follows_the_pilot() -> None:
    job = after(until_running(), [(JobTransferring(sub_status="stageout"), JOB)]).one("job")

    assert the(job, "status", "sub_status") == ("transferring", "stageout")


def test_a_late_report_changes_nothing_but_the_sequence() -> None:
    events = [*until_running()[:2], *a_job_that_is_lost(TASK, JOB)]

    lost, late = after(events[:-1]).one("job"), after(events).one("job")

    changed = {column for column in lost if lost[column] != late[column]}
    assert changed == {"sequence", "modified_at"}
    assert late["status"] == "failed"


def test_the_specification_is_a_row_of_the_event_by_which_the_job_came_to_its_queue() -> None:
    spec = a_spec(JOB, TASK, parameters="-x 1")

    tables = after([(JobQueued(spec=spec, waiting=1, leased=0), QUEUE), (JobDefined(spec=guarded(spec)), JOB)])

    assert tables.one("job_spec")["spec"]["parameters"] == "-x 1"
    assert the(tables.one("job"), "job_id", "status", "queue", "user_name") == (JOB, "activated", QUEUE, spec.user_name)


def test_rows_are_the_same_whichever_of_the_two_events_comes_first() -> None:
    spec = a_spec(JOB, TASK)
    writer = EventWriter()
    queued = writer.recorded(JobQueued(spec=spec, waiting=1, leased=0), QUEUE)
    defined = writer.recorded(JobDefined(spec=guarded(spec)), JOB)
    one, other = Tables(), Tables()

    for record in (queued, defined):
        one.take([record])
    other.take([defined, queued])

    assert [one.all("job"), one.all("job_spec")] == [other.all("job"), other.all("job_spec")]
