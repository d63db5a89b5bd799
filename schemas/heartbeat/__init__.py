"""What may be said to and by the heartbeat aggregate.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from typing import Any, Self

from msgspec import Struct

from schemas.characters import (
    LINE,
    NAME,
    SUBJECT,
    WORD,
    lines_of,
)
from schemas.types import (
    JobUsage,
)

_NAMES_OF_PILOTHEARTBEAT = lines_of(
    (WORD, 1, 128),
    (NAME, 0, 255),
    (WORD, 0, 64),
    (SUBJECT, 1, 255),
    (WORD, 1, 64),
)


class PilotHeartbeat(Struct, frozen=True, kw_only=True, gc=False):
    """A pilot that holds a job was seen.

    job_id: The job.
    attempt: Attempt it claims.
    queue: Queue.
    node: Host.
    state: State it claims.
    sub_status: jobSubStatus.
    usage: What the payload used so far.
    seen_at: When the API saw it.
    actor: Opaque subject id of the pilot.
    vo: Tenant.
    """

    job_id: int
    attempt: int
    queue: str
    node: str = ""
    state: str
    sub_status: str | None = None
    usage: JobUsage | None = None
    seen_at: int
    actor: str
    vo: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "job_id": self.job_id,
            "attempt": self.attempt,
            "queue": self.queue,
            "node": self.node,
            "state": self.state,
            "sub_status": self.sub_status,
            "usage": None if self.usage is None else self.usage.to_avro(),
            "seen_at": self.seen_at,
            "actor": self.actor,
            "vo": self.vo,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            job_id=record["job_id"],
            attempt=record["attempt"],
            queue=record["queue"],
            node=record["node"],
            state=record["state"],
            sub_status=record["sub_status"],
            usage=None if record["usage"] is None else JobUsage.from_avro(record["usage"]),
            seen_at=record["seen_at"],
            actor=record["actor"],
            vo=record["vo"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.job_id <= 9223372036854775807
            and 0 <= self.attempt <= 1000000
            and (self.sub_status is None or (len(self.sub_status) <= 128 and LINE.takes(self.sub_status)))
            and 631152000000000 <= self.seen_at <= 4102444800000000
            and _NAMES_OF_PILOTHEARTBEAT("\n".join((self.queue, self.node, self.state, self.actor, self.vo, ""))) is not None
            and (self.usage is None or self.usage.is_within_bounds())
        )
