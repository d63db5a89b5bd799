"""States in memory and in the file beside: a cache that may be deleted, evicts what is closed, and never goes back."""

from pathlib import Path

from commands.engine.store import BATCHES_BEFORE_EVICTION, Entry, StateStore
from commands.job.model import Job, JobStatus

INITIAL = {"job": Job}


def a_store(path: Path, version: str = "1") -> StateStore:
    store = StateStore(path, version, INITIAL)
    store.reload()
    return store


def touch(store: StateStore, number: str, *, closed: bool) -> Entry:
    entry = store.get("job", number)
    entry.state.status, entry.sequence = JobStatus.FINISHED, 4
    store.touched("job", number, entry, closed=closed)
    return entry


def test_closed_aggregates_leave_memory_and_come_back_when_asked_for(tmp_path: Path) -> None:
    store = a_store(tmp_path / "s")
    touch(store, "1", closed=True)

    for _ in range(BATCHES_BEFORE_EVICTION + 2):
        store.committed()

    assert store.hot_count() == 0
    assert store.get("job", "1").state.status is JobStatus.FINISHED


def test_a_snapshot_survives_a_restart(tmp_path: Path) -> None:
    store = a_store(tmp_path / "s")
    touch(store, "1", closed=False)
    store.writer_epoch = 7
    store.snapshot({("t", 0): 42})
    store.close()

    again = a_store(tmp_path / "s")

    assert again.positions() == {("t", 0): 42}
    assert (again.get("job", "1").sequence, again.writer_epoch) == (4, 7)


def test_a_snapshot_of_other_code_is_ignored(tmp_path: Path) -> None:
    store = a_store(tmp_path / "s")
    touch(store, "1", closed=False)
    store.snapshot({("t", 0): 42})
    store.close()

    other = a_store(tmp_path / "s", version="2")

    assert other.positions() == {}
    assert other.get("job", "1").sequence == 0


def test_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "s").write_bytes(b"not a database" * 100)

    assert a_store(tmp_path / "s").positions() == {}


def test_a_file_that_a_living_process_holds_is_left_alone(tmp_path: Path) -> None:
    stopped = a_store(tmp_path / "s")
    touch(stopped, "1", closed=False)
    stopped.snapshot({("t", 0): 42})

    successor = a_store(tmp_path / "s")
    touch(successor, "2", closed=False)
    successor.snapshot({("t", 0): 50})
    stopped.close()

    assert a_store(tmp_path / "s").positions() == {("t", 0): 42}


def test_what_was_not_committed_is_forgotten_on_reload(tmp_path: Path) -> None:
    store = a_store(tmp_path / "s")
    touch(store, "1", closed=False)

    store.reload()

    assert store.get("job", "1").sequence == 0


def test_a_question_about_nothing_costs_no_memory(tmp_path: Path) -> None:
    store = a_store(tmp_path / "s")
    store.get("job", "404")

    store.forget_untouched("job", "404")

    assert store.hot_count() == 0
