"""What the pages of Harvesters ask of the read models, on a real database."""

import pytest

from api.queries import harvesters, worker_lives
from api.queries.read_models import ReadModels
from schemas.harvester import (
    HarvesterCommandOrdered,
    HarvesterDialogsAdded,
    HarvesterSeen,
    HarvesterStarted,
    WorkerCountsReported,
)
from schemas.types import HarvesterDialog, HarvesterOrder, WorkerCounts
from schemas.worker import WorkerRunning
from tests.api.builders import run
from tests.projections.event_writer import START
from tests.projections.stage import Stage, a_stage, catch_up

ONE, OTHER = "wlcg/one", "wlcg/two"


@pytest.fixture
def stage(database: str) -> Stage:
    """An empty log and empty read models."""
    return a_stage(database)


def an_order(number: int) -> HarvesterCommandOrdered:
    return HarvesterCommandOrdered(
        command=HarvesterOrder(number=number, command="KILL_WORKERS", parameters_json="{}", ordered_at=START + number)
    )


def test_a_harvester_is_kept_apart_from_the_others_and_from_those_of_other_organisations(stage: Stage) -> None:
    counts = WorkerCounts(job_type="managed", resource_type="SCORE", running=3, submitted=0, finished=0, to_submit=0)
    dialogs = tuple(HarvesterDialog(number=number, message=f"m{number}") for number in (1, 2, 3))
    stage.say(
        [
            (HarvesterStarted(started_at=START, version="0.7.5"), OTHER),
            (HarvesterSeen(), ONE),
            (WorkerCountsReported(queue="Q", counts=(counts,)), ONE),
            (HarvesterDialogsAdded(dialogs=dialogs), ONE),
            *((an_order(number), ONE) for number in (1, 2, 3)),
            (WorkerRunning(worker_id="one:7", harvester_id="one", node="n", live=1, foreign=True), "Q"),
        ]
    )
    catch_up(stage.projector())
    read_models = ReadModels(stage.postgres)

    listed = run(harvesters.overview(read_models, "wlcg"))
    orders = run(harvesters.orders_of(read_models, ONE, 2))
    messages = run(harvesters.dialogs_of(read_models, ONE, 2))

    assert [(row["harvester_id"], row["version"], row["queues"]) for row in listed] == [("one", "", ["Q"]), ("two", "0.7.5", [])]
    assert [(row["number"], row["total"]) for row in orders] == [(3, 3), (2, 3)]
    assert [(row["message"], row["total"]) for row in messages] == [("m3", 3), ("m2", 3)]
    assert [(row["queue"], row["counts"][0]["running"]) for row in run(harvesters.counts_of(read_models, ONE))] == [("Q", 3)]
    assert run(harvesters.workers_of(read_models, "wlcg", "one")) == [{"queue": "Q", "state": "running", "count": 1}]
    assert run(harvesters.one(read_models, "wlcg", "one"))["name"] == ONE
    assert run(harvesters.one(read_models, "dune", "one")) is None
    assert run(harvesters.overview(read_models, "dune")) == []
    assert run(harvesters.orders_of(read_models, OTHER, 2)) == []
    assert run(worker_lives.jobs_of(read_models, "wlcg", [1])) == {}
