"""Errors as each family of clients expects them.

`/v1`: `application/problem+json`. `/api/v1` and `/server/panda`: `text/plain` beginning with `ERROR :`; a member
without the needed role gets the `success: false` envelope on `/api/v1`, as PanDA does. `/idds`: an empty body and two headers
that name an exception. Nothing of an unexpected error reaches a client.
"""

from typing import Any
from uuid import uuid4

import orjson
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from api.http.errors import AccessDenied, ApiError, NotAuthenticated, RoleMissing
from api.http.exception_headers import exception_headers
from api.http.tracing import correlation_from

PROBLEM = "application/problem+json"
CORRELATION_HEADER = "Culm-Correlation-Id"
#: Calls that PanDA answers with `[false, "<why>"]` and status 200 also where no token came.
ANSWERED_BY_PAIRS = frozenset({"/server/panda/execute_idds_workflow_command"})
log = structlog.get_logger()


def install(app: FastAPI) -> None:
    """Make `app` answer every error in the way of its path."""

    @app.exception_handler(ApiError)
    async def known(request: Request, error: ApiError) -> Response:
        if isinstance(error, AccessDenied):
            request.app.state.gate.record(request, error)
        return answer_to(request.scope["path"], error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        fields = [field_problem(found) for found in error.errors()]
        return _answer(request.scope["path"], 400, "Bad request", "; ".join(item["detail"] for item in fields), errors=fields)

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> Response:
        texts = {404: f"nothing at {request.scope['path'][:200]}", 405: "method not allowed here"}
        detail = texts.get(error.status_code, str(error.detail))
        return _answer(request.scope["path"], error.status_code, str(error.detail), detail, headers=error.headers)

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> Response:
        parent = request.headers.get("traceparent", "").encode("latin-1")
        return unexpected(request.scope["path"], error, correlation_from(parent))


def answer_to(path: str, error: ApiError) -> Response:
    """The response that tells a client of `path` about `error`."""
    if path in ANSWERED_BY_PAIRS and isinstance(error, NotAuthenticated):
        return json_response([False, f"Token authentication failed. {error.detail}"])
    if _is_panda(path) and isinstance(error, (AccessDenied, NotAuthenticated)):
        if path.startswith("/api/") and isinstance(error, RoleMissing):
            return json_response({"success": False, "message": error.detail, "data": None})
        return PlainTextResponse(f"ERROR : Token authentication failed. {error.detail}", status_code=403)
    if _is_idds(path):
        # Who is not believed is answered 401 there, and one who lacks the role 403.
        status = 401 if isinstance(error, AccessDenied) and not isinstance(error, RoleMissing) else error.status
        return _in_headers(status, error.detail, error.headers, error.exception_class)
    return _answer(path, error.status, error.title, error.detail, headers=error.headers, **error.members)


def unexpected(path: str, error: Exception, correlation_id: str | None = None) -> Response:
    """The response to a request that failed with `error`, of which only the log learns more, under the id in the response."""
    known = correlation_id or str(uuid4())
    log.error("request_failed", path=path, problem=type(error).__name__, correlation_id=known, exc_info=error)
    headers = {CORRELATION_HEADER: known}
    return _answer(path, 500, "Internal error", "an unexpected error; it was logged", headers, correlation_id=known)


def field_problem(found: Any) -> dict[str, Any]:
    """One error of FastAPI's own checks: field, value, what was expected."""
    place = [str(part) for part in found["loc"]]
    value = found.get("input")
    shown = repr(value) if isinstance(value, (str, int, float, bool)) or value is None else type(value).__name__
    name = ".".join(place[1:]) or place[0]
    return {"field": name, "value": shown[:100], "detail": f"{name}: found {shown[:100]}: {found['msg']}"}


def json_response(
    content: Any, status: int = 200, headers: dict[str, str] | None = None, media_type: str = "application/json"
) -> Response:
    """`content` as JSON, without a trailing newline (pilots drop a reply that ends in one)."""
    return Response(orjson.dumps(content, default=str), status, headers, media_type=media_type)


def _answer(path: str, status: int, title: str, detail: str, headers: Any = None, **members: object) -> Response:
    if _is_panda(path):
        return PlainTextResponse(f"ERROR : {detail}", status_code=status, headers=headers)
    if _is_idds(path):
        return _in_headers(status, detail, headers)
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail, **members}
    return Response(orjson.dumps(document, default=str), status, headers, media_type=PROBLEM)


def _in_headers(status: int, detail: str, headers: Any, exception_class: str = "") -> Response:
    return Response(b"", status, {**(headers or {}), **exception_headers(status, detail, exception_class)})


def _is_idds(path: str) -> bool:
    return path.startswith("/idds/")


def _is_panda(path: str) -> bool:
    return path.startswith(("/api/", "/server/"))
