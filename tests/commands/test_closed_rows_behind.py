"""A node without a copy of the closed rows decides for what lives and fetches them beside that; what it cannot know waits."""

from pathlib import Path
from typing import Any
from uuid import UUID

from commands.engine.inline import InlineFollowUps
from commands.engine.log_port import Backlog
from commands.engine.loop import DeciderLoop
from commands.job.model import JobStatus
from schemas.catalog import CLOSED_ROWS
from schemas.job import KillJob
from schemas.queue import LeaseJob
from schemas.types import CommandEnvelope, PilotOffer
from tests.commands.builders import a_running_task, end, lease, run_all
from tests.commands.in_memory import Culm, a_codec
from tests.commands.nodes import Node, OtherNode
from tests.sim.deciders import a_config
from tests.sim.faults import Faults
from tests.sim.memory_log import MemoryDeciderLog


class Taker:
    """A decider that took over without a copy of the closed rows; each step fetches one of them."""

    def __init__(self, node: Node, folder: Path) -> None:
        self.node, self.store = node, OtherNode().store
        config = a_config(folder, closed_rows_at_once_max=0, closed_rows_portion=1)
        self.loop = DeciderLoop(config, a_codec(), self.store, lambda: self.log, lambda: 0.0)
        node.owner.release()
        self.log = MemoryDeciderLog(node.log, config, Faults())
        self.loop.join(self.log)
        self.loop.step(self.log)

    def command(self, message: Any, aggregate: str, aggregate_id: str, number: int, role: str = "user") -> None:
        """A command into the log."""
        command_id = str(UUID(int=number))
        envelope = CommandEnvelope(
            command_id=command_id, aggregate_id=aggregate_id, correlation_id=command_id,
            issued_at=self.node.culm.now, actor="jdoe", role=role, vo="wlcg",
        )  # fmt: skip
        self.node.log.now = self.node.culm.now
        self.node.log.append(f"culm.{aggregate}.commands.v1", aggregate_id.encode(), a_codec().encode(message, envelope))

    def answers(self) -> list[tuple[str, bool]]:
        """Ids of the aggregates that answered, and whether they accepted."""
        found = []
        for entry in self.node.log.entries.get(("culm.command.answers.v1", 0), ()):
            if entry.state == "committed" and entry.value is not None:
                answer = a_codec().decode(entry.value)
                found.append((answer.message.aggregate_id, answer.message.accepted))
        return found

    def catch_up(self) -> None:
        """Until every closed row is here, and the commands that waited are decided."""
        while self.loop.is_behind:
            self.loop.step(self.log)
        self.loop.step(self.log)


def ended_and_living() -> tuple[Culm, Node, list[int]]:
    """A task of which two jobs ended and left memory, and one waits."""
    culm = a_running_task()
    ended = []
    for _ in range(2):
        job_id = lease(culm)
        assert job_id is not None
        assert end(culm, job_id).accepted
        ended.append(job_id)
    node = Node(culm)
    node.round()
    node.rest()
    node.round()
    assert culm.store.find(("job", str(ended[0]))) is None
    return culm, node, ended


def test_a_command_to_what_lives_is_decided_before_the_closed_rows_are_here(tmp_path: Path) -> None:
    culm, node, _ = ended_and_living()
    (living,) = culm.state("queue", "LOCAL").waiting
    taker = Taker(node, tmp_path)

    taker.command(LeaseJob(offer=PilotOffer(pilot="pilot-1", label="unified")), "queue", "LOCAL", 1, "pilot")
    taker.loop.step(taker.log)

    assert taker.loop.is_behind
    assert taker.answers() == [("LOCAL", True)]
    assert taker.store.get("job", str(living)).state.status is JobStatus.SENT


def test_a_command_to_a_closed_job_waits_for_its_rows_and_is_answered_by_what_it_was(tmp_path: Path) -> None:
    _, node, (first, _) = ended_and_living()
    taker = Taker(node, tmp_path)

    taker.command(KillJob(), "job", str(first), 1)
    taker.loop.step(taker.log)
    assert taker.loop.is_behind
    assert taker.answers() == []
    taker.catch_up()

    assert taker.answers() == [(str(first), True)]
    assert taker.store.get("job", str(first)).state.status is JobStatus.FINISHED


def test_commands_behind_one_that_waits_are_decided_after_it_and_once(tmp_path: Path) -> None:
    culm, node, (first, _) = ended_and_living()
    living = next(iter(culm.state("queue", "LOCAL").waiting))
    taker = Taker(node, tmp_path)

    taker.command(KillJob(), "job", str(first), 1)
    taker.command(KillJob(), "job", str(living), 2)
    taker.loop.step(taker.log)
    taker.command(KillJob(), "job", str(first), 3)
    taker.catch_up()

    assert [name for name, _ in taker.answers() if name == str(first)] == [str(first), str(first)]
    assert taker.store.get("job", str(living)).state.status is JobStatus.CANCELLED


def test_no_round_of_rows_ends_while_closed_rows_are_missing(tmp_path: Path) -> None:
    _, node, _ = ended_and_living()
    taker = Taker(node, tmp_path)

    taker.loop._write_last_rows(taker.log)

    assert not taker.loop._writer.in_round
    taker.catch_up()
    taker.loop._write_last_rows(taker.log)
    assert node.restored()[1] == 0


def test_a_job_that_ended_behind_the_last_marker_and_moved_is_made_of_its_closed_row(tmp_path: Path) -> None:
    culm = a_running_task()
    node = Node(culm)
    node.round()
    (job_id, *_) = run_all(culm)
    node.write()
    node.rest()
    node.write()
    assert culm.store.find(("job", str(job_id))) is None

    taker = Taker(node, tmp_path)
    taker.catch_up()

    entry, before = taker.store.get("job", str(job_id)), culm.store.get("job", str(job_id))
    assert (entry.state, entry.sequence, list(entry.recent)) == (before.state, before.sequence, list(before.recent))


def test_the_copy_is_as_far_as_the_last_round_so_that_little_is_fetched_at_the_next_start(tmp_path: Path) -> None:
    _, node, _ = ended_and_living()
    taker = Taker(node, tmp_path)
    taker.catch_up()

    taker.loop._write_last_rows(taker.log)

    (end_of_rows,) = node.owner.ends((CLOSED_ROWS,), (0,)).values()
    assert taker.store.closed.of(0).position() == end_of_rows


def test_what_follows_at_once_does_not_overtake_a_command_that_waits() -> None:
    inline = InlineFollowUps()
    inline.begin(Backlog({"jobs": 1}, frozenset({0}), {}))
    assert inline.takes("jobs", "7", 0)

    inline.hold("jobs", 0)
    assert not inline.takes("jobs", "7", 0)
    inline.go_on({("jobs", 0): 3})
    inline.read("jobs", 0, 1)
    assert not inline.takes("jobs", "7", 0)

    inline.read("jobs", 0, 2)
    assert inline.takes("jobs", "7", 0)
