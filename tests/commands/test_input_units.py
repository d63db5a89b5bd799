"""The units of a task as columns answer as objects would, at a tenth of the memory."""

import pickle
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.task.input_units import InputUnits, Unit, UnitStatus, fingerprint_of
from commands.task.ready_units import ReadyUnits
from schemas.types import InputUnit


def a_unit(number: int, **changes: object) -> InputUnit:
    unit = InputUnit(
        unit_id=number,
        lfn=f"file.{number:07d}.root",
        dataset="user.jdoe.input",
        scope="user.jdoe",
        guid=f"00000000-0000-4000-8000-{number:012d}",
        size_bytes=number,
        checksum="ad:062c0215",
        endpoint="LOCAL_DISK",
    )
    return replace(unit, **changes)  # type: ignore[arg-type]  # any field may be changed


def test_units_are_found_as_they_were_fed_across_pages_and_feeds() -> None:
    fed = [a_unit(number, events=number % 3 or None, start_event=0) for number in range(1, 1301)]
    fed[699] = a_unit(700, ram_mb=4000)
    units = InputUnits()

    units.add(fed[:500], attempts_max=3)
    units.add(fed[500:], attempts_max=5)

    assert len(units) == 1300
    assert list(units.all_specs()) == fed
    assert units.specs([1, 512, 513, 700, 2]) == [fed[0], fed[511], fed[512], fed[699], fed[1]]
    assert units[500] == Unit(fed[499], 3, UnitStatus.READY, 0, 0)
    assert units[501].attempts_max == 5


def test_an_account_changes_alone() -> None:
    units = InputUnits()
    units.add([a_unit(1), a_unit(2)], attempts_max=3)

    units.set_account(2, UnitStatus.FAILED, attempt=3, failed_attempt=2, ram_mb=8000)

    assert units[1] == Unit(a_unit(1), 3, UnitStatus.READY, 0, 0)
    assert units[2] == Unit(a_unit(2, ram_mb=8000), 3, UnitStatus.FAILED, 3, 2)
    assert list(units.with_status(UnitStatus.FAILED)) == [2]


def test_more_attempts_for_all_and_for_one_add_up() -> None:
    units = InputUnits()
    units.add([a_unit(1), a_unit(2)], attempts_max=3)
    units.set_account(1, UnitStatus.FAILED, attempt=3, failed_attempt=3, ram_mb=None)

    units.attempts_added += 2
    units.allow_attempts(1, more=5)
    units.allow_attempts(2, more=1)
    units.add([a_unit(3)], attempts_max=3)

    assert [units[number].attempts_max for number in (1, 2, 3)] == [8, 5, 3]


def test_a_gap_in_the_numbers_is_a_bug() -> None:
    units = InputUnits()

    with pytest.raises(AssertionError, match="unit 2 is fed where 1 is expected"):
        units.add([a_unit(2)], attempts_max=3)


def test_a_hundred_thousand_units_take_less_than_200_bytes_each_beside_their_names() -> None:
    units = InputUnits()
    for start in range(1, 100_001, 500):
        units.add([a_unit(number) for number in range(start, start + 500)], attempts_max=3)

    names = sum(len(a_unit(1).lfn) for _ in range(100_000))
    held = 0
    for page in units.pages:
        numbers = (page.place, page.sizes, page.events, page.starts, page.ends)
        accounts = (page.attempts, page.failed_attempts, page.attempts_max)
        held += len(page.status) + sum(len(text) for text in (page.lfns, page.guids, page.checksums))
        held += sum(len(column) * column.itemsize for column in (*numbers, *accounts))

    assert (held - names) / 100_000 < 200
    assert (len(pickle.dumps(units, pickle.HIGHEST_PROTOCOL)) - names) / 100_000 < 200


def test_the_same_file_in_another_dataset_or_range_is_another_input() -> None:
    one = a_unit(1)

    prints = {fingerprint_of(unit) for unit in (one, a_unit(1, dataset="b"), a_unit(1, scope="b"), a_unit(1, start_event=5))}

    assert len(prints) == 4
    assert fingerprint_of(replace(one, unit_id=9, size_bytes=3)) == fingerprint_of(one)


OPERATIONS = st.lists(st.tuples(st.sampled_from(["feed", "order", "return", "odd"]), st.integers(1, 7)), max_size=40)


@given(OPERATIONS)
def test_ready_units_leave_in_the_order_in_which_they_came(operations: list[tuple[str, int]]) -> None:
    ready, expected, out, last = ReadyUnits(), [], [], 0
    for name, number in operations:
        if name == "feed":
            ready.append(last + 1, last + number)
            expected += range(last + 1, last + number + 1)
            last += number
        elif name == "order":
            taken = ready.first(number)
            assert taken == expected[:number]
            ready.remove(taken)
            expected = expected[number:]
            out += taken
        elif name == "return" and out:
            back = out.pop(number % len(out))
            ready.append(back, back)
            expected.append(back)
        elif name == "odd" and expected:
            odd = expected.pop(number % len(expected))
            ready.remove([odd])
            out.append(odd)

        assert len(ready) == len(expected)
    assert ready.first(10_000) == expected
