"""Jobs and pods as workers: every end and every way to wait, from the objects that Kubernetes shows."""

from typing import Any

import msgspec
import pytest

from agents.harvester.systems.contract import NativeState, NativeWorker
from agents.harvester.systems.kubernetes_objects import BatchJob, Pod
from agents.harvester.systems.kubernetes_reading import quantity, workers_of

TAG = "one-w1"
LABELS = {"culm-stack": "one", "culm-worker": TAG}
OWNER = {"apiVersion": "batch/v1", "kind": "Job", "name": TAG, "uid": "job-uid"}
REQUESTS = {"requests": {"memory": "5000Mi", "cpu": "2"}}
SPEC = {"containers": [{"name": "sidecar", "resources": {}}, {"name": "worker", "resources": REQUESTS}]}
DELETED = {"deletionTimestamp": "2026-01-01T00:00:00Z"}


def job(*conditions: tuple[str, str], suspend: bool = False, **meta: Any) -> BatchJob:
    """A Job with conditions (type, reason)."""
    told = [{"type": name, "status": "True", "reason": reason, "message": f"{reason} of the job"} for name, reason in conditions]
    document = {
        "metadata": {"name": TAG, "uid": "job-uid", "labels": LABELS, **meta},
        "spec": {"suspend": suspend, "template": {"spec": SPEC}},
        "status": {"conditions": told or None},
    }
    return msgspec.convert(document, BatchJob)


def pod(
    phase: str, *, state: dict[str, Any] | None = None, disruption: str = "", meta: dict[str, Any] | None = None, **told: Any
) -> Pod:
    """A pod of that Job. state: of the worker's container."""
    conditions = [{"type": "DisruptionTarget", "status": "True", "reason": disruption, "message": "told"}] if disruption else []
    containers = [{"name": "sidecar", "state": {"terminated": {"exitCode": 99, "reason": "Error"}}}]
    if state is not None:
        containers.append({"name": "worker", "state": state})
    document = {
        "metadata": {"name": f"{TAG}-abcde", "uid": "pod-uid", "labels": LABELS, "ownerReferences": [OWNER], **(meta or {})},
        "spec": {**SPEC, "nodeName": "node7"},
        "status": {"phase": phase, "conditions": conditions, "containerStatuses": containers, **told},
    }
    return msgspec.convert(document, Pod)


def ended(code: int, reason: str = "Error") -> dict[str, Any]:
    """The state of a container that ended."""
    return {"terminated": {"exitCode": code, "reason": reason}}


def waiting(reason: str) -> dict[str, Any]:
    """The state of a container that waits."""
    return {"waiting": {"reason": reason, "message": "because"}}


def read(one: BatchJob, *pods: Pod) -> NativeWorker:
    """The worker that they are."""
    (worker,) = workers_of("one", [one], pods)
    return worker


COMPLETE, BACKOFF = ("Complete", "CompletionsReached"), ("Failed", "BackoffLimitExceeded")
DEADLINE, POLICY = ("Failed", "DeadlineExceeded"), ("Failed", "PodFailurePolicy")


@pytest.mark.parametrize(
    ("one", "of_pod", "state", "code", "signal"),
    [
        (job(COMPLETE), pod("Succeeded", state=ended(0, "Completed")), "FINISHED", 0, None),
        (job(COMPLETE), pod("Succeeded", state=ended(0, "OOMKilled")), "OUT_OF_MEMORY", 0, None),
        (job(BACKOFF), pod("Failed", state=ended(137, "OOMKilled")), "OUT_OF_MEMORY", None, 9),
        (job(BACKOFF), pod("Failed", state=ended(7)), "FAILED", 7, None),
        (job(BACKOFF), pod("Failed", state=ended(139)), "FAILED", None, 11),
        (job(DEADLINE), pod("Failed", state=ended(143), meta=DELETED), "TIMEOUT", None, 15),
        (job(BACKOFF), pod("Failed", state=ended(137), reason="DeadlineExceeded"), "TIMEOUT", None, 9),
        (job(POLICY), pod("Failed", state=ended(143), disruption="PreemptionByScheduler"), "PREEMPTED", None, 15),
        (job(POLICY), pod("Failed", state=ended(143), disruption="EvictionByEvictionAPI"), "PREEMPTED", None, 15),
        (job(POLICY), pod("Failed", reason="Evicted", disruption="TerminationByKubelet"), "PREEMPTED", None, None),
        (job(POLICY), pod("Failed", disruption="DeletionByTaintManager"), "NODE_FAILED", None, None),
        (job(POLICY), pod("Failed", disruption="DeletionByPodGC"), "NODE_FAILED", None, None),
        (job(BACKOFF), pod("Failed", reason="OutOfcpu"), "NODE_FAILED", None, None),
        (job(BACKOFF), pod("Failed", reason="Evicted", message="ephemeral local storage"), "FAILED", None, None),
        (job(BACKOFF), pod("Failed", state=ended(143), meta=DELETED), "CANCELLED", None, 15),
        (job(deletionTimestamp="2026-01-01T00:00:00Z"), pod("Failed", state=ended(143), meta=DELETED), "CANCELLED", None, 15),
    ],
)
def test_an_end_is_read_from_the_container_the_pod_and_the_job(
    one: BatchJob, of_pod: Pod, state: str, code: int | None, signal: int | None
) -> None:
    worker = read(one, of_pod)

    assert (worker.state, worker.exit_code, worker.signal) == (NativeState(state), code, signal)


@pytest.mark.parametrize(
    ("one", "state"),
    [
        (job(COMPLETE), "FINISHED"),
        (job(DEADLINE), "TIMEOUT"),
        (job(POLICY), "PREEMPTED"),
        (job(BACKOFF), "CANCELLED"),
        (job(("Failed", "Other")), "FAILED"),
        (job(("FailureTarget", "BackoffLimitExceeded")), "PENDING"),
        (job(), "PENDING"),
        (job(suspend=True), "HELD"),
    ],
)
def test_a_job_without_its_pod_says_what_it_can(one: BatchJob, state: str) -> None:
    assert read(one).state is NativeState(state)


@pytest.mark.parametrize(
    "reason", ["ImagePullBackOff", "ErrImagePull", "InvalidImageName", "CreateContainerConfigError", "CreateContainerError"]
)
def test_a_container_that_cannot_start_is_held_with_the_reason(reason: str) -> None:
    worker = read(job(), pod("Pending", state=waiting(reason)))

    assert (worker.state, worker.native_state, worker.reason) == (NativeState.HELD, reason, f"{reason}: because")


@pytest.mark.parametrize(
    ("one", "state"),
    [
        (pod("Pending", state=waiting("ContainerCreating")), "PENDING"),
        (pod("Running", state={"running": {}}), "RUNNING"),
        (pod("Unknown"), "RUNNING"),
        (pod("Running", state={"running": {}}, reason="NodeLost"), "RUNNING"),
        (pod("Running", state={"running": {}}, meta=DELETED), "RUNNING"),
        (pod("Pending", meta=DELETED), "PENDING"),
        # The controller is about to say why it ended it.
        (pod("Failed", state=ended(143), meta=DELETED), "RUNNING"),
    ],
)
def test_a_pod_that_is_not_proved_to_be_over_is_not(one: Pod, state: str) -> None:
    assert read(job(), one).state is NativeState(state)


def test_a_pod_that_waits_for_a_node_is_pending_with_the_schedulers_words() -> None:
    waits = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes: Insufficient memory"}]

    worker = read(job(), pod("Pending", conditions=waits))

    assert (worker.state, worker.reason) == (NativeState.PENDING, "0/3 nodes: Insufficient memory")


def test_a_pod_that_lives_counts_before_one_that_ended() -> None:
    assert read(job(), pod("Failed", state=ended(1)), pod("Running", state={"running": {}})).state is NativeState.RUNNING


@pytest.mark.parametrize("owners", [[], None, [{**OWNER, "uid": "another"}], [{**OWNER, "kind": "ReplicaSet"}]])
def test_a_pod_with_our_labels_that_is_not_of_the_job_says_nothing_of_the_worker(owners: list[dict[str, str]] | None) -> None:
    planted = pod("Running", state={"running": {}}, meta={"ownerReferences": owners})

    assert read(job(COMPLETE), planted).state is NativeState.FINISHED


def test_memory_and_cores_are_those_of_the_workers_container() -> None:
    worker = read(job(), pod("Running"))

    assert (worker.memory_mb, worker.cores, worker.node, worker.batch_id) == (5000, 2, "node7", "job-uid")


@pytest.mark.parametrize(
    "labels",
    [None, {}, {"culm-stack": "one"}, {"culm-stack": "two", "culm-worker": TAG}, {"culm-stack": "one", "culm-worker": "one-w2"}],
)
def test_a_job_without_all_our_labels_is_not_ours(labels: dict[str, str] | None) -> None:
    assert workers_of("one", [job(labels=labels)], []) == ()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5000Mi", 5000 * 2**20),
        ("5Gi", 5 * 2**30),
        ("500m", 0.5),
        ("2", 2),
        (3, 3),
        ("1e3", 1000),
        ("abc", None),
        ("nan", None),
        ("inf", None),
        ("1e999", None),
        ("", None),
        (None, None),
    ],
)
def test_quantities_are_read_as_kubernetes_writes_them(text: str | int | None, number: float | None) -> None:
    assert quantity(text) == number
