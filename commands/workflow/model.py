"""A workflow: its works, their standing, and the graph of their jobs. The key is the request id.

Source: docs/reference/idds.md, "Releases and pruning"; docs/decisions/0094.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from commands.undo import UndoDict, UndoList, UndoQueue
from commands.workflow.conditions import WorkflowCondition, asked_works, branch_of, new_condition
from commands.workflow.graph import JobGraph
from commands.workflow.links import WorkflowLink
from commands.workflow.transitions import FINAL, STOPPING, WorkflowStatus
from commands.workflow.works import Work
from identity.ruling import Thing
from schemas.intervals import Intervals, joined
from schemas.types import CommandEnvelope, ConditionDefinition, LinkDefinition, NodeRange, WorkflowEnding
from schemas.workflow import WorkflowCommand

#: Of one request; the compiler refuses more, too (streams/idds/compile.py).
NODES_MAX, EDGES_MAX, WORKS_MAX, CONDITIONS_MAX = 2_000_000, 10_000_000, 10_000, 10_000
#: Of one work: its task has so many input units at most.
NODES_OF_WORK_MAX = 1_000_000


@dataclass(slots=True)
class Workflow:
    """A request to iDDS. announced: works, nodes and edges that it will have. chunks: how many came.

    first_nodes: of the works that have nodes, and work_of_first beside it which works these are. work_of_task: works by their
    tasks. submitted_at: or retried; from then on its lifetime counts. over: works that are to end now. given_up: works whose task
    has ended while nodes of theirs have not. deferred: how many nodes have children that do not count them as ended yet; of
    `partial_node` the first `partial_children` do. slicing: a command to go on is under way.

    waiting_works: how many start by conditions; those that have not are `closed`. asking: a work, and the conditions that read
    its standing. due: conditions that take a branch as things stand.

    due_links: those whose source has ended and that do not have its values yet.
    """

    status: WorkflowStatus = WorkflowStatus.UNKNOWN
    owner: str = ""
    vo: str = ""
    digest: str = ""
    submitted_at: int = 0
    changed_at: int = 0
    lifetime_seconds: int | None = None
    pending_seconds: int | None = None
    request_id: int = 0
    announced: tuple[int, int, int] = (0, 0, 0)
    announced_conditions: int = 0
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
    conditions: UndoDict[int, WorkflowCondition] = field(default_factory=UndoDict)
    asking: UndoDict[int, tuple[int, ...]] = field(default_factory=UndoDict)
    due: UndoDict[int, None] = field(default_factory=UndoDict)
    waiting_works: int = 0
    closed: UndoDict[int, None] = field(default_factory=UndoDict)
    links: UndoDict[int, WorkflowLink] = field(default_factory=UndoDict)
    due_links: UndoDict[int, None] = field(default_factory=UndoDict)
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
        if work.waits:
            self.waiting_works += 1
            _mark(self.closed, number, is_in=not work.is_open)
        if work.nodes:
            self.first_nodes.insert(len(self.first_nodes), work.first_node)
            self.work_of_first[work.first_node] = number

    def change_work(self, number: int, work: Work) -> None:
        """A work as it stands now."""
        before = self.works[number]
        self.works[number] = work
        _mark(self.over, number, is_in=work.is_over and work.end is None)
        _mark(self.given_up, number, is_in=work.is_given_up)
        if self.waiting_works:
            _mark(self.closed, number, is_in=not work.is_open)
        self.ended_works += (work.end is not None) - (before.end is not None)
        if self.links:
            self.ask_links(number)
        for condition in self.asking.get(number, ()):
            self.ask(condition)

    def add_condition(self, definition: ConditionDefinition) -> None:
        """The next condition."""
        number = len(self.conditions)
        self.conditions[number] = new_condition(definition, self.conditions)
        for work in set(asked_works(definition, self.conditions)):
            self.asking[work] = (*self.asking.get(work, ()), number)
        self.ask(number)

    def add_link(self, definition: LinkDefinition) -> None:
        """The next link."""
        self.links[len(self.links)] = WorkflowLink(definition)
        self.ask_links(definition.source)

    def ask_links(self, source: int) -> None:
        """Which links from a work are due as it stands now."""
        for number, link in self.links.items():
            if link.definition.source == source:
                has_ended = self.works[source].end is not None
                _mark(self.due_links, number, is_in=has_ended and not link.applied)

    def ask(self, number: int) -> None:
        """Whether a condition takes a branch as things stand; in a workflow that is stopped none takes a false one."""
        takes_false = self.status not in STOPPING
        is_due = self.status not in FINAL and self.conditions[number].is_undecided
        is_due = is_due and branch_of(number, self.works, self.conditions, takes_false=takes_false) is not None
        _mark(self.due, number, is_in=is_due)

    def ask_all(self) -> None:
        """The same of all conditions."""
        for number in self.conditions:
            self.ask(number)


def _mark(numbers: UndoDict[int, None], number: int, *, is_in: bool) -> None:
    if is_in:
        numbers[number] = None
    else:
        numbers.pop(number, None)


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
