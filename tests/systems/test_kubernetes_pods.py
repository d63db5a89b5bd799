"""What the Kubernetes plugin asks for: settings of the cluster and of queues, the pod of a worker, what is swept."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.harvester.systems.contract import Refused
from agents.harvester.systems.kubernetes import Kubernetes
from tests.systems.kit import Outcome, a_spec, submitted
from tests.systems.kubernetes_adapter import JOBS, SECRETS
from tests.systems.kubernetes_stand_in import KubernetesStandIn

NUMBERS = itertools.count(1)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[KubernetesStandIn]:
    """An emulated cluster behind a front."""
    adapter = KubernetesStandIn(tmp_path, f"pods{next(NUMBERS)}")
    yield adapter
    adapter.close()


def bad_settings() -> Iterator[tuple[dict[str, str], str]]:
    """Settings -> what the complaint names."""
    yield {"api": "http://10.0.0.1:8080"}, "api"
    yield {"api": "https://user:pw@10.0.0.1"}, "api"
    yield {"namespace": "Culm_1"}, "namespace is 'Culm_1'"
    yield {"certificate_file": "/no/such.pem"}, "key_file"
    yield {"ca_file": "/no/such.pem", "api": "https://10.0.0.1"}, "No such file"
    yield {"call_seconds": "-1"}, "call_seconds"
    yield {"pod_template_file": "/no/such.json"}, "/no/such.json"


@pytest.mark.parametrize(("settings", "named"), list(bad_settings()))
def test_a_bad_setting_is_the_plugins_problem_and_nothing_is_sent(
    cluster: KubernetesStandIn, settings: dict[str, str], named: str
) -> None:
    plugin = Kubernetes(cluster.stack, {**cluster.settings, **settings}, cluster.folder)

    assert named in plugin.problem()
    assert not plugin.listing().complete
    assert isinstance(plugin.submit([a_spec(cluster)])[0], Refused)
    assert cluster.front.requests == []


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({}, "image"),
        ({"image": "x", "limits": "some"}, "limits is 'some'"),
        ({"image": "x", "user": "-1"}, "user"),
        ({"image": "x", "node_selector": "gpu"}, "node_selector has 'gpu'"),
        ({"image": "x", "tolerations": "spot:Sometimes"}, "tolerations has 'spot:Sometimes'"),
    ],
)
def test_a_bad_setting_of_a_queue_refuses_its_workers_by_name(
    cluster: KubernetesStandIn, settings: dict[str, str], named: str
) -> None:
    (outcome,) = cluster.plugin().submit([a_spec(cluster, settings=settings)])

    assert isinstance(outcome, Refused)
    assert outcome.permanent
    assert named in outcome.reason


def pod_of(cluster: KubernetesStandIn, **spec: Any) -> dict[str, Any]:
    """The pod that a submission asks for."""
    (tag,) = submitted(cluster, cluster.plugin(**spec.pop("plugin", {})), **spec)
    pod = cluster.emulator.objects["pods"][f"{tag}-abcde"]["spec"]
    assert isinstance(pod, dict)
    return pod


@pytest.mark.parametrize(
    ("limits", "expected"),
    [("none", None), ("memory", {"memory": "300Mi"}), ("all", {"memory": "300Mi", "cpu": "1", "ephemeral-storage": "100Mi"})],
)
def test_limits_are_what_the_queue_says(cluster: KubernetesStandIn, limits: str, expected: dict[str, str] | None) -> None:
    pod = pod_of(cluster, settings={"image": "x", "limits": limits})

    assert pod["containers"][0]["resources"].get("limits") == expected


def test_a_pod_has_no_privilege_and_no_token_of_the_cluster(cluster: KubernetesStandIn) -> None:
    pod = pod_of(cluster)

    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["containers"][0]["securityContext"] == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def test_a_dollar_in_the_environment_is_not_expanded_by_the_cluster(cluster: KubernetesStandIn) -> None:
    pod = pod_of(cluster, environment={"A": "$(PATH) $$ $x"})

    assert pod["containers"][0]["env"] == [{"name": "A", "value": "$$(PATH) $$$$ $$x"}]


def test_the_sites_template_adds_to_the_pod_and_to_the_workers_container(cluster: KubernetesStandIn, tmp_path: Path) -> None:
    mount = {"name": "cvmfs", "mountPath": "/cvmfs"}
    template = {
        "hostNetwork": True,
        "volumes": [{"name": "cvmfs", "hostPath": {"path": "/cvmfs"}}],
        "containers": [{"name": "worker", "volumeMounts": [mount]}],
    }
    path = tmp_path / "template.json"
    path.write_text(json.dumps(template))

    pod = pod_of(cluster, plugin={"pod_template_file": str(path)})

    assert pod["hostNetwork"] is True
    assert [volume["name"] for volume in pod["volumes"]] == ["input", "work", "cvmfs"]
    assert [one["name"] for one in pod["containers"][0]["volumeMounts"]] == ["input", "work", "cvmfs"]
    assert pod["containers"][0]["image"] == "local/worker:1"


def test_a_job_never_makes_a_second_pod_and_ends_what_waits_for_ever(cluster: KubernetesStandIn) -> None:
    (tag,) = submitted(cluster, cluster.plugin(), settings={"image": "x", "pending_seconds_max": "3600"}, walltime_seconds=600)

    job = cluster.job(tag)
    assert job is not None
    assert (job["spec"]["backoffLimit"], job["spec"]["activeDeadlineSeconds"]) == (0, 4200)
    assert job["spec"]["template"]["spec"]["activeDeadlineSeconds"] == 600


def test_an_ended_job_stays_for_a_while_for_another_harvester_of_the_stack(cluster: KubernetesStandIn) -> None:
    plugin = cluster.plugin()
    (tag,) = submitted(cluster, plugin)
    cluster.start(tag)
    cluster.end(tag, Outcome.FAILED)

    removed = plugin.sweep(lambda tag: True)

    assert removed == 0
    assert cluster.left_behind(tag) == [JOBS, SECRETS]


def test_an_ended_job_whose_end_is_not_known_yet_is_not_swept(cluster: KubernetesStandIn) -> None:
    plugin = cluster.plugin(sweep_seconds="0")
    (tag,) = submitted(cluster, plugin)
    cluster.start(tag)
    cluster.end(tag, Outcome.FAILED)

    removed = plugin.sweep(lambda name: name != tag)

    assert removed == 0


def test_an_ended_job_is_swept_with_its_secret_and_a_living_one_is_not(cluster: KubernetesStandIn) -> None:
    plugin = cluster.plugin(sweep_seconds="0")
    over, lives = submitted(cluster, plugin, "w1", "w2")
    cluster.start(over)
    cluster.end(over, Outcome.FAILED)

    removed = plugin.sweep(lambda tag: tag != lives)

    cluster.settle()
    assert removed == 1
    assert cluster.left_behind(over) == []
    assert cluster.left_behind(lives) == [JOBS, SECRETS]
