"""One table of calls: path, verb, parameters, function. The envelope, binding and access are done here once for all."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import read_object
from api.identity.access import EndpointClass, guarded
from api.identity.identity import Identity
from api.panda.arguments import BadArgument, Parameter, bind
from api.panda.envelope import Reply, done, failed
from api.problems import json_response
from api.services import Services

PREFIXES = ("/api/v1", "/api/latest")


@dataclass(frozen=True, slots=True)
class Call:
    """A call on its way: who, with what, upon which services."""

    services: Services
    identity: Identity
    arguments: dict[str, Any]
    request: Request

    def __getitem__(self, name: str) -> Any:
        """The argument `name`."""
        return self.arguments[name]


Function = Callable[[Call], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One call of the PanDA API. `takes_body` is false where the body is a file and the function reads it itself."""

    verbs: tuple[str, ...]
    path: str
    function: Function
    parameters: tuple[Parameter, ...] = ()
    reads_arguments: bool = True


def get(path: str, function: Function, *parameters: Parameter) -> Endpoint:
    """A call by GET."""
    return Endpoint(("GET",), path, function, parameters)


def post(path: str, function: Function, *parameters: Parameter) -> Endpoint:
    """A call by POST."""
    return Endpoint(("POST",), path, function, parameters)


def mount(router: APIRouter, services: Services, endpoints: Iterable[Endpoint]) -> None:
    """Make every endpoint reachable under each prefix, for members of the VO."""
    for endpoint in endpoints:
        handler = guarded(EndpointClass.USER, _handler(services, endpoint))
        for prefix in PREFIXES:
            router.add_route(f"{prefix}/{endpoint.path}", handler, methods=["GET", "POST"], include_in_schema=False)


def mount_public(router: APIRouter, path: str) -> None:
    """`system/is_alive`, for everybody."""

    async def is_alive(_: Request) -> Response:
        return json_response(done().document())

    is_alive.access = EndpointClass.PUBLIC  # type: ignore[attr-defined]  # read by the test that lists all routes
    for prefix in PREFIXES:
        router.add_route(f"{prefix}/{path}", is_alive, methods=["GET", "POST"], include_in_schema=False)


def _handler(services: Services, endpoint: Endpoint) -> Callable[[Request, Identity], Awaitable[Response]]:
    async def handle(request: Request, identity: Identity) -> Response:
        if request.method not in endpoint.verbs:
            wrong = f"expecting {endpoint.verbs[0]}, received {request.method}"
            return json_response(failed(wrong).document())
        try:
            arguments = await _arguments(request, endpoint)
        except BadArgument as problem:
            return json_response(failed(str(problem)).document())
        reply = await endpoint.function(Call(services, identity, arguments, request))
        return json_response(reply.document())

    return handle


async def _arguments(request: Request, endpoint: Endpoint) -> dict[str, Any]:
    """Query parameters on GET (a JSON content type there means nothing), the JSON body on POST."""
    if not endpoint.reads_arguments:
        return {}
    if request.method == "GET":
        pairs: dict[str, list[str]] = {}
        for name, value in request.query_params.multi_items():
            pairs.setdefault(name, []).append(value)
        given: dict[str, Any] = {name: values if len(values) > 1 else values[0] for name, values in pairs.items()}
        return bind(endpoint.parameters, given, from_query=True)
    return bind(endpoint.parameters, await read_object(request), from_query=False)


def whole_numbers(values: Sequence[Any]) -> list[int]:
    """Ids among `values`; raises BadArgument for one that is none."""
    try:
        return [int(value) for value in values]
    except (TypeError, ValueError) as problem:
        raise BadArgument(f"Type error: ids are {str(list(values))[:100]}, expected whole numbers") from problem
