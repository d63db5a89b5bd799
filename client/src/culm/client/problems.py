"""How a call fails: one exception for each kind of problem (RFC 9457), with the API's own sentence.

ClientError
├── Problem              the API answered with an error
│   ├── BadRequest           400  `members["errors"]` names each field
│   ├── NotAuthenticated     401
│   ├── Forbidden            403
│   ├── NotFound             404
│   ├── Conflict             409
│   ├── Refused              422  `members["reason"]` is the code of the refusal
│   ├── TooManyRequests      429  `retry_after_seconds`
│   └── Unavailable          503  `retry_after_seconds`
├── NoAnswer             no connection, or it broke, after all tries
├── UnexpectedAnswer     an answer that is not what the OpenAPI document says
├── NoAccess             there is no address or no usable login
└── WaitEnded            what was waited for did not happen in time
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import httpx

TEXT_SHOWN = 200


class ClientError(Exception):
    """Any failure of a call."""


class NoAnswer(ClientError):
    """The API could not be reached, or the connection broke."""


class UnexpectedAnswer(ClientError):
    """An answer that is not what the OpenAPI document says."""


class NoAccess(ClientError):
    """No address of an API, or no login for it that can be used."""


class WaitEnded(ClientError):
    """What was waited for did not happen in time."""


class Problem(ClientError):
    """The API's problem document. status: of HTTP. title: of its kind. detail: the sentence for people. members: all the rest."""

    of_status: ClassVar[dict[int, type["Problem"]]] = {}

    def __init__(
        self, status: int, title: str, detail: str, members: Mapping[str, Any], retry_after_seconds: float | None
    ) -> None:
        super().__init__(f"{title} ({status}): {detail}")
        self.status = status
        self.title = title
        self.detail = detail
        self.members = dict(members)
        self.retry_after_seconds = retry_after_seconds

    def __reduce__(self) -> tuple[type["Problem"], tuple[Any, ...]]:
        return type(self), (self.status, self.title, self.detail, self.members, self.retry_after_seconds)


class BadRequest(Problem):
    """400: the request is not what was asked for."""


class NotAuthenticated(Problem):
    """401: no token came with the request."""


class Forbidden(Problem):
    """403: the token is not accepted, or the right is missing."""


class NotFound(Problem):
    """404: no such thing, or not in this VO."""


class Conflict(Problem):
    """409: the same key was used for something else, or the name belongs to a task at work."""


class Refused(Problem):
    """422: a decider refused it."""


class TooManyRequests(Problem):
    """429: too many requests, also after all tries."""


class Unavailable(Problem):
    """503: it cannot be done now, also after all tries."""


Problem.of_status.update({
    400: BadRequest, 401: NotAuthenticated, 403: Forbidden, 404: NotFound, 409: Conflict, 422: Refused,
    429: TooManyRequests, 503: Unavailable,
})  # fmt: skip


def problem_of(response: httpx.Response) -> Problem:
    """The problem that a read response holds; one that is no problem document is shown by its first characters."""
    try:
        found = response.json()
    except ValueError:
        found = None
    document: Mapping[str, Any] = found if isinstance(found, dict) else {}
    title = str(document.get("title") or response.reason_phrase or "HTTP error")
    detail = str(document.get("detail") or response.text[:TEXT_SHOWN])
    members = {name: value for name, value in document.items() if name not in ("title", "detail", "status")}
    kind = Problem.of_status.get(response.status_code, Problem)
    return kind(response.status_code, title, detail, members, _seconds(response.headers.get("Retry-After", "")))


def _seconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdigit() else None
