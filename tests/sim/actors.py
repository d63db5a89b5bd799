"""Those around Culm: users who change their minds, and pilots that work, fail, hang, lie, die and come back.

A call to the API is a command put into the log and a wait for its answer; a call that got no answer is made again with the same
id, as the API and pilots do. Heartbeats are facts, put down without a question.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from schemas.aggregates import AGGREGATES
from schemas.answer import CommandAnswered
from schemas.heartbeat import PilotHeartbeat
from schemas.job import ReportJobEnd, ReportJobProgress
from schemas.partition import partition_of
from schemas.queue import LeaseJob
from schemas.share_tree import SHARES_KEY
from schemas.types import (
    CommandEnvelope,
    DatasetRole,
    JobError,
    JobSpec,
    JobUsage,
    OutputFile,
    PilotOffer,
    ReportedState,
    ShareRanks,
)
from schemas.wire import Codec, entry_of
from tests.sim.memory_log import MemoryLog
from tests.sim.range_taker import RangeTaker
from tests.sim.readers import HEARTBEATS, Answers

QUEUES = ("EAST", "WEST")
LEASE_SECONDS = 60
PATIENCE_MICROS = 3_000_000
ERRORS = (
    JobError(source="exe", code=1, diagnostic="boom"),
    JobError(source="pilot", code=1212, diagnostic="out of memory"),
    JobError(source="pilot", code=1137, diagnostic="stage-in failed"),
    JobError(source="pilot", code=1103, diagnostic="no such output"),
)


@dataclass(slots=True)
class Calls:
    """Makes calls and remembers those without an answer."""

    log: MemoryLog
    codec: Codec
    answers: Answers
    count: int = 0
    ranked: ShareRanks | None = None
    ranks_read: int = 0
    sent: list[tuple[str, bytes, bytes]] = field(default_factory=list)
    """Topic, key and value of everything sent, for the fault that delivers it twice."""
    refuses: Callable[[str], bool] = lambda _: False
    """Whether an actor is not let in any more."""

    def make(self, command: Any, aggregate_id: str, actor: str, role: str, vo: str = "wlcg", lease_id: str | None = None) -> str:
        """Id of the command, now in the log. lease_id: of a token for one job."""
        self.count += 1
        number = str(UUID(int=(1 << 120) + self.count))
        envelope = CommandEnvelope(
            command_id=number,
            aggregate_id=aggregate_id,
            correlation_id=number,
            issued_at=self.log.now,
            actor=actor,
            role=role,
            vo=vo,
            lease_id=lease_id,
        )
        record = (entry_of(command).topic, aggregate_id.encode(), self.codec.encode(command, envelope))
        self.log.append(*record)
        self.sent.append(record)
        return number

    def ranks(self) -> ShareRanks | None:
        """The newest ranking of shares that is committed, as the API puts it into each request."""
        topic = AGGREGATES["ranking"].topic("events")
        records = self.log.read(topic, partition_of(SHARES_KEY, self.log.partitions), self.ranks_read, 1_000_000)
        for record in records:
            found = self.codec.decode(record.value)
            self.ranked = ShareRanks(sequence=found.envelope.sequence, standings=found.message.standings)
            self.ranks_read = record.offset + 1
        return self.ranked

    def repeat(self, number: int) -> None:
        """Deliver a call of the past once more."""
        self.log.append(*self.sent[number])


@dataclass(slots=True)
class Pilot:
    """One pilot in a closed loop. `doing` is the next thing to do, `waiting` the call whose answer it waits for."""

    name: str
    queue: str
    calls: Calls
    job: JobSpec | None = None
    state: str = "idle"
    waiting: str | None = None
    asked: int = 0
    call: int = 0
    requests: int = 0
    silent_until: int = 0
    taker: RangeTaker = field(default_factory=RangeTaker)

    def step(self, chance: random.Random, *, honest: bool = False) -> None:
        """One action: ask, report, work on, or misbehave."""
        if self.calls.log.now < self.silent_until:
            return
        if self.calls.refuses(self.name):
            # It stops its payload; another takes its place, who is not revoked.
            self.job, self.state, self.waiting, self.name = None, "idle", None, f"{self.name}+"
        if self.waiting is not None:
            self._take_answer(chance)
        elif self.job is None:
            self._ask()
        elif honest or chance.random() < 0.9:
            self._work(chance, honest=honest)
        else:
            self._misbehave(chance)

    def _ask(self) -> None:
        number = f"request-{self.requests}" if self.queue == QUEUES[0] else ""
        offer = PilotOffer(pilot=self.name, label="unified", lease_seconds=LEASE_SECONDS, request_id=number)
        self._say(LeaseJob(offer=offer, ranks=self.calls.ranks()), self.queue, "asking")

    def _say(self, command: Any, aggregate_id: str, state: str) -> None:
        self.call = self.calls.count
        self.waiting = self.calls.make(command, aggregate_id, self.name, "pilot")
        self.asked, self.state = self.calls.log.now, state

    def _take_answer(self, chance: random.Random) -> None:
        assert self.waiting is not None
        answer = self.calls.answers.of(self.waiting)
        if answer is None:
            # No answer: the same again; a lease that did not arrive is lost to a pilot that gives its requests no id.
            if self.calls.log.now > self.asked + PATIENCE_MICROS:
                self.asked = self.calls.log.now
                if self.state == "asking":
                    self.waiting = None
                else:
                    self.calls.repeat(self.call)
            return
        self.waiting = None
        self._understand(answer)

    def _understand(self, answer: CommandAnswered) -> None:
        match self.state:
            case "asking":
                self.requests += 1
                if answer.leased is not None:
                    self.job, self.state = answer.leased.spec, "leased"
                    self.taker = RangeTaker(answer.leased.lease_id)
                else:
                    self.silent_until = self.calls.log.now + 500_000
            case "with ranges":
                self.state = "running" if self.taker.understand(answer) else "ordered to stop"
            case "ended":
                self.job, self.state = None, "idle"
            case _:
                if not answer.accepted:
                    self.job, self.state = None, "idle"
                elif answer.pilot_command is not None:
                    self.state = "ordered to stop"

    def _work(self, chance: random.Random, *, honest: bool) -> None:
        assert self.job is not None
        self._beat()
        match self.state:
            case "leased":
                self._progress(ReportedState.STARTING, "starting")
            case "starting":
                self._progress(ReportedState.RUNNING, "running")
            case "running" if self.job.takes_ranges and (said := self.taker.next_words(self.job.job_id, chance, honest=honest)):
                self._say(said, str(self.job.task_id), "with ranges")
            case "running" if chance.random() < 0.5:
                self._progress(ReportedState.RUNNING, "running")
            case "running":
                self._end(succeeded=honest or chance.random() < 0.8, chance=chance)
            case _:
                self._end(succeeded=False, chance=chance)

    def _progress(self, reported: ReportedState, state: str) -> None:
        assert self.job is not None
        self._say(ReportJobProgress(attempt=self.job.attempt, state=reported), str(self.job.job_id), state)

    def _end(self, *, succeeded: bool, chance: random.Random) -> None:
        assert self.job is not None
        files = tuple(
            OutputFile(
                lfn=output.lfn,
                dataset="",
                scope="",
                role=output.role,
                size_bytes=6,
                checksum="ad:084b021f",
                endpoint="LOCAL_DISK",
            )
            for output in self.job.outputs
            if succeeded or output.role is DatasetRole.LOG
        )
        errors = () if succeeded else (chance.choice(ERRORS),)
        # Memory that differs from job to job, so that a task learns of its scouts what others do not.
        usage = JobUsage(pss_kb_max=1024 * (1500 + self.job.job_id % 7 * 100)) if succeeded else None
        end = ReportJobEnd(attempt=self.job.attempt, succeeded=succeeded, outputs=files, errors=errors, usage=usage)
        self._say(end, str(self.job.job_id), "ended")

    def _beat(self) -> None:
        assert self.job is not None
        beat = PilotHeartbeat(
            job_id=self.job.job_id,
            attempt=self.job.attempt,
            queue=self.queue,
            node="node",
            state="running",
            seen_at=self.calls.log.now,
            actor=self.name,
            vo="wlcg",
        )
        self.calls.log.append(HEARTBEATS, str(self.job.job_id).encode(), self.calls.codec.encode(beat))

    def _misbehave(self, chance: random.Random) -> None:
        assert self.job is not None
        match chance.randrange(4):
            case 0:  # dies; another takes its place
                self.job, self.state, self.name = None, "idle", f"{self.name}+"
            case 1:  # hangs past its lease and comes back
                self.silent_until = self.calls.log.now + chance.choice((20, 90, 200)) * 1_000_000
            case 2:  # speaks of a job that is not its own
                lie = ReportJobProgress(attempt=chance.randint(1, 3), state=ReportedState.RUNNING)
                self.calls.make(lie, str(self.job.job_id + chance.choice((-1, 1))), self.name, "pilot")
            case _:  # says the same twice
                if self.calls.sent:
                    self.calls.repeat(max(0, len(self.calls.sent) - chance.randint(1, 5)))
