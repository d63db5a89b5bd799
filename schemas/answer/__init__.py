"""What may be said to and by the answer aggregate.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from typing import Any, Self

from msgspec import Struct

from schemas.characters import (
    SUBJECT,
    TEXT,
    UUID,
    WORD,
    lines_of,
)
from schemas.types import (
    GrantedRanges,
    HarvesterOrder,
    LeasedJob,
    NothingToLease,
    RangeReport,
)

_NAMES_OF_COMMANDANSWERED = lines_of(
    (UUID, 36, 36),
    (WORD, 0, 128),
    (WORD, 1, 64),
    (SUBJECT, 1, 1400),
    (UUID, 36, 36),
    (WORD, 0, 64),
    (WORD, 0, 32),
    (WORD, 1, 64),
    (SUBJECT, 1, 255),
    (UUID, 0, 36),
)


class CommandAnswered(Struct, frozen=True, kw_only=True, gc=False):
    """The one answer to a command. A follow-up that was decided at once has one only when it led to no event.

    command_id: The command.
    command_type: Its name.
    aggregate: Kind of aggregate: task, job, queue, ...
    aggregate_id: Which one.
    correlation_id: Tree of requests it belongs to.
    accepted: True when it was carried out, or nothing was left to do.
    reason: Code of the refusal.
    message: The sentence for people.
    sequence: Sequence of the aggregate after it.
    event_types: Events it led to.
    pilot_command: What the pilot must do, in its own words: tobekilled, or null.
    leased: The job, when a pilot asked for one.
    numbers_from: The first of the numbers that were asked for.
    harvester_orders: What a Harvester that asked has to do.
    ranges_granted: The ranges of events that a job got.
    repeated: True when the command had been answered before.
    answered_at: Time on the command.
    vo: Tenant.
    actor: Who asked.
    causation_id: What gave a follow-up that was decided at once: an event or a command; null for a command with
        a record of its own.
    jobs_hit: Jobs that get a command of their own or are held in their queues because of it; null for a command
        that does not count them.
    units_hit: Input units whose way it changes; null for a command that does not count them.
    dry_run: True where the command asked to be decided only: nothing was carried out.
    ranges_refused: Ranges of a report that were not taken, where the others were.
    nothing_to_lease: Of a request for a job that was refused NO_JOBS: for which requests this holds; null in
        other answers and those of earlier releases.
    """

    command_id: str
    command_type: str
    aggregate: str
    aggregate_id: str
    correlation_id: str
    accepted: bool
    reason: str | None = None
    message: str | None = None
    sequence: int
    event_types: tuple[str, ...] = ()
    pilot_command: str | None = None
    leased: LeasedJob | None = None
    numbers_from: int | None = None
    harvester_orders: tuple[HarvesterOrder, ...] = ()
    ranges_granted: tuple[GrantedRanges, ...] = ()
    repeated: bool = False
    answered_at: int
    vo: str
    actor: str
    causation_id: str | None = None
    jobs_hit: int | None = None
    units_hit: int | None = None
    dry_run: bool = False
    ranges_refused: tuple[RangeReport, ...] = ()
    nothing_to_lease: NothingToLease | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "command_id": self.command_id,
            "command_type": self.command_type,
            "aggregate": self.aggregate,
            "aggregate_id": self.aggregate_id,
            "correlation_id": self.correlation_id,
            "accepted": self.accepted,
            "reason": self.reason,
            "message": self.message,
            "sequence": self.sequence,
            "event_types": list(self.event_types),
            "pilot_command": self.pilot_command,
            "leased": None if self.leased is None else self.leased.to_avro(),
            "numbers_from": self.numbers_from,
            "harvester_orders": [item.to_avro() for item in self.harvester_orders],
            "ranges_granted": [item.to_avro() for item in self.ranges_granted],
            "repeated": self.repeated,
            "answered_at": self.answered_at,
            "vo": self.vo,
            "actor": self.actor,
            "causation_id": self.causation_id,
            "jobs_hit": self.jobs_hit,
            "units_hit": self.units_hit,
            "dry_run": self.dry_run,
            "ranges_refused": [item.to_avro() for item in self.ranges_refused],
            "nothing_to_lease": None if self.nothing_to_lease is None else self.nothing_to_lease.to_avro(),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            command_id=record["command_id"],
            command_type=record["command_type"],
            aggregate=record["aggregate"],
            aggregate_id=record["aggregate_id"],
            correlation_id=record["correlation_id"],
            accepted=record["accepted"],
            reason=record["reason"],
            message=record["message"],
            sequence=record["sequence"],
            event_types=tuple(record["event_types"]),
            pilot_command=record["pilot_command"],
            leased=None if record["leased"] is None else LeasedJob.from_avro(record["leased"]),
            numbers_from=record["numbers_from"],
            harvester_orders=tuple(HarvesterOrder.from_avro(item) for item in record["harvester_orders"]),
            ranges_granted=tuple(GrantedRanges.from_avro(item) for item in record["ranges_granted"]),
            repeated=record["repeated"],
            answered_at=record["answered_at"],
            vo=record["vo"],
            actor=record["actor"],
            causation_id=record["causation_id"],
            jobs_hit=record["jobs_hit"],
            units_hit=record["units_hit"],
            dry_run=record["dry_run"],
            ranges_refused=tuple(RangeReport.from_avro(item) for item in record["ranges_refused"]),
            nothing_to_lease=None if record["nothing_to_lease"] is None else NothingToLease.from_avro(record["nothing_to_lease"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.message is None or (len(self.message) <= 10000 and TEXT.takes(self.message)))
            and 0 <= self.sequence <= 9223372036854775807
            and len(self.event_types) <= 100000
            and (not self.event_types or all(1 <= len(item) <= 128 and WORD.takes(item) for item in self.event_types))
            and (self.numbers_from is None or (10000000 <= self.numbers_from <= 899999999))
            and len(self.harvester_orders) <= 1000
            and len(self.ranges_granted) <= 500
            and 631152000000000 <= self.answered_at <= 4102444800000000
            and (self.jobs_hit is None or (0 <= self.jobs_hit <= 1000000000000))
            and (self.units_hit is None or (0 <= self.units_hit <= 1000000000000))
            and len(self.ranges_refused) <= 1000
            and _NAMES_OF_COMMANDANSWERED("\n".join((self.command_id, self.command_type, self.aggregate, self.aggregate_id, self.correlation_id, self.reason or "", self.pilot_command or "", self.vo, self.actor, self.causation_id or "", ""))) is not None
            and self.causation_id != ""
            and (self.leased is None or self.leased.is_within_bounds())
            and (not self.harvester_orders or all(map(HarvesterOrder.is_within_bounds, self.harvester_orders)))
            and (not self.ranges_granted or all(map(GrantedRanges.is_within_bounds, self.ranges_granted)))
            and (not self.ranges_refused or all(map(RangeReport.is_within_bounds, self.ranges_refused)))
            and (self.nothing_to_lease is None or self.nothing_to_lease.is_within_bounds())
        )
