"""The refusals of the API; each knows its HTTP status.

ApiError
├── BadRequest            400  the request is not what was asked for
│   └── UnreadableBody    400  the body is not JSON, a form or gzip of them
├── NotAuthenticated      401  no token came with the request (403 on the PanDA paths)
├── AccessDenied          403  the token is not accepted, or the right is missing
│   └── RoleMissing            a member without the role that the route needs
├── NotFound              404  no such thing, or not in this VO
│   └── NotThereYet            a moment or position that has not come yet
├── Conflict              409  the same key with another body
├── Gone                  410  it was in the log and is no longer
├── BodyTooLarge          413  over the limit, which is named
├── Refused               422  a decider said no
├── NotServed             501  a call that clients make and this server does not serve
└── Unavailable           503  cannot be done now; comes with Retry-After
    ├── Overloaded             answers are slow or the log does not take more
    ├── LogUnavailable         the command did not reach the log
    │   └── OutcomeUnknown     it was sent, and no answer came
    ├── ReadModelsUnavailable  the database does not answer
    └── PositionNotReached     the read models are behind the position that the client named
"""


class ApiError(Exception):
    """An answer other than success; `detail` is the sentence for people."""

    status = 500
    title = "Internal error"
    #: Which exception a client of iDDS raises; the one of the status where empty.
    exception_class = ""

    def __init__(self, detail: str, **members: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.members = members

    @property
    def headers(self) -> dict[str, str]:
        """Headers that belong to this answer."""
        return {}


class BadRequest(ApiError):
    """The request is not what was asked for."""

    status = 400
    title = "Bad request"


class UnreadableBody(BadRequest):
    """The body is not JSON, a form, or gzip of one of them."""

    title = "Unreadable body"


class NotAuthenticated(ApiError):
    """No token came with the request."""

    status = 401
    title = "Not authenticated"

    @property
    def headers(self) -> dict[str, str]:
        """How to authenticate."""
        return {"WWW-Authenticate": 'Bearer realm="culm"'}


class AccessDenied(ApiError):
    """The token is not accepted, or the right is missing."""

    status = 403
    title = "Access denied"
    #: True once the gate has recorded it.
    is_recorded = False


class RoleMissing(AccessDenied):
    """A believed member without the role that the route needs."""


class NotFound(ApiError):
    """There is no such thing, or not in this VO."""

    status = 404
    title = "Not found"


class NotThereYet(NotFound):
    """A moment or position that has not come yet."""

    title = "Not there yet"


class Gone(ApiError):
    """It was in the log and is no longer."""

    status = 410
    title = "Gone"


class Conflict(ApiError):
    """The same key was used for something else."""

    status = 409
    title = "Conflict"


class BodyTooLarge(ApiError):
    """The body is over the limit."""

    status = 413
    title = "Body too large"


class Refused(ApiError):
    """A decider said no."""

    status = 422
    title = "Refused"


class NotServed(ApiError):
    """A call that clients make and this server does not serve; the sentence says what is not there."""

    status = 501
    title = "Not served"


class Unavailable(ApiError):
    """It cannot be done now; the answer says when to try again."""

    status = 503
    title = "Try again later"

    def __init__(self, detail: str, *, retry_after_seconds: int = 1, **members: object) -> None:
        super().__init__(detail, **members)
        self.retry_after_seconds = retry_after_seconds

    @property
    def headers(self) -> dict[str, str]:
        """When to come back."""
        return {"Retry-After": str(self.retry_after_seconds)}


class Overloaded(Unavailable):
    """Answers are slow, or the log does not take more."""

    title = "Overloaded"


class LogUnavailable(Unavailable):
    """The command did not reach the log."""

    title = "Log unavailable"


class OutcomeUnknown(LogUnavailable):
    """A command was sent, and no answer came in time: it may have been carried out. `reason` says so to programs.

    command_id: which one it was. stands: true for a command that may be carried out later, too.
    """

    title = "Outcome unknown"

    def __init__(self, what: str, command_id: str, *, stands: bool, advice: str = "", **members: object) -> None:
        later = "it may be carried out later" if stands else "it will not be carried out any more"
        advice = advice or f"ask again with Idempotency-Key {command_id}"
        detail = f"{what}: it is not known whether it was carried out, {later}; {advice}"
        super().__init__(detail, retry_after_seconds=5, reason="OUTCOME_UNKNOWN", command_id=command_id, **members)
        self.what, self.command_id, self.stands = what, command_id, stands


class ReadModelsUnavailable(Unavailable):
    """The database does not answer."""

    title = "Read models unavailable"


class PositionNotReached(Unavailable):
    """The read models are behind the position that the client named."""

    title = "Position not reached"
