"""A workflow: its works, their standing, and the graph of their jobs. The key is the request id.

Source: docs/reference/idds.md, "Releases and pruning"; docs/decisions/0094.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from commands.undo import UndoDict, UndoList, UndoQueue
from commands.workflow.graph import JobGraph
from commands.workflow.transitions import FINAL, WorkflowStatus
from identity.ruling import Thing
from schemas.intervals import Intervals, joined
from schemas.types import CommandEnvelope, NodeRange, WorkEnd, WorkflowEnding
from schemas.workflow import WorkflowCommand

#: Of one request; the compiler refuses more, too (streams/idds/compile.py).
NODES_MAX, EDGES_MAX, WORKS_MAX = 2_000_000, 10_000_000, 10_000
#: Of one work: its task has so many input units at most.
NODES_OF_WORK_MAX = 1_000_000
#: Of all final works of a request together.
FINAL_NODES_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Work:
    """One work: its nodes are `nodes` from `first_node` on, of which so many ended in each way.

    task_end: how its task ended, or CANCELLED when it was to start no more. end: how the work ended. is_final: its nodes may run
    when all that they wait for have ended, however they did, also after an abort.
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
    is_final: bool = False

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
        return self.nodes_ended and (self.task_end is not None or (self.nodes > 0 and self.task_id is None))


@dataclass(slots=True)
class Workflow:
    """A request to iDDS. announced: works, nodes and edges that it will have. chunks: how many came.

    first_nodes: of the works that have nodes, and work_of_first beside it which works these are. work_of_task: works by their
    tasks. submitted_at: or retried; from then on its lifetime counts. over: works that are to end now. given_up: works whose task
    has ended while nodes of theirs have not. deferred: how many nodes have children that do not count them as ended yet; of
    `partial_node` the first `partial_children` do. slicing: a command to go on is under way.
    """

    status: WorkflowStatus = WorkflowStatus.UNKNOWN
    owner: str = ""
    vo: str = ""
    digest: str = ""
    submitted_at: int = 0
    changed_at: int = 0
    lifetime_seconds: int | None = None
    pending_seconds: int | None = None
    announced: tuple[int, int, int] = (0, 0, 0)
    chunks: int = 0
    sealed: bool = False
    attempt: int = 0
    ending: WorkflowEnding | None = None
    message: str = ""
    works: UndoDict[int, Work] = field(default_factory=UndoDict)
    first_nodes: UndoList[int] = field(default_factory=UndoList)
    work_of_first: UndoDict[int, int] = field(default_factory=UndoDict)
    work_of_task: UndoDict[int, int] = field(default_factory=UndoDict)
    graph: JobGraph = field(default_factory=JobGraph)
    over: UndoQueue[int, None] = field(default_factory=UndoQueue)
    given_up: UndoQueue[int, None] = field(default_factory=UndoQueue)
    ended_works: int = 0
    deferred: int = 0
    partial_node: int | None = None
    partial_children: int = 0
    slicing: bool = False

    @property
    def nodes_of_works(self) -> int:
        """Nodes of the works that have come."""
        return self.works[len(self.works) - 1].beyond if self.works else 0

    def work_of(self, node: int) -> int:
        """The work that a node is of."""
        return self.work_of_first[self.first_nodes[bisect_right(self.first_nodes, node) - 1]]

    def by_work(self, nodes: Intervals) -> Iterator[tuple[int, int, int]]:
        """Work, first and last node, of each interval cut at the bounds of works."""
        for first, last in nodes:
            while first <= last:
                number = self.work_of(first)
                until = min(last, self.works[number].beyond - 1)
                yield number, first, until
                first = until + 1

    def add_work(self, work: Work) -> None:
        """The next work."""
        number = len(self.works)
        self.works[number] = work
        if work.nodes:
            self.first_nodes.insert(len(self.first_nodes), work.first_node)
            self.work_of_first[work.first_node] = number
        if work.is_final:
            for node in range(work.first_node, work.beyond):
                self.graph.final[node] = None

    def change_work(self, number: int, work: Work) -> None:
        """A work as it stands now."""
        before = self.works[number]
        self.works[number] = work
        if work.is_over and work.end is None:
            self.over[number] = None
        else:
            self.over.pop(number, None)
        if work.task_end is not None and not work.nodes_ended:
            self.given_up[number] = None
        else:
            self.given_up.pop(number, None)
        self.ended_works += (work.end is not None) - (before.end is not None)


def initial() -> Workflow:
    """Nothing was submitted."""
    return Workflow()


def is_closed(workflow: Workflow) -> bool:
    """True when the state may leave memory: it ended, and no slice is under way."""
    return workflow.status in FINAL and not workflow.slicing


def belongs(workflow: Workflow, command: WorkflowCommand, by: CommandEnvelope) -> Thing:
    """A workflow is of the one who submitted it."""
    return Thing(f"workflow {by.aggregate_id}", workflow.vo, workflow.owner)


def node_ranges(nodes: Intervals) -> tuple[NodeRange, ...]:
    """Intervals as a message has them."""
    return tuple(NodeRange(first=first, last=last) for first, last in nodes)


def intervals_from(nodes: list[int]) -> Intervals:
    """Single nodes, in any order, as intervals."""
    return joined((node, node) for node in sorted(nodes))
