"""What nodes would say, written by a test: a node that is ready, and pods that start and end as the test wants.

In: tags. Out: `status` of nodes and pods in a real API server, and what a kubelet does to pods that are deleted.
"""

import time
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

MERGE = "application/merge-patch+json"
JSON = "application/json"
#: Answers to a request about an object that another one removed or is removing.
GONE = frozenset({404, 409})
SEEN_SECONDS_MAX = 60.0
Seen = TypeVar("Seen")


def wait_for(holds: Callable[[], Seen]) -> Seen:
    """What the cluster shows once it is true; raises TimeoutError."""
    end = time.monotonic() + SEEN_SECONDS_MAX
    while not (seen := holds()):
        if time.monotonic() > end:
            raise TimeoutError("the cluster does not show what is expected")
        time.sleep(0.02)
    return seen


class StandInKubelet:
    """Speaks for the nodes of one namespace with an administrator's client."""

    def __init__(self, client: httpx.Client, namespace: str) -> None:
        self._client = client
        self._jobs = f"/apis/batch/v1/namespaces/{namespace}/jobs"
        self._pods = f"/api/v1/namespaces/{namespace}/pods"

    def add_node(self, name: str, cores: int = 64, memory_mb: int = 256_000) -> None:
        """A node that takes pods."""
        self._good("POST", "/api/v1/nodes", {"metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}}})
        room = {"cpu": str(cores), "memory": f"{memory_mb}Mi", "pods": "110000", "ephemeral-storage": "10000Gi"}
        ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "ready"}
        self._patch(f"/api/v1/nodes/{name}/status", {"status": {"capacity": room, "allocatable": room, "conditions": [ready]}})
        # The node controller taints a node until it was seen ready.
        self._patch(f"/api/v1/nodes/{name}", {"spec": {"taints": None}})

    def pods(self, tag: str) -> list[dict[str, Any]]:
        """The pods of a worker."""
        return self.pods_of(f"culm-worker={tag}")

    def pods_of(self, labels: str) -> list[dict[str, Any]]:
        """The pods that a selector of labels names."""
        found = self._good("GET", f"{self._pods}?labelSelector={quote(labels, safe='')}").json()["items"]
        assert isinstance(found, list)
        return found

    def pod(self, tag: str) -> dict[str, Any]:
        """The one pod of a worker, once a node was chosen for it."""
        (found,) = wait_for(lambda: [one for one in self.pods(tag) if one["spec"].get("nodeName")])
        return found

    def start(self, tag: str) -> None:
        """Its container runs."""
        running = {"name": "worker", "ready": True, "started": True, "state": {"running": {"startedAt": _now()}}}
        self.say(tag, {"phase": "Running", "startTime": _now(), "containerStatuses": [self._container(running)]})

    def end(self, tag: str, exit_code: int, why: str = "", **status: Any) -> None:
        """Its container ended. why: the container's reason. status: of the pod, beside that."""
        self.say(tag, {**self._ended(exit_code, why), **status})

    def end_well(self, pod: dict[str, Any]) -> None:
        """The container of a pod that was seen on a node ended with 0, unless the pod was removed meanwhile."""
        path = f"{self._pods}/{pod['metadata']['name']}/status"
        self._good("PATCH", path, {"status": self._ended(0, "")}, MERGE, also=GONE)

    def hold(self, tag: str, reason: str, message: str) -> None:
        """Its container waits for something that does not come."""
        state = {"waiting": {"reason": reason, "message": message}}
        waiting = {"name": "worker", "ready": False, "started": False, "state": state}
        self.say(tag, {"phase": "Pending", "containerStatuses": [self._container(waiting)]})

    def say(self, tag: str, status: dict[str, Any]) -> None:
        """Write the status of the worker's pod."""
        name = self.pod(tag)["metadata"]["name"]
        self._patch(f"{self._pods}/{name}/status", {"status": status})

    def bury(self, tag: str) -> None:
        """What a kubelet does once the processes of a deleted pod are gone; controllers may remove the pod meanwhile."""
        ended = {"name": "worker", "ready": False, "state": {"terminated": {"exitCode": 143, "reason": "Error"}}}
        failed = {"status": {"phase": "Failed", "containerStatuses": [self._container(ended)]}}
        for pod in self.pods(tag):
            if pod["metadata"].get("deletionTimestamp"):
                path = f"{self._pods}/{pod['metadata']['name']}"
                if pod["status"]["phase"] not in ("Succeeded", "Failed"):
                    self._good("PATCH", f"{path}/status", failed, MERGE, also=GONE)
                self._good("DELETE", path, {"gracePeriodSeconds": 0}, also=GONE)

    def job(self, tag: str) -> dict[str, Any] | None:
        """The Job of a worker, None where there is none."""
        answer = self._client.get(f"{self._jobs}/{tag}")
        found = answer.json() if answer.status_code == 200 else None
        return found if isinstance(found, dict) else None

    def wait_for_condition(self, tag: str, *names: str) -> None:
        """Until the Job has one of these conditions."""
        wait_for(lambda: self.conditions(tag) & set(names))

    def conditions(self, tag: str) -> set[str]:
        """Names of the conditions that hold for the Job."""
        status = (self.job(tag) or {"status": {}})["status"]
        return {one["type"] for one in status.get("conditions") or () if one["status"] == "True"}

    def _ended(self, exit_code: int, why: str) -> dict[str, Any]:
        """The status of a pod whose container ended."""
        phase = "Succeeded" if exit_code == 0 else "Failed"
        ended = {"exitCode": exit_code, "reason": why or ("Completed" if exit_code == 0 else "Error")}
        stopped = {"name": "worker", "ready": False, "started": False, "state": {"terminated": ended}}
        return {"phase": phase, "containerStatuses": [self._container(stopped)]}

    def _container(self, status: dict[str, Any]) -> dict[str, Any]:
        return {"image": "local/worker:1", "imageID": "", "restartCount": 0, "lastState": {}, **status}

    def _patch(self, path: str, body: dict[str, Any]) -> None:
        self._good("PATCH", path, body, MERGE)

    def _good(
        self, method: str, path: str, body: dict[str, Any] | None = None, kind: str = JSON, also: frozenset[int] = frozenset()
    ) -> httpx.Response:
        answer = self._client.request(method, path, json=body, headers={"Content-Type": kind} if body is not None else None)
        assert answer.is_success or answer.status_code in also, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
