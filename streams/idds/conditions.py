"""Conditions of a workflow, judged by the states of its works: which branch, which targets, and the values that led there. Pure.

In: a condition and the state of each work it asks. Out: ConditionOutcome. A false branch waits until all works that the
condition asks have ended; a true one starts as soon as the predicates hold. `is_condition_false` waits as a false branch does.
Source: docs/reference/idds.md, "Conditions" and "Loops".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from streams.idds.model import ConditionMethod, Json, Operator, Predicate, WorkAttribute, WorkCondition, WorkMethod
from streams.idds.vocabulary import USER_PREFIX


class WorkState(StrEnum):
    """Status of a work or workflow, as far as conditions tell it apart."""

    NEW = "New"
    STARTING = "Starting"
    RUNNING = "Running"
    FINISHED = "Finished"
    SUB_FINISHED = "SubFinished"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    SUSPENDED = "Suspended"
    EXPIRED = "Expired"


ENDED = frozenset({
    WorkState.FINISHED, WorkState.SUB_FINISHED, WorkState.FAILED, WorkState.CANCELLED, WorkState.SUSPENDED, WorkState.EXPIRED,
})  # fmt: skip
#: Predicate of an end -> the states that it holds in.
ENDS: Mapping[str, frozenset[WorkState]] = {
    "is_finished": frozenset({WorkState.FINISHED}),
    "my_condition": frozenset({WorkState.FINISHED}),
    "is_subfinished": frozenset({WorkState.SUB_FINISHED}),
    "is_failed": frozenset({WorkState.FAILED}),
    "is_cancelled": frozenset({WorkState.CANCELLED}),
    "is_suspended": frozenset({WorkState.SUSPENDED}),
    "is_expired": frozenset({WorkState.EXPIRED}),
    "is_processed": frozenset({WorkState.FINISHED, WorkState.SUB_FINISHED}),
    "is_terminated": ENDED,
}


@dataclass(frozen=True, slots=True)
class WorkSeen:
    """What conditions see of a work. leaving: a cancel, suspend or resume is under way, so that its end does not count yet."""

    state: WorkState = WorkState.NEW
    leaving: bool = False
    output_data: Mapping[str, Json] = field(default_factory=dict)
    attributes: Mapping[str, Json] = field(default_factory=dict)
    and_conditions: Mapping[str, Json] = field(default_factory=dict)
    or_conditions: Mapping[str, Json] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """Whether it is in a state that stays."""
        return self.state in ENDED and not self.leaving


class Branch(StrEnum):
    """Which targets of a condition start."""

    TRUE = "true"
    FALSE = "false"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class ConditionOutcome:
    """The outcome of a condition. targets: ids of works to start, each once. evidence: (predicate, its value), in order."""

    branch: Branch
    targets: tuple[str, ...]
    evidence: tuple[tuple[str, bool], ...]


def judge(condition: WorkCondition, works: Mapping[str, WorkSeen]) -> ConditionOutcome:
    """What `condition` starts now; conditions among its targets are judged in turn. A work that is not in `works` is new."""
    evidence: list[tuple[str, bool]] = []
    branch = _branch(condition, works, evidence)
    targets: dict[str, None] = {}
    match branch:
        case Branch.TRUE:
            chosen = condition.true_targets
        case Branch.FALSE:
            chosen = condition.false_targets
        case Branch.WAITING:
            chosen = ()
    for target in chosen:
        if isinstance(target, str):
            targets[target] = None
        else:
            inner = judge(target, works)
            targets.update(dict.fromkeys(inner.targets))
            evidence.extend(inner.evidence)
    return ConditionOutcome(branch, tuple(targets), tuple(evidence))


def _branch(condition: WorkCondition, works: Mapping[str, WorkSeen], evidence: list[tuple[str, bool]]) -> Branch:
    if holds(condition, works, evidence):
        return Branch.TRUE
    ended = all(works.get(one, WorkSeen()).ended for one in asked(condition))
    return Branch.FALSE if ended else Branch.WAITING


def asked(condition: WorkCondition) -> Iterator[str]:
    """Ids of the works whose states the predicates read, not those that it starts."""
    for predicate in condition.predicates:
        match predicate:
            case bool():
                pass
            case ConditionMethod():
                yield from asked(predicate.condition)
            case WorkMethod() | WorkAttribute():
                yield predicate.work_id


def holds(condition: WorkCondition, works: Mapping[str, WorkSeen], evidence: list[tuple[str, bool]]) -> bool:
    """Whether the predicates hold, all or one by the operator; without any, And holds and Or does not. Adds what was read."""
    values = [_value(predicate, works, evidence) for predicate in condition.predicates]
    match condition.operator:
        case Operator.AND:
            return all(values)
        case Operator.OR:
            return any(values)


def _value(predicate: Predicate, works: Mapping[str, WorkSeen], evidence: list[tuple[str, bool]]) -> bool:
    match predicate:
        case bool():
            name, value = "constant", predicate
        case WorkMethod(method, work_id):
            name, value = f"{work_id}.{method}", of_work(method, works.get(work_id, WorkSeen()))
        case WorkAttribute(attribute, work_id):
            name, value = f"{work_id}.{attribute}", bool(works.get(work_id, WorkSeen()).attributes.get(attribute))
        case ConditionMethod(method, inner):
            value, name = holds(inner, works, evidence), f"{inner.condition_id}.{method}"
            if method == "is_condition_false":
                value = not value and all(works.get(one, WorkSeen()).ended for one in asked(inner))
    evidence.append((name, value))
    return value


def of_work(method: str, seen: WorkSeen) -> bool:
    """The value of a predicate of a work. Raises KeyError for a method that the grammar does not let through."""
    match method:
        case "is_started":
            return seen.state is not WorkState.NEW and seen.state is not WorkState.STARTING
        case "is_starting":
            return seen.state is WorkState.STARTING
        case "is_running":
            return seen.state is WorkState.RUNNING
        case "get_custom_condition_status":
            return custom(seen)
        case "get_not_custom_condition_status":
            return not custom(seen)
        case _:
            return seen.state in ENDS[method] and not seen.leaving


def custom(seen: WorkSeen) -> bool:
    """An `or` entry that is equal to its value decides; else all `and` entries must be, and there must be some."""
    if any(same(value_of(key, seen), wanted) for key, wanted in seen.or_conditions.items()):
        return True
    entries = seen.and_conditions.items()
    return bool(entries) and all(same(value_of(key, seen), wanted) for key, wanted in entries)


def value_of(key: str, seen: WorkSeen) -> Json:
    """The value of a custom entry: of the payload's output, else of an attribute, where empty values count as null."""
    if key in seen.output_data:
        return seen.output_data[key]
    name = USER_PREFIX + key if USER_PREFIX + key in seen.attributes else key
    return seen.attributes.get(name) or None


def same(one: Json, other: Json) -> bool:
    """Equality of JSON: true is not 1, while 1 is 1.0."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    return bool(one == other)


def end_of_run(states: Mapping[str, WorkState]) -> WorkState | None:
    """The state of a run by those of the works that were started; None while one has not ended, or none was started."""
    found = set(states.values()) - {WorkState.NEW}
    if not found or found - ENDED:
        return None
    if found == {WorkState.FINISHED}:
        return WorkState.FINISHED
    if found & {WorkState.FINISHED, WorkState.SUB_FINISHED}:
        return WorkState.SUB_FINISHED
    order = (WorkState.EXPIRED, WorkState.CANCELLED, WorkState.SUSPENDED)
    return next((one for one in order if one in found), WorkState.FAILED)


def another_run(loop: WorkCondition | None, works: Mapping[str, WorkSeen], runs: int, runs_max: int, *, ending: bool) -> bool:
    """Whether a run that has ended is followed by another. runs: how many there were; ending: a cancel or close is under way."""
    return loop is not None and not ending and runs < runs_max and holds(loop, works, [])
