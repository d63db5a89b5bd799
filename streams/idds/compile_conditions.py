"""Conditions between works as numbers: which works wait, and what opens them. Pure.

In: a plan of the grammar. Out: CompiledConditions, or why the conditions cannot be run yet. Works have the numbers of the
compiled graph; a condition has a higher number than all that it names, so that they cannot ask each other in a circle. What the
start of the workflow names is no target any more. Source: docs/reference/idds.md, "Conditions"; docs/decisions/0121.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from schemas.types import ConditionDefinition, ConditionPredicate, PredicateMethod
from streams.idds.compile import CompiledGraph
from streams.idds.model import ConditionMethod, Operator, Predicate, WorkAttribute, WorkCondition, WorkflowPlan, WorkMethod

CONDITIONS_MAX = 10_000
#: Members of one condition.
MEMBERS_MAX = 1_000
_M = PredicateMethod
METHODS: Mapping[str, PredicateMethod] = {
    "is_started": _M.STARTED,
    "is_starting": _M.STARTING,
    "is_running": _M.RUNNING,
    "is_finished": _M.FINISHED,
    "my_condition": _M.FINISHED,
    "is_subfinished": _M.SUBFINISHED,
    "is_failed": _M.FAILED,
    "is_cancelled": _M.CANCELLED,
    "is_suspended": _M.SUSPENDED,
    "is_expired": _M.EXPIRED,
    "is_processed": _M.PROCESSED,
    "is_terminated": _M.TERMINATED,
}


class _NotYet(Exception):
    """What of a condition cannot be run."""


@dataclass(frozen=True, slots=True)
class CompiledConditions:
    """The conditions in the order of their numbers, and ids of the works that wait until one of them opens them."""

    definitions: tuple[ConditionDefinition, ...] = ()
    waiting: frozenset[str] = frozenset()


def compile_conditions(plan: WorkflowPlan) -> CompiledConditions | str:
    """The conditions of `plan`; a text says what of them cannot be run yet."""
    numbers = {work.work_id: number for number, work in enumerate(plan.all_works)}
    compiling = _Compiling(numbers, frozenset(plan.first_ids))
    try:
        for condition in plan.conditions:
            compiling.add(condition, waits=False)
    except _NotYet as reason:
        return str(reason)
    ids = tuple(numbers)
    waiting = {ids[work] for one in compiling.definitions for work in (*one.true_works, *one.false_works)}
    return CompiledConditions(tuple(compiling.definitions), frozenset(waiting))


class _Compiling:
    """Conditions, inner ones before those that name them."""

    def __init__(self, numbers: Mapping[str, int], first: frozenset[str]) -> None:
        self._numbers, self._first = numbers, first
        self.definitions: list[ConditionDefinition] = []

    def add(self, condition: WorkCondition, *, waits: bool) -> int:
        """The number that the condition gets."""
        predicates = tuple(self._predicate(one) for one in condition.predicates)
        true_works, true_conditions = self._targets(condition.true_targets)
        false_works, false_conditions = self._targets(condition.false_targets)
        members = (predicates, true_works, true_conditions, false_works, false_conditions)
        if max(map(len, members)) > MEMBERS_MAX or len(self.definitions) >= CONDITIONS_MAX:
            raise _NotYet(f"more than {MEMBERS_MAX:,} members of a condition, or more than {CONDITIONS_MAX:,} conditions,")
        definition = ConditionDefinition(
            condition_id=condition.condition_id,
            takes_any=condition.operator is Operator.OR,
            waits=waits,
            predicates=predicates,
            true_works=true_works,
            false_works=false_works,
            true_conditions=true_conditions,
            false_conditions=false_conditions,
        )
        self.definitions.append(definition)
        return len(self.definitions) - 1

    def _predicate(self, one: Predicate) -> ConditionPredicate:
        match one:
            case bool():
                return ConditionPredicate(method=_M.ALWAYS if one else _M.NEVER)
            case ConditionMethod(method, inner):
                asked = _M.FAILS if method == "is_condition_false" else _M.HOLDS
                return ConditionPredicate(method=asked, condition=self.add(inner, waits=True))
            case WorkMethod(method, work_id) if method not in METHODS:
                raise _NotYet(f"conditions on what a payload gave ({method} of {work_id})")
            case WorkAttribute(attribute, work_id):
                raise _NotYet(f"conditions on attributes of works ({attribute} of {work_id})")
            case WorkMethod(method, work_id):
                return ConditionPredicate(method=METHODS[method], work=self._number(work_id))

    def _targets(self, targets: "Sequence[str | WorkCondition]") -> tuple[tuple[int, ...], tuple[int, ...]]:
        works = [self._number(one) for one in targets if isinstance(one, str) and one not in self._first]
        conditions = [self.add(one, waits=True) for one in targets if isinstance(one, WorkCondition)]
        return tuple(dict.fromkeys(works)), tuple(conditions)

    def _number(self, work_id: str) -> int:
        if work_id not in self._numbers:
            raise _NotYet(f"conditions on whole workflows ({work_id})")
        return self._numbers[work_id]


def crossing(graph: CompiledGraph, waiting: frozenset[str]) -> str:
    """A dependency between jobs of a work that waits for a condition and of another work, as text; empty for none."""
    if not waiting:
        return ""
    works = [number for number, one in enumerate(graph.works) for _ in one.names]
    waits = [one.plan.work_id in waiting for one in graph.works]
    for parent, child in _between_works(graph, works):
        if waits[works[parent]] or waits[works[child]]:
            return f"{graph.name_of(child)} waits for {graph.name_of(parent)}"
    return ""


def _between_works(graph: CompiledGraph, works: Sequence[int]) -> Iterator[tuple[int, int]]:
    return ((parent, child) for parent, child in graph.edges() if works[parent] != works[child])
