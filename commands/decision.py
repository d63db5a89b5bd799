"""What deciding gives: events, a refusal, follow-up commands, words for a pilot. Pure values, the same for every aggregate."""

from dataclasses import dataclass
from typing import Any

from schemas.bounds import Checked
from schemas.types import GrantedRanges, HarvesterOrder, LeasedJob, NothingToLease, RangeReport


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A command that another aggregate gets in the same transaction; `on_behalf_of` and `vo` name its actor and
    organisation where those are others.

    required: where it is refused, or cannot be decided at once, the decision is not taken and the refusal is its answer.
    checked: the part of the command whose bounds were checked when it was made; it is not checked again in this transaction.
    """

    aggregate_id: str
    command: Any
    on_behalf_of: str | None = None
    vo: str | None = None
    checked: Checked | None = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not: `reason` is a code that says what was found, `message` the sentence for people."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Hits:
    """How many jobs and input units a command touches."""

    jobs: int
    units: int


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one command. A refusal may carry events: the trace it leaves."""

    events: tuple[Any, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    refusal: Refusal | None = None
    pilot_command: str | None = None
    leased: LeasedJob | None = None
    numbers_from: int | None = None
    harvester_orders: tuple[HarvesterOrder, ...] = ()
    hits: Hits | None = None
    ranges_granted: tuple[GrantedRanges, ...] = ()
    ranges_refused: tuple[RangeReport, ...] = ()
    nothing_to_lease: NothingToLease | None = None


def accept(
    *events: Any,
    follow_ups: tuple[FollowUp, ...] = (),
    pilot_command: str | None = None,
    leased: LeasedJob | None = None,
    numbers_from: int | None = None,
    harvester_orders: tuple[HarvesterOrder, ...] = (),
    hits: Hits | None = None,
    ranges_granted: tuple[GrantedRanges, ...] = (),
) -> Decision:
    """Carried out. Without events: nothing was left to do."""
    return Decision(events, follow_ups, None, pilot_command, leased, numbers_from, harvester_orders, hits, ranges_granted)


def refuse(
    reason: str,
    message: str,
    *events: Any,
    follow_ups: tuple[FollowUp, ...] = (),
    pilot_command: str | None = None,
    ranges_refused: tuple[RangeReport, ...] = (),
    nothing_to_lease: NothingToLease | None = None,
) -> Decision:
    """Not carried out, or not all of it."""
    refusal = Refusal(reason, message)
    return Decision(
        events, follow_ups, refusal, pilot_command, ranges_refused=ranges_refused, nothing_to_lease=nothing_to_lease
    )
