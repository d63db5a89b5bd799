"""`/v1/history`, `/v1/state`, `/v1/diff`, `/v1/why`, `/v1/trace`: the past of everything, for members of its VO.

The questions are answered by `audit/` in threads of their own; a long one never holds up the event loop or the other readers.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.http.errors import BadRequest, Gone, LogUnavailable, NotFound, NotThereYet
from api.http.plain_requests import Whole
from api.http.problems import json_response
from api.identity.access import User
from api.identity.identity import Identity
from api.native.forms import iso, limit_of, with_times
from api.native.people import names_of
from api.native.reading import CaughtUp
from api.queries.read_models import ReadModels, Row
from api.services import Services
from audit.auditor import COMMON_EVENTS, Auditor, NoSuchSubject, NotYet, State, Step, TooMuch
from audit.differences import Change, changes_between
from audit.log import LogAway, LogPages, NotInTheLog
from audit.moment import Moment, moment_from
from audit.subject import NotUnderstood, Subject, subject_from
from audit.trace import Node, tree_of
from audit.waiting import why
from audit.why import Reason

THREADS = 3
TRACE_EVENTS_MAX = 5_000
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class AuditService:
    """Answers about the past, with the rights of who asks."""

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

    async def trace(self, identity: Identity, name: str) -> tuple[str, list[Node], bool]:
        """Correlation id, its tree, and whether it is whole; `name` is a correlation id, a task or a job."""
        correlation = await self._correlation(identity, name)
        rows = await self.read_models.rows(
            "select * from timeline where correlation_id = %s and vo = %s order by at limit %s",
            (correlation, identity.vo, TRACE_EVENTS_MAX + 1),
        )
        if not rows:
            raise NotFound(f"nothing with correlation id {correlation} in {identity.vo}")
        return correlation, tree_of(rows[:TRACE_EVENTS_MAX]), len(rows) <= TRACE_EVENTS_MAX

    async def check(self, identity: Identity, subject: Subject) -> None:
        """Raise NotFound unless the subject is there for the VO of who asks."""
        match subject.kind:
            case "task":
                found = await self.read_models.row("select vo from task where task_id = %s", (subject.number,))
            case "job":
                found = await self.read_models.row("select vo from job where job_id = %s", (subject.number,))
            case "queue" | "worker":
                found = await self._queue_vo(identity, subject)
            case _:
                found = await self.read_models.row(
                    "select vo from timeline where aggregate = %s and aggregate_id = %s order by sequence limit 1",
                    (subject.aggregate, subject.aggregate_id),
                )
        if found is None or found["vo"] != identity.vo:
            raise NotFound(f"no {subject.kind} {subject.name} in {identity.vo}")

    async def _of_vo(self, identity: Identity, state: State) -> State:
        """The state without what a queue that serves several organisations knows of the others: tasks on hold."""
        held = state.tables.get("held_task", ())
        if not held:
            return state
        mine = await self.read_models.rows(
            "select task_id from task where vo = %s and task_id = any(%s)", (identity.vo, [row["task_id"] for row in held])
        )
        known = {row["task_id"] for row in mine}
        return replace(state, tables={**state.tables, "held_task": [row for row in held if row["task_id"] in known]})

    async def _queue_vo(self, identity: Identity, subject: Subject) -> Row | None:
        """A row with the VO of who asks when the queue serves it (and has the worker)."""
        queue = await self.read_models.row("select settings from queue where name = %s", (subject.aggregate_id,))
        served = ((queue["settings"] or {}).get("vos") or [identity.vo]) if queue else []
        if identity.vo not in served:
            return None
        if subject.worker_id is not None:
            of_worker = (subject.aggregate_id, subject.worker_id)
            if await self.read_models.row("select 1 from worker where queue = %s and worker_id = %s", of_worker) is None:
                return None
        return {"vo": identity.vo}

    async def _correlation(self, identity: Identity, name: str) -> str:
        if name.isdecimal():
            subject = asked("job" if len(name) > 12 else "task", name)
            await self.check(identity, subject)
            first = await self.read_models.row(
                "select correlation_id from timeline where aggregate = %s and aggregate_id = %s order by sequence limit 1",
                (subject.aggregate, subject.aggregate_id),
            )
            assert first is not None, f"{subject.kind} {subject.name} has a row and no event"
            return str(first["correlation_id"])
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


def audit_desk(services: Services) -> AuditService:
    """The service of an API process."""
    auditor = Auditor(services.read_models.rows_now, LogPages(services.config.kafka, services.codec))
    return AuditService(services.read_models, auditor)


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


def build_router(service: AuditService) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/v1", tags=["audit"])

    @router.get("/history/{kind}/{name:path}")
    async def history(
        kind: str, name: str, identity: User, _: CaughtUp, after: Whole = 0, limit: Whole | None = Query(None)
    ) -> Response:
        """Who did what, when, why, by which command, and what it changed; `after` is a sequence."""
        count = limit_of(limit)
        steps = await service.history(identity, asked(kind, name), after, count)
        following = str(steps[-1].event["sequence"]) if len(steps) == count else None
        names = await names_of(service.read_models, identity.vo, (step.event["actor"] for step in steps))
        return json_response({"history": [step_document(step, names) for step in steps], "next": following})

    @router.get("/state/{kind}/{name:path}")
    async def state(kind: str, name: str, identity: User, _: CaughtUp, at: str | None = None) -> Response:
        """The subject as it was: `at` is an ISO time, the number of an event (#17), or topic/partition/offset."""
        return json_response(state_document(await service.state(identity, asked(kind, name), instant(at))))

    @router.get("/diff/{kind}/{name:path}")
    async def differences(kind: str, name: str, identity: User, _: CaughtUp, a: str, b: str | None = None) -> Response:
        """What differs between two moments; `b` is now when it is not given."""
        before, after, changes = await service.differences(identity, asked(kind, name), instant(a), instant(b))
        return json_response(
            {
                "a": {"sequence": before.sequence, "at": iso(before.at), "place": before.place},
                "b": {"sequence": after.sequence, "at": iso(after.at), "place": after.place},
                "changes": [change_document(change) for change in changes],
            }
        )

    @router.get("/why/{kind}/{name:path}")
    async def reasons(kind: str, name: str, identity: User, _: CaughtUp) -> Response:
        """Why a job or a task is where it is, and what would have to change."""
        found = await service.why(identity, asked(kind, name))
        return json_response({"why": [{**asdict(reason), "since": iso(reason.since)} for reason in found]})

    @router.get("/trace/{name}")
    async def trace(name: str, identity: User, _: CaughtUp) -> Response:
        """A request and all that followed, as a tree: a correlation id, or a task or job whose request is meant."""
        correlation, roots, whole = await service.trace(identity, name)
        return json_response({"correlation_id": correlation, "whole": whole, "commands": [node_document(n) for n in roots]})

    return router


def step_document(step: Step, names: Mapping[str, str]) -> dict[str, Any]:
    """An event of a history as JSON. names: of people, by subject."""
    hidden = ("vo", "body", "task_id", "job_id", "worker_id")
    event = {name: value for name, value in step.event.items() if name not in hidden}
    changes = [change_document(change) for change in step.changes]
    return {**with_times(event), "actor_name": names.get(event["actor"]), "changes": changes}


def change_document(change: Change) -> dict[str, Any]:
    """A change as JSON; times as ISO 8601, as everywhere in the API."""
    sides = {"before": change.before, "after": change.after}
    if change.where.endswith("_at"):
        sides = {side: iso(value) if isinstance(value, int) else value for side, value in sides.items()}
    return {"where": change.where, **sides}


def state_document(state: State) -> dict[str, Any]:
    """A state as JSON; times in rows as ISO 8601, as everywhere in the API."""
    return {
        "kind": state.subject.kind,
        "name": state.subject.name,
        "sequence": state.sequence,
        "at": iso(state.at),
        "place": state.place,
        "events": state.events,
        "tables": {table: [with_times(row) for row in rows] for table, rows in state.tables.items()},
    }


def node_document(node: Node) -> dict[str, Any]:
    """A command of a trace with what followed from it."""
    shown = ("event_id", "sequence", "at", "event_type", "summary")
    return {
        **{name: getattr(node, name) for name in ("command_id", "command_type", "aggregate", "aggregate_id", "actor", "role")},
        "at": iso(node.at),
        "causation_id": node.causation_id,
        "events": [with_times({name: row[name] for name in shown}) for row in node.events],
        "caused": [node_document(child) for child in node.children],
    }
