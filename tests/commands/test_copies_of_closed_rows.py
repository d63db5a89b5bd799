"""The copy of closed rows that a node keeps: fetched again, made again, never shared."""

from pathlib import Path

from commands.engine.closed_rows import ClosedRows, ClosedRowsOfShards
from commands.engine.rows import RowCodec
from commands.engine.store import StateStore
from commands.job.model import Job, JobStatus
from commands.snapshot import MAIN
from tests.commands.builders import a_running_task, run_all
from tests.commands.in_memory import a_codec
from tests.commands.nodes import Node


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
