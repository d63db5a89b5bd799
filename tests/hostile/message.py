"""What is sent and what came back. Data only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Sender(StrEnum):
    """Who sends: none of them is the bystander."""

    NO_ONE = "no token"
    USER = "user"
    STRANGER = "user of another VO"
    PILOT = "pilot"
    OPERATOR = "operator"
    OUTSIDER = "producer"
    LEAVER = "user who ends the login"


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request. target: path and query as they stand on the wire, percent-encoded."""

    method: str
    target: str
    sender: Sender
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """A record for a topic of Kafka, as bytes. before: honest ones that are written just ahead of it."""

    topic: str
    key: bytes | None
    value: bytes | None
    before: tuple["Record", ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `kind` is its row in the report; with the seed, kind and number name it for ever.

    description: what is odd in it.
    """

    kind: str
    number: int
    content: Request | Record
    description: str

    @property
    def name(self) -> str:
        """How it is named on the command line."""
        return f"{self.kind}#{self.number}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a message.

    status: of HTTP; 0 for what has none. code: `accepted`, or how it was refused. answer: the beginning of the answer.
    """

    message: Message
    status: int
    code: str
    seconds: float
    at: float
    answer: str = ""

    @property
    def accepted(self) -> bool:
        """True when it was taken."""
        return self.code == "accepted"

    @property
    def timed_out(self) -> bool:
        """True when no answer came in time, or the connection was cut."""
        return self.code in ("timeout", "cut off")

    @property
    def is_error(self) -> bool:
        """True for an error of the server; documented are 503 (log or read models do not answer) and 501 (a call not offered)."""
        return self.status >= 500 and self.status not in (501, 503)
