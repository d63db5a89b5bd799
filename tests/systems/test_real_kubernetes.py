"""The Kubernetes plugin and a real control plane: what its API, controllers and scheduler say beyond the cases of the kit."""

import itertools
import selectors
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from agents.harvester.systems.contract import NativeState, Submitted, WorkerSpec
from agents.harvester.systems.kubernetes import Kubernetes
from agents.harvester.systems.kubernetes_manifest import job_document, secret_document
from agents.harvester.systems.kubernetes_settings import ClusterSettings, read_queue
from deploy.config import CHECKOUT
from tests.starting import starts_processes
from tests.systems.kubernetes_control_plane import NAMESPACE, ControlPlane, cluster, missing
from tests.systems.standin_kubelet import StandInKubelet, wait_for

NODE = "node1"
ROLE = CHECKOUT / "deploy" / "kubernetes" / "role.yaml"
PATHS = {
    "Namespace": "/api/v1/namespaces",
    "ServiceAccount": f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts",
    "Role": f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}/roles",
    "RoleBinding": f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}/rolebindings",
}
NUMBERS = itertools.count(1)
QUEUE = {"image": "local/worker:1"}


@pytest.fixture(scope="module")
@starts_processes
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A cluster with one node of four cores and the role of deploy/kubernetes/role.yaml."""
    if reason := missing():
        pytest.skip(reason)
    with cluster(tmp_path_factory.mktemp("cluster")) as running, running.client() as client:
        for document in yaml.safe_load_all(ROLE.read_text(encoding="utf-8")):
            if document["kind"] == "Namespace":
                answer = client.patch(
                    f"{PATHS['Namespace']}/{NAMESPACE}", json=document, headers={"Content-Type": "application/merge-patch+json"}
                )
            else:
                answer = client.post(PATHS[document["kind"]], json=document)
            assert answer.is_success, answer.text
        StandInKubelet(client, NAMESPACE).add_node(NODE, cores=4, memory_mb=16_000)
        wait_for(lambda: may_create_jobs(client))
        yield running


def may_create_jobs(client: httpx.Client) -> bool:
    """Whether the API server knows of the binding of role.yaml, of which it learns a moment after it was made."""
    review = {
        "user": f"system:serviceaccount:{NAMESPACE}:culm-harvester",
        "resourceAttributes": {"namespace": NAMESPACE, "verb": "create", "group": "batch", "resource": "jobs"},
    }
    answer = client.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", json={"spec": review})
    assert answer.is_success, answer.text
    return bool(answer.json()["status"]["allowed"])


@pytest.fixture
def client(plane: ControlPlane) -> Iterator[httpx.Client]:
    """An administrator's."""
    with plane.client() as one:
        yield one


@pytest.fixture
def kubelet(client: httpx.Client) -> StandInKubelet:
    """Speaks for the node."""
    return StandInKubelet(client, NAMESPACE)


@pytest.fixture
def plugin(plane: ControlPlane, client: httpx.Client, tmp_path: Path) -> Iterator[Kubernetes]:
    """The plugin with a token of the account of role.yaml, over TLS; what it left is removed."""
    request = {"spec": {"expirationSeconds": 3600}}
    answer = client.post(f"{PATHS['ServiceAccount']}/culm-harvester/token", json=request)
    token = tmp_path / "token"
    token.write_text(answer.json()["status"]["token"])
    stack = f"real{next(NUMBERS)}"
    one = Kubernetes(stack, {**settings(plane), "token_file": str(token), "sweep_seconds": "0"}, tmp_path)
    yield one
    one.close()
    selector = {"labelSelector": f"culm-stack={stack}"}
    for path in (f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs", f"/api/v1/namespaces/{NAMESPACE}/pods"):
        client.request("DELETE", path, params=selector, json={"gracePeriodSeconds": 0, "propagationPolicy": "Background"})


def settings(plane: ControlPlane) -> dict[str, str]:
    """Where the cluster is."""
    return {"api": plane.address, "namespace": NAMESPACE, "ca_file": str(plane.certificates.ca)}


def a_worker(plugin: Kubernetes, folder: Path, name: str = "w1", **other: Any) -> WorkerSpec:
    """A spec of the plugin's stack."""
    program = folder / "start.sh"
    program.write_text("#!/bin/sh\nexit 0\n")
    usual: dict[str, Any] = {"cores": 1, "memory_mb": 1000, "disk_mb": 100, "walltime_seconds": 600, "settings": QUEUE}
    return WorkerSpec(tag=f"{plugin._stack}-{name}", queue="Q", program=program, **{**usual, **other})


def submitted(plugin: Kubernetes, spec: WorkerSpec) -> str:
    """The tag of a worker that the cluster took."""
    (outcome,) = plugin.submit([spec])
    assert isinstance(outcome, Submitted), outcome
    return outcome.tag


def state_of(plugin: Kubernetes, tag: str) -> NativeState | None:
    """The state of one worker in a complete listing."""
    listing = plugin.listing()
    assert listing.complete, listing.problem
    return next((worker.state for worker in listing.workers if worker.tag == tag), None)


def test_the_role_gives_the_harvester_all_that_it_needs(plugin: Kubernetes) -> None:
    assert plugin.problem() == ""


def test_without_the_role_each_verb_that_is_missing_is_named(plane: ControlPlane, tmp_path: Path) -> None:
    files = plane.certificates
    credentials = {"certificate_file": str(files.certificate("stranger")), "key_file": str(files.key("stranger"))}
    stranger = Kubernetes("strange", {**settings(plane), **credentials}, tmp_path)

    problem = stranger.problem()
    stranger.close()

    assert "create jobs" in problem
    assert "create secrets" in problem
    assert "role.yaml" in problem


def test_a_certificate_of_another_authority_is_not_spoken_to(plane: ControlPlane, tmp_path: Path) -> None:
    trusting_others = Kubernetes("other", {"api": plane.address, "namespace": NAMESPACE}, tmp_path)

    problem = trusting_others.problem()
    trusting_others.close()

    assert "CERTIFICATE_VERIFY_FAILED" in problem


def test_the_api_knows_every_field_that_is_sent(plugin: Kubernetes, client: httpx.Client, tmp_path: Path) -> None:
    placement = {"node_selector": "zone=a", "tolerations": "spot=yes:NoSchedule gpu:NoExecute"}
    full = {**QUEUE, **placement, "limits": "all", "pull_secret": "pull"}
    spec = a_worker(plugin, tmp_path, settings=full, environment={"A": "b"})
    job = job_document(spec, plugin._stack, ClusterSettings("", NAMESPACE), read_queue(full, {}))
    secret = secret_document(spec, plugin._stack, "some-uid", {"start.sh": b"x"})
    strict = {"dryRun": "All", "fieldValidation": "Strict"}

    jobs = client.post(f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs", params=strict, json=job)
    secrets = client.post(f"/api/v1/namespaces/{NAMESPACE}/secrets", params=strict, json=secret)

    assert (jobs.status_code, secrets.status_code) == (201, 201), (jobs.text, secrets.text)
    # The namespace warns of pods that are not as restricted as role.yaml says.
    assert "Warning" not in jobs.headers


def test_a_pod_for_which_no_node_is_large_enough_is_pending_with_the_schedulers_words(plugin: Kubernetes, tmp_path: Path) -> None:
    tag = submitted(plugin, a_worker(plugin, tmp_path, memory_mb=64_000))

    wait_for(lambda: any(one.tag == tag and "Insufficient memory" in one.reason for one in plugin.listing().workers))

    assert state_of(plugin, tag) is NativeState.PENDING


def test_the_real_scheduler_preempts_a_worker_and_the_plugin_says_so(
    plugin: Kubernetes, client: httpx.Client, kubelet: StandInKubelet, tmp_path: Path
) -> None:
    client.post("/apis/scheduling.k8s.io/v1/priorityclasses", json={"metadata": {"name": "urgent"}, "value": 1000})
    victim = submitted(plugin, a_worker(plugin, tmp_path, "victim", cores=4))
    kubelet.start(victim)

    submitted(plugin, a_worker(plugin, tmp_path, "urgent", cores=4, settings={**QUEUE, "priority_class": "urgent"}))
    wait_for(lambda: any("deletionTimestamp" in pod["metadata"] for pod in kubelet.pods(victim)))
    terminating = state_of(plugin, victim)
    kubelet.bury(victim)
    kubelet.wait_for_condition(victim, "Failed")

    assert terminating is NativeState.RUNNING
    assert state_of(plugin, victim) is NativeState.PREEMPTED


def test_a_job_that_waits_for_ever_is_ended_by_the_cluster_as_a_time_out(
    plugin: Kubernetes, client: httpx.Client, kubelet: StandInKubelet, tmp_path: Path
) -> None:
    tag = submitted(plugin, a_worker(plugin, tmp_path, memory_mb=64_000))
    wait_for(lambda: kubelet.pods(tag))

    client.patch(
        f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs/{tag}",
        json={"spec": {"activeDeadlineSeconds": 1}},
        headers={"Content-Type": "application/merge-patch+json"},
    )
    kubelet.wait_for_condition(tag, "Failed")

    assert state_of(plugin, tag) is NativeState.TIMEOUT


def test_the_secret_of_a_worker_goes_with_its_job(
    plugin: Kubernetes, client: httpx.Client, kubelet: StandInKubelet, tmp_path: Path
) -> None:
    tag = submitted(plugin, a_worker(plugin, tmp_path))
    path = f"/api/v1/namespaces/{NAMESPACE}/secrets/{tag}"
    assert client.get(path).status_code == 200
    kubelet.start(tag)
    kubelet.end(tag, 0)
    kubelet.wait_for_condition(tag, "Complete")

    removed = plugin.sweep(lambda tag: True)

    assert removed == 1
    wait_for(lambda: client.get(path).status_code == 404)


def test_the_harvester_cannot_read_secrets(plugin: Kubernetes, tmp_path: Path) -> None:
    tag = submitted(plugin, a_worker(plugin, tmp_path))
    assert plugin._api is not None

    reply = plugin._api.ask("GET", f"/api/v1/namespaces/{NAMESPACE}/secrets/{tag}", seconds=10)

    assert reply.status == 403


def test_a_change_wakes_the_harvester_also_after_the_api_server_was_killed(
    plugin: Kubernetes, plane: ControlPlane, tmp_path: Path
) -> None:
    watches = plugin.events()
    assert watches is not None
    wait_for(lambda: all(watch.follows for watch in watches.watches))
    watches.drain()
    plane.kill("kube-apiserver")
    plane.start()
    tag = submitted(plugin, a_worker(plugin, tmp_path))

    with selectors.DefaultSelector() as selector:
        selector.register(watches, selectors.EVENT_READ)
        woken = selector.select(60)
    watches.close()

    assert woken
    assert state_of(plugin, tag) is NativeState.PENDING
