"""A worker as objects of Kubernetes: the Job that runs it, and the Secret with its program and files.

In: a spec and the queue's settings. Out: documents for the API, or a refusal by name, value and expectation. Guards: the Job's
name is the tag; a worker without privileges, without a token of the cluster, and with no text that the cluster would expand.
"""

import base64
import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agents.harvester.systems.contract import WorkerSpec
from agents.harvester.systems.kubernetes_settings import CLUSTER_NAMES, QUEUE_NAMES, ClusterSettings, Limits, PodSettings
from agents.harvester.systems.tags import spec_problem

STACK_LABEL, WORKER_LABEL = "culm-stack", "culm-worker"
QUEUE_ANNOTATION = "culm-queue"
CONTAINER = "worker"
INPUT, WORK = "/culm/input", "/culm/work"
#: etcd takes 1.5 MiB an object, the API 1 MiB of data a Secret.
FILES_BYTES_MAX = 1_000_000
FILE_NAME_LENGTH_MAX = 253
#: Files become the worker's own, unreadable for others, in a folder that it may write to.
START = f"umask 077 && cp -L {INPUT}/* {WORK}/ && chmod 600 {WORK}/* && chmod 700 ./{{program}} && exec ./{{program}}"


class SpecRefused(ValueError):
    """A spec that no cluster can run; the message names the thing, the value and what was expected."""


def labels(stack: str, tag: str) -> dict[str, str]:
    """What tells Jobs, pods and Secrets of this stack from all others."""
    return {"app.kubernetes.io/managed-by": "culm", STACK_LABEL: stack, WORKER_LABEL: tag}


def check(spec: WorkerSpec, stack: str) -> None:
    """Raises SpecRefused for what no cluster can run."""
    if problem := spec_problem(spec, stack, CLUSTER_NAMES | QUEUE_NAMES):
        raise SpecRefused(problem)


def files_of(spec: WorkerSpec) -> dict[str, bytes]:
    """Program and files by name, as keys of a Secret; raises SpecRefused, OSError."""
    found: dict[str, bytes] = {}
    left = FILES_BYTES_MAX
    for path in (spec.program, *spec.files):
        if path.name in found:
            raise SpecRefused(f"two files of the worker are named {path.name[:80]!r}, expected different names")
        if not _is_file_name(path.name):
            raise SpecRefused(f"a file of the worker is named {path.name[:80]!r}, expected letters, digits, '.', '_' and '-'")
        found[path.name] = _read(path, left)
        left -= len(found[path.name])
    return found


def secret_document(spec: WorkerSpec, stack: str, uid: str, files: Mapping[str, bytes]) -> dict[str, Any]:
    """The Secret with `files`, which goes when the Job with `uid` goes."""
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": spec.tag, "uid": uid}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": spec.tag, "labels": labels(stack, spec.tag), "ownerReferences": [owner]},
        "immutable": True,
        "data": {name: base64.b64encode(content).decode() for name, content in files.items()},
    }


def job_document(spec: WorkerSpec, stack: str, cluster: ClusterSettings, queue: PodSettings) -> dict[str, Any]:
    """The Job of one worker: one pod, never a second one."""
    mine = labels(stack, spec.tag)
    pod = _merged(_pod(spec, queue), cluster.pod_template)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": spec.tag, "labels": mine, "annotations": {QUEUE_ANNOTATION: spec.queue[:1000]}},
        "spec": {
            "backoffLimit": 0,
            "completions": 1,
            "parallelism": 1,
            # The wall time is the pod's: a worker that waits for a node does not use it up. This one ends what waits for ever.
            "activeDeadlineSeconds": spec.walltime_seconds + queue.pending_seconds_max,
            "ttlSecondsAfterFinished": cluster.keep_seconds,
            # An eviction or preemption differs from a failure also after the pod is gone.
            "podFailurePolicy": {
                "rules": [{"action": "FailJob", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}]
            },
            "template": {"metadata": {"labels": mine}, "spec": pod},
        },
    }


def _pod(spec: WorkerSpec, queue: PodSettings) -> dict[str, Any]:
    work: dict[str, Any] = {"sizeLimit": f"{spec.disk_mb}Mi"} if spec.disk_mb > 0 else {}
    pod: dict[str, Any] = {
        "restartPolicy": "Never",
        "activeDeadlineSeconds": spec.walltime_seconds,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        # Process 1 of a namespace ignores signals that it does not handle: a worker would outlive the order to end by the grace
        # period, and its own SIGSEGV. With this, process 1 is the pod's and reaps what the worker leaves.
        "shareProcessNamespace": True,
        "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": CONTAINER,
                "image": queue.image,
                "command": ["/bin/sh", "-c", START.format(program=spec.program.name)],
                "workingDir": WORK,
                "env": [{"name": name, "value": value.replace("$", "$$")} for name, value in spec.environment.items()],
                "resources": _resources(spec, queue.limits),
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
                "volumeMounts": [
                    {"name": "input", "mountPath": INPUT, "readOnly": True},
                    {"name": "work", "mountPath": WORK},
                ],
            }
        ],
        "volumes": [
            {"name": "input", "secret": {"secretName": spec.tag, "defaultMode": 0o400}},
            {"name": "work", "emptyDir": work},
        ],
    }
    if queue.user:
        pod["securityContext"] |= {
            "runAsNonRoot": True, "runAsUser": queue.user, "runAsGroup": queue.user, "fsGroup": queue.user,
        }  # fmt: skip
    return pod | _placement(queue)


def _resources(spec: WorkerSpec, limits: Limits) -> dict[str, Any]:
    memory, cpu = {"memory": f"{spec.memory_mb}Mi"}, {"cpu": str(spec.cores)}
    disk = {"ephemeral-storage": f"{spec.disk_mb}Mi"} if spec.disk_mb > 0 else {}
    choices: dict[Limits, dict[str, str]] = {Limits.NONE: {}, Limits.MEMORY: memory, Limits.ALL: memory | cpu | disk}
    capped = choices[limits]
    return {"requests": memory | cpu | disk} | ({"limits": capped} if capped else {})


def _placement(queue: PodSettings) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if queue.node_selector:
        found["nodeSelector"] = dict(queue.node_selector)
    if queue.tolerations:
        found["tolerations"] = [
            {"key": key, "effect": effect} | ({"operator": "Equal", "value": value} if value else {"operator": "Exists"})
            for key, value, effect in queue.tolerations
        ]
    if queue.priority_class:
        found["priorityClassName"] = queue.priority_class
    if queue.runtime_class:
        found["runtimeClassName"] = queue.runtime_class
    if queue.pull_secret:
        found["imagePullSecrets"] = [{"name": queue.pull_secret}]
    return found


def _merged(plain: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """`plain` with the site's fields: objects are merged, lists of named things by name, everything else is replaced."""
    merged = copy.deepcopy(dict(plain))
    for name, value in patch.items():
        old = merged.get(name)
        if value is None:
            merged.pop(name, None)
        elif isinstance(old, dict) and isinstance(value, dict):
            merged[name] = _merged(old, value)
        elif isinstance(old, list) and isinstance(value, list) and all(_name(one) for one in (*old, *value)):
            ours = {_name(one): one for one in old}
            for one in value:
                ours[_name(one)] = _merged(ours.get(_name(one), {}), one)
            merged[name] = list(ours.values())
        else:
            merged[name] = copy.deepcopy(value)
    return merged


def _name(one: object) -> str:
    return str(one.get("name", "")) if isinstance(one, dict) else ""


def _is_file_name(name: str) -> bool:
    """A key of a Secret that is a word for the shell and no option, and that `*` finds."""
    return (
        0 < len(name) <= FILE_NAME_LENGTH_MAX
        and name.isascii()
        and name[0] not in ".-"
        and name.replace(".", "").replace("_", "").replace("-", "").isalnum()
    )


def _read(path: Path, bytes_max: int) -> bytes:
    with path.open("rb") as file:
        content = file.read(bytes_max + 1)
    if len(content) > bytes_max:
        found = f"with {path.name[:80]} the files of the worker have more than {FILES_BYTES_MAX:,} bytes"
        raise SpecRefused(f"{found}, expected at most what a Secret holds")
    return content
