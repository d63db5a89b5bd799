"""What may be said to and by the workflow aggregate.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from typing import Any, Self

from msgspec import Struct

from schemas.characters import (
    LINE,
    SUBJECT,
    TEXT,
    WORD,
    lines_of,
)
from schemas.types import (
    ConditionAccounts,
    ConditionBranch,
    ConditionDefinition,
    LinkAccounts,
    LinkDefinition,
    NodeRange,
    PredicateValue,
    UnitRange,
    WorkAccounts,
    WorkDefinition,
    WorkEnd,
    WorkflowClock,
    WorkflowEnding,
    WorkflowOutcome,
)


class AbortWorkflow(Struct, frozen=True, kw_only=True, gc=False):
    """End a workflow: its tasks are killed.

    reason: Why, as given.
    """

    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason))


class AddEdges(Struct, frozen=True, kw_only=True, gc=False):
    """Give a workflow the next dependencies between its nodes, sorted by parent.

    chunk: Number of this chunk, from 0, over all works and edges of the workflow.
    first_parent: The parent that the first of `counts` is of: the last one of the chunk before, of which more
        children follow, or a greater one; those between have none.
    counts: How many of `children` belong to this parent, to the next one, and so on.
    children: Children of all these parents, those of each in ascending order.
    """

    chunk: int
    first_parent: int
    counts: tuple[int, ...] = ()
    children: tuple[int, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "chunk": self.chunk,
            "first_parent": self.first_parent,
            "counts": list(self.counts),
            "children": list(self.children),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            chunk=record["chunk"],
            first_parent=record["first_parent"],
            counts=tuple(record["counts"]),
            children=tuple(record["children"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.chunk <= 1000000
            and 0 <= self.first_parent <= 1999999
            and len(self.counts) <= 5000
            and (not self.counts or 0 <= min(self.counts) <= max(self.counts) <= 100000)
            and len(self.children) <= 100000
            and (not self.children or 0 <= min(self.children) <= max(self.children) <= 1999999)
        )


class AddWorks(Struct, frozen=True, kw_only=True, gc=False):
    """Give a workflow its next works, and the depths of the next nodes.

    chunk: Number of this chunk, from 0, over all works and edges of the workflow.
    works: The next works, in the order of the request; at most 400 kB of them.
    depths: Depths of the next nodes, in the order of their numbers: 0 without parents, else one more than the
        deepest of them. Nodes are counted through the works.
    conditions: The next conditions, after all works have come; each names only conditions before it.
    links: The next links of parameters, after all works have come.
    """

    chunk: int
    works: tuple[WorkDefinition, ...] = ()
    depths: tuple[int, ...] = ()
    conditions: tuple[ConditionDefinition, ...] = ()
    links: tuple[LinkDefinition, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "chunk": self.chunk,
            "works": [item.to_avro() for item in self.works],
            "depths": list(self.depths),
            "conditions": [item.to_avro() for item in self.conditions],
            "links": [item.to_avro() for item in self.links],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            chunk=record["chunk"],
            works=tuple(WorkDefinition.from_avro(item) for item in record["works"]),
            depths=tuple(record["depths"]),
            conditions=tuple(ConditionDefinition.from_avro(item) for item in record["conditions"]),
            links=tuple(LinkDefinition.from_avro(item) for item in record["links"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.chunk <= 1000000
            and len(self.works) <= 1000
            and len(self.depths) <= 5000
            and (not self.depths or 0 <= min(self.depths) <= max(self.depths) <= 2000000)
            and len(self.conditions) <= 1000
            and len(self.links) <= 100
            and (not self.works or all(map(WorkDefinition.is_within_bounds, self.works)))
            and (not self.conditions or all(map(ConditionDefinition.is_within_bounds, self.conditions)))
            and (not self.links or all(map(LinkDefinition.is_within_bounds, self.links)))
        )


class AdvanceWorkflow(Struct, frozen=True, kw_only=True, gc=False):
    """Go on with what one decision left: the next slice."""


    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return True


class CloseWorkflow(Struct, frozen=True, kw_only=True, gc=False):
    """Start no further works of a workflow; it ends with those that have started.

    reason: Why, as given.
    """

    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason))


class ExpireWorkflow(Struct, frozen=True, kw_only=True, gc=False):
    """A clock of a workflow is due.

    clock: Which.
    """

    clock: WorkflowClock

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "clock": self.clock,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            clock=WorkflowClock[record["clock"]],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return True


class FinishWorkflow(Struct, frozen=True, kw_only=True, gc=False):
    """End a workflow with what it has: its tasks are finished.

    reason: Why, as given.
    """

    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason))


class RecordUnitEnds(Struct, frozen=True, kw_only=True, gc=False):
    """Jobs of a task ended, without another attempt.

    task_id: The task of the work.
    finished: Input units of the task that were processed.
    failed: Input units that are given up.
    """

    task_id: int
    finished: tuple[UnitRange, ...] = ()
    failed: tuple[UnitRange, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "task_id": self.task_id,
            "finished": [item.to_avro() for item in self.finished],
            "failed": [item.to_avro() for item in self.failed],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            task_id=record["task_id"],
            finished=tuple(UnitRange.from_avro(item) for item in record["finished"]),
            failed=tuple(UnitRange.from_avro(item) for item in record["failed"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.task_id <= 900000000000
            and len(self.finished) <= 10000
            and len(self.failed) <= 10000
            and (not self.finished or all(map(UnitRange.is_within_bounds, self.finished)))
            and (not self.failed or all(map(UnitRange.is_within_bounds, self.failed)))
        )


class RecordWorkEnd(Struct, frozen=True, kw_only=True, gc=False):
    """The task of a work ended, or the work has none.

    task_id: The task; null for a work without one.
    work: Number of the work, for one without a task.
    end: How. Jobs of its graph that have not ended are given up.
    message: For people: why.
    """

    task_id: int | None = None
    work: int | None = None
    end: WorkEnd
    message: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "task_id": self.task_id,
            "work": self.work,
            "end": self.end,
            "message": self.message,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            task_id=record["task_id"],
            work=record["work"],
            end=WorkEnd[record["end"]],
            message=record["message"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.task_id is None or (1 <= self.task_id <= 900000000000))
            and (self.work is None or (0 <= self.work <= 9999))
            and len(self.message) <= 4000 and TEXT.takes(self.message)
        )


class ResumeWorkflow(Struct, frozen=True, kw_only=True, gc=False):
    """Let a suspended workflow go on.

    reason: Why, as given.
    """

    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason))


class RetryWorkflow(Struct, frozen=True, kw_only=True, gc=False):
    """Run what failed in a workflow that ended, and what waited for it; what ended well stays.

    reason: Why, as given.
    """

    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason))


class SealWorkflow(Struct, frozen=True, kw_only=True, gc=False):
    """A workflow is complete; what waits for nothing is released.

    works: How many works it has.
    nodes: How many nodes.
    edges: How many dependencies.
    """

    works: int
    nodes: int
    edges: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "works": self.works,
            "nodes": self.nodes,
            "edges": self.edges,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            works=record["works"],
            nodes=record["nodes"],
            edges=record["edges"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.works <= 10000
            and 0 <= self.nodes <= 2000000
            and 0 <= self.edges <= 10000000
        )


class StartWork(Struct, frozen=True, kw_only=True, gc=False):
    """A work has its task.

    work: Number of the work, from 0, in the order of the request.
    task_id: Its task.
    """

    work: int
    task_id: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "work": self.work,
            "task_id": self.task_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            work=record["work"],
            task_id=record["task_id"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.work <= 9999
            and 1 <= self.task_id <= 900000000000
        )


_NAMES_OF_SUBMITWORKFLOW = lines_of(
    (WORD, 0, 64),
    (WORD, 0, 64),
)


class SubmitWorkflow(Struct, frozen=True, kw_only=True, gc=False):
    """Submit a workflow; its works and the graph of their jobs follow in chunks.

    request_id: Its number.
    internal_id: Id of the workflow as the client made it.
    name: Its name.
    request_type: Number of iDDS's RequestType.
    scope: Scope, as the client gave it.
    requester: Requester, as the client gave it.
    user_name: Normalised name of the owner as shown to people.
    nickname: preferred_username of the owner.
    transform_tag: Tag, as the client gave it.
    priority: Priority of its tasks.
    campaign: Campaign.
    campaign_scope: Scope of the campaign.
    campaign_group: Group of the campaign.
    campaign_tag: Tag of the campaign.
    max_processing_requests: Requests of its campaign that may be processed at a time; null for any number.
    cloud: Cloud, as the client gave it.
    site: Site, as the client gave it.
    queue: Queue, as the client gave it.
    digest: SHA-256 of the request as it was sent, in hexadecimal; under it the request is kept.
    lifetime_seconds: How long after its submission it must have ended; null for any time.
    pending_seconds: How long nothing may happen in it; null for any time.
    works: How many works follow.
    nodes: How many jobs its graph will have.
    edges: How many dependencies its graph will have.
    conditions: Conditions that the workflow will have.
    """

    request_id: int
    internal_id: str = ""
    name: str = ""
    request_type: int = 0
    scope: str = ""
    requester: str = ""
    user_name: str = ""
    nickname: str = ""
    transform_tag: str = ""
    priority: int = 0
    campaign: str = ""
    campaign_scope: str = ""
    campaign_group: str = ""
    campaign_tag: str = ""
    max_processing_requests: int | None = None
    cloud: str = ""
    site: str = ""
    queue: str = ""
    digest: str = ""
    lifetime_seconds: int | None = None
    pending_seconds: int | None = None
    works: int = 0
    nodes: int = 0
    edges: int = 0
    conditions: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "request_id": self.request_id,
            "internal_id": self.internal_id,
            "name": self.name,
            "request_type": self.request_type,
            "scope": self.scope,
            "requester": self.requester,
            "user_name": self.user_name,
            "nickname": self.nickname,
            "transform_tag": self.transform_tag,
            "priority": self.priority,
            "campaign": self.campaign,
            "campaign_scope": self.campaign_scope,
            "campaign_group": self.campaign_group,
            "campaign_tag": self.campaign_tag,
            "max_processing_requests": self.max_processing_requests,
            "cloud": self.cloud,
            "site": self.site,
            "queue": self.queue,
            "digest": self.digest,
            "lifetime_seconds": self.lifetime_seconds,
            "pending_seconds": self.pending_seconds,
            "works": self.works,
            "nodes": self.nodes,
            "edges": self.edges,
            "conditions": self.conditions,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            request_id=record["request_id"],
            internal_id=record["internal_id"],
            name=record["name"],
            request_type=record["request_type"],
            scope=record["scope"],
            requester=record["requester"],
            user_name=record["user_name"],
            nickname=record["nickname"],
            transform_tag=record["transform_tag"],
            priority=record["priority"],
            campaign=record["campaign"],
            campaign_scope=record["campaign_scope"],
            campaign_group=record["campaign_group"],
            campaign_tag=record["campaign_tag"],
            max_processing_requests=record["max_processing_requests"],
            cloud=record["cloud"],
            site=record["site"],
            queue=record["queue"],
            digest=record["digest"],
            lifetime_seconds=record["lifetime_seconds"],
            pending_seconds=record["pending_seconds"],
            works=record["works"],
            nodes=record["nodes"],
            edges=record["edges"],
            conditions=record["conditions"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.request_id <= 899999999
            and len(self.name) <= 255 and LINE.takes(self.name)
            and 0 <= self.request_type <= 99
            and len(self.scope) <= 25 and LINE.takes(self.scope)
            and len(self.requester) <= 64 and LINE.takes(self.requester)
            and len(self.user_name) <= 128 and LINE.takes(self.user_name)
            and len(self.nickname) <= 128 and LINE.takes(self.nickname)
            and len(self.transform_tag) <= 64 and LINE.takes(self.transform_tag)
            and -2147483648 <= self.priority <= 2147483647
            and len(self.campaign) <= 255 and LINE.takes(self.campaign)
            and len(self.campaign_scope) <= 64 and LINE.takes(self.campaign_scope)
            and len(self.campaign_group) <= 255 and LINE.takes(self.campaign_group)
            and len(self.campaign_tag) <= 64 and LINE.takes(self.campaign_tag)
            and (self.max_processing_requests is None or (1 <= self.max_processing_requests <= 2147483647))
            and len(self.cloud) <= 255 and LINE.takes(self.cloud)
            and len(self.site) <= 255 and LINE.takes(self.site)
            and len(self.queue) <= 255 and LINE.takes(self.queue)
            and (self.lifetime_seconds is None or (1 <= self.lifetime_seconds <= 1000000000))
            and (self.pending_seconds is None or (1 <= self.pending_seconds <= 1000000000))
            and 0 <= self.works <= 10000
            and 0 <= self.nodes <= 1000000000000
            and 0 <= self.edges <= 1000000000000
            and 0 <= self.conditions <= 1000000
            and _NAMES_OF_SUBMITWORKFLOW("\n".join((self.internal_id, self.digest, ""))) is not None
        )


class SuspendWorkflow(Struct, frozen=True, kw_only=True, gc=False):
    """Pause the tasks of a workflow, and release nothing until it is resumed.

    reason: Why, as given.
    """

    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason))


_NAMES_OF_CONDITIONEVALUATED = lines_of(
    (WORD, 0, 64),
)


class ConditionEvaluated(Struct, frozen=True, kw_only=True, gc=False):
    """A condition took a branch.

    condition: Number of the condition, from 0.
    condition_id: Its id in the request.
    branch: The branch.
    holds: True for the branch TRUE.
    values: All predicates in the order of the condition, with what was found.
    works: Numbers of the works that may start by it: those that might not before.
    conditions: Numbers of the conditions that are asked from now on.
    more: True when a slice follows that was not under way (AdvanceWorkflow).
    """

    condition: int
    condition_id: str = ""
    branch: ConditionBranch
    holds: bool
    values: tuple[PredicateValue, ...] = ()
    works: tuple[int, ...] = ()
    conditions: tuple[int, ...] = ()
    more: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "condition": self.condition,
            "condition_id": self.condition_id,
            "branch": self.branch,
            "holds": self.holds,
            "values": [item.to_avro() for item in self.values],
            "works": list(self.works),
            "conditions": list(self.conditions),
            "more": self.more,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            condition=record["condition"],
            condition_id=record["condition_id"],
            branch=ConditionBranch[record["branch"]],
            holds=record["holds"],
            values=tuple(PredicateValue.from_avro(item) for item in record["values"]),
            works=tuple(record["works"]),
            conditions=tuple(record["conditions"]),
            more=record["more"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.condition <= 9999
            and len(self.values) <= 1000
            and len(self.works) <= 1000
            and (not self.works or 0 <= min(self.works) <= max(self.works) <= 9999)
            and len(self.conditions) <= 1000
            and (not self.conditions or 0 <= min(self.conditions) <= max(self.conditions) <= 9999)
            and _NAMES_OF_CONDITIONEVALUATED("\n".join((self.condition_id, ""))) is not None
            and (not self.values or all(map(PredicateValue.is_within_bounds, self.values)))
        )


class EdgesAdded(Struct, frozen=True, kw_only=True, gc=False):
    """A workflow has the next dependencies between its nodes.

    chunk: Number of this chunk, from 0, over all works and edges of the workflow.
    first_parent: The parent that the first of `counts` is of.
    counts: How many of `children` belong to this parent, to the next one, and so on.
    children: Children of all these parents, those of each in ascending order.
    """

    chunk: int
    first_parent: int
    counts: tuple[int, ...] = ()
    children: tuple[int, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "chunk": self.chunk,
            "first_parent": self.first_parent,
            "counts": list(self.counts),
            "children": list(self.children),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            chunk=record["chunk"],
            first_parent=record["first_parent"],
            counts=tuple(record["counts"]),
            children=tuple(record["children"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.chunk <= 1000000
            and 0 <= self.first_parent <= 1999999
            and len(self.counts) <= 5000
            and (not self.counts or 0 <= min(self.counts) <= max(self.counts) <= 100000)
            and len(self.children) <= 100000
            and (not self.children or 0 <= min(self.children) <= max(self.children) <= 1999999)
        )


_NAMES_OF_LINKAPPLIED = lines_of(
    (WORD, 1, 64),
)


class LinkApplied(Struct, frozen=True, kw_only=True, gc=False):
    """The source of a link ended: its target gets the values if it is opened from now on.

    link: Number of the link, from 0.
    link_id: Its id in the request.
    source: Number of the work that ended.
    target: Number of the work that gets the values.
    parameters_json: What it sets of the parameters of the target's task, a JSON object.
    """

    link: int
    link_id: str
    source: int
    target: int
    parameters_json: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "link": self.link,
            "link_id": self.link_id,
            "source": self.source,
            "target": self.target,
            "parameters_json": self.parameters_json,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            link=record["link"],
            link_id=record["link_id"],
            source=record["source"],
            target=record["target"],
            parameters_json=record["parameters_json"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.link <= 9999
            and 0 <= self.source <= 9999
            and 0 <= self.target <= 9999
            and len(self.parameters_json) <= 6000 and TEXT.takes(self.parameters_json)
            and _NAMES_OF_LINKAPPLIED("\n".join((self.link_id, ""))) is not None
        )


class NodesAdvanced(Struct, frozen=True, kw_only=True, gc=False):
    """Jobs of the graph ended, and what follows: each node is released, or pruned, once.

    finished: Nodes whose jobs ended well.
    failed: Nodes whose jobs are given up.
    recovered: Nodes that had failed or were pruned and ended well after all, by a retry of their task; what was
        pruned behind them stays so until the workflow is retried.
    released: Nodes whose parents all ended well: their jobs may run.
    pruned: Nodes that will not run: all their parents ended, not all of them well, or their work ended before.
    deferred: Those of finished, failed, recovered and pruned whose children count them as ended in a later
        event.
    counted: Nodes of earlier events whose children count them as ended now.
    partial_node: A deferred node with many children, of which some count it as ended; null for none.
    partial_children: How many children of that node count it, in the order of its children.
    finished_total: How many ended well.
    failed_total: How many are given up.
    released_total: How many were released.
    pruned_total: How many were pruned.
    more: True while a further slice is under way (AdvanceWorkflow).
    """

    finished: tuple[NodeRange, ...] = ()
    failed: tuple[NodeRange, ...] = ()
    recovered: tuple[NodeRange, ...] = ()
    released: tuple[NodeRange, ...] = ()
    pruned: tuple[NodeRange, ...] = ()
    deferred: tuple[NodeRange, ...] = ()
    counted: tuple[NodeRange, ...] = ()
    partial_node: int | None = None
    partial_children: int = 0
    finished_total: int = 0
    failed_total: int = 0
    released_total: int = 0
    pruned_total: int = 0
    more: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "finished": [item.to_avro() for item in self.finished],
            "failed": [item.to_avro() for item in self.failed],
            "recovered": [item.to_avro() for item in self.recovered],
            "released": [item.to_avro() for item in self.released],
            "pruned": [item.to_avro() for item in self.pruned],
            "deferred": [item.to_avro() for item in self.deferred],
            "counted": [item.to_avro() for item in self.counted],
            "partial_node": self.partial_node,
            "partial_children": self.partial_children,
            "finished_total": self.finished_total,
            "failed_total": self.failed_total,
            "released_total": self.released_total,
            "pruned_total": self.pruned_total,
            "more": self.more,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            finished=tuple(NodeRange.from_avro(item) for item in record["finished"]),
            failed=tuple(NodeRange.from_avro(item) for item in record["failed"]),
            recovered=tuple(NodeRange.from_avro(item) for item in record["recovered"]),
            released=tuple(NodeRange.from_avro(item) for item in record["released"]),
            pruned=tuple(NodeRange.from_avro(item) for item in record["pruned"]),
            deferred=tuple(NodeRange.from_avro(item) for item in record["deferred"]),
            counted=tuple(NodeRange.from_avro(item) for item in record["counted"]),
            partial_node=record["partial_node"],
            partial_children=record["partial_children"],
            finished_total=record["finished_total"],
            failed_total=record["failed_total"],
            released_total=record["released_total"],
            pruned_total=record["pruned_total"],
            more=record["more"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.finished) <= 20000
            and len(self.failed) <= 20000
            and len(self.recovered) <= 20000
            and len(self.released) <= 20000
            and len(self.pruned) <= 20000
            and len(self.deferred) <= 20000
            and len(self.counted) <= 20000
            and (self.partial_node is None or (0 <= self.partial_node <= 1999999))
            and 0 <= self.partial_children <= 2000000
            and 0 <= self.finished_total <= 2000000
            and 0 <= self.failed_total <= 2000000
            and 0 <= self.released_total <= 2000000
            and 0 <= self.pruned_total <= 2000000
            and (not self.finished or all(map(NodeRange.is_within_bounds, self.finished)))
            and (not self.failed or all(map(NodeRange.is_within_bounds, self.failed)))
            and (not self.recovered or all(map(NodeRange.is_within_bounds, self.recovered)))
            and (not self.released or all(map(NodeRange.is_within_bounds, self.released)))
            and (not self.pruned or all(map(NodeRange.is_within_bounds, self.pruned)))
            and (not self.deferred or all(map(NodeRange.is_within_bounds, self.deferred)))
            and (not self.counted or all(map(NodeRange.is_within_bounds, self.counted)))
        )


class NodesRestarted(Struct, frozen=True, kw_only=True, gc=False):
    """Nodes that failed or were pruned wait again.

    nodes: Which.
    total: How many.
    more: True when others follow in a later event; nothing is released before the last one.
    """

    nodes: tuple[NodeRange, ...] = ()
    total: int = 0
    more: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "nodes": [item.to_avro() for item in self.nodes],
            "total": self.total,
            "more": self.more,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            nodes=tuple(NodeRange.from_avro(item) for item in record["nodes"]),
            total=record["total"],
            more=record["more"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.nodes) <= 20000
            and 0 <= self.total <= 2000000
            and (not self.nodes or all(map(NodeRange.is_within_bounds, self.nodes)))
        )


class WorkEndReported(Struct, frozen=True, kw_only=True, gc=False):
    """The task of a work ended; jobs of its graph that have not ended are given up.

    work: Number of the work, from 0.
    name: Its name.
    end: How.
    message: For people: why.
    """

    work: int
    name: str = ""
    end: WorkEnd
    message: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "work": self.work,
            "name": self.name,
            "end": self.end,
            "message": self.message,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            work=record["work"],
            name=record["name"],
            end=WorkEnd[record["end"]],
            message=record["message"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.work <= 9999
            and len(self.name) <= 4000 and LINE.takes(self.name)
            and len(self.message) <= 4000 and TEXT.takes(self.message)
        )


class WorkEnded(Struct, frozen=True, kw_only=True, gc=False):
    """A work ended.

    work: Number of the work, from 0.
    name: Its name.
    end: How.
    finished: Nodes that ended well.
    failed: Nodes that failed.
    pruned: Nodes that were pruned.
    """

    work: int
    name: str = ""
    end: WorkEnd
    finished: int = 0
    failed: int = 0
    pruned: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "work": self.work,
            "name": self.name,
            "end": self.end,
            "finished": self.finished,
            "failed": self.failed,
            "pruned": self.pruned,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            work=record["work"],
            name=record["name"],
            end=WorkEnd[record["end"]],
            finished=record["finished"],
            failed=record["failed"],
            pruned=record["pruned"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.work <= 9999
            and len(self.name) <= 4000 and LINE.takes(self.name)
            and 0 <= self.finished <= 1000000
            and 0 <= self.failed <= 1000000
            and 0 <= self.pruned <= 1000000
        )


class WorkStarted(Struct, frozen=True, kw_only=True, gc=False):
    """A work has its task.

    work: Number of the work, from 0.
    name: Its name.
    task_id: Its task.
    """

    work: int
    name: str = ""
    task_id: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "work": self.work,
            "name": self.name,
            "task_id": self.task_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            work=record["work"],
            name=record["name"],
            task_id=record["task_id"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.work <= 9999
            and len(self.name) <= 4000 and LINE.takes(self.name)
            and 1 <= self.task_id <= 900000000000
        )


class WorkflowEndOrdered(Struct, frozen=True, kw_only=True, gc=False):
    """A workflow comes to its end.

    ending: How.
    reason: Why, as given.
    """

    ending: WorkflowEnding
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "ending": self.ending,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            ending=WorkflowEnding[record["ending"]],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason))


class WorkflowFinalized(Struct, frozen=True, kw_only=True, gc=False):
    """A workflow ended.

    outcome: How.
    message: For people: why.
    finished: Nodes that ended well.
    failed: Nodes that failed.
    pruned: Nodes that were pruned.
    """

    outcome: WorkflowOutcome
    message: str = ""
    finished: int = 0
    failed: int = 0
    pruned: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "outcome": self.outcome,
            "message": self.message,
            "finished": self.finished,
            "failed": self.failed,
            "pruned": self.pruned,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            outcome=WorkflowOutcome[record["outcome"]],
            message=record["message"],
            finished=record["finished"],
            failed=record["failed"],
            pruned=record["pruned"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.message) <= 4000 and TEXT.takes(self.message)
            and 0 <= self.finished <= 2000000
            and 0 <= self.failed <= 2000000
            and 0 <= self.pruned <= 2000000
        )


class WorkflowResumed(Struct, frozen=True, kw_only=True, gc=False):
    """A suspended workflow goes on.

    reason: Why, as given.
    """

    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason))


class WorkflowRetried(Struct, frozen=True, kw_only=True, gc=False):
    """What failed in a workflow runs again.

    attempt: Attempt of the workflow that begins; the first one is 1.
    reason: Why, as given.
    lifetime_seconds: How long after this retry it must have ended; null for any time.
    pending_seconds: How long nothing may happen in it; null for any time.
    """

    attempt: int
    reason: str | None = None
    lifetime_seconds: int | None = None
    pending_seconds: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "attempt": self.attempt,
            "reason": self.reason,
            "lifetime_seconds": self.lifetime_seconds,
            "pending_seconds": self.pending_seconds,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            attempt=record["attempt"],
            reason=record["reason"],
            lifetime_seconds=record["lifetime_seconds"],
            pending_seconds=record["pending_seconds"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.attempt <= 2147483647
            and (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
            and (self.lifetime_seconds is None or (1 <= self.lifetime_seconds <= 1000000000))
            and (self.pending_seconds is None or (1 <= self.pending_seconds <= 1000000000))
        )


class WorkflowSealed(Struct, frozen=True, kw_only=True, gc=False):
    """A workflow is complete.

    works: How many works it has.
    nodes: How many nodes.
    edges: How many dependencies.
    """

    works: int
    nodes: int
    edges: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "works": self.works,
            "nodes": self.nodes,
            "edges": self.edges,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            works=record["works"],
            nodes=record["nodes"],
            edges=record["edges"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.works <= 10000
            and 0 <= self.nodes <= 2000000
            and 0 <= self.edges <= 10000000
        )


_NAMES_OF_WORKFLOWSUBMITTED = lines_of(
    (WORD, 0, 64),
    (WORD, 0, 64),
)


class WorkflowSubmitted(Struct, frozen=True, kw_only=True, gc=False):
    """A workflow was submitted; its parts follow.

    request_id: Its number.
    internal_id: Id of the workflow as the client made it.
    name: Its name.
    request_type: Number of iDDS's RequestType.
    scope: Scope, as the client gave it.
    requester: Requester, as the client gave it.
    user_name: Normalised name of the owner as shown to people.
    nickname: preferred_username of the owner.
    transform_tag: Tag, as the client gave it.
    priority: Priority of its tasks.
    campaign: Campaign.
    campaign_scope: Scope of the campaign.
    campaign_group: Group of the campaign.
    campaign_tag: Tag of the campaign.
    max_processing_requests: Requests of its campaign that may be processed at a time; null for any number.
    cloud: Cloud, as the client gave it.
    site: Site, as the client gave it.
    queue: Queue, as the client gave it.
    digest: SHA-256 of the request as it was sent, in hexadecimal; under it the request is kept.
    lifetime_seconds: How long after its submission it must have ended; null for any time.
    pending_seconds: How long nothing may happen in it; null for any time.
    works: How many works follow.
    nodes: How many jobs its graph will have.
    edges: How many dependencies its graph will have.
    conditions: Conditions that the workflow will have.
    """

    request_id: int
    internal_id: str = ""
    name: str = ""
    request_type: int = 0
    scope: str = ""
    requester: str = ""
    user_name: str = ""
    nickname: str = ""
    transform_tag: str = ""
    priority: int = 0
    campaign: str = ""
    campaign_scope: str = ""
    campaign_group: str = ""
    campaign_tag: str = ""
    max_processing_requests: int | None = None
    cloud: str = ""
    site: str = ""
    queue: str = ""
    digest: str = ""
    lifetime_seconds: int | None = None
    pending_seconds: int | None = None
    works: int = 0
    nodes: int = 0
    edges: int = 0
    conditions: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "request_id": self.request_id,
            "internal_id": self.internal_id,
            "name": self.name,
            "request_type": self.request_type,
            "scope": self.scope,
            "requester": self.requester,
            "user_name": self.user_name,
            "nickname": self.nickname,
            "transform_tag": self.transform_tag,
            "priority": self.priority,
            "campaign": self.campaign,
            "campaign_scope": self.campaign_scope,
            "campaign_group": self.campaign_group,
            "campaign_tag": self.campaign_tag,
            "max_processing_requests": self.max_processing_requests,
            "cloud": self.cloud,
            "site": self.site,
            "queue": self.queue,
            "digest": self.digest,
            "lifetime_seconds": self.lifetime_seconds,
            "pending_seconds": self.pending_seconds,
            "works": self.works,
            "nodes": self.nodes,
            "edges": self.edges,
            "conditions": self.conditions,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            request_id=record["request_id"],
            internal_id=record["internal_id"],
            name=record["name"],
            request_type=record["request_type"],
            scope=record["scope"],
            requester=record["requester"],
            user_name=record["user_name"],
            nickname=record["nickname"],
            transform_tag=record["transform_tag"],
            priority=record["priority"],
            campaign=record["campaign"],
            campaign_scope=record["campaign_scope"],
            campaign_group=record["campaign_group"],
            campaign_tag=record["campaign_tag"],
            max_processing_requests=record["max_processing_requests"],
            cloud=record["cloud"],
            site=record["site"],
            queue=record["queue"],
            digest=record["digest"],
            lifetime_seconds=record["lifetime_seconds"],
            pending_seconds=record["pending_seconds"],
            works=record["works"],
            nodes=record["nodes"],
            edges=record["edges"],
            conditions=record["conditions"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.request_id <= 899999999
            and len(self.name) <= 255 and LINE.takes(self.name)
            and 0 <= self.request_type <= 99
            and len(self.scope) <= 25 and LINE.takes(self.scope)
            and len(self.requester) <= 64 and LINE.takes(self.requester)
            and len(self.user_name) <= 128 and LINE.takes(self.user_name)
            and len(self.nickname) <= 128 and LINE.takes(self.nickname)
            and len(self.transform_tag) <= 64 and LINE.takes(self.transform_tag)
            and -2147483648 <= self.priority <= 2147483647
            and len(self.campaign) <= 255 and LINE.takes(self.campaign)
            and len(self.campaign_scope) <= 64 and LINE.takes(self.campaign_scope)
            and len(self.campaign_group) <= 255 and LINE.takes(self.campaign_group)
            and len(self.campaign_tag) <= 64 and LINE.takes(self.campaign_tag)
            and (self.max_processing_requests is None or (1 <= self.max_processing_requests <= 2147483647))
            and len(self.cloud) <= 255 and LINE.takes(self.cloud)
            and len(self.site) <= 255 and LINE.takes(self.site)
            and len(self.queue) <= 255 and LINE.takes(self.queue)
            and (self.lifetime_seconds is None or (1 <= self.lifetime_seconds <= 1000000000))
            and (self.pending_seconds is None or (1 <= self.pending_seconds <= 1000000000))
            and 0 <= self.works <= 10000
            and 0 <= self.nodes <= 1000000000000
            and 0 <= self.edges <= 1000000000000
            and 0 <= self.conditions <= 1000000
            and _NAMES_OF_WORKFLOWSUBMITTED("\n".join((self.internal_id, self.digest, ""))) is not None
        )


class WorkflowSuspended(Struct, frozen=True, kw_only=True, gc=False):
    """A workflow is suspended.

    reason: Why, as given.
    """

    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason))


class WorksAdded(Struct, frozen=True, kw_only=True, gc=False):
    """A workflow has its next works, and the depths of the next nodes.

    chunk: Number of this chunk, from 0, over all works and edges of the workflow.
    first_work: Number of the first of these works.
    works: The works, in the order of the request.
    first_node: Number of the first of these nodes.
    depths: Depths of these nodes.
    conditions: The next conditions, after all works have come; each names only conditions before it.
    links: The next links of parameters, after all works have come.
    """

    chunk: int
    first_work: int
    works: tuple[WorkDefinition, ...] = ()
    first_node: int
    depths: tuple[int, ...] = ()
    conditions: tuple[ConditionDefinition, ...] = ()
    links: tuple[LinkDefinition, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "chunk": self.chunk,
            "first_work": self.first_work,
            "works": [item.to_avro() for item in self.works],
            "first_node": self.first_node,
            "depths": list(self.depths),
            "conditions": [item.to_avro() for item in self.conditions],
            "links": [item.to_avro() for item in self.links],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            chunk=record["chunk"],
            first_work=record["first_work"],
            works=tuple(WorkDefinition.from_avro(item) for item in record["works"]),
            first_node=record["first_node"],
            depths=tuple(record["depths"]),
            conditions=tuple(ConditionDefinition.from_avro(item) for item in record["conditions"]),
            links=tuple(LinkDefinition.from_avro(item) for item in record["links"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.chunk <= 1000000
            and 0 <= self.first_work <= 10000
            and len(self.works) <= 1000
            and 0 <= self.first_node <= 2000000
            and len(self.depths) <= 5000
            and (not self.depths or 0 <= min(self.depths) <= max(self.depths) <= 2000000)
            and len(self.conditions) <= 1000
            and len(self.links) <= 100
            and (not self.works or all(map(WorkDefinition.is_within_bounds, self.works)))
            and (not self.conditions or all(map(ConditionDefinition.is_within_bounds, self.conditions)))
            and (not self.links or all(map(LinkDefinition.is_within_bounds, self.links)))
        )


_NAMES_OF_REQUESTKEPT = lines_of(
    (WORD, 64, 64),
)


class RequestKept(Struct, frozen=True, kw_only=True, gc=False):
    """A part of a request to iDDS as it was sent, packed by zlib; keyed by the SHA-256 of what was sent.

    digest: SHA-256 of the request as it was sent, in hexadecimal.
    part: Number of this part, from 0. A request that is sent again has its parts again, which are the same.
    parts: How many parts it has.
    content: The part; all of them one after the other are one stream of zlib.
    """

    digest: str
    part: int
    parts: int
    content: bytes

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "digest": self.digest,
            "part": self.part,
            "parts": self.parts,
            "content": self.content,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            digest=record["digest"],
            part=record["part"],
            parts=record["parts"],
            content=record["content"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.part <= 10000
            and 1 <= self.parts <= 10001
            and len(self.content) <= 400000
            and _NAMES_OF_REQUESTKEPT("\n".join((self.digest, ""))) is not None
        )


class ChildPageSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """A page of the edges of a graph; it never changes once it is full.

    first: Place of the first edge.
    children: The child of each edge; 4 bytes, least first.
    """

    first: int = 0
    children: bytes = b""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "first": self.first,
            "children": self.children,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            first=record["first"],
            children=record["children"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.first <= 10000000
            and len(self.children) <= 262144
        )


class ConditionPageSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """A page of the conditions of a workflow.

    conditions: In their order.
    """

    conditions: tuple[ConditionAccounts, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "conditions": [item.to_avro() for item in self.conditions],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            conditions=tuple(ConditionAccounts.from_avro(item) for item in record["conditions"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.conditions) <= 20
            and (not self.conditions or all(map(ConditionAccounts.is_within_bounds, self.conditions)))
        )


class DepthPageSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """A page of the depths of nodes; it never changes.

    first: Number of the first node.
    depths: Depth of each node; 4 bytes, least first.
    """

    first: int = 0
    depths: bytes = b""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "first": self.first,
            "depths": self.depths,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            first=record["first"],
            depths=record["depths"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.first <= 2000000
            and len(self.depths) <= 65536
        )


class LinkPageSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """A page of the links of a workflow.

    links: In their order.
    """

    links: tuple[LinkAccounts, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "links": [item.to_avro() for item in self.links],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            links=tuple(LinkAccounts.from_avro(item) for item in record["links"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.links) <= 100
            and (not self.links or all(map(LinkAccounts.is_within_bounds, self.links)))
        )


class NodePageSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """A page of the nodes of a graph: columns.

    first: Number of the first node.
    states: A byte for each node (docs/decisions/0094).
    outstanding: How many parents of each node have not ended; 4 bytes, least first.
    """

    first: int = 0
    states: bytes = b""
    outstanding: bytes = b""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "first": self.first,
            "states": self.states,
            "outstanding": self.outstanding,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            first=record["first"],
            states=record["states"],
            outstanding=record["outstanding"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.first <= 2000000
            and len(self.states) <= 4096
            and len(self.outstanding) <= 16384
        )


class OffsetPageSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """A page of the places where the children of nodes begin; it never changes once it is full.

    first: Number of the first node.
    offsets: Place of the first child of each node among all edges; 4 bytes, least first.
    """

    first: int = 0
    offsets: bytes = b""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "first": self.first,
            "offsets": self.offsets,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            first=record["first"],
            offsets=record["offsets"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.first <= 2000000
            and len(self.offsets) <= 65536
        )


class WorkPageSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """A page of the works of a workflow.

    works: In their order.
    """

    works: tuple[WorkAccounts, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "works": [item.to_avro() for item in self.works],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            works=tuple(WorkAccounts.from_avro(item) for item in record["works"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.works) <= 250
            and (not self.works or all(map(WorkAccounts.is_within_bounds, self.works)))
        )


_NAMES_OF_WORKFLOWSNAPSHOT = lines_of(
    (WORD, 0, 32),
    (SUBJECT, 0, 255),
    (WORD, 0, 64),
    (WORD, 0, 64),
)


class WorkflowSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """A workflow: a row without its works and its graph.

    status: Its status (docs/states.md).
    owner: Subject that submitted it.
    vo: Organisation of it.
    digest: SHA-256 of the request as it was sent, in hexadecimal; under it the request is kept.
    lifetime_seconds: How long after its submission it must have ended; null for any time.
    pending_seconds: How long nothing may happen in it; null for any time.
    submitted_at: When it was submitted or last retried, microseconds since 1970.
    changed_at: When something happened in it last, microseconds since 1970.
    announced_works: Works that were announced.
    announced_nodes: Nodes that were announced.
    announced_edges: Edges that were announced.
    chunks: Chunks that have come.
    attempt: Attempt of the workflow, from 1.
    ending: How it comes to its end; null while none was ordered.
    message: Why.
    works: Works that it has.
    sealed: True when it is complete.
    slicing: True while a slice is under way (AdvanceWorkflow).
    deferred: Ended nodes whose children do not count them as ended yet.
    partial_node: A node with many children, of which some count it as ended.
    partial_children: How many of them.
    announced_conditions: Conditions that were announced.
    request_id: Its number; 0 in rows of a release that did not keep it.
    """

    status: str = "unknown"
    owner: str = ""
    vo: str = ""
    digest: str = ""
    lifetime_seconds: int | None = None
    pending_seconds: int | None = None
    submitted_at: int = 0
    changed_at: int = 0
    announced_works: int = 0
    announced_nodes: int = 0
    announced_edges: int = 0
    chunks: int = 0
    attempt: int = 0
    ending: WorkflowEnding | None = None
    message: str = ""
    works: int = 0
    sealed: bool = False
    slicing: bool = False
    deferred: int = 0
    partial_node: int | None = None
    partial_children: int = 0
    announced_conditions: int = 0
    request_id: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "status": self.status,
            "owner": self.owner,
            "vo": self.vo,
            "digest": self.digest,
            "lifetime_seconds": self.lifetime_seconds,
            "pending_seconds": self.pending_seconds,
            "submitted_at": self.submitted_at,
            "changed_at": self.changed_at,
            "announced_works": self.announced_works,
            "announced_nodes": self.announced_nodes,
            "announced_edges": self.announced_edges,
            "chunks": self.chunks,
            "attempt": self.attempt,
            "ending": self.ending,
            "message": self.message,
            "works": self.works,
            "sealed": self.sealed,
            "slicing": self.slicing,
            "deferred": self.deferred,
            "partial_node": self.partial_node,
            "partial_children": self.partial_children,
            "announced_conditions": self.announced_conditions,
            "request_id": self.request_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            status=record["status"],
            owner=record["owner"],
            vo=record["vo"],
            digest=record["digest"],
            lifetime_seconds=record["lifetime_seconds"],
            pending_seconds=record["pending_seconds"],
            submitted_at=record["submitted_at"],
            changed_at=record["changed_at"],
            announced_works=record["announced_works"],
            announced_nodes=record["announced_nodes"],
            announced_edges=record["announced_edges"],
            chunks=record["chunks"],
            attempt=record["attempt"],
            ending=None if record["ending"] is None else WorkflowEnding[record["ending"]],
            message=record["message"],
            works=record["works"],
            sealed=record["sealed"],
            slicing=record["slicing"],
            deferred=record["deferred"],
            partial_node=record["partial_node"],
            partial_children=record["partial_children"],
            announced_conditions=record["announced_conditions"],
            request_id=record["request_id"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.lifetime_seconds is None or (1 <= self.lifetime_seconds <= 1000000000))
            and (self.pending_seconds is None or (1 <= self.pending_seconds <= 1000000000))
            and 0 <= self.submitted_at <= 9000000000000000
            and 0 <= self.changed_at <= 9000000000000000
            and 0 <= self.announced_works <= 10000
            and 0 <= self.announced_nodes <= 2000000
            and 0 <= self.announced_edges <= 10000000
            and 0 <= self.chunks <= 1000001
            and 0 <= self.attempt <= 2147483647
            and len(self.message) <= 4000 and TEXT.takes(self.message)
            and 0 <= self.works <= 10000
            and 0 <= self.deferred <= 2000000
            and (self.partial_node is None or (0 <= self.partial_node <= 1999999))
            and 0 <= self.partial_children <= 2000000
            and 0 <= self.announced_conditions <= 1000000
            and 0 <= self.request_id <= 899999999
            and _NAMES_OF_WORKFLOWSNAPSHOT("\n".join((self.status, self.owner, self.vo, self.digest, ""))) is not None
        )


WorkflowCommand = (
    AbortWorkflow
    | AddEdges
    | AddWorks
    | AdvanceWorkflow
    | CloseWorkflow
    | ExpireWorkflow
    | FinishWorkflow
    | RecordUnitEnds
    | RecordWorkEnd
    | ResumeWorkflow
    | RetryWorkflow
    | SealWorkflow
    | StartWork
    | SubmitWorkflow
    | SuspendWorkflow
)

WorkflowEvent = (
    ConditionEvaluated
    | EdgesAdded
    | LinkApplied
    | NodesAdvanced
    | NodesRestarted
    | WorkEndReported
    | WorkEnded
    | WorkStarted
    | WorkflowEndOrdered
    | WorkflowFinalized
    | WorkflowResumed
    | WorkflowRetried
    | WorkflowSealed
    | WorkflowSubmitted
    | WorkflowSuspended
    | WorksAdded
)
