"""One table of calls: path, verb, parameters, function. The envelope, binding and access are done here once for all."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from api.http.access import guarded
from api.http.bodies import read_object
from api.http.errors import BadRequest, BodyTooLarge
from api.http.problems import json_response
from api.panda.arguments import BadArgument, Parameter, bind
from api.panda.envelope import Reply, done, failed
from api.panda.sending import NO_OPTIONS, CommandOptions, DecidedOnly, OrderedForLater, options_of
from api.pilots.bodies import read_report
from api.services import Services
from identity.identity import Identity
from identity.profiles import MODIFY, READ
from identity.ruling import EndpointClass

PREFIXES = ("/api/v1", "/api/latest")


@dataclass(frozen=True, slots=True)
class Call:
    """A call on its way: who, with what, upon which services."""

    services: Services
    identity: Identity
    arguments: dict[str, Any]
    request: Request
    options: CommandOptions = NO_OPTIONS

    def __getitem__(self, name: str) -> Any:
        """The argument `name`."""
        return self.arguments[name]


Function = Callable[[Call], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One call of the PanDA API.

    parameters: None for a call that takes anything. reads_arguments: false where the body is a file, which the
    function reads itself. body_bytes_max: where more than usual is taken. capability: what a token that has any needs.
    kind: whom it serves. is_lenient: arguments of other names are left out, and odd
    values in a body replaced, because what is refused whole would come again for ever.
    commands: it sends commands, and takes their options.
    """

    verbs: tuple[str, ...]
    path: str
    function: Function
    parameters: tuple[Parameter, ...] | None = ()
    reads_arguments: bool = True
    body_bytes_max: int | None = None
    capability: str = READ
    kind: EndpointClass = EndpointClass.USER
    is_lenient: bool = False
    commands: bool = False


def get(path: str, function: Function, *parameters: Parameter, capability: str = READ) -> Endpoint:
    """A call by GET."""
    return Endpoint(("GET",), path, function, parameters, capability=capability)


def post(
    path: str, function: Function, *parameters: Parameter, body_bytes_max: int | None = None, capability: str = MODIFY
) -> Endpoint:
    """A call by POST."""
    return Endpoint(("POST",), path, function, parameters, body_bytes_max=body_bytes_max, capability=capability)


def command(path: str, function: Function, *parameters: Parameter, capability: str = MODIFY) -> Endpoint:
    """A call by POST that commands: it takes `reason`, `dry_run` and `at` in its query string."""
    return Endpoint(("POST",), path, function, parameters, capability=capability, commands=True)


def mount(router: APIRouter, services: Services, endpoints: Iterable[Endpoint]) -> None:
    """Make every endpoint reachable under each prefix, for those whom it serves."""
    for endpoint in endpoints:
        handler = guarded(endpoint.kind, _handler(services, endpoint), endpoint.capability)
        for prefix in PREFIXES:
            router.add_route(f"{prefix}/{endpoint.path}", handler, methods=["GET", "POST"], include_in_schema=False)


def mount_public(router: APIRouter, path: str) -> None:
    """`system/is_alive`, for anyone."""

    async def is_alive(_: Request) -> Response:
        return json_response(done().document())

    is_alive.access = EndpointClass.PUBLIC  # type: ignore[attr-defined]  # read by the test that lists all routes
    for prefix in PREFIXES:
        router.add_route(f"{prefix}/{path}", is_alive, methods=["GET", "POST"], include_in_schema=False)


def mount_forbidden(router: APIRouter) -> None:
    """Every other path below the prefixes: refused as the reference server refuses a method it does not have."""

    async def forbidden(request: Request, _: Identity) -> Response:
        return PlainTextResponse(f"ERROR : method {request.path_params['method'][:100]} is forbidden", status_code=403)

    for prefix in PREFIXES:
        handler = guarded(EndpointClass.USER, forbidden, READ)
        router.add_route(f"{prefix}/{{method:path}}", handler, methods=["GET", "POST"], include_in_schema=False)


def _handler(services: Services, endpoint: Endpoint) -> Callable[[Request, Identity], Awaitable[Response]]:
    async def handle(request: Request, identity: Identity) -> Response:
        if request.method not in endpoint.verbs:
            wrong = f"expecting {endpoint.verbs[0]}, received {request.method}"
            return json_response(failed(wrong).document())
        try:
            arguments = await _arguments(request, endpoint)
            posted = request.method == "POST" and not endpoint.is_lenient
            options = options_of(request, commands=endpoint.commands) if posted else NO_OPTIONS
            reply = await endpoint.function(Call(services, identity, arguments, request, options))
        except DecidedOnly as found:
            touched = {"jobs": found.jobs, "input_units": found.units}
            reply = done(touched, f"dry run: {found.jobs} jobs and {found.units} input units")
        except OrderedForLater as ordered:
            reply = done(0, str(ordered))
        except BadArgument as problem:
            reply = failed(str(problem))
        except (BadRequest, BodyTooLarge) as problem:
            reply = failed(problem.detail)
        return json_response(reply.document())

    return handle


async def _arguments(request: Request, endpoint: Endpoint) -> dict[str, Any]:
    """Query parameters on GET (a JSON content type there means nothing), the JSON body on POST."""
    if not endpoint.reads_arguments:
        return {}
    from_query = request.method == "GET"
    if from_query:
        given = _query(request)
    elif endpoint.is_lenient:
        given = await read_report(request)
    else:
        given = await read_object(request, endpoint.body_bytes_max)
    if endpoint.is_lenient:
        given = {one.name: given[one.name] for one in endpoint.parameters or () if one.name in given}
    return given if endpoint.parameters is None else bind(endpoint.parameters, given, from_query=from_query)


def _query(request: Request) -> dict[str, Any]:
    """The query string; a repeated key is a list."""
    pairs: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        pairs.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in pairs.items()}
