"""What may be said to and by the heartbeat aggregate.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from dataclasses import dataclass
from typing import Any, Self

from schemas.types import (
    JobUsage,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotHeartbeat:
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
