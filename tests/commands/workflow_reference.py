"""What a workflow does, said as plainly as it can be: by names, without counters, slices or intervals.

A node waits until all its parents have ended; then it runs if all of them ended well, and is pruned otherwise. Written from
docs/reference/idds.md, "Releases and pruning", not from the aggregate.
"""

from collections.abc import Iterable, Mapping

WAITING, RELEASED, FINISHED, FAILED, PRUNED = "waiting", "released", "finished", "failed", "pruned"
ENDED = (FINISHED, FAILED, PRUNED)


class Interpreter:
    """A graph and where each node stands. runs: how often a node was released."""

    def __init__(self, parents: Mapping[int, Iterable[int]], works: Mapping[int, int]) -> None:
        self.parents = {node: tuple(found) for node, found in parents.items()}
        self.works = works
        self.state = dict.fromkeys(self.parents, WAITING)
        self.runs = dict.fromkeys(self.parents, 0)
        self.task_ended: set[int] = set()
        self.suspended = self.stopped = False
        self.settle()

    def settle(self) -> None:
        """Release and prune until nothing changes."""
        changed = True
        while changed:
            changed = False
            for node, state in self.state.items():
                after = self._after(node, state)
                if after != state:
                    self.state[node], changed = after, True
                    self.runs[node] += after == RELEASED

    def _after(self, node: int, state: str) -> str:
        found = {self.state[parent] for parent in self.parents[node]}
        if self.works[node] in self.task_ended and state not in ENDED:
            return FAILED if state == RELEASED else PRUNED
        if state != WAITING:
            return state
        if self.stopped:
            return PRUNED
        if not found <= set(ENDED):
            return WAITING
        if found <= {FINISHED}:
            return WAITING if self.suspended else RELEASED
        return PRUNED

    def end(self, node: int, *, well: bool) -> None:
        """The job of a node ended."""
        if self.state[node] not in ENDED:
            self.state[node] = FINISHED if well else FAILED
        elif well:
            self.state[node] = FINISHED
        self.settle()

    def end_task(self, work: int) -> None:
        """The task of a work ended."""
        self.task_ended.add(work)
        self.settle()

    def suspend(self, *, yes: bool) -> None:
        """Nothing is released meanwhile."""
        self.suspended = yes
        self.settle()

    def stop(self) -> None:
        """Nothing is released any more."""
        self.stopped, self.suspended = True, False
        self.settle()

    def retry(self) -> None:
        """What did not end well waits again."""
        self.stopped, self.suspended, self.task_ended = False, False, set()
        self.state = {node: state if state == FINISHED else WAITING for node, state in self.state.items()}
        self.settle()

    @property
    def at_work(self) -> list[int]:
        """Nodes whose jobs may end."""
        return [node for node, state in self.state.items() if state == RELEASED]

    @property
    def all_ended(self) -> bool:
        """Whether nothing more will happen."""
        return all(state in ENDED for state in self.state.values())
