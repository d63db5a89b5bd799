"""Requests to every route of the application, with values that belong to another organisation wherever one fits.

In: what the other organisation has, by the name of the parameter. Out: requests. Guards: a parameter of a new route that no value
is known for is an error, so that no route is left out.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from fastapi.routing import RouteContext

from api import harvesters, panda
from identity.rights import RIGHTS
from tests.hostile.routes import names_of, routes

ENDPOINTS = (*panda.ENDPOINTS, *harvesters.ENDPOINTS)
#: Parameters that name nothing of anyone, each with a value.
PLAIN: Mapping[str, tuple[str, ...]] = {
    "after": ("0",), "limit": ("50",), "status": ("",), "super_status": ("",), "since": ("2020-01-01T00:00:00Z",),
    "state": ("",), "role": ("OUTPUT",), "follow": ("true",), "wait": ("0",), "bytes": ("100",),
    "dry_run": ("true",), "a": ("1",), "b": ("2",), "at": ("1",),
    "verb": ("kill",), "unit_id": ("1",), "letter_id": ("0-0",), "partition": ("0",), "offset": ("0",), "member": ("x",),
    "request_id": ("1",), "workload_id": ("null",), "transform_id": ("null",), "internal_id": ("None",), "scope": ("data",),
    "relation_type": ("1",), "content_status": ("2",), "with_detail": ("True",), "with_metadata": ("True",),
    "with_transform": ("False",), "with_processing": ("False",), "with_request": ("True",), "group_by_jedi_task_id": ("True",),
    "file_scope": ("data",), "file_name": ("f",), "min_id": ("0",), "max_id": ("1",), "best": ("True",), "point_id": ("1",),
    "point_status": ("null",), "loss": ("0.5",), "auth_type": ("oidc",), "device_code": ("x",), "interval": ("5",),
    "expires_in": ("60",),
    "vo": ("juno",), "source": ("cric",), "method": ("task/get_nothing",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. sent: every value in it, whose echo is no secret."""

    method: str
    path: str
    sent: tuple[str, ...]
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None


def unknown_parameters(values: Mapping[str, Sequence[str]]) -> set[str]:
    """Parameters of routes that neither `values` nor `PLAIN` has a value for."""
    known = {*values, *PLAIN}
    found = {name for route in routes() for name in (*_path_names(route), *names_of(route))}
    return found - known


#: Parameters that pages read of their address themselves, by page; values of another organisation are sent in them.
OF_PAGES: Mapping[str, str] = {"/search/": "q", "/compare/": "pandaid"}
#: It ends the login, so that every later request would be refused.
LAST = "/auth/logout"


def requests(values: Mapping[str, Sequence[str]]) -> Iterator[Asked]:
    """All of them, the end of the login last; `values` by the name of the parameter."""
    known = {**PLAIN, **values}
    for route in routes():
        if str(route.path) == LAST:
            continue
        methods = sorted((route.methods or set()) - {"HEAD", "OPTIONS"})
        for path, used in _paths(str(route.path), _path_names(route), known):
            for method in methods:
                if method == "GET":
                    yield from _gets(path, used, tuple(names_of(route)), known)
                else:
                    yield Asked(
                        method, path, (*used, *_texts(_body_of(str(route.path), known))), body=_body_of(str(route.path), known)
                    )
    yield from _commands(known)
    yield Asked("POST", LAST, ())


def _gets(path: str, used: tuple[str, ...], names: tuple[str, ...], known: Mapping[str, Sequence[str]]) -> Iterator[Asked]:
    yield Asked("GET", path, used)
    for name in (*names, *((OF_PAGES[path],) if path in OF_PAGES else ())):
        for value in known[name]:
            yield Asked("GET", path, (*used, value), {name: value})
    endpoint = next((one for one in ENDPOINTS if path.endswith(f"/{one.path}")), None)
    if endpoint is not None and endpoint.parameters:
        query = {one.name: known.get(one.name, ("1",))[0] for one in endpoint.parameters}
        yield Asked("GET", path, (*used, *query.values()), query)


def _commands(known: Mapping[str, Sequence[str]]) -> Iterator[Asked]:
    keys = [key for name in ("task_id", "job_id", "queue", "name") for key in known[name]]
    for command, key in product(sorted(RIGHTS), keys):
        yield Asked("POST", f"/v1/commands/{command}", (key,), body={"aggregate_id": key})


def _body_of(path: str, known: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    endpoint = next((one for one in ENDPOINTS if path.endswith(f"/{one.path}")), None)
    if endpoint is not None:
        return {one.name: _first(known, one.name) for one in endpoint.parameters or ()}
    if "/pilot/" in path or "/server/panda/" in path:
        job = known["job_id"][0]
        return {"job_id": job, "jobId": job, "PandaID": job, "state": "running", "job_status": "running", "attemptNr": 1,
                "siteName": known["queue"][0], "site_name": known["queue"][0], "timeout": "1"}  # fmt: skip
    return {"ids": known["task_id"][0], "action": "kill_task", "kind": "task"}


def _first(known: Mapping[str, Sequence[str]], name: str) -> Any:
    if name == "job_ids":
        return [int(number) for number in known["job_id"]]
    value = known.get(name, ("1",))[0]
    return int(value) if value.isdecimal() else value


def _texts(body: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(value) for value in body.values())


def _path_names(route: RouteContext) -> tuple[str, ...]:
    return tuple(re.findall(r"{(\w+)(?::\w+)?}", str(route.path)))


def _paths(path: str, names: Sequence[str], known: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for values in product(*(known[name] for name in names)):
        filled = path
        for name, value in zip(names, values, strict=True):
            filled = re.sub(rf"{{{name}(?::\w+)?}}", value.replace("\\", ""), filled, count=1)
        yield filled, values
