"""A request to iDDS as data: works, conditions, links, functions. What the grammar gives and all else reads. Pure.

Names in the fields are those of the wire without their underscores. Source: docs/reference/idds.md, "Grammar of requests".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

#: A value of JSON in which objects of classes do not occur.
Json = Any


class Operator(StrEnum):
    """How the predicates of a condition are joined."""

    AND = "And"
    OR = "Or"


@dataclass(frozen=True, slots=True)
class WorkMethod:
    """The predicate `method` of a work or workflow."""

    method: str
    work_id: str


@dataclass(frozen=True, slots=True)
class WorkAttribute:
    """True when the attribute of a work is set and not empty."""

    attribute: str
    work_id: str


@dataclass(frozen=True, slots=True)
class ConditionMethod:
    """The predicate `method` of another condition."""

    method: str
    condition: "WorkCondition"


Predicate = WorkMethod | WorkAttribute | ConditionMethod | bool


@dataclass(frozen=True, slots=True)
class WorkCondition:
    """Which works start when the predicates hold, and which when they do not.

    A target is the id of a work or workflow, or another condition, to be evaluated then.
    """

    condition_id: str
    operator: Operator
    predicates: tuple[Predicate, ...]
    true_targets: "tuple[str | WorkCondition, ...]"
    false_targets: "tuple[str | WorkCondition, ...]"


@dataclass(frozen=True, slots=True)
class ParameterLink:
    """Copies attributes of the `sources` to the `destinations` (ids of works). parameters: (attribute there, attribute here)."""

    link_id: str
    parameters: tuple[tuple[str, str], ...]
    sources: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkCollection:
    """A named set of contents. coll_type: number of `CollectionType`."""

    collection_id: str
    scope: str
    name: str
    coll_type: int


@dataclass(frozen=True, slots=True)
class UploadedMap:
    """Stands for a graph of jobs that was sent in an earlier step, under the name of its work."""

    work_name: str


#: The graph of jobs of a work as it was sent: zipped text, a list, or where it was uploaded.
JobMapSource = str | tuple[Json, ...] | UploadedMap


@dataclass(frozen=True, slots=True)
class WorkPlan:
    """One task-shaped node. class_name: tag of its class. settings: plain attributes, checked when they are used.

    user_parameters: attributes that begin with `user_`. place: where its object stands in the request.
    """

    work_id: str
    class_name: str
    work_name: str
    task_name: str
    job_map: JobMapSource
    settings: Mapping[str, Json]
    user_parameters: Mapping[str, Json]
    and_conditions: Mapping[str, Json]
    or_conditions: Mapping[str, Json]
    sliced_parameters: Mapping[str, Json]
    collections: tuple[WorkCollection, ...]
    place: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class WorkflowPlan:
    """A graph of works, also as a node of another one. loop: the condition under which another run follows; None without.

    with_steps: graphs of jobs were uploaded before, under `workflow_id`. Proxies that clients put in are not taken over.
    max_processing_requests: of its campaign at a time; None is any number.
    """

    workflow_id: str
    name: str
    nodes: "tuple[WorkPlan | WorkflowPlan, ...]"
    conditions: tuple[WorkCondition, ...]
    links: tuple[ParameterLink, ...]
    initial_ids: tuple[str, ...]
    independent_ids: tuple[str, ...]
    global_parameters: Mapping[str, Json]
    sliced_parameters: Mapping[str, Json]
    loop: WorkCondition | None
    with_steps: bool
    lifetime_days: float | None
    pending_days: float | None
    max_processing_requests: int | None
    campaign: Mapping[str, str | None]

    @property
    def first_ids(self) -> tuple[str, ...]:
        """Works that start at once: the initial ones, else those that no condition names, else the first."""
        return self.initial_ids or self.independent_ids or tuple(_id_of(one) for one in self.nodes[:1])

    @property
    def all_works(self) -> tuple[WorkPlan, ...]:
        """The works of this workflow and of those within it, in the order in which they were sent."""
        found: list[WorkPlan] = []
        for one in self.nodes:
            found.extend([one] if isinstance(one, WorkPlan) else one.all_works)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class UploadedStep:
    """Graphs of jobs, sent ahead of the workflow `workflow_id`. job_maps: name of a work -> its graph, zipped."""

    workflow_id: str
    job_maps: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FunctionPlan:
    """A function as a task. `attributes` and `context` are plain; pickled arguments in them are texts, which nothing opens.

    Both hold what is secret (arguments, the token of the request), so they are never printed.
    """

    class_name: str
    attributes: Mapping[str, Json] = field(repr=False)
    context: Mapping[str, Json] = field(repr=False)


Plan = WorkflowPlan | UploadedStep | FunctionPlan | WorkPlan


@dataclass(frozen=True, slots=True)
class SubmittedRequest:
    """A plan as a request. fields: what the request says of itself, unchecked. is_build: a job builds the workflow proper."""

    plan: Plan
    fields: Mapping[str, Json] = field(default_factory=dict)
    is_build: bool = False


def _id_of(node: WorkPlan | WorkflowPlan) -> str:
    return node.work_id if isinstance(node, WorkPlan) else node.workflow_id
