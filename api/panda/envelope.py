"""Answers of `/api/v1`: the envelope, and times as panda-client rebuilds them (docs/reference/client.md, "The envelope")."""

from dataclasses import dataclass
from typing import Any

from schemas.times import datetime_of


@dataclass(frozen=True, slots=True)
class Reply:
    """`{"success", "message", "data"}`; `message` is always a text, because the client calls string methods on it."""

    success: bool
    message: str = ""
    data: Any = None

    def document(self) -> dict[str, Any]:
        """The JSON object that is sent."""
        return {"success": self.success, "message": self.message, "data": self.data}


def done(data: Any = None, message: str = "") -> Reply:
    """It worked."""
    return Reply(True, message, data)


def failed(message: str, data: Any = None) -> Reply:
    """It did not, and why."""
    return Reply(False, message, data)


def moment(micros: int | None) -> dict[str, str] | None:
    """A time as the client turns it into a datetime: naive UTC, whole seconds (pbook prints what it gets).

    None also for a time outside the years 1 to 9999, for which the client has no form.
    """
    at = None if micros is None else datetime_of(micros)
    return None if at is None else {"__datetime__": at.replace(tzinfo=None, microsecond=0).isoformat()}
