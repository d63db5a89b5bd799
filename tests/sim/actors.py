"""Those around Culm: users who change their minds, and pilots that work, fail, hang, lie, die and come back.

A call to the API is a command put into the log and a wait for its answer; a call that got no answer is made again with the same
id, as the API and pilots do. Heartbeats are facts, put down without a question.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from schemas.aggregates import AGGREGATES
from schemas.answer import CommandAnswered
from schemas.heartbeat import PilotHeartbeat
from schemas.ids import job_id_of
from schemas.job import KillJob, ReportJobEnd, ReportJobProgress
from schemas.partition import partition_of
from schemas.queue import LeaseJob
from schemas.share_tree import SHARES_KEY
from schemas.task import (
    AddInputNames,
    ChangeTaskPriority,
    DropInput,
    FinishTask,
    ForceAvalanche,
    HoldInput,
    IncreaseAttempts,
    KillTask,
    PauseTask,
    ReassignTask,
    ReleaseInput,
    ReloadTask,
    ResumeTask,
    RetryTask,
    SubmitTask,
)
from schemas.types import (
    CommandEnvelope,
    DatasetRole,
    JobError,
    JobSpec,
    NameList,
    OutputFile,
    PilotOffer,
    ReportedState,
    ShareRanks,
    UnitRange,
)
from schemas.wire import Codec, entry_of
from tests.sim.memory_log import MemoryLog
from tests.sim.readers import HEARTBEATS, Answers
from tests.streams.builders import a_submission

QUEUES = ("EAST", "WEST")
#: The tasks of the last are in no share.
CAMPAIGNS = ("DP1", "DP2", "none")
LEASE_SECONDS = 60
FIRST_TASK = 10_000_001
TASKS_MAX = 4
PATIENCE_MICROS = 3_000_000
MERGE = "-r . -a jobO.tar.gz ${TRN_OUTPUT:OUTPUT} ${TRN_LOG:LOG}"
#: Asks for a library that the task has not; it breaks the task when everything else is done.
BAD_MERGE = "-r . -l ${LIB} ${TRN_OUTPUT:OUTPUT} ${TRN_LOG:LOG}"
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
                else:
                    self.silent_until = self.calls.log.now + 500_000
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
        end = ReportJobEnd(attempt=self.job.attempt, succeeded=succeeded, outputs=files, errors=errors)
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


@dataclass(slots=True)
class NamesUnderWay:
    """A submission whose names are sent chunk by chunk. forgotten: the user sends no more of them."""

    task: int
    names: list[str]
    chunk: int = 0
    forgotten: bool = False


class User:
    """Submits tasks, some with their names in chunks, which now and then stop half-way, and interferes with them."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self.tasks: list[int] = []
        self.under_way: list[NamesUnderWay] = []
        self._doings: tuple[Callable[[random.Random], Any], ...] = (
            lambda chance: KillTask(),
            lambda chance: FinishTask(soft=chance.random() < 0.5),
            *(2 * (lambda chance: RetryTask(),)),
            lambda chance: PauseTask(),
            *(2 * (lambda chance: ResumeTask(),)),
            lambda chance: ForceAvalanche(),
            lambda chance: ReloadTask(parameters_json="{}"),
            lambda chance: IncreaseAttempts(increase=chance.randint(0, 2)),
            lambda chance: chance.choice((HoldInput, ReleaseInput, DropInput))(
                units=(UnitRange(first=chance.randint(1, 3), last=chance.choice((3, 1_000_000))),)
            ),
            lambda chance: ChangeTaskPriority(priority=chance.randint(0, 2000)),
            lambda chance: ReassignTask(site=chance.choice(QUEUES), mode=chance.choice(("kill", "soft", "nokill"))),
        )

    def step(self, chance: random.Random) -> None:
        """Submit a task, or do something to one."""
        if len(self.tasks) < TASKS_MAX and (not self.tasks or chance.random() < 0.5):
            self._submit(chance)
            return
        if self.under_way and chance.random() < 0.6:
            self._add_names(chance.choice(self.under_way), chance)
            return
        task = chance.choice(self.tasks)
        if chance.random() < 0.2:
            job = job_id_of(task, chance.randint(1, 6))
            self._calls.make(KillJob(code=chance.choice((2, 4, 9, 50, 51))), str(job), "jdoe", "user")
        else:
            self._calls.make(chance.choice(self._doings)(chance), str(task), "jdoe", "user")

    def resume_all(self) -> None:
        """Let nothing stay paused, and no input held."""
        for task in self.tasks:
            self._calls.make(ResumeTask(), str(task), "jdoe", "user")
            self._calls.make(ReleaseInput(units=(UnitRange(first=1, last=1_000_000),)), str(task), "jdoe", "user")

    def finish_names(self) -> bool:
        """Send what is still to come, but of submissions that were forgotten; true when there are such."""
        forgotten = any(one.forgotten for one in self.under_way)
        for one in self.under_way:
            while one.names and not one.forgotten:
                self._next_chunk(one, 2)
        self.under_way.clear()
        return forgotten

    def _add_names(self, one: NamesUnderWay, chance: random.Random) -> None:
        if chance.random() < 0.15:
            one.forgotten = True
        elif not one.forgotten:
            self._next_chunk(one, chance.randint(1, 3))
            if chance.random() < 0.2:
                self._calls.repeat(len(self._calls.sent) - 1)
        if not one.names:
            self.under_way.remove(one)

    def _next_chunk(self, one: NamesUnderWay, count: int) -> None:
        chunk = AddInputNames(chunk=one.chunk, list="pfnList", names=tuple(one.names[:count]))
        self._calls.make(chunk, str(one.task), "jdoe", "user")
        one.names, one.chunk = one.names[count:], one.chunk + 1

    def _submit(self, chance: random.Random) -> None:
        number = FIRST_TASK + len(self.tasks)
        self.tasks.append(number)
        parameters = a_submission(nEvents=chance.choice((1, 2, 3, 4, 5, 6, 14)), nEventsPerJob=chance.randint(1, 2))
        parameters["taskName"] = f"user.jdoe.t{number}/"
        parameters["campaign"] = CAMPAIGNS[number % len(CAMPAIGNS)]
        if chance.random() < 0.4:
            template = MERGE if chance.random() < 0.9 else BAD_MERGE
            parameters |= {"mergeOutput": True, "mergeSpec": {"useLocalIO": 1, "jobParameters": template}}
        names = [f"root://se//f{place}" for place in range(chance.randint(2, 7))] if chance.random() < 0.35 else []
        if names:
            parameters |= {"pfnList": [], "nFilesPerJob": chance.randint(1, 2), "nEvents": None, "nEventsPerJob": None}
            self.under_way.append(NamesUnderWay(number, names))
        command = SubmitTask(
            task_id=number,
            name=f"user.jdoe.t{number}/",
            user_name="Jane Doe",
            nickname="jdoe",
            label="user",
            priority=1000,
            parameters_json=json.dumps(parameters),
            lists=(NameList(list="pfnList", count=len(names)),) if names else (),
        )
        self._calls.make(command, str(number), "jdoe", "user")
