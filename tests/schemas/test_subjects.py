"""What an event is about: by its key, by the fields that refer to something, and a job tells its task."""

from typing import Any

import pytest

from schemas.dataset import ContentsRequested, FilesRegistered
from schemas.job import JobSent, JobStarted
from schemas.policy import SharesSet
from schemas.queue import JobQueued, LeaseEnded, LeasesRenewed, TaskHeld
from schemas.subjects import Subjects, is_filed, of_key, subjects_of
from schemas.task import ContentsFed, TaskPaused
from schemas.types import DatasetRole, LeaseEnding
from schemas.worker import WorkerRunning, WorkersWanted
from tests.projections.sample_history import accounts, leased

TASK, JOB = 10_000_001, 100_000_010_000_001
ENDED = LeaseEnded(job_id=JOB, lease_id="l", pilot="p", ending=LeaseEnding.EXPIRED, waiting=0, leased=0)
FED = ContentsFed(dataset="d", units=(), complete=True, accounts=accounts())


@pytest.mark.parametrize(
    ("event", "key", "about"),
    [
        (TaskPaused(), str(TASK), Subjects(TASK)),
        (FED, str(TASK), Subjects(TASK, dataset="d")),
        (JobStarted(node="n"), str(JOB), Subjects(TASK, JOB)),
        (JobSent(lease_id="l", queue="SLAC", pilot="p", node="n"), str(JOB), Subjects(TASK, JOB, "SLAC")),
        (ENDED, "SLAC", Subjects(TASK, JOB, "SLAC")),
        (TaskHeld(task_id=TASK), "SLAC", Subjects(TASK, queue="SLAC")),
        (ContentsRequested(task_id=TASK, files_total=1), "d", Subjects(TASK, dataset="d")),
        (FilesRegistered(files=(), role=DatasetRole.INPUT, files_total=0), "d", Subjects(dataset="d")),
        (WorkersWanted(wanted=1, live=0, reason="r"), "SLAC", Subjects(queue="SLAC")),
        (WorkerRunning(worker_id="w", harvester_id="h", node="n", live=1), "SLAC", Subjects(queue="SLAC", member="w")),
        (leased(TASK, JOB), "SLAC", Subjects(TASK, JOB, "SLAC", worker="w1")),
        (SharesSet(), "shares", Subjects()),
    ],
    ids=lambda given: type(given).__name__,
)
def test_an_event_is_about_its_aggregate_and_what_it_refers_to(event: Any, key: str, about: Subjects) -> None:
    assert subjects_of(event, key) == about


def test_a_key_that_no_task_or_job_can_have_tells_nothing() -> None:
    assert (of_key("job", "x"), of_key("task", "0"), of_key("job", str(JOB))) == (Subjects(), Subjects(), Subjects(TASK, JOB))


def test_signs_of_life_are_not_filed() -> None:
    assert [is_filed(kind) for kind in (JobQueued, LeasesRenewed, TaskPaused)] == [False, False, True]
