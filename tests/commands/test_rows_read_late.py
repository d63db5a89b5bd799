"""Rows that are read when they are asked for, and those that turn out to be unreadable."""

from collections import Counter
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from commands.aggregates import AGGREGATES
from commands.config import DeciderConfig
from commands.engine.entries import Entry
from commands.engine.errors import Interrupted, SnapshotUnusable
from commands.engine.loop import DeciderLoop
from commands.engine.rows import key_of
from commands.job.model import JobStatus
from commands.snapshot import MAIN
from schemas.catalog import LIVE_ROWS
from schemas.job import KillJob
from schemas.types import CommandEnvelope, JobSpec, PilotOffer
from tests.commands.builders import a_running_task, end, lease, run_all
from tests.commands.in_memory import a_codec
from tests.commands.nodes import Node, OtherNode, states
from tests.commands.test_queue_lines import best_match
from tests.sim.deciders import a_config
from tests.sim.faults import Faults
from tests.sim.memory_log import MemoryDeciderLog


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
