"""Conditions between works: what they ask, and which branch they take. Pure.

In: the conditions of a workflow and its works as they stand. Out: a branch, or None as long as it waits; and every value that
was read. A true branch is taken as soon as the predicates hold, a false one when they do not and all works that are asked have
ended; that another condition does not hold (FAILS) is likewise true only when all works that it asks have ended.
Source: docs/reference/idds.md, "Conditions"; docs/decisions/0121.
"""

from collections.abc import Iterator, Mapping
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
    values = len(definition.predicates) + sum(one.values for one in inner)
    nested = 1 + max((one.nested for one in inner), default=0)
    return WorkflowCondition(definition, values, nested, not definition.waits)


def problem_of(definition: ConditionDefinition, number: int, works: Works, before: Conditions) -> str:
    """What is wrong with condition `number`; empty for nothing. A circle cannot be said: it names only conditions before it."""
    for one in definition.predicates:
        if one.method is _M.UNKNOWN:
            return "predicates: found UNKNOWN, expected what is asked"
        asks_condition, asks_work = one.method in OF_CONDITIONS, one.method not in OF_CONDITIONS | CONSTANT
        if (one.condition is not None, one.work is not None) != (asks_condition, asks_work):
            return f"predicates: {one.method} does not fit what it asks"
        if one.work is not None and one.work not in works:
            return f"predicates: no work {one.work}, there are {len(works)}"
        if one.condition is not None and one.condition >= number:
            return f"predicates: condition {one.condition} is not before condition {number}"
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


def asked_works(definition: ConditionDefinition, conditions: Conditions) -> Iterator[int]:
    """Works whose standing it reads, also by the conditions that it asks; perhaps more than once."""
    for one in definition.predicates:
        if one.work is not None:
            yield one.work
        elif one.condition is not None:
            yield from asked_works(conditions[one.condition].definition, conditions)


def branch_of(number: int, works: Works, conditions: Conditions, *, takes_false: bool) -> ConditionBranch | None:
    """The branch that a condition takes now; None while it waits. takes_false: a false branch may be taken."""
    definition = conditions[number].definition
    if holds(definition, works, conditions, []):
        return ConditionBranch.TRUE
    return ConditionBranch.FALSE if takes_false and _is_settled(definition, works, conditions) else None


def _is_settled(definition: ConditionDefinition, works: Works, conditions: Conditions) -> bool:
    """Whether all works that it asks have ended, so that what it says stays."""
    return all(works[one].end is not None for one in asked_works(definition, conditions))


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
        value, end = of_work(one.method, work), work.end
    else:
        value, end = one.method is _M.ALWAYS, None
    read.append(PredicateValue(method=one.method, work=one.work, condition=one.condition, end=end, value=value))
    return value


def of_work(method: PredicateMethod, work: Work) -> bool:
    """The value of a predicate of a work."""
    match method:
        case _M.STARTED:
            return work.is_open and (work.task_id is not None or work.end is not None)
        case _M.STARTING:
            return work.is_open and work.task_id is None and work.end is None
        case _M.RUNNING:
            return work.is_open and work.task_id is not None and work.end is None
        case (
            _M.FINISHED | _M.SUBFINISHED | _M.FAILED | _M.CANCELLED | _M.SUSPENDED | _M.EXPIRED | _M.PROCESSED | _M.TERMINATED
        ):
            return work.end in ENDS[method]
        case _M.UNKNOWN | _M.HOLDS | _M.FAILS | _M.ALWAYS | _M.NEVER:
            return False
        case _:
            assert_never(method)
