"""Input that is released in random order: many ranges of ids, in the gate, in an event and in a row. Without Kafka."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.task import input_release
from commands.task.input_gate import OPEN, gate_of
from schemas.bounds import problems_of
from schemas.intervals import joined
from schemas.task import InputGateSnapshot, InputHeld, InputReleased, ReleaseInput
from schemas.types import SnapshotEnvelope
from schemas.wire import RECORD_BYTES_MAX
from tests.commands.builders import TASK, the_task
from tests.commands.in_memory import a_codec
from tests.commands.test_released_input import a_held_task, send, units
from tests.streams.builders import an_envelope


@pytest.mark.slow
def test_a_task_of_fifty_thousand_units_takes_their_releases_in_random_order() -> None:
    culm = a_held_task(events_total=50_000)
    order = list(range(1, 50_001))
    random.Random(14).shuffle(order)
    intervals, releases = 0, Counter[int]()

    for start in range(0, 50_000, 250):
        command = ReleaseInput(units=units(*((unit, unit) for unit in order[start : start + 250])))
        before = len(culm.events)
        assert send(culm, command).accepted
        intervals = max(intervals, len(the_task(culm).units.gate.held))
        released = (event for event, _ in culm.events[before:] if isinstance(event, InputReleased))
        releases.update(unit for event in released for one in event.units for unit in range(one.first, one.last + 1))

    assert 12_000 < intervals < 13_000
    assert set(releases.values()) == {1}
    assert len(releases) == 50_000
    gate = the_task(culm).units.gate
    assert (gate.held, gate.closed) == (((50_001, 1_000_000),), ((50_001, 1_000_000),))
    assert culm.letters == []


def test_the_largest_gate_fits_a_row_and_an_event() -> None:
    apart = tuple((unit, unit) for unit in range(999_999 - 2 * 59_999, 1_000_000, 2))
    gate = gate_of(1_000_000, apart, tuple((first + 1, last + 1) for first, last in apart))
    held = units(*gate.held)

    row = InputGateSnapshot(held=held, dropped=units(*gate.dropped))
    event = InputHeld(units=held)

    codec = a_codec()
    sizes = [
        len(codec.encode(row, SnapshotEnvelope(sequence=1))),
        len(codec.encode(event, an_envelope(str(TASK)))),
    ]

    assert len(held) == input_release.INTERVALS_MAX
    assert not problems_of(row)
    assert not problems_of(event)
    assert max(sizes) < RECORD_BYTES_MAX, sizes


@given(st.lists(st.tuples(st.sampled_from(("released", "holding", "dropping")), st.sets(st.integers(1, 30)))))
def test_what_is_closed_is_what_is_held_or_dropped_after_any_changes(changes: list[tuple[str, set[int]]]) -> None:
    gate = OPEN
    for name, chosen in changes:
        gate = getattr(gate, name)(joined((unit, unit) for unit in sorted(chosen)))
        assert gate == gate_of(gate.number_max, gate.held, gate.dropped)
