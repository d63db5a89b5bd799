"""Objects of Kubernetes as far as workers are read from them: the fields that count, all else is passed over."""

import msgspec


class _Shape(msgspec.Struct, frozen=True, rename="camel"):
    """Only what is read here; everything else in an object is skipped."""


class OwnerReference(_Shape, frozen=True):
    """What an object belongs to."""

    kind: str
    uid: str


class Meta(_Shape, frozen=True):
    """Of every object."""

    name: str
    uid: str = ""
    labels: dict[str, str] | None = None
    deletion_timestamp: str | None = None
    owner_references: list[OwnerReference] | None = None


class JobCondition(_Shape, frozen=True):
    """Of a Job or pod."""

    type: str
    status: str
    reason: str = ""
    message: str = ""


class Resources(_Shape, frozen=True):
    """Of a container."""

    requests: dict[str, str | int | float] | None = None


class Container(_Shape, frozen=True):
    """As it is asked for."""

    name: str
    resources: Resources = Resources()


class PodSpec(_Shape, frozen=True):
    """As it is asked for, with the node that it was given."""

    containers: list[Container]
    node_name: str = ""


class Waiting(_Shape, frozen=True):
    """A container that has not started."""

    reason: str = ""
    message: str = ""


class Ended(_Shape, frozen=True):
    """A container that has ended."""

    exit_code: int
    signal: int = 0
    reason: str = ""
    message: str = ""


class ContainerState(_Shape, frozen=True):
    """One of them is there."""

    waiting: Waiting | None = None
    terminated: Ended | None = None


class ContainerStatus(_Shape, frozen=True):
    """As the node tells it."""

    name: str
    state: ContainerState = ContainerState()


class PodStatus(_Shape, frozen=True):
    """As the node tells it."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    conditions: list[JobCondition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None


class Pod(_Shape, frozen=True):
    """One try to run a Job."""

    metadata: Meta
    spec: PodSpec
    status: PodStatus = PodStatus()

    @property
    def is_over(self) -> bool:
        """Whether none of its processes lives."""
        return self.status.phase in ("Succeeded", "Failed")


class PodTemplate(_Shape, frozen=True):
    """What a Job makes its pod from."""

    spec: PodSpec


class BatchJobSpec(_Shape, frozen=True):
    """As it is asked for."""

    template: PodTemplate
    suspend: bool | None = None


class BatchJobStatus(_Shape, frozen=True):
    """As the controller tells it."""

    conditions: list[JobCondition] | None = None


class BatchJob(_Shape, frozen=True):
    """A worker as it was submitted."""

    metadata: Meta
    spec: BatchJobSpec
    status: BatchJobStatus = BatchJobStatus()
