"""What a workflow with conditions does, said by names and without numbers, marks or slices.

Works that a condition starts are closed until one does; then their nodes behave as all others. Written from
docs/reference/idds.md, "Conditions", not from the aggregate.
"""

from collections.abc import Iterator, Mapping, Sequence

from streams.idds.model import ConditionMethod, Operator, WorkCondition, WorkflowPlan, WorkMethod
from tests.commands.workflow_reference import ENDED, FAILED, FINISHED, PRUNED, RELEASED, WAITING, Interpreter

#: What a predicate of an end accepts.
ENDS = {
    "is_finished": {"finished"},
    "my_condition": {"finished"},
    "is_subfinished": {"subfinished"},
    "is_failed": {"failed"},
    "is_cancelled": {"cancelled"},
    "is_processed": {"finished", "subfinished"},
    "is_terminated": {"finished", "subfinished", "failed", "cancelled"},
}


class FlowInterpreter(Interpreter):
    """A graph whose works are opened by conditions. names: of the works, by number. opened: those that may run.

    within: workflows within the plan, at any depth, by name. running: those of them that were started in this attempt.
    """

    def __init__(
        self, parents: Mapping[int, Sequence[int]], works: Mapping[int, int], names: Sequence[str], plan: WorkflowPlan
    ) -> None:
        self.names, self.plan = list(names), plan
        self.within = {one.workflow_id: one for one in _all_within(plan)}
        self.ends: dict[str, str] = {}
        self.task_ends: dict[str, str] = {}
        self._begin()
        super().__init__(parents, works)

    def _begin(self) -> None:
        self.opened = {name for name in self.names if self.ends.get(name) == "finished"}
        self.late: set[str] = set()
        self.running: set[str] = set()
        self.asked: list[WorkCondition] = []
        self.taken: list[tuple[str, bool]] = []
        self._start(self.plan, is_late=False)

    def _start(self, plan: WorkflowPlan, *, is_late: bool) -> None:
        """A workflow starts: its first works, and its conditions are asked."""
        if plan.workflow_id in self.running:
            return
        self.running.add(plan.workflow_id)
        self.asked += plan.conditions
        for name in plan.first_ids:
            self._open(name, is_late=is_late)

    def _open(self, name: str, *, is_late: bool) -> None:
        if name in self.within:
            self._start(self.within[name], is_late=is_late)
        elif name not in self.opened:
            self.opened.add(name)
            if is_late:
                self.late.add(name)

    def _end_of_workflow(self, name: str) -> str | None:
        """How a workflow within ended, by those of its works that were opened."""
        plan = self.within[name]
        ends = {self.ends.get(work.work_id) for work in plan.all_works if work.work_id in self.opened}
        if not self._has_started(plan) or None in ends or any(self._is_due(one) for one in self._own(plan)):
            return None
        if ends == {"finished"}:
            return "finished"
        return "subfinished" if ends & {"finished", "subfinished"} else "cancelled" if "cancelled" in ends else "failed"

    def _has_started(self, plan: WorkflowPlan) -> bool:
        """In this attempt; what starts with it and ended well before, and has nothing to ask, stays as it is."""
        if plan.workflow_id in self.running:
            return True
        return not plan.conditions and all(
            self._has_started(self.within[one]) if one in self.within else one in self.opened for one in plan.first_ids
        )

    def _own(self, plan: WorkflowPlan) -> list[WorkCondition]:
        """Conditions of a workflow, and of those within it, that are asked."""
        plans = [plan, *_all_within(plan)]
        ids = {found.condition_id for one in plans for each in one.conditions for found in _nested(each)}
        return [one for one in self.asked if one.condition_id in ids]

    def _is_due(self, condition: WorkCondition) -> bool:
        return self._holds(condition) or (not self.stopped and self._all_ended(condition))

    def settle(self) -> None:
        """Nodes, ends of works and branches, until nothing changes."""
        changed = True
        while changed:
            self.task_ended = {number for number, name in enumerate(self.names) if name in self.task_ends}
            super().settle()
            changed = bool(sum(self._end_of(number, name) for number, name in enumerate(self.names)))
            if not changed and not self.suspended:
                changed = any(self._branch(one) for one in list(self.asked))

    def _after(self, node: int, state: str) -> str:
        name = self.names[self.works[node]]
        if name not in self.opened:
            return state
        if self.stopped and name in self.late and name not in self.task_ends and state == WAITING:
            found = {self.state[parent] for parent in self.parents[node]}
            if not found <= set(ENDED):
                return WAITING
            return RELEASED if found <= {FINISHED} else PRUNED
        return super()._after(node, state)

    def _end_of(self, number: int, name: str) -> bool:
        """Whether a work ends now."""
        states = [state for node, state in self.state.items() if self.works[node] == number]
        if name in self.ends or name not in self.opened or name not in self.task_ends:
            return False
        if any(state not in ENDED for state in states):
            return False
        well = states.count(FINISHED)
        if not states or (self.task_ends[name] == "cancelled" and well < len(states)):
            self.ends[name] = self.task_ends[name]
        else:
            self.ends[name] = "finished" if well == len(states) else "subfinished" if well else FAILED
        return True

    def _branch(self, condition: WorkCondition) -> bool:
        """Whether a condition takes a branch now."""
        is_true = self._holds(condition)
        if not is_true and (self.stopped or not self._all_ended(condition)):
            return False
        self.asked.remove(condition)
        self.taken.append((condition.condition_id, is_true))
        for target in condition.true_targets if is_true else condition.false_targets:
            if isinstance(target, WorkCondition):
                self.asked.append(target)
            else:
                self._open(target, is_late=self.stopped)
        return True

    def _holds(self, condition: WorkCondition) -> bool:
        values = [self._value(one) for one in condition.predicates]
        return all(values) if condition.operator is Operator.AND else any(values)

    def _value(self, one: object) -> bool:
        match one:
            case WorkMethod("is_started", work) if work in self.within:
                return any(one.work_id in self.opened for one in self.within[work].all_works)
            case WorkMethod("is_started", work):
                return work in self.opened
            case WorkMethod(method, work):
                return self._end(work) in ENDS[method]
            case ConditionMethod("is_condition_false", inner):
                return not self._holds(inner) and self._all_ended(inner)
            case ConditionMethod(_, inner):
                return self._holds(inner)
            case _:
                return bool(one)

    def _all_ended(self, condition: WorkCondition) -> bool:
        return all(self._end(work) is not None for work in _asked(condition))

    def _end(self, name: str) -> str | None:
        return self._end_of_workflow(name) if name in self.within else self.ends.get(name)

    def end_task_so(self, work: int, end: str) -> None:
        """The task of a work ended in this way."""
        self.task_ends.setdefault(self.names[work], end)
        self.settle()

    def stop(self) -> None:
        """Nothing is released any more but what a condition opens from now on."""
        self.late = set()
        super().stop()

    def retry(self) -> None:
        """What did not end well waits again, and all conditions are asked again."""
        self.stopped, self.suspended = False, False
        self.ends = {name: end for name, end in self.ends.items() if end == "finished"}
        self.task_ends = {name: end for name, end in self.task_ends.items() if name in self.ends}
        self._begin()
        self.state = {node: state if state == FINISHED else WAITING for node, state in self.state.items()}
        self.settle()

    @property
    def at_end(self) -> bool:
        """Whether all works that were opened have ended."""
        return all(name in self.ends for name in self.opened)


def _all_within(plan: WorkflowPlan) -> Iterator[WorkflowPlan]:
    for one in plan.nodes:
        if isinstance(one, WorkflowPlan):
            yield one
            yield from _all_within(one)


def _nested(condition: WorkCondition) -> Iterator[WorkCondition]:
    """The condition and those that its branches name."""
    yield condition
    for target in (*condition.true_targets, *condition.false_targets):
        if isinstance(target, WorkCondition):
            yield from _nested(target)


def _asked(condition: WorkCondition) -> Iterator[str]:
    for one in condition.predicates:
        if isinstance(one, WorkMethod):
            yield one.work_id
        elif isinstance(one, ConditionMethod):
            yield from _asked(one.condition)
