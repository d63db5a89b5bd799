"""`/v1/history`, `/v1/state`, `/v1/diff`, `/v1/why`, `/v1/trace`: the past of everything, for members of its VO."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.http.access import Reader
from api.http.forms import iso, limit_of, with_times
from api.http.plain_requests import Whole
from api.http.problems import json_response
from api.log.audit_service import AuditService, asked, instant
from api.native.reading import CaughtUp
from api.queries.people import names_of
from audit.auditor import State, Step
from audit.differences import Change
from audit.trace import TraceNode


def build_router(service: AuditService) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/v1", tags=["audit"])

    @router.get("/history/{kind}/{name:path}")
    async def history(
        kind: str, name: str, identity: Reader, _: CaughtUp, after: Whole = 0, limit: Whole | None = Query(None)
    ) -> Response:
        """Who did what, when, why, by which command, and what it changed; `after` is a sequence."""
        count = limit_of(limit)
        steps = await service.history(identity, asked(kind, name), after, count)
        following = str(steps[-1].event["sequence"]) if len(steps) == count else None
        names = await names_of(service.read_models, identity.vo, (step.event["actor"] for step in steps))
        return json_response({"history": [step_document(step, names) for step in steps], "next": following})

    @router.get("/state/{kind}/{name:path}")
    async def state(kind: str, name: str, identity: Reader, _: CaughtUp, at: str | None = None) -> Response:
        """The subject as it was: `at` is an ISO time, the number of an event (#17), or topic/partition/offset."""
        return json_response(state_document(await service.state(identity, asked(kind, name), instant(at))))

    @router.get("/diff/{kind}/{name:path}")
    async def differences(kind: str, name: str, identity: Reader, _: CaughtUp, a: str, b: str | None = None) -> Response:
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
    async def reasons(kind: str, name: str, identity: Reader, _: CaughtUp) -> Response:
        """Why a job or a task is where it is, and what would have to change."""
        found = await service.why(identity, asked(kind, name))
        return json_response({"why": [{**asdict(reason), "since": iso(reason.since)} for reason in found]})

    @router.get("/trace/{name}")
    async def trace(name: str, identity: Reader, _: CaughtUp) -> Response:
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


def node_document(node: TraceNode) -> dict[str, Any]:
    """A command of a trace with what followed from it."""
    shown = ("event_id", "sequence", "at", "event_type", "summary")
    return {
        **{name: getattr(node, name) for name in ("command_id", "command_type", "aggregate", "aggregate_id", "actor", "role")},
        "at": iso(node.at),
        "causation_id": node.causation_id,
        "events": [with_times({name: row[name] for name in shown}) for row in node.events],
        "caused": [node_document(child) for child in node.children],
    }
