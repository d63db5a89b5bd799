"""Conditions between works as numbers: which works wait, and what opens them. Pure.

In: a plan of the grammar. Out: CompiledConditions, or why the conditions cannot be run yet. Works have the numbers of the
compiled graph; a condition has a higher number than all that it names, so that they cannot ask each other in a circle. What the
start of the workflow names is no target any more. Source: docs/reference/idds.md, "Conditions"; docs/decisions/0121.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from schemas.types import ConditionDefinition, ConditionPredicate, PredicateMethod
from streams.idds.compile import CompiledGraph
from streams.idds.model import (
    ConditionMethod,
    Operator,
    Predicate,
    WorkAttribute,
    WorkCondition,
    WorkflowPlan,
    WorkMethod,
    WorkPlan,
)

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
    """The conditions of `plan` and of the workflows within it; a text says what of them cannot be run yet."""
    compiling = _Compiling(plan)
    try:
        compiling.add_all(plan, waits=False)
    except _NotYet as reason:
        return str(reason)
    ids = tuple(work.work_id for work in plan.all_works)
    waiting = {ids[work] for one in compiling.definitions for work in (*one.true_works, *one.false_works)}
    return CompiledConditions(tuple(compiling.definitions), frozenset(waiting))


def starting_works(plan: WorkflowPlan) -> Iterator[str]:
    """Ids of the works that start when `plan` does; those of a workflow that does are its own first ones."""
    within = {one.workflow_id: one for one in plan.nodes if isinstance(one, WorkflowPlan)}
    for one in plan.first_ids:
        if one in within:
            yield from starting_works(within[one])
        else:
            yield one


class _Compiling:
    """Conditions, inner ones before those that name them, and those of a workflow within before those of the one around it.

    So what a workflow within goes on to is known before its end is asked.
    """

    def __init__(self, plan: WorkflowPlan) -> None:
        self._numbers = {work.work_id: number for number, work in enumerate(plan.all_works)}
        self._first = frozenset(starting_works(plan))
        self._plans: dict[str, WorkflowPlan] = {}
        #: Conditions of a workflow within: those that are asked when it starts.
        self._of_plans: dict[str, tuple[int, ...]] = {}
        #: What the conditions of the workflow at hand may name.
        self._inside: frozenset[str] = frozenset()
        self.definitions: list[ConditionDefinition] = []

    def add_all(self, plan: WorkflowPlan, *, waits: bool) -> None:
        """The conditions of a workflow. waits: it starts by a condition, and its own are asked only then."""
        for one in plan.nodes:
            if isinstance(one, WorkflowPlan):
                self._plans[one.workflow_id] = one
                self.add_all(one, waits=waits or one.workflow_id not in plan.first_ids)
        self._inside = frozenset(one.work_id if isinstance(one, WorkPlan) else one.workflow_id for one in plan.nodes)
        own = tuple(self.add(condition, waits=waits) for condition in plan.conditions)
        started = (self._of_plans[one] for one in plan.first_ids if one in self._plans)
        self._of_plans[plan.workflow_id] = (*own, *(number for numbers in started for number in numbers))

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
                self._check(work_id)
                if work_id not in self._plans:
                    return ConditionPredicate(method=METHODS[method], work=self._numbers[work_id])
                return self._of_workflow(METHODS[method], self._plans[work_id])

    def _of_workflow(self, method: PredicateMethod, plan: WorkflowPlan) -> ConditionPredicate:
        """A workflow within is asked by its works; it has started when those that start with it have."""
        starting = tuple(self._numbers[one] for one in dict.fromkeys(starting_works(plan)))
        others = (self._numbers[work.work_id] for work in plan.all_works)
        works = tuple(dict.fromkeys((*starting, *others)))
        asked = self._of_plans[plan.workflow_id]
        if not 0 < len(works) <= MEMBERS_MAX or len(asked) > MEMBERS_MAX:
            raise _NotYet(f"conditions on workflows without works, or with more than {MEMBERS_MAX:,},")
        return ConditionPredicate(method=method, works=works, starting=len(starting), asked=asked)

    def _targets(self, targets: "Sequence[str | WorkCondition]") -> tuple[tuple[int, ...], tuple[int, ...]]:
        works: list[int] = []
        conditions: list[int] = []
        for one in targets:
            if isinstance(one, WorkCondition):
                conditions.append(self.add(one, waits=True))
                continue
            self._check(one)
            if one in self._plans:
                started = tuple(starting_works(self._plans[one]))
                if not self._first.issuperset(started):
                    conditions += self._of_plans[one]
            else:
                started = (one,)
            works += (self._numbers[work] for work in started if work not in self._first)
        return tuple(dict.fromkeys(works)), tuple(dict.fromkeys(conditions))

    def _check(self, work_id: str) -> None:
        """Conditions name what is in their own workflow, as the clients let them."""
        if work_id not in self._inside:
            raise _NotYet(f"conditions on works of another workflow, or on the own one ({work_id}),")


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
