"""Jobs and pods of Kubernetes, read as workers.

In: objects as the API shows them. Out: one `NativeWorker` a Job, or a pod whose Job is gone. Guards: the reason of the container
goes before the condition of its Job, which is Complete also when the kernel killed a process for its memory; a worker has ended
only when its pod has; pods that wait for a node are pending, however long.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

from agents.harvester.systems.contract import NativeState, NativeWorker
from agents.harvester.systems.kubernetes_manifest import CONTAINER, STACK_LABEL, WORKER_LABEL
from agents.harvester.systems.kubernetes_objects import BatchJob, Container, Ended, JobCondition, Meta, Pod, PodSpec
from agents.harvester.systems.native_command import one_line
from agents.harvester.systems.tags import belongs

#: Why a container waits that will not start without help.
HOLDING = frozenset(
    {
        "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError", "RegistryUnavailable",
        "SignatureValidationFailed", "CreateContainerConfigError", "CreateContainerError", "RunContainerError",
        "CrashLoopBackOff",
    }
)  # fmt: skip
#: Why a pod was ended from outside (its condition DisruptionTarget) -> what that is.
DISRUPTIONS: Mapping[str, NativeState] = {
    "PreemptionByScheduler": NativeState.PREEMPTED,
    "EvictionByEvictionAPI": NativeState.PREEMPTED,
    "TerminationByKubelet": NativeState.PREEMPTED,
    "DeletionByTaintManager": NativeState.NODE_FAILED,
    "DeletionByPodGC": NativeState.NODE_FAILED,
}
#: A pod's own reason -> what that is; nodes refuse pods with the words from OutOfcpu on.
POD_REASONS: Mapping[str, NativeState] = {
    "DeadlineExceeded": NativeState.TIMEOUT,
    "Preempting": NativeState.PREEMPTED,
    "NodeLost": NativeState.NODE_FAILED,
    "NodeShutdown": NativeState.NODE_FAILED,
    "Terminated": NativeState.NODE_FAILED,
    "Shutdown": NativeState.NODE_FAILED,
    "OutOfcpu": NativeState.NODE_FAILED,
    "OutOfmemory": NativeState.NODE_FAILED,
    "OutOfpods": NativeState.NODE_FAILED,
    "OutOfephemeral-storage": NativeState.NODE_FAILED,
    "NodeAffinity": NativeState.NODE_FAILED,
    "UnexpectedAdmissionError": NativeState.NODE_FAILED,
}
SIGNAL_BASE, SIGNAL_MAX = 128, 64
MEBI = 2**20
UNITS: Mapping[str, float] = {
    "": 1, "m": 0.001, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "Ki": 2**10, "Mi": MEBI, "Gi": 2**30, "Ti": 2**40,
}  # fmt: skip


def workers_of(stack: str, jobs: Sequence[BatchJob], pods: Sequence[Pod]) -> tuple[NativeWorker, ...]:
    """The workers of `stack`. jobs: asked for before `pods`, so that what ended between is seen as ended."""
    of_worker: dict[str, list[Pod]] = {}
    for pod in pods:
        tag = _tag(pod.metadata, stack)
        if tag:
            of_worker.setdefault(tag, []).append(pod)
    found = []
    for job in jobs:
        tag = _tag(job.metadata, stack)
        if tag and tag == job.metadata.name:
            # Labels can be planted by all who may make pods there; the controller writes whose a pod is.
            its_own = [pod for pod in of_worker.pop(tag, ()) if _uid_of_job(pod) == job.metadata.uid]
            found.append(_worker_of_job(tag, job, _latest(its_own)))
    found += [_worker_of_pod(tag, one) for tag, those in of_worker.items() for one in those]
    return tuple(found)


def is_of(meta: Meta, stack: str, tag: str) -> bool:
    """Whether an object belongs to the worker `tag` of `stack`."""
    return _tag(meta, stack) == tag


def has_ended(job: BatchJob) -> bool:
    """Whether the controller has closed the Job."""
    return _condition(job.status.conditions, "Complete") is not None or _condition(job.status.conditions, "Failed") is not None


def _tag(meta: Meta, stack: str) -> str:
    found = meta.labels or {}
    tag = found.get(WORKER_LABEL, "")
    return tag if found.get(STACK_LABEL) == stack and belongs(tag, stack) else ""


def _latest(pods: Iterable[Pod]) -> Pod | None:
    """The pod that tells most: one that lives, or any."""
    return min(pods, key=lambda pod: (pod.is_over, pod.metadata.deletion_timestamp is not None), default=None)


def _worker_of_job(tag: str, job: BatchJob, pod: Pod | None) -> NativeWorker:
    failed = _condition(job.status.conditions, "Failed") or _condition(job.status.conditions, "FailureTarget")
    complete = _condition(job.status.conditions, "Complete")
    if pod is not None and not pod.is_over:
        state, native, reason = _living(pod)
    elif pod is not None and (complete or failed or pod.metadata.deletion_timestamp is None):
        state, native, reason = _ended(pod, failed)
    elif complete:
        state, native, reason = NativeState.FINISHED, "Complete", complete.message
    elif failed and failed.type == "Failed":
        state, native, reason = _without_pod(failed)
    elif pod is not None and job.metadata.deletion_timestamp is not None:
        state, native, reason = NativeState.CANCELLED, "Deleted", "its Job was deleted"
    elif pod is not None:
        # Ended while it was being deleted: the controller is about to say why.
        state, native, reason = NativeState.RUNNING, "Terminating", pod.status.message
    elif job.spec.suspend:
        state, native, reason = NativeState.HELD, "Suspended", "the Job is suspended"
    else:
        state, native, reason = NativeState.PENDING, "Pending", "the Job has no pod"
    return _worker(tag, job.metadata.uid, (state, native, reason), job.spec.template.spec, pod)


def _worker_of_pod(tag: str, pod: Pod) -> NativeWorker:
    """Its Job was deleted and it was not, or not yet; or the Job came after the list of Jobs."""
    return _worker(tag, _uid_of_job(pod) or pod.metadata.uid, _ended(pod, None) if pod.is_over else _living(pod), pod.spec, pod)


def _uid_of_job(pod: Pod) -> str:
    return next((owner.uid for owner in pod.metadata.owner_references or () if owner.kind == "Job"), "")


def _worker(tag: str, uid: str, told: tuple[NativeState, str, str], spec: PodSpec, pod: Pod | None) -> NativeWorker:
    state, native, reason = told
    ended = _container(pod) if pod is not None and state.is_end else None
    signal = _signal(ended) if ended else None
    requests = _main(spec.containers).resources.requests or {} if spec.containers else {}
    memory, cores = quantity(requests.get("memory")), quantity(requests.get("cpu"))
    return NativeWorker(
        tag=tag,
        batch_id=uid,
        state=state,
        native_state=one_line(native),
        reason=one_line(reason),
        node="" if pod is None else one_line(pod.spec.node_name),
        exit_code=ended.exit_code if ended and signal is None else 0 if state is NativeState.FINISHED else None,
        signal=signal,
        memory_mb=None if memory is None else round(memory / MEBI),
        cores=None if cores is None else max(1, round(cores)),
    )


def _living(pod: Pod) -> tuple[NativeState, str, str]:
    status = pod.status
    if pod.metadata.deletion_timestamp is not None:
        # Its processes may live on until its node says that they do not.
        state = NativeState.PENDING if status.phase == "Pending" else NativeState.RUNNING
        return state, "Terminating", status.message or status.reason
    if status.phase in ("Running", "Unknown"):
        return NativeState.RUNNING, status.reason or status.phase, status.message
    for one in (*(status.init_container_statuses or ()), *(status.container_statuses or ())):
        waiting = one.state.waiting
        if waiting is not None and waiting.reason in HOLDING:
            return NativeState.HELD, waiting.reason, f"{waiting.reason}: {waiting.message}"
    scheduled = next((one for one in status.conditions or () if one.type == "PodScheduled" and one.status == "False"), None)
    if scheduled is not None:
        state = NativeState.HELD if scheduled.reason == "SchedulingGated" else NativeState.PENDING
        return state, scheduled.reason or "Pending", scheduled.message
    return NativeState.PENDING, status.reason or "Pending", status.message


def _ended(pod: Pod, failed: JobCondition | None) -> tuple[NativeState, str, str]:
    """The end of a pod that is over. failed: the condition of its Job, where it has one."""
    status, ended = pod.status, _container(pod)
    if ended is not None and ended.reason == "OOMKilled":
        reason = ended.message or status.message or "the kernel killed a process of the container for its memory"
        return NativeState.OUT_OF_MEMORY, ended.reason, reason
    if failed is not None and failed.reason == "DeadlineExceeded":
        return NativeState.TIMEOUT, failed.reason, failed.message
    disrupted = _condition(status.conditions, "DisruptionTarget")
    if disrupted is not None and status.phase == "Failed":
        return DISRUPTIONS.get(disrupted.reason, NativeState.PREEMPTED), disrupted.reason, disrupted.message
    if status.reason in POD_REASONS:
        return POD_REASONS[status.reason], status.reason, status.message
    if status.phase == "Succeeded":
        return NativeState.FINISHED, "Completed", ""
    if pod.metadata.deletion_timestamp is not None:
        return NativeState.CANCELLED, "Deleted", status.message or "its pod was deleted"
    native = status.reason or (ended.reason if ended else "") or "Failed"
    return NativeState.FAILED, native, status.message or (ended.message if ended else "") or (failed.message if failed else "")


def _without_pod(failed: JobCondition) -> tuple[NativeState, str, str]:
    """The end of a Job whose pod is no longer there, and with it the finer reason."""
    match failed.reason:
        case "DeadlineExceeded":
            return NativeState.TIMEOUT, failed.reason, failed.message
        case "PodFailurePolicy":
            return NativeState.PREEMPTED, failed.reason, failed.message
        case "BackoffLimitExceeded":
            return NativeState.CANCELLED, failed.reason, "its pod was deleted"
        case _:
            return NativeState.FAILED, failed.reason or "Failed", failed.message


def _condition(conditions: Iterable[JobCondition] | None, name: str) -> JobCondition | None:
    return next((one for one in conditions or () if one.type == name and one.status == "True"), None)


def _container(pod: Pod) -> Ended | None:
    """The end of the worker's own container; others may stand beside it."""
    statuses = pod.status.container_statuses or ()
    chosen = next((one for one in statuses if one.name == CONTAINER), None)
    return chosen.state.terminated if chosen is not None else None


def _main(containers: Sequence[Container]) -> Container:
    return next((one for one in containers if one.name == CONTAINER), containers[0])


def _signal(ended: Ended) -> int | None:
    """Runtimes tell a signal as 128 and its number."""
    if ended.signal:
        return ended.signal
    number = ended.exit_code - SIGNAL_BASE
    return number if 0 < number <= SIGNAL_MAX else None


def quantity(value: str | float | None) -> float | None:
    """The number that a quantity as `5000Mi` or `500m` stands for; None where it is none."""
    text = str(value if value is not None else "")[:40]
    digits = text.rstrip("mkMGTKi")
    try:
        number = float(digits) * UNITS[text[len(digits) :]]
    except (ValueError, KeyError):
        return None
    return number if math.isfinite(number) else None
