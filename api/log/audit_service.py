"""The past of everything, for members of its VO: history, state at a moment, differences, why, trace.

The questions are answered by `audit/` in threads of their own; a long one never holds up the event loop or the other readers.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from uuid import UUID

from api.http.errors import BadRequest, Gone, LogUnavailable, NotFound, NotThereYet
from api.queries import jobs, queues, tasks, timeline, workers
from api.queries.read_models import ReadModels
from audit.auditor import COMMON_EVENTS, Auditor, NoSuchSubject, NotYet, State, Step, TooMuch
from audit.differences import Change, changes_between
from audit.log import LogAway, LogPages, NotInTheLog
from audit.moment import Moment, moment_from
from audit.reason import Reason
from audit.subject import NotUnderstood, Subject, subject_from
from audit.trace import TraceNode, tree_of
from audit.waiting import why
from identity.identity import Identity
from schemas.reading import Recorded
from schemas.wire import Codec

THREADS = 3
TRACE_EVENTS_MAX = 5_000
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class AuditService:
    """Answers about the past, with the rights of the caller."""

    read_models: ReadModels
    auditor: Auditor
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, thread_name_prefix="audit"))

    async def state(self, identity: Identity, subject: Subject, moment: Moment) -> State:
        """The subject as it was; raises NotFound, NotThereYet, BadRequest, LogUnavailable."""
        await self.check(identity, subject)
        found = await self._in_thread(lambda: self.auditor.state(subject, moment))
        return await self._of_vo(identity, found)

    async def differences(
        self, identity: Identity, subject: Subject, one: Moment, other: Moment
    ) -> tuple[State, State, list[Change]]:
        """Two states and what differs."""
        before, after = await self.state(identity, subject, one), await self.state(identity, subject, other)
        return before, after, changes_between(before.tables, after.tables)

    async def history(self, identity: Identity, subject: Subject, after: int, limit: int) -> list[Step]:
        """Events with what each changed; of a queue only those of the VO and of its settings."""
        await self.check(identity, subject)
        steps = await self._in_thread(lambda: self.auditor.history(subject, after, limit))
        return [step for step in steps if step.event["vo"] == identity.vo or step.event["event_type"] in COMMON_EVENTS]

    async def why(self, identity: Identity, subject: Subject) -> list[Reason]:
        """What holds a job or a task, the strongest reason first."""
        await self.check(identity, subject)
        return await self._in_thread(lambda: why(self.auditor.ask, subject, identity.vo))

    async def records_at(self, places: Sequence[Mapping[str, Any]]) -> list[Recorded]:
        """The events at places of one partition that a question within a VO found.

        places: rows of `topic`, `partition`, `log_offset`, which rise.
        """
        if not places:
            return []
        topic, partition = places[0]["topic"], places[0]["partition"]
        offsets = [place["log_offset"] for place in places]
        return await self._in_thread(lambda: self.auditor.pages.at(topic, partition, offsets))

    async def trace(self, identity: Identity, name: str) -> tuple[str, list[TraceNode], bool]:
        """Correlation id, its tree, and whether it is whole; `name` is a correlation id, a task or a job."""
        correlation = await self._correlation(identity, name)
        rows = await timeline.correlated(self.read_models, identity.vo, correlation, TRACE_EVENTS_MAX + 1)
        if not rows:
            raise NotFound(f"nothing with correlation id {correlation} in {identity.vo}")
        return correlation, tree_of(rows[:TRACE_EVENTS_MAX]), len(rows) <= TRACE_EVENTS_MAX

    async def check(self, identity: Identity, subject: Subject) -> None:
        """Raise NotFound unless the subject is there for the VO of the caller."""
        match subject.kind:
            case "task":
                is_there = await tasks.is_in(self.read_models, identity.vo, subject.number)
            case "job":
                is_there = await jobs.is_in(self.read_models, identity.vo, subject.number)
            case "queue" | "worker":
                is_there = await self._queue_serves(identity, subject)
            case _:
                first = await timeline.first_vo(self.read_models, subject.aggregate, subject.aggregate_id)
                is_there = first == identity.vo
        if not is_there:
            raise NotFound(f"no {subject.kind} {subject.name} in {identity.vo}")

    async def _of_vo(self, identity: Identity, state: State) -> State:
        """The state without what a queue that serves several organisations knows of the others: tasks on hold."""
        held = state.tables.get("held_task", ())
        if not held:
            return state
        known = set(await tasks.those_in(self.read_models, identity.vo, [row["task_id"] for row in held]))
        return replace(state, tables={**state.tables, "held_task": [row for row in held if row["task_id"] in known]})

    async def _queue_serves(self, identity: Identity, subject: Subject) -> bool:
        """True when the queue serves the VO of the caller (and has the worker)."""
        if await queues.one(self.read_models, identity.vo, subject.aggregate_id) is None:
            return False
        if subject.worker_id is None:
            return True
        return await workers.is_in_queue(self.read_models, identity.vo, subject.aggregate_id, subject.worker_id)

    async def _correlation(self, identity: Identity, name: str) -> str:
        if name.isdecimal():
            subject = asked("job" if len(name) > 12 else "task", name)
            await self.check(identity, subject)
            first = await timeline.first_correlation(self.read_models, subject.aggregate, subject.aggregate_id)
            assert first is not None, f"{subject.kind} {subject.name} has a row and no event"
            return first
        try:
            return str(UUID(name))
        except ValueError as problem:
            raise BadRequest(f"trace: found {name[:60]!r}, expected a correlation id, a task or a job") from problem

    async def _in_thread(self, question: Callable[[], Answer]) -> Answer:
        try:
            return await asyncio.get_running_loop().run_in_executor(self.threads, question)
        except NoSuchSubject as problem:
            raise NotFound(str(problem)) from problem
        except NotYet as problem:
            raise NotThereYet(str(problem)) from problem
        except (NotUnderstood, TooMuch) as problem:
            raise BadRequest(str(problem)) from problem
        except LogAway as problem:
            raise LogUnavailable(str(problem), retry_after_seconds=5) from problem
        except NotInTheLog as problem:
            raise Gone(str(problem)) from problem


def build_audit_service(read_models: ReadModels, kafka: str, codec: Codec) -> AuditService:
    """The service of an API process."""
    return AuditService(read_models, Auditor(read_models.rows_now, LogPages(kafka, codec)))


def asked(kind: str, name: str) -> Subject:
    """The subject of a path; raises BadRequest."""
    try:
        return subject_from(kind, name)
    except NotUnderstood as problem:
        raise BadRequest(str(problem)) from problem


def instant(text: str | None) -> Moment:
    """The moment of a parameter; raises BadRequest."""
    try:
        return moment_from(text)
    except NotUnderstood as problem:
        raise BadRequest(str(problem)) from problem
