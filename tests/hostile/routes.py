"""Requests derived from the application's own table of routes, so that a new route is attacked from its first day.

Commands of the native API take bodies derived from their schemas; calls of panda-client's front, of pilots and of
submissions take a body that works, with some of its values replaced; so does every other route that is not read, with the body
that `BODIES` has for it or none. `test_parts.py` holds that no route and verb is left out.
"""

import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, cast

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from hypothesis import strategies as st

from api import harvesters
from api.app import create_app
from api.config import ApiConfig
from api.http.access import RequiredRight
from api.monitor.aliases import ALIASES
from api.native.command_body import COMMANDS
from api.panda import ENDPOINTS
from api.panda.arguments import ArgumentKind
from api.panda.calls import Endpoint
from api.panda.not_offered import CALLS
from api.queries.jobs import FIELDS as JOB_FILTERS
from api.queries.tasks import FIELDS as TASK_FILTERS
from api.services import Services, make_gate
from identity.rights import class_of_command
from identity.ruling import EndpointClass
from process.addresses import ApiAddresses
from schemas.catalog import CatalogEntry
from tests.hostile import naughty
from tests.hostile.ground import CANARY, Ground, uuid_of
from tests.hostile.message import Sender
from tests.hostile.preludes import ground_of
from tests.hostile.records import hostile_records
from tests.hostile.requests import Drawn, changed, reading, with_body, writing

SENDER_OF = {
    EndpointClass.PUBLIC: Sender.NO_ONE,
    EndpointClass.USER: Sender.USER,
    EndpointClass.PILOT: Sender.PILOT,
    EndpointClass.REPORT: Sender.PILOT,
    EndpointClass.OPERATOR: Sender.OPERATOR,
    EndpointClass.MEMBER: Sender.USER,
    EndpointClass.REPORT: Sender.PILOT,
    # What Culm says itself: the one whose commands come nearest to it tries.
    EndpointClass.INTERNAL: Sender.USER,
    EndpointClass.SYSTEM: Sender.OPERATOR,
    # No group makes an administrator: an operator is the strongest who may try.
    EndpointClass.ADMINISTRATOR: Sender.OPERATOR,
}
#: Pages read their filters from the query by themselves.
PAGE_NAMES = (
    *sorted({*TASK_FILTERS, *JOB_FILTERS}), "hours", "days", "date_from", "date_to", "limit", "display_limit", "sortby", "cursor",
    "asof", "against", "fields", "format", "q", "page", "next", "path",
)  # fmt: skip
#: Kinds of their own, in `pilots.py`, `submissions.py` and `forms.py`; and the second prefix of the same calls.
ELSEWHERE = ("/server/panda/", "/api/v1/pilot/", "/api/latest/", "/v1/commands/")

#: Bookmarks are one kind together; what is not offered is posted by `forms.py`.
SKIPPED = {*ALIASES, *(f"/api/v1/{call.partition(' ')[2]}" for call in CALLS)}


#: Bodies that get as far as a route goes for one who has nothing yet; other routes that are not read get one of no meaning.
BODIES: Mapping[str, Mapping[str, Any]] = {
    "/v1/agents/enrol": {"code": "c" * 40, "redeemer": "r" * 32},
    "/v1/agents/token": {"token_key": "k" * 40},
    "/v1/agents/workers": {"worker_id": "w1"},
    "/v1/secrets": {"name": "hostile", "value": CANARY},
}
#: Routes with kinds of their own in `submissions.py`, `pilots.py` and `forms.py`.
OWN_KINDS = frozenset(
    {
        "/v1/tasks", "/v1/links", "/v1/links/remove", "/v1/queues/{queue}/workers", "/v1/queues/{queue}/workers/reports",
        "/login", "/logout", "/session", "/auth/logout", "/auth/back-channel-logout", "/auth/{vo}/device",
        "/auth/{vo}/token", "/monitor/act",
        "/monitor/letters/{partition}/{offset}",
    }
)  # fmt: skip

#: Targets of one kind: they are routes for POST, too.
CALLS_THAT_ARE_READ = tuple(
    f"/api/v1/{endpoint.path}" for endpoint in (*ENDPOINTS, *harvesters.ENDPOINTS) if endpoint.verbs == ("GET",)
)

#: What a command may say in its query string; most say nothing.
COMMAND_OPTIONS = (
    *[""] * 12, "?dry_run=true", "?dry_run=%00", "?at=2030-01-01T00:00:00Z", "?at=%00", "?at=9999-12-31",
    "?dry_run=true&at=2030-01-01",
)  # fmt: skip

#: A client of the native API chooses the id of its task itself.
TASK_IDS = (2**62, 2**63 - 1, 10**12, 0, -1)


class _Idle:
    """Stands where an application without surroundings has nothing to reach."""

    ending = threading.Event()

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


@cache
def routes() -> tuple[RouteContext, ...]:
    """Every route of the application, which is made once: it takes a signing key and the analysis of all parameters."""
    with tempfile.TemporaryDirectory() as folder:
        config = ApiConfig(Path(folder), ApiAddresses.at("http://127.0.0.1:1"), "127.0.0.1:1", "http://127.0.0.1:1", "postgresql://")
        idle = cast(Any, _Idle())
        gate = make_gate(config)
        app = create_app(Services(config, idle, idle, idle, gate, idle))
        return tuple(iter_route_contexts(cast(FastAPI, app.app).routes))


def route_kinds(ground: Ground) -> dict[str, st.SearchStrategy[Drawn]]:
    """Kind -> strategy: every command, every call of panda-client's front, every route that is read."""
    kinds: dict[str, st.SearchStrategy[Drawn]] = {
        f"command {name}": commands(entry, ground) for name, entry in sorted(COMMANDS.items())
    }
    for endpoint in (*ENDPOINTS, *harvesters.ENDPOINTS):
        if endpoint.reads_arguments:
            kinds[f"call {endpoint.path}"] = calls(endpoint, ground)
    for route in routes():
        path, methods = str(route.path), route.methods or set()
        if (
            "GET" not in methods
            or path in SKIPPED
            or path.startswith(ELSEWHERE)
            or f"call {path.removeprefix('/api/v1/')}" in kinds
        ):
            continue
        kinds[f"read {path}"] = reading(path, tuple(names_of(route)) or PAGE_NAMES, good_of(ground), sender_of(route))
    good = good_of(ground)
    kinds["calls that are read, by POST"] = st.sampled_from(CALLS_THAT_ARE_READ).flatmap(
        lambda path: writing("POST", path, good, Sender.USER, {"task_id": str(ground.tasks[0])})
    )
    kinds |= {
        f"{method} {path}": writing(method, path, good, sender_of(route), BODIES.get(path, {"a": "b"}))
        for route in routes()
        for method, path in _written_to(route)
        if f"call {path.removeprefix('/api/v1/')}" not in kinds and path not in CALLS_THAT_ARE_READ
    }
    kinds["read BigPanDA's paths"] = st.sampled_from(sorted(ALIASES)).flatmap(
        lambda path: reading(path, PAGE_NAMES, good, Sender.USER)
    )
    return kinds


def _written_to(route: RouteContext) -> Iterator[tuple[str, str]]:
    """Verb and path of a route for each verb that is not for reading, where no other module has a kind for it."""
    path = str(route.path)
    if path not in SKIPPED | OWN_KINDS and not path.startswith(ELSEWHERE):
        yield from ((method, path) for method in sorted((route.methods or set()) - {"GET", "HEAD"}))


def names_of(route: RouteContext) -> Iterator[str]:
    """Names of a route's query parameters, as far as it declares them."""
    if isinstance(route.original_route, APIRoute):
        for dependant in _dependants(route.dependant):
            yield from (str(field.alias) for field in dependant.query_params)


def sender_of(route: RouteContext) -> Sender:
    """Who may ask a route."""
    found = [getattr(route.endpoint, "access", None)]
    if isinstance(route.original_route, APIRoute):
        found = [one.call.kind for one in _dependants(route.dependant) if isinstance(one.call, RequiredRight)]
    return SENDER_OF.get(found[0] if found else None, Sender.USER)  # type: ignore[arg-type]  # anything else is a user's


def good_of(ground: Ground) -> Mapping[str, str]:
    """Values with which routes answer, by the name of the parameter."""
    task, job = str(ground.tasks[0]), str(ground.jobs[0])
    return {
        "task_id": task, "job_id": job, "kind": "task", "name": task, "queue": ground.queue, "dataset": ground.dataset,
        "limit": "5",
        "command_id": uuid_of("none"), "after": "0", "wait": "0", "path": "/tasks/", "file": "x", "job": job, "task": task,
        "follow": "false",
        "a": "#1", "b": "#2", "at": "#1",
    }  # fmt: skip


@st.composite
def commands(draw: st.DrawFn, entry: CatalogEntry, ground: Ground) -> Drawn:
    """A command of the native API with hostile fields, perhaps to a hostile key."""
    number = draw(st.integers(0, 1_000))
    key: Any = ground.key_of(entry.aggregate, entry.name, number)
    if draw(st.integers(0, 7)) == 0:
        key = draw(st.sampled_from(naughty.JSON_VALUES))
    elif entry.name == "SubmitTask":
        ground = ground_of(ground, draw(st.integers(0, 2**40)))
        ground = replace(ground, tasks=(draw(st.sampled_from((ground.tasks[0], ground.tasks[0], *TASK_IDS))),))
        key = ground.tasks[0]
    bodies = hostile_records(entry, ground, from_json=True).map(
        lambda found: ({"aggregate_id": key, **found[0]}, f"{found[1]}; aggregate_id={repr(key)[:40]}")
    )
    sender = SENDER_OF[class_of_command(entry.name)]
    options = draw(st.sampled_from(COMMAND_OPTIONS))
    request, description = draw(with_body(f"/v1/commands/{entry.name}{options}", sender, bodies))
    if draw(st.booleans()) and "Prefer" not in request.headers:
        request.headers["Prefer"] = "wait=3"  # type: ignore[index]  # a dict of ours
    return request, description


def calls(endpoint: Endpoint, ground: Ground) -> st.SearchStrategy[Drawn]:
    """A call of panda-client's front or of Harvester's."""
    good = {one.name: _argument(one.name, one.kind, ground) for one in endpoint.parameters or ()}
    path = f"/api/v1/{endpoint.path}"
    texts = {name: str(value) for name, value in good.items()}
    sender = SENDER_OF[endpoint.kind]
    by_query = reading(path, tuple(good), texts, sender)
    return by_query if endpoint.verbs == ("GET",) else st.one_of(with_body(path, sender, changed(good)), by_query)


#: Arguments of Harvester's calls that another value would not get far with.
OF_HARVESTER: Mapping[str, Any] = {
    "harvester_id": "hostile",
    "statistics": '{"managed": {"SCORE": {"running": 1}}}',
    "metrics": [["2026-01-01 00:00:00", "h", "{}"]],
    "dialogs": [{"diagID": 1, "moduleName": "m", "diagMessage": "x", "creationTime": "2026-01-01 00:00:00"}],
    "command_ids": [1, 2],
}


def _argument(name: str, kind: ArgumentKind, ground: Ground) -> Any:
    if name in OF_HARVESTER:
        return OF_HARVESTER[name]
    if name == "panda_queue":
        return ground.queue
    if name == "workers":
        return [{"workerID": 1, "status": "running", "computingSite": ground.queue, "pandaid_list": []}]
    match kind:
        case ArgumentKind.WHOLE:
            return {"task_id": ground.tasks[0], "job_id": ground.jobs[0]}.get(name, 1)
        case ArgumentKind.FLAG:
            return False
        case ArgumentKind.LIST:
            return list(ground.jobs[:2])
        case ArgumentKind.OBJECT:
            return {"nFilesPerJob": 1, "site": ground.queue, "loopingCheck": True, "excludedSite": "x,y"}
        case _:
            return "2026-01-01 00:00:00" if name == "since" else "word"


def _dependants(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for part in dependant.dependencies:
        yield from _dependants(part)
