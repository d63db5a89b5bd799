"""Conditions between works: what they ask, and which branch they take. Pure.

In: the conditions of a workflow and its works as they stand. Out: a branch, or None as long as it waits; and every value that
was read. A true branch is taken as soon as the predicates hold, a false one when they do not and all works that are asked have
ended; that another condition does not hold (FAILS) is likewise true only when all works that it asks have ended.
Source: docs/reference/idds.md, "Conditions"; docs/decisions/0121.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from commands.workflow.works import Work
from schemas.types import ConditionBranch, ConditionDefinition, ConditionPredicate, PredicateMethod, PredicateValue, WorkEnd

#: Of one condition with all conditions that it asks: predicates, and how deep they are nested.
VALUES_MAX, NESTED_MAX = 1_000, 20
_M = PredicateMethod
#: Predicate of an end -> the ends that it holds for.
ENDS: Mapping[PredicateMethod, frozenset[WorkEnd]] = {
    _M.FINISHED: frozenset({WorkEnd.FINISHED}),
    _M.SUBFINISHED: frozenset({WorkEnd.SUBFINISHED}),
    _M.FAILED: frozenset({WorkEnd.FAILED}),
    _M.CANCELLED: frozenset({WorkEnd.CANCELLED}),
    _M.SUSPENDED: frozenset({WorkEnd.SUSPENDED}),
    _M.EXPIRED: frozenset({WorkEnd.EXPIRED}),
    _M.PROCESSED: frozenset({WorkEnd.FINISHED, WorkEnd.SUBFINISHED}),
    _M.TERMINATED: frozenset(WorkEnd) - {WorkEnd.UNKNOWN},
}
OF_CONDITIONS = frozenset({_M.HOLDS, _M.FAILS})
CONSTANT = frozenset({_M.ALWAYS, _M.NEVER})


@dataclass(frozen=True, slots=True)
class WorkflowCondition:
    """One condition with its standing. is_asked: it takes a branch by itself. branch: the one that it took.

    values: how many predicates it reads, with those of the conditions that it asks. nested: how deep these are.
    """

    definition: ConditionDefinition
    values: int
    nested: int
    is_asked: bool
    branch: ConditionBranch | None = None

    @property
    def is_undecided(self) -> bool:
        """Whether it may still take a branch."""
        return self.is_asked and self.branch is None


Conditions = Mapping[int, WorkflowCondition]
Works = Mapping[int, Work]


def new_condition(definition: ConditionDefinition, before: Conditions) -> WorkflowCondition:
    """A condition behind those `before`, which are all that it names."""
    inner = [before[one.condition] for one in definition.predicates if one.condition is not None]
    values = sum(max(1, len(one.works)) for one in definition.predicates) + sum(one.values for one in inner)
    nested = 1 + max((one.nested for one in inner), default=0)
    return WorkflowCondition(definition, values, nested, not definition.waits)


def problem_of(definition: ConditionDefinition, number: int, works: Works, before: Conditions) -> str:
    """What is wrong with condition `number`; empty for nothing. A circle cannot be said: it names only conditions before it."""
    for one in definition.predicates:
        if problem := _problem_of_predicate(one, number, works):
            return f"predicates: {problem}"
    for work in (*definition.true_works, *definition.false_works):
        if work not in works or not works[work].waits:
            return f"works: work {work} is none that waits for a condition"
    for condition in (*definition.true_conditions, *definition.false_conditions):
        if condition >= number or not before[condition].definition.waits:
            return f"conditions: condition {condition} is none before condition {number} that waits for another"
    found = new_condition(definition, before)
    if found.values > VALUES_MAX or found.nested > NESTED_MAX:
        return f"condition {number} reads {found.values} values in {found.nested} levels, expected {VALUES_MAX}, {NESTED_MAX}"
    return ""


def _problem_of_predicate(one: ConditionPredicate, number: int, works: Works) -> str:
    if one.method is _M.UNKNOWN:
        return "found UNKNOWN, expected what is asked"
    asks_condition, asks_work = one.method in OF_CONDITIONS, one.method not in OF_CONDITIONS | CONSTANT
    named = (one.work is not None) + bool(one.works)
    if (one.condition is not None) is not asks_condition or named != asks_work:
        return f"{one.method} does not fit what it asks"
    if one.starting > len(one.works) or (one.works and not one.starting):
        return f"{one.starting} of {len(one.works)} works start their workflow"
    for work in (*one.works, *(() if one.work is None else (one.work,))):
        if work not in works:
            return f"no work {work}, there are {len(works)}"
    for condition in (*one.asked, *(() if one.condition is None else (one.condition,))):
        if condition >= number:
            return f"condition {condition} is not before condition {number}"
    return ""


def asked_works(definition: ConditionDefinition, conditions: Conditions) -> Iterator[int]:
    """Works whose standing it reads, also by the conditions that it asks; perhaps more than once."""
    for one in definition.predicates:
        if one.work is not None:
            yield one.work
        yield from one.works
        if one.condition is not None:
            yield from asked_works(conditions[one.condition].definition, conditions)


def branch_of(number: int, works: Works, conditions: Conditions, *, takes_false: bool) -> ConditionBranch | None:
    """The branch that a condition takes now; None while it waits. takes_false: a false branch may be taken."""
    definition = conditions[number].definition
    if holds(definition, works, conditions, []):
        return ConditionBranch.TRUE
    return ConditionBranch.FALSE if takes_false and _is_settled(definition, works, conditions) else None


def _is_settled(definition: ConditionDefinition, works: Works, conditions: Conditions) -> bool:
    """Whether all works that it asks have ended, so that what it says stays; of a workflow those that were started."""
    for one in definition.predicates:
        if one.work is not None and works[one.work].end is None:
            return False
        if one.works and end_of_all(one, works, conditions) is None:
            return False
        if one.condition is not None and not _is_settled(conditions[one.condition].definition, works, conditions):
            return False
    return True


def end_of_all(asked: ConditionPredicate, works: Works, conditions: Conditions) -> WorkEnd | None:
    """How a workflow within another one ended, by those of its works that were started; None before its end or its start.

    In a retry works of it may have ended well while it has not started again.
    """
    starting = asked.works[: asked.starting]
    has_started = all(works[one].is_open for one in starting) and all(conditions[one].is_asked for one in asked.asked)
    ends = {works[one].end for one in asked.works if works[one].is_open}
    if not has_started or None in ends:
        return None
    if ends == {WorkEnd.FINISHED}:
        return WorkEnd.FINISHED
    if ends & ENDS[_M.PROCESSED]:
        return WorkEnd.SUBFINISHED
    return next((one for one in (WorkEnd.EXPIRED, WorkEnd.CANCELLED, WorkEnd.SUSPENDED) if one in ends), WorkEnd.FAILED)


def holds(definition: ConditionDefinition, works: Works, conditions: Conditions, read: list[PredicateValue]) -> bool:
    """Whether the predicates hold, all or any of them; all are read, and what was found is added to `read`."""
    values = [_value(one, works, conditions, read) for one in definition.predicates]
    return any(values) if definition.takes_any else all(values)


def _value(one: ConditionPredicate, works: Works, conditions: Conditions, read: list[PredicateValue]) -> bool:
    if one.condition is not None:
        inner = conditions[one.condition].definition
        found, end = holds(inner, works, conditions, read), None
        value = found if one.method is _M.HOLDS else not found and _is_settled(inner, works, conditions)
    elif one.work is not None:
        work = works[one.work]
        value, end = of_work(one.method, [work], work.end), work.end
    elif one.works:
        within = [works[number] for number in one.works]
        end = end_of_all(one, works, conditions)
        value = of_work(one.method, within, end)
    else:
        value, end = one.method is _M.ALWAYS, None
    read.append(
        PredicateValue(method=one.method, work=one.work, works=one.works, condition=one.condition, end=end, value=value)
    )
    return value


def of_work(method: PredicateMethod, works: Sequence[Work], end: WorkEnd | None) -> bool:
    """The value of a predicate of a work, or of a workflow with these works. end: how it ended."""
    is_open = any(work.is_open for work in works)
    is_started = any(work.is_open and (work.task_id is not None or work.end is not None) for work in works)
    match method:
        case _M.STARTED:
            return is_started
        case _M.STARTING:
            return is_open and not is_started
        case _M.RUNNING:
            return is_started and end is None
        case (
            _M.FINISHED | _M.SUBFINISHED | _M.FAILED | _M.CANCELLED | _M.SUSPENDED | _M.EXPIRED | _M.PROCESSED | _M.TERMINATED
        ):
            return end in ENDS[method]
        case _M.UNKNOWN | _M.HOLDS | _M.FAILS | _M.ALWAYS | _M.NEVER:
            return False
        case _:
            assert_never(method)
