"""Kubernetes for the conformance kit, emulated behind its API: the plugin speaks HTTP as always."""

import itertools
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

from tests.systems.kit import MakeAdapter, Outcome
from tests.systems.kubernetes_adapter import JOBS, KubernetesAdapter
from tests.systems.kubernetes_emulator import Emulator, Object, status

STARTS_PROCESSES = False
RUNS_PROGRAMS = False
POD_FAILURE = "Pod culm/x has condition DisruptionTarget matching FailJob rule at index 0"
#: Phase and condition of the pod, its container's exit code and reason, the Job's condition and reason.
_ENDS: Mapping[Outcome, tuple[str, str, int, str, str, str]] = {
    Outcome.FINISHED: ("Succeeded", "", 0, "Completed", "Complete", "CompletionsReached"),
    Outcome.FAILED: ("Failed", "", 7, "Error", "Failed", "BackoffLimitExceeded"),
    Outcome.SIGNALLED: ("Failed", "", 139, "Error", "Failed", "BackoffLimitExceeded"),
    Outcome.TIMEOUT: ("Failed", "", 143, "Error", "Failed", "DeadlineExceeded"),
    # As it was seen: the killed process was in a pipeline.
    Outcome.OUT_OF_MEMORY: ("Succeeded", "", 0, "OOMKilled", "Complete", "CompletionsReached"),
    Outcome.NODE_FAILED: ("Failed", "DeletionByPodGC", 137, "Error", "Failed", "PodFailurePolicy"),
    Outcome.PREEMPTED: ("Failed", "PreemptionByScheduler", 143, "Error", "Failed", "PodFailurePolicy"),
    Outcome.CANCELLED: ("Failed", "", 143, "Error", "Failed", "BackoffLimitExceeded"),
}


class EmulatedServer:
    """What a front asks."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Object | None) -> tuple[int, Object]:
        """One request that is no watch."""
        return self.emulator.answer(method, path, query, body)

    def watch(self, path: str, query: Mapping[str, str], stopped: threading.Event) -> tuple[int, Iterator[bytes]]:
        """Lines of a watch, until the front closes."""
        kind, version = path.rpartition("/")[2], int(query["resourceVersion"])
        if version < self.emulator.compacted:
            expired = {"type": "ERROR", "object": status(410, "Expired", "too old resource version")[1]}
            return 200, iter([json.dumps(expired).encode() + b"\n"])
        events = self.emulator.events(kind, query.get("labelSelector", ""), version, stopped)
        return 200, (json.dumps(event).encode() + b"\n" for event in events)


class KubernetesStandIn(KubernetesAdapter):
    """A cluster in memory."""

    def __init__(self, folder: Path, stack: str) -> None:
        self.emulator = Emulator()
        super().__init__(folder, stack, EmulatedServer(self.emulator))

    def start(self, tag: str, node: str = "node1") -> None:
        """A node runs the pod."""
        name, pod = self._pod(tag)
        running = {"name": "worker", "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}
        pod = {**pod, "spec": {**pod["spec"], "nodeName": node}}
        self._say(name, pod, phase="Running", conditions=[], containerStatuses=[running])

    def end(self, tag: str, outcome: Outcome) -> None:
        """The pod ends, and the controller says so of the Job."""
        phase, disruption, code, reason, condition, why = _ENDS[outcome]
        name, pod = self._pod(tag)
        conditions = [{"type": "DisruptionTarget", "status": "True", "reason": disruption, "message": ""}] if disruption else []
        container = {"name": "worker", "state": {"terminated": {"exitCode": code, "reason": reason}}}
        if outcome is Outcome.CANCELLED:
            pod = {**pod, "metadata": {**pod["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}}
        self._say(name, pod, phase=phase, conditions=conditions, containerStatuses=[container])
        message = POD_FAILURE if why == "PodFailurePolicy" else ""
        job = self.emulator.objects["jobs"][tag]
        done = {"type": condition, "status": "True", "reason": why, "message": message}
        self.emulator.put("jobs", tag, {**job, "status": {"conditions": [done]}})

    def hold(self, tag: str, reason: str = 'Back-off pulling image "local/worker:1"') -> None:
        """The image cannot be had."""
        name, pod = self._pod(tag)
        waiting = {"name": "worker", "state": {"waiting": {"reason": "ImagePullBackOff", "message": reason}}}
        self._say(name, pod, phase="Pending", conditions=[], containerStatuses=[waiting])

    def requeue(self, tag: str) -> None:
        """Lacking."""

    def forget(self, tag: str) -> None:
        """Lacking."""

    def erase(self, tag: str) -> None:
        """As an administrator deletes it."""
        self.emulator.drop("jobs", tag)

    def fill(self, count: int) -> None:
        """Jobs with pods that wait for nodes, as large as real ones are."""
        managed = [{"manager": "x", "operation": "Update", "fieldsV1": {"f:spec": {f"f:{number}": {} for number in range(90)}}}]
        for number in range(count):
            tag = f"{self.stack}-fill-{number}"
            labels = {"culm-stack": self.stack, "culm-worker": tag}
            container = {"name": "worker", "image": "x", "resources": {"requests": {"memory": "300Mi", "cpu": "1"}}}
            template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
            meta = {"name": tag, "labels": labels, "managedFields": managed}
            self.emulator.answer("POST", JOBS, {}, {"metadata": meta, "spec": {"template": template}})

    def restart(self, *, cold: bool) -> None:
        """The API server with the same store: all connections end."""
        self.front.close()
        self.front.open()

    def set_clock_off(self) -> None:
        """Only times that the cluster writes change; the plugin reads none."""

    def settle(self) -> None:
        """The garbage collector removes what is marked."""
        for kind in ("pods", "jobs"):
            for name, document in list(self.emulator.objects[kind].items()):
                if "deletionTimestamp" in document["metadata"]:
                    self.emulator.drop(kind, name)

    def copies(self, tag: str) -> int:
        """Jobs of this name that have not ended."""
        job = self.emulator.objects["jobs"].get(tag)
        return 0 if job is None or job["status"].get("conditions") else 1

    def _pod(self, tag: str) -> tuple[str, dict[str, Any]]:
        return f"{tag}-abcde", self.emulator.objects["pods"][f"{tag}-abcde"]

    def _say(self, name: str, pod: dict[str, Any], **told: Any) -> None:
        self.emulator.put("pods", name, {**pod, "status": told})


@contextmanager
def serve(_: Path) -> Iterator[MakeAdapter]:
    """Nothing to bring up; each case has a cluster of its own."""
    numbers = itertools.count(1)

    def make(folder: Path) -> AbstractContextManager[KubernetesStandIn]:
        return closing(KubernetesStandIn(folder, f"kit{next(numbers)}"))

    yield make
