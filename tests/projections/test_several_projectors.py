"""Several projectors on one database: they share the partitions, none writes what is another's, any may die."""

import pytest

from projections.engine.loop import Projector
from projections.engine.positions import Partition
from projections.engine.sharing import share_of
from schemas.reading import Recorded
from schemas.types import LeaseEnding
from tests.projections.event_writer import PARTITIONS, EventWriter
from tests.projections.sample_history import a_task, ended, leased, worker_over, world
from tests.projections.stage import FIRST, Stage, a_stage, catch_up
from tests.projections.tables_in_memory import Tables

JOB = 99
TOPICS = ("a.events", "b.events")
ALL = [(topic, number) for topic in TOPICS for number in range(4)]


@pytest.fixture
def stage(database: str) -> Stage:
    """An empty log and empty read models."""
    return a_stage(database)


def share(projector: Projector) -> frozenset[Partition]:
    """The partitions that a projector believes to own."""
    return projector._held().share


def all_caught_up(*projectors: Projector) -> None:
    """Every projector has applied all of its share, and knows who the others are."""
    for _ in range(2):
        for projector in projectors:
            catch_up(projector)


@pytest.mark.parametrize("seats", [(0,), (0, 1), (3, 7, 8), tuple(range(8)), tuple(range(11))])
def test_every_partition_falls_to_one_seat(seats: tuple[int, ...]) -> None:
    shares = [share_of(seat, seats, ALL) for seat in seats]

    assert sorted(partition for found in shares for partition in found) == ALL
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_a_projector_whose_seat_is_gone_has_no_share() -> None:
    assert share_of(2, (0, 1), ALL) == frozenset()


def test_rows_do_not_depend_on_which_aggregate_is_folded_first() -> None:
    writer = EventWriter()
    twice = [(leased(FIRST, JOB), "LOCAL"), (ended(JOB, LeaseEnding.JOB_ENDED), "LOCAL"), (leased(FIRST, JOB), "OTHER")]
    said = [*world(), *a_task(FIRST), *a_task(FIRST + 1), worker_over(), *twice]
    records = [writer.recorded(message, aggregate_id) for message, aggregate_id in said]
    by_aggregate: dict[tuple[str, str], list[Recorded]] = {}
    for record in records:
        by_aggregate.setdefault((record.aggregate, record.event.aggregate_id), []).append(record)
    in_order, forwards, backwards = Tables(), Tables(), Tables()

    in_order.take(records)
    for of_one in by_aggregate.values():
        forwards.take(of_one)
    for of_one in reversed(by_aggregate.values()):
        backwards.take(of_one)

    assert len(by_aggregate) > 8
    assert in_order.rows == forwards.rows == backwards.rows
    assert [row["queue"] for row in in_order.all("lease") if row["job_id"] == JOB] == ["OTHER"]


def test_two_projectors_share_the_partitions_and_write_the_rows_that_one_writes(stage: Stage) -> None:
    first, second = stage.projector(), stage.projector(beside=True)
    stage.say_everything()

    all_caught_up(first, second)

    assert share(first).isdisjoint(share(second))
    assert len(share(first)) == len(share(second))
    assert {number for _, number in share(first) | share(second)} == set(range(PARTITIONS))
    assert stage.rows("SELECT count(*) FROM task") == [(2,)]
    shared = stage.checksums()
    stage.rebuild()
    assert stage.checksums() == shared


def test_an_owner_of_the_past_cannot_write_and_goes_on_with_what_is_left_to_it(stage: Stage) -> None:
    first = stage.projector(batch=1)
    stage.say_everything()
    first.step(0)
    before = stage.rows("SELECT topic, partition, max(next_offset) FROM projection_position GROUP BY 1, 2 ORDER BY 1, 2")

    second = stage.projector(beside=True)
    while len(share(first)) > len(share(second)):
        first.step(0)

    moved = stage.rows("SELECT topic, partition, max(next_offset) FROM projection_position GROUP BY 1, 2 ORDER BY 1, 2")
    assert [row for row, now in zip(before, moved, strict=True) if row != now and row[:2] in share(second)] == []
    all_caught_up(first, second)
    shared = stage.checksums()
    stage.rebuild()
    assert stage.checksums() == shared


def test_what_was_a_dead_projectors_goes_on_with_the_others(stage: Stage) -> None:
    first, second = stage.projector(), stage.projector(beside=True)
    stage.say_everything()
    all_caught_up(first, second)

    first.close()
    stage.say(a_task(FIRST + 2))
    all_caught_up(second)

    assert len(share(second)) == len({*share(second)}) > PARTITIONS
    assert stage.rows("SELECT count(*) FROM task") == [(3,)]
    assert stage.rows("SELECT count(DISTINCT next_offset) FROM projection_position GROUP BY topic, partition") == [
        (1,)
    ] * len(share(second))


def test_a_projector_that_comes_back_knows_what_others_applied_meanwhile(stage: Stage) -> None:
    first, second = stage.projector(), stage.projector(beside=True)
    stage.say_everything()
    all_caught_up(first, second)
    second.close()
    stage.say(a_task(FIRST + 2))
    all_caught_up(first)

    second.start()
    stage.say(a_task(FIRST + 3))
    all_caught_up(first, second)

    assert stage.rows("SELECT count(*) FROM task") == [(4,)]
    assert stage.rows("SELECT count(*) FROM projection_set_aside") == [(0,)]
    shared = stage.checksums()
    stage.rebuild()
    assert stage.checksums() == shared


def test_read_models_are_rebuilt_under_two_projectors(stage: Stage) -> None:
    first, second = stage.projector(), stage.projector(beside=True)
    stage.say_everything()
    all_caught_up(first, second)
    before = stage.checksums()

    stage.rebuild()
    stage.say(a_task(FIRST + 2))
    all_caught_up(first, second)

    assert stage.checksums() != before
    assert stage.rows("SELECT count(*) FROM task") == [(3,)]
    shared = stage.checksums()
    stage.rebuild()
    assert stage.checksums() == shared
