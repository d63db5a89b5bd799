"""The law about conditions between works: a branch is taken when it holds, its works open once, and none is lost. Pure.

Written from docs/reference/idds.md, "Conditions", from the events alone: what ended, and what each condition asks of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from check.of_workflows import LawOfWorkflows
from schemas.types import ConditionBranch, PredicateMethod, WorkEnd, WorkflowEnding

_M = PredicateMethod
WELL = frozenset({WorkEnd.FINISHED, WorkEnd.SUBFINISHED})
#: More than a decider accepts: predicates that one condition reads, and levels of them.
VALUES_MAX, LEVELS_MAX = 2_000, 50
#: Orders after which a workflow takes true branches only.
STOPS = frozenset({WorkflowEnding.ABORT, WorkflowEnding.EXPIRE, WorkflowEnding.FINISH})


@dataclass(slots=True)
class ConditionLedger:
    """Of one workflow. ends: of the works that ended. closed: works that wait. asked: conditions that may take a branch.

    dormant: conditions that wait for another one. sizes: of each condition how many predicates it reads and how deep they are
    nested, with those of the conditions that it asks; None for one that cannot be judged.
    """

    waiting: set[int] = field(default_factory=set)
    closed: set[int] = field(default_factory=set)
    started: set[int] = field(default_factory=set)
    ends: dict[int, WorkEnd] = field(default_factory=dict)
    conditions: list[Any] = field(default_factory=list)
    sizes: list[tuple[int, int] | None] = field(default_factory=list)
    asked: set[int] = field(default_factory=set)
    dormant: set[int] = field(default_factory=set)
    works: int = 0
    sealed: bool = False
    is_at_work: bool = False
    stopped: bool = False
    rests: bool = False


@dataclass
class ConditionsTaken(LawOfWorkflows[ConditionLedger]):
    """A condition takes a branch once an attempt: the true one when it holds, the false one when all that it asks has ended."""

    name: str = "a condition of a workflow takes the branch that its works give, opens works that wait, and is not lost"

    def opened(self) -> ConditionLedger:
        """One without works."""
        return ConditionLedger()

    def entered(self, ledger: ConditionLedger, name: str, event: Any) -> Iterator[str]:
        """What does not follow from the events before."""
        return _entered(ledger, name, event)

    def left(self, ledger: ConditionLedger) -> Iterator[str]:
        """What should have happened by now."""
        return _lost(ledger)


def _entered(ledger: ConditionLedger, name: str, event: Any) -> Iterator[str]:
    match name:
        case "WorksAdded":
            yield from _works_added(ledger, event)
        case "WorkflowSealed":
            ledger.sealed = ledger.is_at_work = True
        case "NodesRestarted":
            ledger.is_at_work = ledger.is_at_work or not event.more
        case "WorkStarted":
            ledger.started.add(event.work)
        case "WorkEnded":
            if event.work in ledger.closed:
                yield f"work {event.work} ended, no condition has opened it"
            ledger.ends[event.work] = event.end
        case "ConditionEvaluated":
            yield from _evaluated(ledger, event)
        case "WorkflowSuspended" | "WorkflowResumed":
            ledger.rests = name == "WorkflowSuspended"
        case "WorkflowEndOrdered":
            ledger.rests = event.ending not in STOPS
            ledger.stopped, ledger.is_at_work = event.ending in STOPS, ledger.sealed
        case "WorkflowRetried":
            _retried(ledger)
        case "WorkflowFinalized":
            yield from _lost(ledger)
            ledger.is_at_work = False
        case _:
            pass


def _works_added(ledger: ConditionLedger, event: Any) -> Iterator[str]:
    for one in event.works:
        if one.waits:
            ledger.waiting.add(ledger.works)
        ledger.works += 1
    ledger.closed = set(ledger.waiting)
    for condition in event.conditions:
        size = _size_of(ledger, condition)
        if size is None:
            yield f"condition {len(ledger.conditions)} asks one that is not before it, or more than {VALUES_MAX} values"
        ledger.conditions.append(condition)
        ledger.sizes.append(size)
    _ask_again(ledger)


def _size_of(ledger: ConditionLedger, condition: Any) -> tuple[int, int] | None:
    """Predicates and levels of a condition that comes next: what it asks must be known, so that judging it comes to an end."""
    inner = [one.condition for one in condition.predicates if one.condition is not None]
    sizes = [ledger.sizes[one] if 0 <= one < len(ledger.sizes) else None for one in inner]
    known = [one for one in sizes if one is not None]
    values = len(condition.predicates) + sum(one for one, _ in known)
    levels = 1 + max((one for _, one in known), default=0)
    return (values, levels) if len(known) == len(sizes) and values <= VALUES_MAX and levels <= LEVELS_MAX else None


def _ask_again(ledger: ConditionLedger) -> None:
    judged = {number for number, size in enumerate(ledger.sizes) if size is not None}
    ledger.dormant = {number for number in judged if ledger.conditions[number].waits}
    ledger.asked = judged - ledger.dormant


def _retried(ledger: ConditionLedger) -> None:
    ledger.ends = {work: end for work, end in ledger.ends.items() if end is WorkEnd.FINISHED}
    ledger.closed = ledger.waiting - ledger.ends.keys()
    _ask_again(ledger)
    ledger.stopped = ledger.rests = ledger.is_at_work = False


def _evaluated(ledger: ConditionLedger, event: Any) -> Iterator[str]:
    number = event.condition
    if number not in ledger.asked:
        yield f"condition {number} takes a branch, it is not asked"
    ledger.asked.discard(number)
    if number >= len(ledger.conditions) or ledger.sizes[number] is None:
        return
    condition = ledger.conditions[number]
    is_true = event.branch is ConditionBranch.TRUE
    due = _branch(ledger, number)
    if due is not event.branch or event.holds is not is_true:
        yield f"condition {number} takes the branch {event.branch}, its works give {due or 'none yet'}"
    for one in event.values:
        asked = (one.method, one.work, one.works)
        meant = next((it for it in _all_predicates(ledger, number) if (it.method, it.work, it.works) == asked), None)
        if meant is None or one.condition is not None or (one.work is None and not one.works):
            continue
        if (one.value, one.end) != (_of_works(ledger, meant), _end_of(ledger, meant)):
            named = f"work {one.work}" if one.works == () else f"works {list(one.works)}"
            yield f"condition {number} read {one.value} for {one.method} of {named}, which does not stand so"
    works = condition.true_works if is_true else condition.false_works
    inner = condition.true_conditions if is_true else condition.false_conditions
    wanted = {one for one in works if one in ledger.closed}
    if set(event.works) != wanted:
        yield f"condition {number} opens works {sorted(event.works)}, its branch has {sorted(wanted)}"
    ledger.closed -= set(event.works)
    ledger.asked |= set(inner) & ledger.dormant
    ledger.dormant -= set(inner)


def _lost(ledger: ConditionLedger) -> Iterator[str]:
    """Conditions that take a branch as things stand, in a workflow that asks them."""
    if not ledger.is_at_work or ledger.rests:
        return
    for number in sorted(ledger.asked):
        branch = _branch(ledger, number)
        if branch is not None:
            yield f"condition {number} is lost: its works give {branch}, and it took no branch"


def _branch(ledger: ConditionLedger, number: int) -> ConditionBranch | None:
    if _holds(ledger, number):
        return ConditionBranch.TRUE
    return ConditionBranch.FALSE if not ledger.stopped and _all_ended(ledger, number) else None


def _holds(ledger: ConditionLedger, number: int) -> bool:
    condition = ledger.conditions[number]
    values = []
    for one in condition.predicates:
        if one.condition is not None:
            found = _holds(ledger, one.condition)
            values.append(found if one.method is _M.HOLDS else not found and _all_ended(ledger, one.condition))
        elif one.works or one.work is not None:
            values.append(_of_works(ledger, one))
        else:
            values.append(one.method is _M.ALWAYS)
    return any(values) if condition.takes_any else all(values)


def _all_ended(ledger: ConditionLedger, number: int) -> bool:
    for one in ledger.conditions[number].predicates:
        if (one.works or one.work is not None) and _end_of(ledger, one) is None:
            return False
        if one.condition is not None and not _all_ended(ledger, one.condition):
            return False
    return True


def _all_predicates(ledger: ConditionLedger, number: int) -> Iterator[Any]:
    for one in ledger.conditions[number].predicates:
        yield one
        if one.condition is not None:
            yield from _all_predicates(ledger, one.condition)


def _end_of(ledger: ConditionLedger, asked: Any) -> WorkEnd | None:
    """How a work ended, or a workflow within by its works that were opened; None for one that has not started."""
    works = asked.works or (asked.work,)
    ends = [ledger.ends.get(work) for work in works if work not in ledger.closed]
    is_dormant = any(one in ledger.closed for one in works[: asked.starting]) or any(one in ledger.dormant for one in asked.asked)
    if is_dormant or not ends or None in ends:
        return None
    if len(set(ends)) == 1:
        return ends[0]
    for order in (WELL, {WorkEnd.EXPIRED}, {WorkEnd.CANCELLED}, {WorkEnd.SUSPENDED}):
        if order & set(ends):
            return WorkEnd.SUBFINISHED if order is WELL else next(iter(order))
    return WorkEnd.FAILED


def _of_works(ledger: ConditionLedger, asked: Any) -> bool:
    end, method = _end_of(ledger, asked), asked.method
    opened = [work for work in asked.works or (asked.work,) if work not in ledger.closed]
    has_started = any(work in ledger.started or work in ledger.ends for work in opened)
    match method:
        case _M.TERMINATED:
            return end is not None
        case _M.PROCESSED:
            return end in WELL
        case _M.STARTED:
            return has_started
        case _M.STARTING:
            return bool(opened) and not has_started
        case _M.RUNNING:
            return has_started and end is None
        case _:
            return end is not None and end.value == method.value
