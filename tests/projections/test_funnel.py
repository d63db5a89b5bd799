"""How far the workers of a queue came, as its page counts it, against a count of the events themselves."""

from typing import Any

import pytest

from api.monitor.pages.worker_life import ended_early, funnel_of
from api.queries import worker_lives
from api.queries.read_models import ReadModels
from schemas.ids import job_id_of
from schemas.queue import JobLeased
from schemas.records import replace
from schemas.types import WorkerMode, WorkerState
from schemas.worker import WorkerEnded, WorkerIntended, WorkerPending, WorkerRunning, WorkerSubmitted
from tests.api.builders import run
from tests.projections.event_writer import START
from tests.projections.sample_history import Said, leased
from tests.projections.stage import Stage, a_stage, catch_up

TASK = 10_000_001
#: By queue, how many workers came just so far, and how those that ended did.
LIVES = {
    "A": (("WorkerIntended", 1, "MISSED"), ("WorkerSubmitted", 2, "LOST"), ("WorkerPending", 3, None),
          ("WorkerRunning", 4, "FINISHED"), ("JobLeased", 5, "FINISHED"), ("JobLeased", 6, "OUT_OF_MEMORY"),
          ("JobLeased", 7, None)),
    "B": (("WorkerRunning", 8, None),),
}  # fmt: skip
ORDER = ("WorkerIntended", "WorkerSubmitted", "WorkerPending", "WorkerRunning", "JobLeased")


@pytest.fixture
def stage(database: str) -> Stage:
    """An empty log and empty read models."""
    return a_stage(database)


def a_life(queue: str, name: str, serial: int, furthest: str, end: str | None) -> list[Said]:
    """Events of a worker that came so far; one that got a job gets a second one."""
    about: dict[str, Any] = {"worker_id": name, "harvester_id": "h", "live": 1}
    lease = replace(leased(TASK, job_id_of(TASK, serial)), worker_id=name, pilot=name)
    steps: list[list[Any]] = [
        [WorkerIntended(**about, tag=f"s-{name}", epoch=1, mode=WorkerMode.PULL, submit_by=START)],
        [WorkerSubmitted(**about, batch_id="1")],
        [WorkerPending(**about)],
        [WorkerRunning(**about, node="n")],
        [lease, replace(lease, job_id=job_id_of(TASK, serial + 1), lease_id=f"second-{serial}")],
    ]
    said = [event for step in steps[: ORDER.index(furthest) + 1] for event in step]
    if end is not None:
        said.append(WorkerEnded(**about, state=WorkerState[end]))
    return [(event, queue) for event in said]


def all_lives() -> list[Said]:
    """Of both queues."""
    said: list[Said] = []
    serial = 1
    for queue, lives in LIVES.items():
        for furthest, count, end in lives:
            for _ in range(count):
                said += a_life(queue, f"w{serial}", serial, furthest, end)
                serial += 2
    return said


def counted_in_the_log(said: list[Said], queue: str) -> dict[str, int]:
    """Workers of the queue by event; ended well are those that finished and had a job."""
    seen: dict[str, set[str]] = {name: set() for name in ORDER}
    finished = set()
    for event, where in said:
        if where != queue:
            continue
        if isinstance(event, WorkerEnded):
            finished |= {event.worker_id} if event.state is WorkerState.FINISHED else set()
        elif isinstance(event, JobLeased):
            assert event.worker_id is not None
            seen["JobLeased"].add(event.worker_id)
        else:
            seen[type(event).__name__].add(event.worker_id)
    words = ("intended", "submitted", "pending", "running", "got work")
    counts = {word: len(seen[name]) for word, name in zip(words, ORDER, strict=True)}
    # Who got work has asked for it.
    return counts | {"asked": counts["got work"], "ended well": len(finished & seen["JobLeased"])}


def test_the_funnel_of_a_queue_counts_what_the_log_counts(stage: Stage) -> None:
    said = all_lives()
    stage.say(said)
    catch_up(stage.projector())
    read_models = ReadModels(stage.postgres)

    groups = {queue: run(worker_lives.how_far(read_models, "wlcg", queue, START)) for queue in LIVES}
    funnels = {queue: {step["name"]: step["count"] for step in funnel_of(found, 9)} for queue, found in groups.items()}

    assert funnels["A"] == {"wanted": 9, **counted_in_the_log(said, "A")}
    assert funnels["A"] == {
        "wanted": 9, "intended": 28, "submitted": 27, "pending": 25, "running": 22, "asked": 18, "got work": 18, "ended well": 5,
    }  # fmt: skip
    assert funnels["B"] == {"wanted": 9, **counted_in_the_log(said, "B")}
    assert ended_early(groups["A"]) == [
        {"state": "finished", "count": 4}, {"state": "lost", "count": 2}, {"state": "missed", "count": 1},
    ]  # fmt: skip
    assert run(worker_lives.how_far(read_models, "dune", "A", START)) == []
    assert run(worker_lives.how_far(read_models, "wlcg", "A", START + 10**12)) == []


def test_the_rows_of_one_worker_are_its_own_and_of_its_organisation(stage: Stage) -> None:
    stage.say(a_life("A", "w1", 1, "JobLeased", "FINISHED"))
    stage.say(a_life("A", "w2", 3, "JobLeased", None), a_life("B", "w1", 5, "JobLeased", None))
    catch_up(stage.projector())
    read_models = ReadModels(stage.postgres)

    events = run(worker_lives.events_of(read_models, "wlcg", "A", "w1", 3))
    leases = run(worker_lives.leases_of(read_models, "wlcg", "A", "w1", 1))

    assert [event["event_type"] for event in events] == ["WorkerIntended", "WorkerSubmitted", "WorkerPending"]
    assert events[0]["total"] == 5
    assert [(lease["job_id"], lease["total"]) for lease in leases] == [(job_id_of(TASK, 2), 2)]
    assert run(worker_lives.one(read_models, "wlcg", "A", "w1"))["state"] == "finished"
    assert run(worker_lives.one(read_models, "dune", "A", "w1")) is None
    assert run(worker_lives.leases_of(read_models, "dune", "A", "w1", 1)) == []
    assert run(worker_lives.ends_of(read_models, "wlcg", [job_id_of(TASK, 1)])) == []
    slot = run(worker_lives.slot_of_job(read_models, "wlcg", job_id_of(TASK, 1)))
    assert (slot["queue"], slot["body"]["pilot"]) == ("A", "w1")
