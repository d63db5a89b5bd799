"""States as rows: any node restores them, closed ones leave memory, large ones move some parts at a time, nothing is repeated."""

from typing import Any

import pytest

from commands.aggregates import AGGREGATES, event_topics
from commands.dataset.snapshot import PAGE_FILES, SNAPSHOT
from commands.engine import snapshots
from commands.engine.closed_rows import ClosedRowsOfShards
from commands.engine.entries import Entry
from commands.engine.errors import SnapshotUnusable
from commands.engine.rows import RowCodec, named_by
from commands.engine.store import WORK_DUE_MAX, StateStore
from commands.job.model import JobStatus
from commands.snapshot import MAIN, PAGE
from schemas.dataset import CloseDataset, RegisterFiles
from schemas.task import ReloadTask
from schemas.types import DatasetRole
from tests.bench.restart_log import an_envelope
from tests.commands.builders import TASK, a_running_task, end, lease, run_all
from tests.commands.in_memory import Culm, a_codec, a_culm
from tests.commands.nodes import NAME, SHARDS, Node, OtherNode, a_dataset, a_dataset_state, a_file, states
from tests.commands.scenes import MODULES, SCENES
from tests.commands.test_queue_lines import a_spec, queued
from tests.doses import dose


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices of two rows, so that everything takes several."""
    monkeypatch.setattr(snapshots, "SLICE_WORK_MAX", 2)


@pytest.mark.parametrize("scene", SCENES)
def test_the_rows_of_every_state_make_the_state_again(scene: str, monkeypatch: pytest.MonkeyPatch) -> None:
    systems: list[Culm] = []
    build = a_culm

    def remembered(*arguments: Any, **more: Any) -> Culm:
        systems.append(build(*arguments, **more))
        return systems[-1]

    monkeypatch.setattr("tests.commands.builders.a_culm", remembered)
    for module in MODULES:
        monkeypatch.setattr(module, "a_culm", remembered, raising=False)
    SCENES[scene]()

    for culm in systems:
        for (aggregate, _), entry in culm.store.entries():
            form = AGGREGATES[aggregate].snapshot
            rows = dict(form.rows(entry.state, {MAIN, *form.names(entry.state)}))
            assert form.restored(rows) == entry.state


@pytest.mark.usefixtures("small_slices")
@pytest.mark.parametrize("scene", SCENES)
def test_states_written_part_by_part_on_the_way_are_restored_by_another_node(scene: str, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes: dict[int, Node] = {}
    send = Culm.send

    def written_between(culm: Culm, command: Any, aggregate_id: str, **more: Any) -> Any:
        node = nodes.setdefault(id(culm), Node(culm))
        if not node.writer.in_round:
            node.writer.begin_round(node.owner.ends(event_topics(), SHARDS))
        node.write()
        return send(culm, command, aggregate_id, **more)

    with monkeypatch.context() as patched:
        patched.setattr(Culm, "send", written_between)
        SCENES[scene]()

    for node in nodes.values():
        node.write()
        store, _ = node.restored()
        found = states(store)
        assert {key: found.get(key) for key in states(node.culm.store)} == states(node.culm.store)


def test_after_a_round_nothing_is_folded() -> None:
    culm = a_running_task()
    node = Node(culm)
    node.round()

    store, folded = node.restored()

    assert folded == 0
    assert states(store) == states(culm.store)


def test_only_events_after_the_beginning_of_the_last_round_are_folded() -> None:
    culm = a_running_task()
    node = Node(culm)
    node.round()
    before = len(culm.events)
    job_id = lease(culm)
    assert job_id is not None
    node.write()

    store, folded = node.restored()

    assert folded == len(culm.events) - before
    assert states(store) == states(culm.store)


def test_a_round_that_was_not_finished_counts_for_nothing_but_its_rows() -> None:
    culm = a_running_task()
    node = Node(culm)
    node.round()
    run_all(culm)
    node.write()
    node.writer.begin_round(node.owner.ends(event_topics(), SHARDS))

    store, _ = node.restored()

    assert states(store) == states(culm.store)


def test_closed_aggregates_leave_memory_and_come_back_when_asked_for() -> None:
    culm = a_running_task()
    (job_id, *_) = run_all(culm)
    node = Node(culm)
    node.round()
    node.rest()
    node.write()

    assert culm.store.find(("job", str(job_id))) is None
    assert culm.state("job", job_id).status is JobStatus.FINISHED
    assert [key for key, _ in culm.store.resting][-1] == ("job", str(job_id))


def test_a_closed_aggregate_that_was_only_looked_at_leaves_memory_without_a_row() -> None:
    culm = a_running_task()
    (job_id, *_) = run_all(culm)
    node = Node(culm)
    node.rest()
    node.round()
    culm.state("job", job_id)
    node.rest()

    assert node.write() == 0
    assert culm.store.find(("job", str(job_id))) is None


def test_commands_are_known_as_repeated_after_their_aggregate_was_closed() -> None:
    culm = a_running_task()
    job_id = lease(culm)
    assert job_id is not None
    assert end(culm, job_id).accepted
    entry = culm.store.get("job", str(job_id))
    known = list(entry.recent)
    node = Node(culm)
    node.rest()
    node.round()

    store, _ = node.restored()

    assert list(store.get("job", str(job_id)).recent) == known
    assert len(known) == 3


def test_a_row_of_a_closed_job_is_small() -> None:
    culm = a_running_task()
    (job_id, *_) = run_all(culm)
    node = Node(culm)
    node.rest()
    node.round()

    rows = culm.store.closed.of(0).find(("job", str(job_id)))

    assert {name: len(value) <= 120 for name, value in rows.items()} == {MAIN: True}


def test_a_dataset_writes_the_pages_that_changed() -> None:
    culm = a_dataset(10 * PAGE_FILES)
    node = Node(culm)
    node.round()
    culm.send(RegisterFiles(files=(a_file(999_999),), role=DatasetRole.INPUT), NAME)

    node.write()
    node.writer.begin_round(node.owner.ends(event_topics(), SHARDS))

    assert node.write() == 3  # main row, last page, marker


@pytest.mark.usefixtures("small_slices")
def test_a_large_aggregate_moves_to_the_closed_rows_some_parts_at_a_time() -> None:
    culm = a_dataset(10 * PAGE_FILES)
    culm.send(CloseDataset(), NAME)
    node = Node(culm)
    node.round()
    for _ in range(10 * SNAPSHOT.work[PAGE] // snapshots.REST_WORK):
        node.rest()

    for _ in range(4):
        assert node.write() > 0
        store, _ = node.restored()
        assert store.get("dataset", NAME).state == a_dataset_state(culm)

    while node.write():
        pass
    assert culm.store.find(("dataset", NAME)) is None
    assert node.restored()[0].get("dataset", NAME).state == a_dataset_state(culm)


@pytest.mark.usefixtures("small_slices")
def test_an_aggregate_that_is_used_while_it_moves_stays_whole() -> None:
    culm = a_running_task()
    run_all(culm)
    node = Node(culm)
    node.round()
    node.rest()
    for _ in range(3):
        node.write()
    assert culm.send(ReloadTask(parameters_json="{}"), str(TASK)).accepted
    node.write()

    store, _ = node.restored()

    assert {key: states(store).get(key) for key in states(culm.store)} == states(culm.store)


@pytest.mark.parametrize("many", [1_000, 5_000][: dose(2, fast=1)])
def test_no_slice_is_larger_after_a_longer_history(many: int) -> None:
    node, other = Node(a_culm()), OtherNode()
    for number in range(1, many + 1):
        value = node.culm.codec.encode(queued(a_spec(number)), an_envelope("Q", number, number))
        node.log.append("culm.queue.events.v1", b"Q", value)

    assert other.restore(node) == many
    other.writer.begin_round({})
    while other.writer.in_round:
        other.write()

    assert sum(other.work) >= many
    assert max(other.work) == WORK_DUE_MAX + 2


def test_an_aggregate_is_written_soon_when_its_rows_are_much_work_however_few_they_are() -> None:
    store = StateStore(RowCodec(a_codec()), ClosedRowsOfShards(None))
    entry = store.get("task", "1")
    accounts = [f"accounts-{number}" for number in range(WORK_DUE_MAX // 40)]

    store.touched("task", "1", entry, accounts, closed=False)
    assert not store.crowded
    store.touched("task", "1", entry, [*accounts, "accounts-100"], closed=False)
    assert list(store.crowded) == [("task", "1")]

    store.written(("task", "1"))
    store.touched("task", "1", entry, accounts, closed=False)
    assert not store.crowded


def test_a_key_that_names_no_row_is_refused() -> None:
    with pytest.raises(SnapshotUnusable, match="expected an aggregate, a row and an id"):
        named_by(b"nonsense")


def test_an_aggregate_whose_row_no_log_takes_stays_due_and_the_round_ends_without_a_marker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    culm = a_dataset(10)
    node = Node(culm)
    monkeypatch.setattr(snapshots, "RECORD_BYTES_MAX", 100)

    assert node.round() == 1

    assert ("dataset", NAME) in culm.store.due
    assert node.restored()[1] == len(culm.events)


def test_entries_remember_no_more_commands_than_they_should() -> None:
    entry = Entry(None)
    for number in range(5):
        entry.remember(str(number), 3)

    assert [entry.knows(str(number)) for number in range(5)] == [False, False, True, True, True]
