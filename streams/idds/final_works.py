"""Final works: each is started by one condition that only asks whether other works have terminated. Pure.

Such a condition is no choice: it waits. So its works are in the graph of jobs, their jobs behind those of the works that it asks,
and run when these have ended, however they did. Source: docs/reference/idds.md, "Conditions"; docs/decisions/0119.
"""

from collections import Counter
from collections.abc import Mapping

from streams.idds.model import Operator, WorkCondition, WorkflowPlan, WorkMethod, WorkPlan

TERMINATED = "is_terminated"


def final_works(plan: WorkflowPlan) -> Mapping[str, tuple[str, ...]] | None:
    """Ids of the final works of `plan`, each with those of the works that it waits for; None if it has other conditions."""
    works = {one.work_id for one in plan.nodes if isinstance(one, WorkPlan)}
    targets = Counter(one for condition in plan.conditions for one in condition.true_targets if isinstance(one, str))
    starting = {*plan.initial_ids, *plan.independent_ids}
    found: dict[str, tuple[str, ...]] = {}
    for condition in plan.conditions:
        awaited = _awaited(condition)
        if awaited is None or not works.issuperset(awaited):
            return None
        for target in condition.true_targets:
            is_of_it = isinstance(target, str) and target in works and targets[target] == 1
            if not is_of_it or target in starting or target in awaited:
                return None
            found[str(target)] = awaited
    return found


def _awaited(condition: WorkCondition) -> tuple[str, ...] | None:
    """Works that a condition waits for; None when it asks anything else."""
    if condition.operator is not Operator.AND or condition.false_targets or not condition.predicates:
        return None
    found: list[str] = []
    for one in condition.predicates:
        if not isinstance(one, WorkMethod) or one.method != TERMINATED:
            return None
        found.append(one.work_id)
    return tuple(dict.fromkeys(found))
