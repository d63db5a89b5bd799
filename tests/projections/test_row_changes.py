"""Laws of the fold: a batch may be cut anywhere, and never differs from doing one change after the other."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.engine.changes import Key, Row, RowChanges, TableShape

SHAPE = TableShape("t", ("k",), {"k": None, "a": 0, "b": 0})
Change = tuple[str, int, Any]
Rows = dict[Key, Row]

KEYS = st.integers(0, 2)
COLUMNS = st.dictionaries(st.sampled_from(["a", "b"]), st.integers(-9, 9), min_size=1)
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), KEYS, COLUMNS),
        st.tuples(st.just("ensure"), KEYS, COLUMNS),
        st.tuples(st.just("update"), KEYS, COLUMNS),
        st.tuples(st.just("add"), KEYS, st.integers(-9, 9)),
        st.tuples(st.just("delete"), KEYS, st.none()),
    ),
    max_size=12,
)
PRESENT = st.dictionaries(KEYS, st.fixed_dictionaries({"a": st.integers(-9, 9), "b": st.integers(-9, 9)}))


def one_by_one(rows: Rows, changes: Sequence[Change]) -> Rows:
    """What the changes mean, in the plainest words."""
    rows = {key: dict(row) for key, row in rows.items()}
    for kind, number, value in changes:
        key = (number,)
        match kind:
            case "insert":
                rows[key] = {"k": number, "a": 0, "b": 0, **value}
            case "ensure":
                rows.setdefault(key, {"k": number, "a": 0, "b": 0, **value})
            case "update" if key in rows:
                rows[key].update(value)
            case "add" if key in rows:
                rows[key]["a"] += value
            case "delete":
                rows.pop(key, None)
            case _:
                pass
    return rows


def fold_of(changes: Sequence[Change], rows: Rows) -> RowChanges:
    """The changes folded, knowing the rows there are."""
    folded = RowChanges([SHAPE], {("t", (number,)): rows.get((number,)) for number in range(3)})
    for kind, number, value in changes:
        match kind:
            case "insert" | "ensure":
                getattr(folded, kind)("t", {"k": number, **value})
            case "update":
                folded.update("t", (number,), value)
            case "add":
                folded.add("t", (number,), "a", value)
            case _:
                folded.delete("t", (number,))
    return folded


def written(rows: Rows, folded: RowChanges) -> Rows:
    """The rows after the folded changes."""
    rows = dict(rows)
    for key, change in folded.of("t").items():
        row = change.on(rows.pop(key, None))
        if row is not None:
            rows[key] = row
    return rows


def as_rows(present: dict[int, Row]) -> Rows:
    """Rows with their keys in them."""
    return {(number,): {"k": number, **row} for number, row in present.items()}


@given(PRESENT, CHANGES)
def test_a_folded_batch_leaves_the_rows_that_its_changes_leave_one_by_one(
    present: dict[int, Row], changes: list[Change]
) -> None:
    rows = as_rows(present)

    assert written(rows, fold_of(changes, rows)) == one_by_one(rows, changes)


@given(PRESENT, CHANGES, st.integers(0, 12))
def test_a_batch_may_be_cut_anywhere(present: dict[int, Row], changes: list[Change], cut: int) -> None:
    rows = as_rows(present)

    first = written(rows, fold_of(changes[:cut], rows))

    assert written(first, fold_of(changes[cut:], first)) == one_by_one(rows, changes)


@given(PRESENT, CHANGES)
def test_what_is_known_of_a_row_is_the_row(present: dict[int, Row], changes: list[Change]) -> None:
    rows = as_rows(present)

    folded = fold_of(changes, rows)

    expected = one_by_one(rows, changes)
    assert {(n,): folded.known("t", (n,)) for n in range(3)} == {(n,): expected.get((n,)) for n in range(3)}


def test_asking_about_a_row_that_was_not_announced_is_an_error() -> None:
    with pytest.raises(KeyError):
        RowChanges([SHAPE]).known("t", (1,))


def test_a_column_that_the_table_does_not_have_is_an_error() -> None:
    with pytest.raises(AssertionError, match="t has no column"):
        RowChanges([SHAPE]).insert("t", {"k": 1, "c": 2})
