"""The answer to a pilot that gets no job says what the jobs that wait need, and nothing of another organisation."""

from typing import Any

import pytest

from schemas.queue import EnqueueJob, LeaseJob
from schemas.records import replace
from schemas.types import PilotOffer, QueueClass
from tests.commands.builders import QUEUE, a_queue
from tests.commands.in_memory import Culm, a_culm
from tests.commands.test_queue_lines import a_spec


def a_queue_of(*jobs: dict[str, Any], **settings: Any) -> Culm:
    culm = a_culm()
    a_queue(culm, **settings)
    for number, changes in enumerate(jobs, start=1):
        spec = replace(a_spec(number), **({"queue": QUEUE} | changes))
        assert culm.send(EnqueueJob(spec=spec), QUEUE, role="system").accepted
    return culm


def why(culm: Culm, **offer: Any) -> str:
    told = culm.send(
        LeaseJob(offer=PilotOffer(**({"pilot": "p", "label": "unified"} | offer))), QUEUE, actor="p", role="pilot"
    )
    assert (told.accepted, told.reason) == (False, "NO_JOBS")
    return str(told.message)


def test_what_was_missing_is_counted_the_most_frequent_first() -> None:
    culm = a_queue_of(*[{"ram_mb_min": 6_000}] * 12, *[{"core_count": 8}] * 5, {"ram_mb_min": 9_000})

    assert why(culm, memory_mb=4_000, cores=1) == (
        "18 jobs wait, 13 need more memory than 4,000 MB, 5 need more cores than 1: come again in 10 s"
    )


def test_jobs_of_another_organisation_are_not_mentioned() -> None:
    culm = a_queue_of(*[{"vo": "lsst"}] * 7)

    assert why(culm) == "no job waits: come again in 30 s"


def test_jobs_of_other_users_are_counted_for_a_pilot_that_asks_for_its_own() -> None:
    culm = a_queue_of({"owner": "ann"}, {"owner": "bob", "ram_mb_min": 6_000})

    assert why(culm, owner="bob", memory_mb=4_000) == (
        "2 jobs wait, 1 need more memory than 4,000 MB, 1 are of other users: come again in 10 s"
    )


@pytest.mark.parametrize(
    ("job", "offer", "told"),
    [
        ({"label": "managed"}, {"label": "user"}, "1 are not for pilots with label user"),
        ({"resource_type": "SCORE_HIMEM"}, {"resource_type": "SCORE"}, "1 are not of resource type SCORE"),
        ({"disk_mb_max": 3_000}, {"disk_mb": 2_000}, "1 need more disk than 2,000 MB"),
        ({"walltime_seconds_max": 4_000}, {"walltime_seconds": 3_600}, "1 need more time than 3,600 s"),
    ],
)
def test_each_need_has_its_words(job: dict[str, Any], offer: dict[str, Any], told: str) -> None:
    assert why(a_queue_of(job), **offer) == f"1 jobs wait, {told}: come again in 10 s"


def test_a_job_that_is_kept_for_a_smaller_slot_is_said_to_be() -> None:
    classes = (QueueClass(name="small", memory_mb=4_000), QueueClass(name="medium", memory_mb=8_000))

    assert why(a_queue_of({}, classes=classes), memory_mb=8_000) == "1 jobs wait, 1 wait for a smaller slot: come again in 10 s"
