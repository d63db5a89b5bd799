"""One work of a workflow with its standing."""

from dataclasses import dataclass

from schemas.types import WorkEnd


@dataclass(frozen=True, slots=True)
class Work:
    """One work: its nodes are `nodes` from `first_node` on, of which so many ended in each way.

    task_end: how its task ended, or CANCELLED when it was to start no more. end: how the work ended. waits: a condition starts
    it; until then it is not open: it has a task, whose input is held. after_stop: it was opened when the workflow was stopped.
    """

    internal_id: str
    name: str
    nodes: int
    first_node: int
    task_id: int | None = None
    task_end: WorkEnd | None = None
    end: WorkEnd | None = None
    finished: int = 0
    failed: int = 0
    pruned: int = 0
    waits: bool = False
    is_open: bool = True
    after_stop: bool = False

    @property
    def beyond(self) -> int:
        """The first node that is not its own."""
        return self.first_node + self.nodes

    @property
    def nodes_ended(self) -> bool:
        """Whether all of its nodes have."""
        return self.finished + self.failed + self.pruned == self.nodes

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is still to happen: its nodes have ended, and its task has; without nodes it ends with its task.

        A task that has not said its end could say it in the next attempt of the workflow.
        """
        is_ended = self.nodes_ended and (self.task_end is not None or (self.nodes > 0 and self.task_id is None))
        return self.is_open and is_ended

    @property
    def is_given_up(self) -> bool:
        """Whether its task has ended, while nodes of it have not."""
        return self.is_open and self.task_end is not None and not self.nodes_ended

    @property
    def units(self) -> int:
        """Input units of its task; one without jobs has a unit of its own."""
        return max(self.nodes, 1)
