"""States as rows: any node restores them, closed ones leave memory, large ones move some parts at a time, nothing is repeated."""

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from commands.aggregates import AGGREGATES, event_topics
from commands.config import DeciderConfig
from commands.dataset.snapshot import PAGE_FILES
from commands.engine import snapshots
from commands.engine.closed_rows import ClosedRows, ClosedRowsOfShards
from commands.engine.decider import Decider
from commands.engine.entries import Entry, Key
from commands.engine.errors import Interrupted, SnapshotUnusable
from commands.engine.loop import DeciderLoop
from commands.engine.restoring import Restoring
from commands.engine.rows import RowCodec, key_of, named_by
from commands.engine.snapshots import BATCHES_BEFORE_EVICTION, SnapshotWriter
from commands.engine.store import WORK_DUE_MAX, StateStore
from commands.job.model import Job, JobStatus
from commands.queue.decide import best_match
from commands.snapshot import MAIN
from schemas.catalog import LIVE_ROWS
from schemas.dataset import CloseDataset, RegisterFiles
from schemas.job import KillJob
from schemas.task import ReloadTask
from schemas.types import CommandEnvelope, DatasetFile, DatasetRole, JobSpec, PilotOffer
from tests.bench.restart_log import an_envelope
from tests.commands import test_task_saga
from tests.commands.builders import TASK, a_running_task, end, lease, run_all
from tests.commands.in_memory import Culm, a_codec, a_culm
from tests.commands.test_queue_lines import a_spec, queued
from tests.sim.deciders import a_config
from tests.sim.faults import Faults
from tests.sim.memory_log import MemoryDeciderLog, MemoryLog

SCENES = sorted(name for name in vars(test_task_saga) if name.startswith("test_"))
NAME = "user.jdoe.in"
SHARDS = frozenset({0})


class Node:
    """A decider's memory and disk, beside a log that holds the rows and the events of a system in memory."""

    def __init__(self, culm: Culm, folder: Path | None = None) -> None:
        self.culm = culm
        self.log = MemoryLog(1)
        self.owner = MemoryDeciderLog(self.log, a_config(), Faults())
        self.owner.join()
        self.owner.change()
        self.owner.start_reading()
        self.writer = SnapshotWriter(culm.store, culm.codec)
        culm.store.closed = ClosedRowsOfShards(folder)
        self._events = 0

    def write(self) -> int:
        """Commit a slice, after the events that are new; the number of its rows."""
        for message, envelope in self.culm.events[self._events :]:
            value = self.culm.codec.encode(message, envelope)
            name = self.culm.codec.name_of(value).split(".")[1]
            self.log.append(f"culm.{name}.events.v1", envelope.aggregate_id.encode(), value)
        self._events = len(self.culm.events)
        made = self.writer.slice()
        self.owner.commit(made.records, {})
        self.culm.store.committed()
        self.writer.committed(made)
        return len(made.records)

    def round(self) -> int:
        """A whole round; the number of slices it took."""
        self.write()
        self.writer.begin_round(self.owner.ends(event_topics(), SHARDS))
        slices = 0
        while self.writer.in_round:
            self.write()
            slices += 1
        return slices

    def rows_of(self, aggregate: str, aggregate_id: str) -> dict[str, bytes]:
        """The live rows of an aggregate by name, as the log has them."""
        rows = ((named_by(record.key), record.value) for record in self.owner.read((LIVE_ROWS,), {}, SHARDS))
        return {name: value for (key, name), value in rows if key == (aggregate, aggregate_id) and value is not None}

    def rest(self) -> None:
        """Batches pass in which nothing happens."""
        for _ in range(BATCHES_BEFORE_EVICTION + 2):
            self.culm.store.committed()

    def restored(self, folder: Path | None = None) -> tuple[StateStore, int]:
        """The states that another node finds in the log, and the number of events that it folded."""
        other = OtherNode(folder)
        return other.store, other.restore(self)


class OtherNode:
    """A node that restores the states of a log. `work`: of the slices that it wrote meanwhile."""

    def __init__(self, folder: Path | None = None) -> None:
        codec = a_codec()
        self.store = StateStore(RowCodec(codec), ClosedRowsOfShards(folder))
        self.writer = SnapshotWriter(self.store, codec)
        self.restoring = Restoring(self.store, Decider(self.store, codec), self.writer, codec)
        self.work: list[int] = []

    def restore(self, node: Node) -> int:
        """The number of events that it folded."""
        return self.restoring.run(node.owner, SHARDS, self.write)

    def write(self) -> None:
        """A slice, which does not reach the log."""
        made = self.writer.slice()
        self.work.append(made.work)
        self.store.committed()
        self.writer.committed(made)


def states(store: StateStore) -> dict[Key, tuple[Any, int, list[int]]]:
    """Every state in memory that has a history."""
    return {key: (entry.state, entry.sequence, list(entry.recent)) for key, entry in store.entries() if entry.sequence}


def a_dataset(files: int) -> Culm:
    """A dataset with files, of as many registrations."""
    culm = a_culm()
    for first in range(0, files, 100):
        some = tuple(a_file(number) for number in range(first, min(first + 100, files)))
        assert culm.send(RegisterFiles(files=some, role=DatasetRole.INPUT), NAME).accepted
    return culm


def a_file(number: int) -> DatasetFile:
    return DatasetFile(lfn=f"f{number:06}.root", scope="user.jdoe", size_bytes=1, checksum="ad:0", endpoint="DISK")


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices of two rows, so that everything takes several."""
    monkeypatch.setattr(snapshots, "SLICE_WORK_MAX", 2)


@pytest.mark.parametrize("scene", SCENES)
def test_the_rows_of_every_state_make_the_state_again(scene: str, monkeypatch: pytest.MonkeyPatch) -> None:
    systems: list[Culm] = []
    build = test_task_saga.a_culm if hasattr(test_task_saga, "a_culm") else a_culm

    def remembered(*arguments: Any, **more: Any) -> Culm:
        systems.append(build(*arguments, **more))
        return systems[-1]

    monkeypatch.setattr("tests.commands.builders.a_culm", remembered)
    monkeypatch.setattr(test_task_saga, "a_culm", remembered)
    getattr(test_task_saga, scene)()

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
        getattr(test_task_saga, scene)()

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


def test_a_node_without_the_closed_rows_fetches_them_and_refuses_what_is_late() -> None:
    culm = a_running_task()
    (job_id, *_) = run_all(culm)
    node = Node(culm)
    node.rest()
    node.round()

    store, _ = node.restored()

    assert store.find(("job", str(job_id))) is None
    assert store.get("job", str(job_id)).state == Job(
        JobStatus.FINISHED,
        job_id,
        attempt=1,
        queue="LOCAL",
        needs_merge=False,
        owner="jdoe",
        vo="wlcg",
        holder="pilot-1",
    )


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
    node.rest()

    for _ in range(4):
        assert node.write() > 0
        store, _ = node.restored()
        assert store.get("dataset", NAME).state == a_dataset_state(culm)

    while node.write():
        pass
    assert culm.store.find(("dataset", NAME)) is None
    assert node.restored()[0].get("dataset", NAME).state == a_dataset_state(culm)


def a_dataset_state(culm: Culm) -> Any:
    """The dataset as its events make it."""
    evolve, state = AGGREGATES["dataset"].evolve, AGGREGATES["dataset"].initial()
    for message, envelope in culm.events:
        state = evolve(state, message, envelope)
    return state


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


def test_rows_that_cannot_be_read_are_ended_and_every_event_is_folded() -> None:
    culm = a_running_task()
    node = Node(culm)
    node.round()
    node.log.append(LIVE_ROWS, key_of(("job", "1"), MAIN), b"not a row")

    store, folded = node.restored()

    assert folded == len(culm.events)
    assert {key: states(store).get(key) for key in states(culm.store)} == states(culm.store)
    assert node.restored()[1] == len(culm.events)


def test_what_is_one_row_is_read_when_it_is_asked_for_and_waiting_jobs_keep_their_specification_unread() -> None:
    culm = a_running_task()
    node = Node(culm)
    node.round()

    store, _ = node.restored()

    # The first of a schema is read, so that a release that cannot do so says it at once.
    assert Counter(type(found) for key, found in store._hot.items() if key[0] == "job") == {Entry: 1, bytes: 2}
    queue = store.get("queue", "LOCAL").state
    assert Counter(type(job.source) for job in queue.waiting.values()) == {JobSpec: 1, partial: 2}
    assert [job.spec for job in queue.waiting.values()] == [job.spec for job in culm.state("queue", "LOCAL").waiting.values()]


def test_a_queue_leases_a_job_whose_specification_was_not_read_yet() -> None:
    culm = a_running_task()
    job_id = lease(culm)
    assert job_id is not None
    assert end(culm, job_id).accepted
    (best, _) = [job.spec for job in culm.state("queue", "LOCAL").waiting.values()]
    node = Node(culm)
    node.round()
    other = OtherNode()
    other.store.rows.may_stay_packed(node.rows_of("queue", "LOCAL")[f"job-{best.job_id}"])
    other.restore(node)

    queue = other.store.get("queue", "LOCAL").state

    assert [type(job.source) for job in queue.waiting.values()] == [partial, partial]
    assert best_match(queue, PilotOffer(pilot="p", node="n", label=""), "wlcg") == best


def test_a_row_that_turns_out_to_be_unreadable_when_it_is_asked_for_makes_the_next_owner_fold_every_event() -> None:
    culm = a_running_task()
    node = Node(culm)
    node.round()
    other = OtherNode()
    assert other.restore(node) == 0
    (key, row) = next((key, row) for key, row in other.store._hot.items() if key[0] == "job" and isinstance(row, bytes))
    other.store.put_packed(key, row[:-1])

    with pytest.raises(SnapshotUnusable, match=f"rows of job {key[1]}") as caught:
        other.store.get(*key)
    other.restoring.distrust(caught.value)

    assert other.restore(node) == len(culm.events)
    assert {key: states(other.store).get(key) for key in states(culm.store)} == states(culm.store)


def a_member(node: Node, config: DeciderConfig, loop: DeciderLoop) -> MemoryDeciderLog:
    """A membership with all shards, whose states are restored."""
    node.owner.release()
    owner = MemoryDeciderLog(node.log, config, Faults())
    loop.join(owner)
    loop.step(owner)
    return owner


def test_a_command_to_an_unreadable_row_is_decided_after_every_event_was_folded(tmp_path: Path) -> None:
    culm = a_running_task()
    node = Node(culm)
    node.round()
    store, config = OtherNode().store, a_config(tmp_path)
    loop = DeciderLoop(config, a_codec(), store, lambda: MemoryDeciderLog(node.log, config, Faults()), lambda: 0.0)
    owner = a_member(node, config, loop)
    (key, row) = next((key, row) for key, row in store._hot.items() if key[0] == "job" and isinstance(row, bytes))
    store.put_packed(key, row[:-1])
    envelope = CommandEnvelope(
        command_id=str(UUID(int=1_000)), aggregate_id=key[1], correlation_id=str(UUID(int=1_000)),
        issued_at=culm.now, actor="jdoe", role="user", vo="wlcg",
    )  # fmt: skip
    node.log.now = culm.now
    node.log.append("culm.job.commands.v1", key[1].encode(), a_codec().encode(KillJob(), envelope))

    with pytest.raises(Interrupted, match=f"all events must be folded: rows of job {key[1]}"):
        loop.step(owner)
    owner.release()
    loop.step(a_member(node, config, loop))

    assert store.get(*key).state.status is JobStatus.CANCELLED


def test_a_closed_aggregate_is_never_left_unread_so_that_it_leaves_memory() -> None:
    culm = a_running_task()
    run_all(culm)
    node = Node(culm)
    node.round()

    store, _ = node.restored()

    closed = {key for key, entry in culm.store.entries() if AGGREGATES[key[0]].is_closed(entry.state)}
    assert closed
    assert closed <= {key for key, _ in store.resting}


@pytest.mark.parametrize("many", [1_000, 5_000])
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


def test_a_copy_of_closed_rows_of_another_log_is_fetched_again(tmp_path: Path) -> None:
    other = ClosedRows(tmp_path / "closed-0.sqlite")
    other.put([(("job", "7"), MAIN, b"of another log")])
    other.reached(1_000)
    other.close()
    culm = a_running_task()
    node = Node(culm)

    store, _ = node.restored(tmp_path)

    assert store.closed.of(0).find(("job", "7")) == {}


def test_a_row_that_ended_in_the_same_portion_of_the_log_is_gone_and_one_that_began_again_is_there() -> None:
    closed = ClosedRows(None)

    one, two = ("job", "1"), ("job", "2")
    closed.put([(one, MAIN, b"row"), (one, MAIN, None), (two, MAIN, None), (two, MAIN, b"new")])

    assert (closed.find(one), closed.find(two)) == ({}, {MAIN: b"new"})


def test_a_damaged_file_of_closed_rows_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "closed").write_bytes(b"not a database" * 100)

    assert ClosedRows(tmp_path / "closed").position() == 0


def test_a_file_that_a_living_process_holds_is_left_alone(tmp_path: Path) -> None:
    stopped = ClosedRows(tmp_path / "closed")
    stopped.put([(("job", "1"), MAIN, b"row")])

    successor = ClosedRows(tmp_path / "closed")
    successor.put([(("job", "1"), MAIN, b"another")])
    stopped.close()

    assert ClosedRows(tmp_path / "closed").find(("job", "1")) == {MAIN: b"row"}


def test_a_question_about_nothing_costs_no_memory() -> None:
    store = StateStore(RowCodec(a_codec()), ClosedRowsOfShards(None))
    store.get("job", "404")

    store.forget_untouched("job", "404")

    assert store.hot_count() == 0


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
