"""Kubernetes for the conformance kit: a real control plane behind a front, with a stand-in for the kubelets of its nodes."""

import itertools
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from agents.harvester.systems.contract import NativeState
from tests.systems import kubernetes_control_plane
from tests.systems.kit import Ability, MakeAdapter, Outcome
from tests.systems.kubernetes_adapter import JOBS, LACKS, KubernetesAdapter
from tests.systems.kubernetes_control_plane import NAMESPACE, ControlPlane, cluster
from tests.systems.kubernetes_emulator import Object
from tests.systems.standin_kubelet import GONE, StandInKubelet, wait_for

STARTS_PROCESSES = True
NODE = "node1"
#: Why no jobs of Culm's can be run there.
RUNS_NO_PROGRAM = "without a kubelet no program of a pod is run; SYSTEMS=kubernetes has one"
missing = kubernetes_control_plane.missing
_CODES = {Outcome.FINISHED: 0, Outcome.FAILED: 7, Outcome.SIGNALLED: 139, Outcome.TIMEOUT: 137, Outcome.OUT_OF_MEMORY: 0}
_DISRUPTIONS = {Outcome.NODE_FAILED: "DeletionByTaintManager", Outcome.PREEMPTED: "PreemptionByScheduler"}


class RealServer:
    """Passes requests on to the API server."""

    def __init__(self, plane: ControlPlane) -> None:
        self.client = plane.client()

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Object | None) -> tuple[int, Object]:
        """One request that is no watch."""
        answer = self.client.request(method, path, params=dict(query), json=body)
        document = answer.json()
        assert isinstance(document, dict)
        return answer.status_code, document

    def watch(self, path: str, query: Mapping[str, str], stopped: threading.Event) -> tuple[int, Iterator[bytes]]:
        """As the API server sends it, until it ends or the front stops."""
        asked = self.client.build_request("GET", path, params=dict(query), timeout=httpx.Timeout(30, read=None))
        answer = self.client.send(asked, stream=True)

        def pieces() -> Iterator[bytes]:
            with closing(answer), suppress(httpx.HTTPError):
                yield from itertools.takewhile(lambda _: not stopped.is_set(), answer.iter_raw())

        return answer.status_code, pieces()


class RealKubernetes(KubernetesAdapter):
    """One stack in the cluster of all cases."""

    def __init__(self, folder: Path, stack: str, plane: ControlPlane) -> None:
        self._plane = plane
        self._foreign: list[str] = []
        real = RealServer(plane)
        self._client: httpx.Client = real.client
        self._kubelet = StandInKubelet(real.client, NAMESPACE)
        super().__init__(folder, stack, real)
        self.lacks = {
            **LACKS,
            Ability.FILL: "10,000 Jobs take minutes to make",
            Ability.CLOCK: "all programs have the clock of this host",
        }

    def close(self) -> None:
        """End plugins, front and client; what a case made of others' is removed."""
        super().close()
        for name in self._foreign:
            self._client.request("DELETE", f"{JOBS}/{name}", json={"propagationPolicy": "Background"})
        wait_for(lambda: not any(self.job(name) for name in self._foreign))
        self._client.close()

    def foreign(self, name: str) -> str:
        """As every adapter's."""
        self._foreign.append(super().foreign(name))
        return self._foreign[-1]

    def start(self, tag: str, node: str = NODE) -> None:
        """The node runs the pod."""
        self._kubelet.start(tag)

    def end(self, tag: str, outcome: Outcome) -> None:
        """The node says how the pod ended; the controller judges it."""
        self._kubelet.pod(tag)
        told: dict[str, Any] = {}
        if outcome is Outcome.CANCELLED:
            for pod in self._kubelet.pods(tag):
                self._client.delete(f"/api/v1/namespaces/{NAMESPACE}/pods/{pod['metadata']['name']}")
            self._kubelet.bury(tag)
        else:
            if outcome is Outcome.TIMEOUT:
                told = {"reason": "DeadlineExceeded", "message": "Pod was active longer than its deadline"}
            if outcome in _DISRUPTIONS:
                why = _DISRUPTIONS[outcome]
                told["conditions"] = [{"type": "DisruptionTarget", "status": "True", "reason": why, "message": ""}]
            reason = "OOMKilled" if outcome is Outcome.OUT_OF_MEMORY else ""
            self._kubelet.end(tag, _CODES.get(outcome, 137), reason, **told)
        self._kubelet.wait_for_condition(tag, "Complete", "Failed")

    def hold(self, tag: str, reason: str = 'Back-off pulling image "local/worker:1"') -> None:
        """The image cannot be had."""
        self._kubelet.hold(tag, "ImagePullBackOff", reason)

    def requeue(self, tag: str) -> None:
        """Lacking."""

    def forget(self, tag: str) -> None:
        """Lacking."""

    def erase(self, tag: str) -> None:
        """As `kubectl delete job` does once the Job has its pod (or ended), and the node after it."""
        # The controller that has not seen the deletion yet makes a pod for a Job that is gone, and the listing shows it rightly.
        wait_for(lambda: self._kubelet.pods(tag) or self._kubelet.conditions(tag) & {"Complete", "Failed"})
        answer = self._client.request("DELETE", f"{JOBS}/{tag}", json={"propagationPolicy": "Foreground"})
        assert answer.is_success or answer.status_code in GONE, answer.text[:500]
        self.settle()

    def fill(self, count: int) -> None:
        """Lacking."""

    def restart(self, *, cold: bool) -> None:
        """SIGKILL of the API server."""
        self._plane.kill("kube-apiserver")
        self._plane.start()

    def set_clock_off(self) -> None:
        """Lacking."""

    def settle(self) -> None:
        """What is marked for deletion goes once its node has ended it, also pods whose Job went first."""

        def gone() -> bool:
            pods = self._kubelet.pods_of(f"culm-stack={self.stack}")
            jobs = dict(self._mine())
            marked = {name for name, meta in jobs.items() if "deletionTimestamp" in meta}
            marked |= {pod["metadata"]["labels"]["culm-worker"] for pod in pods} - set(jobs)
            for tag in marked:
                self._kubelet.bury(tag)
            return not marked

        wait_for(gone)

    def copies(self, tag: str) -> int:
        """Jobs of this name that have not ended."""
        job = self.job(tag)
        return 0 if job is None or self._kubelet.conditions(tag) & {"Complete", "Failed"} else 1

    def books(self) -> list[tuple[str, int, NativeState]]:
        """(tag, memory, state) of each Job of this stack, as the API server has it: no code of the plugin has a part in it."""
        return [in_books(job) for job in self._jobs()]

    @contextmanager
    def nodes_at_work(self) -> Iterator[None]:
        """Until the end of it, each pod of this stack that has a node ends well."""
        stopped = threading.Event()

        def work() -> None:
            with self._plane.client() as client:
                kubelet = StandInKubelet(client, NAMESPACE)
                while not stopped.wait(0.2):
                    for pod in kubelet.pods_of(f"culm-stack={self.stack}"):
                        if pod["spec"].get("nodeName") and pod["status"].get("phase") not in ("Succeeded", "Failed"):
                            kubelet.end_well(pod)

        with ThreadPoolExecutor(1) as threads:
            working = threads.submit(work)
            try:
                yield
            finally:
                stopped.set()
            working.result()  # what went wrong in it is no quiet end of the nodes
            with suppress(TimeoutError):  # the controllers judge pods a moment later; what they never judge is seen in the books
                wait_for(lambda: all(state.is_end for _, _, state in self.books()))

    def _mine(self) -> list[tuple[str, dict[str, Any]]]:
        return [(job["metadata"]["name"], job["metadata"]) for job in self._jobs()]

    def _jobs(self) -> list[dict[str, Any]]:
        answer = self._client.get(JOBS, params={"labelSelector": f"culm-stack={self.stack}"})
        assert answer.is_success, answer.text[:500]
        return list(answer.json()["items"])


def in_books(job: Mapping[str, Any]) -> tuple[str, int, NativeState]:
    """(tag, memory, state) by the Job's own document."""
    told = {one["type"] for one in job.get("status", {}).get("conditions", ()) if one["status"] == "True"}
    bad = NativeState.FAILED if "Failed" in told else NativeState.RUNNING
    (container,) = job["spec"]["template"]["spec"]["containers"]
    memory = container["resources"]["requests"]["memory"]
    assert memory.endswith("Mi"), memory
    return job["metadata"]["name"], int(memory.removesuffix("Mi")), NativeState.FINISHED if "Complete" in told else bad


@contextmanager
def serve(folder: Path) -> Iterator[MakeAdapter]:
    """A cluster with one node for all cases, each with a stack of its own."""
    numbers = itertools.count(1)
    with cluster(folder) as plane:
        with plane.client() as client:
            StandInKubelet(client, NAMESPACE).add_node(NODE, cores=10_000, memory_mb=100_000_000)

        def make(case: Path) -> AbstractContextManager[RealKubernetes]:
            return closing(RealKubernetes(case, f"kit{next(numbers)}", plane))

        yield make
