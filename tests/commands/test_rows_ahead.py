"""What changes much at once is encoded some parts at a time and committed together: no slice is long, no crash loses any."""

import pytest

from commands.aggregates import event_topics
from commands.dataset.snapshot import PAGE_FILES, SNAPSHOT
from commands.engine import snapshots
from commands.engine.snapshots import WORK_AT_ONCE_MAX
from commands.engine.store import WORK_DUE_MAX
from commands.snapshot import MAIN, PAGE
from schemas.dataset import RegisterFiles
from schemas.types import DatasetRole
from tests.commands.in_memory import Culm
from tests.commands.nodes import NAME, SHARDS, Node, a_dataset, a_dataset_state, a_file, states

KEY = ("dataset", NAME)
#: Pages 0 to 10 of a dataset; a file that is added changes page 10, which is encoded third.
FILES = 10 * PAGE_FILES + 1


@pytest.fixture
def a_page_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slice takes one page of files."""
    monkeypatch.setattr(snapshots, "SLICE_WORK_MAX", SNAPSHOT.work[PAGE])
    monkeypatch.setattr(snapshots, "WORK_AT_ONCE_MAX", SNAPSHOT.work[PAGE] + 1)


def a_round(culm: Culm) -> Node:
    """A node that has begun to write all of it: the first page is encoded, as there is much to write."""
    node = Node(culm)
    node.write()
    node.writer.begin_round(node.owner.ends(event_topics(), SHARDS))
    return node


def add_a_file(culm: Culm) -> None:
    assert culm.send(RegisterFiles(files=(a_file(999_999),), role=DatasetRole.INPUT), NAME).accepted


@pytest.mark.usefixtures("a_page_at_once")
def test_a_crash_after_any_slice_of_a_large_write_loses_nothing() -> None:
    culm = a_dataset(FILES)
    node = a_round(culm)
    rows = []

    while node.writer.in_round:
        node.write()
        rows.append(len(node.rows_of("dataset", NAME)))
        assert states(node.restored()[0]) == states(culm.store)

    # The main row and all pages come at once; the slice after them writes the marker.
    assert rows == [0] * 9 + [12, 12]
    assert node.restored()[1] == 0


@pytest.mark.usefixtures("a_page_at_once")
def test_a_part_that_changes_after_it_was_encoded_is_encoded_again() -> None:
    culm = a_dataset(FILES)
    node = a_round(culm)
    for _ in range(2):
        node.write()
    assert sorted(culm.store.encoded[KEY]) == ["0", "1", "10"]

    add_a_file(culm)
    assert sorted(culm.store.encoded[KEY]) == ["0", "1"]
    while node.writer.in_round:
        node.write()

    assert KEY not in culm.store.encoded
    assert states(node.restored()[0]) == states(culm.store)


@pytest.mark.usefixtures("a_page_at_once")
def test_what_was_encoded_in_a_slice_that_the_log_did_not_take_is_not_kept() -> None:
    culm = a_dataset(FILES)
    node = a_round(culm)
    made = node.writer.slice()
    assert [sorted(parts) for parts in made.ahead.values()] == [["1"]]

    node.writer.not_written(made)

    assert sorted(culm.store.encoded[KEY]) == ["0"]
    assert sorted(node.writer.slice().ahead[KEY]) == ["1"]


@pytest.mark.usefixtures("a_page_at_once")
def test_a_large_aggregate_is_written_before_it_moves_so_that_no_part_of_it_is_older_than_its_main_row() -> None:
    culm = a_dataset(FILES)
    node = Node(culm)
    node.round()
    add_a_file(culm)
    for _ in range(11 * SNAPSHOT.work[PAGE] // snapshots.REST_WORK + 1):
        node.rest()

    while culm.store.find(KEY) is not None:
        assert node.write() > 0
        assert node.restored()[0].get(*KEY).state == a_dataset_state(culm)

    assert node.restored()[0].get(*KEY).state == a_dataset_state(culm)


def test_no_slice_is_larger_however_many_parts_an_event_changes() -> None:
    culm = a_dataset(1)
    store = culm.store
    node = a_round(culm)
    many = [str(page) for page in range(100)]
    store.touched(*KEY, store.get(*KEY), many, closed=False)
    work, slices = SNAPSHOT.work_of(many), []

    while KEY in store.due:
        made = node.writer.slice()
        slices.append(made.work)
        node.owner.commit(made.records, {})
        node.writer.committed(made)

    assert work == 100 * SNAPSHOT.work[PAGE] > WORK_DUE_MAX
    assert max(slices) <= WORK_AT_ONCE_MAX + 1
    assert sum(slices) >= work
    assert set(node.rows_of("dataset", NAME)) == {MAIN, "0"}
