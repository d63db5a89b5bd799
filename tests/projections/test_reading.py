"""Which events a reader believes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.reading import LogHole, Place, SequenceGuard, read_record
from schemas.wire import Poison
from tests.projections.event_writer import EventWriter, a_codec
from tests.projections.sample_history import an_answer, submitted

TASK = 10_000_001
TOPIC = "culm.task.events.v1"
PLACE = Place(TOPIC, 3, 42)


def test_the_next_event_is_accepted_and_the_same_again_is_not() -> None:
    guard = SequenceGuard()
    event = EventWriter().recorded(submitted(TASK), TASK)

    assert guard.accepts(event)
    assert not guard.accepts(event)


def test_a_hole_names_where_it_was_found_and_what_was_expected() -> None:
    writer, guard = EventWriter(), SequenceGuard()
    guard.accepts(writer.recorded(submitted(TASK), TASK))
    writer.recorded(submitted(TASK), TASK)
    third = writer.recorded(submitted(TASK), TASK)

    with pytest.raises(LogHole, match=r"culm.task.events.v1\[0\]@2: event 3 of '10000001', expected 2") as hole:
        guard.accepts(third)

    assert (hole.value.found, hole.value.expected) == (3, 2)


def test_aggregates_of_the_same_id_do_not_get_in_each_others_way() -> None:
    writer, guard = EventWriter(), SequenceGuard()

    assert guard.accepts(writer.recorded(submitted(TASK), TASK))
    assert guard.accepts(writer.recorded(submitted(TASK), TASK + 1))


def test_a_reader_that_begins_in_the_middle_believes_the_first_event_it_sees() -> None:
    writer, guard = EventWriter(), SequenceGuard(from_the_start=False)
    writer.recorded(submitted(TASK), TASK)

    assert guard.accepts(writer.recorded(submitted(TASK), TASK))


def test_answers_carry_no_envelope_and_are_taken_as_they_come() -> None:
    codec, answer = a_codec(), an_answer(1)
    place = Place("culm.command.answers.v1", 0, 0)

    record = read_record(codec, place, b"key", codec.encode(answer))

    assert record.envelope is None
    assert SequenceGuard().accepts(record)


@given(st.lists(st.integers(0, 5), max_size=30))
def test_with_any_record_delivered_again_every_event_is_accepted_once_and_in_order(repeats: list[int]) -> None:
    writer, guard = EventWriter(), SequenceGuard()
    log = [writer.recorded(submitted(TASK), TASK) for _ in range(6)]
    delivered, reached = [], 0
    for back in repeats:
        start = max(0, reached - back)
        delivered += log[start : reached + 1]
        reached = min(reached + 1, len(log))

    taken = [record.event.sequence for record in delivered if guard.accepts(record)]

    assert taken == list(range(1, len(taken) + 1))


def test_an_event_under_another_key_is_poison() -> None:
    codec, event = a_codec(), submitted(TASK)
    value = codec.encode(event, EventWriter().envelope(event, TASK))

    with pytest.raises(Poison, match="key b'other', expected the aggregate_id '10000001'"):
        read_record(codec, PLACE, b"other", value)


def test_an_event_in_another_aggregates_topic_is_poison() -> None:
    codec, event = a_codec(), submitted(TASK)
    value = codec.encode(event, EventWriter().envelope(event, TASK))

    with pytest.raises(Poison, match=r"belongs to culm\.task\.events\.v1"):
        read_record(codec, Place("culm.job.events.v1", 0, 0), str(TASK).encode(), value)
