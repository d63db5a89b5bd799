"""Kubernetes whose pods run, for `make sites`: a control plane, a kubelet and containerd on this host, as root.

In: what `real_node.py` asks for. Out: an adapter behind a front that injects faults. Its books are what a watch of the API server
saw of Jobs, as `kubectl get jobs --watch` shows it, since a worker that is cancelled leaves no Job. The conformance kit runs
against the same control plane with a stand-in for the kubelet (`real_kubernetes_api.py`), which fails nodes as a case orders.
"""

import itertools
import json
import threading
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from agents.harvester.systems.contract import NativeState
from agents.harvester.systems.kubernetes_manifest import CONTAINER, WORK
from agents.isolation import GROUP
from tests.systems import worker_software
from tests.systems.kit import MakeAdapter
from tests.systems.kubernetes_adapter import JOBS
from tests.systems.kubernetes_control_plane import ControlPlane, cluster
from tests.systems.real_kubernetes_api import RealKubernetes, in_books
from tests.systems.real_node import WORKER_IMAGE, missing, node
from tests.systems.standin_kubelet import wait_for

__all__ = ("STARTS_PROCESSES", "RealPods", "missing", "serve")

STARTS_PROCESSES = True
#: What programs of the host need of it; the image has a shell and nothing else.
OF_HOST = ("/usr", "/bin", "/lib", "/lib64")
WATCH_SILENCE_SECONDS = 2.0


class RealPods(RealKubernetes):
    """One stack in a cluster whose node runs pods."""

    def __init__(self, folder: Path, stack: str, plane: ControlPlane) -> None:
        super().__init__(folder, stack, plane)
        self.queue_settings = {"image": WORKER_IMAGE}
        # Its own books must not depend on when the harvester removes what is over.
        self.settings["sweep_seconds"] = "86400"
        self._seen = SeenJobs(plane, stack)
        self._seen.start()

    def lend(self, home: Path) -> None:
        """Let pods see this host's programs, this checkout and, of the stack in `home`, the storage; and reach Culm's API."""
        path = self.folder / "pod.json"
        path.write_text(json.dumps(pod_template(home)))
        self.settings["pod_template_file"] = str(path)

    @contextmanager
    def nodes_at_work(self) -> Iterator[None]:
        """The node works by itself."""
        yield

    def books(self) -> list[tuple[str, int, NativeState]]:
        """(tag, memory, state) of each Job that there ever was, as the API server has or had it."""

        def found() -> dict[str, tuple[str, int, NativeState]]:
            present = {job["metadata"]["uid"]: in_books(job) for job in self._jobs()}
            return {**self._seen.gone(present.keys()), **present}

        # The controller judges a Job a moment after its pod ended; what it never judges is seen in the books.
        with suppress(TimeoutError):
            wait_for(lambda: all(state.is_end for _, _, state in found().values()))
        return list(found().values())

    def close(self) -> None:
        """Nothing of the stack runs any more."""
        self._seen.stop()
        for job in self._jobs():
            self._client.request("DELETE", f"{JOBS}/{job['metadata']['name']}", json={"propagationPolicy": "Foreground"})
        with suppress(TimeoutError):
            wait_for(lambda: not self._jobs())
        super().close()


class SeenJobs(threading.Thread):
    """Watches the Jobs of a stack with a client of its own, and keeps what each was when it was last seen."""

    def __init__(self, plane: ControlPlane, stack: str) -> None:
        super().__init__(name="seen jobs", daemon=True)
        self._client = plane.client()
        self._selector = f"culm-stack={stack}"
        self._last: dict[str, tuple[str, int, NativeState]] = {}
        self._version = ""
        self._stopped, self._lock = threading.Event(), threading.Lock()

    def run(self) -> None:
        """Watch until stopped; a watch that ends, or is silent, goes on from where it was."""
        while not self._stopped.is_set():
            with suppress(httpx.HTTPError, json.JSONDecodeError):  # a server that is away or busy, a line that was cut
                self._watch(self._version or self._list())
            self._stopped.wait(0.1)

    def gone(self, present: Collection[str]) -> dict[str, tuple[str, int, NativeState]]:
        """By uid, what is not `present` any more; one that was removed before its end counts as ended."""
        with self._lock:
            last = {uid: one for uid, one in self._last.items() if uid not in present}
        over = NativeState.FAILED
        return {uid: (tag, memory, state if state.is_end else over) for uid, (tag, memory, state) in last.items()}

    def stop(self) -> None:
        """Return once it watches no more."""
        self._stopped.set()
        self.join(30)
        self._client.close()

    def _list(self) -> str:
        found = self._client.get(JOBS, params={"labelSelector": self._selector}).raise_for_status().json()
        for job in found["items"]:
            self._take({"type": "ADDED", "object": job})
        return str(found["metadata"]["resourceVersion"])

    def _watch(self, version: str) -> None:
        query = {"labelSelector": self._selector, "watch": "1", "resourceVersion": version}
        limits = httpx.Timeout(30, read=WATCH_SILENCE_SECONDS)
        with self._client.stream("GET", JOBS, params=query, timeout=limits) as answer:
            if answer.is_error:  # the version may be the reason: begin with what is there
                self._version = ""
                answer.raise_for_status()
            for line in answer.iter_lines():
                self._take(json.loads(line))

    def _take(self, event: dict[str, Any]) -> None:
        job = event["object"]
        if event["type"] == "ERROR":  # the version is forgotten: begin with what is there
            self._version = ""
            return
        self._version = job["metadata"]["resourceVersion"]
        with self._lock:
            self._last[job["metadata"]["uid"]] = in_books(job)


def pod_template(home: Path) -> dict[str, Any]:
    """What a site adds to pods: software by paths of the node, as /cvmfs is, the storage, and the network of the host."""
    shown = {**{path: Path(path).resolve() for path in OF_HOST}, **{str(path): path for path in worker_software.software()}}
    shown = {path: real for path, real in shown.items() if path in OF_HOST or not real.is_relative_to("/usr")}
    storage = {str(path): path for path in worker_software.storage_of(home)}
    every = list(enumerate((shown | storage).items()))
    volumes = [{"name": f"host{number}", "hostPath": {"path": str(real), "type": "Directory"}} for number, (_, real) in every]
    mounts = [{"name": f"host{number}", "mountPath": path, "readOnly": path not in storage} for number, (path, _) in every]
    hidden = [{"name": "hidden", "mountPath": str(home)}, {"name": "tmp", "mountPath": "/tmp"}]
    environment = {"PATH": "/usr/bin:/bin", "HOME": WORK}
    return {
        "hostNetwork": True,
        "securityContext": {"supplementalGroups": [GROUP]},
        "volumes": [*volumes, {"name": "hidden", "emptyDir": {}}, {"name": "tmp", "emptyDir": {}}],
        "containers": [
            {
                "name": CONTAINER,
                "env": [{"name": name, "value": value} for name, value in environment.items()],
                "volumeMounts": [*mounts, *hidden],
            }
        ],
    }


@contextmanager
def serve(folder: Path) -> Iterator[MakeAdapter]:
    """A cluster with one node that runs pods, for all cases, each with a stack of its own."""
    numbers = itertools.count(1)
    (folder / "cluster").mkdir()
    with cluster(folder / "cluster") as plane, node(plane, folder / "node"):

        def make(case: Path) -> AbstractContextManager[RealPods]:
            return closing(RealPods(case, f"kit{next(numbers)}", plane))

        yield make
