"""What is lent to workers whose nodes are not this host, and what their systems' books say of them."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from agents.harvester.systems.contract import NativeState
from agents.isolation import GROUP
from deploy.config import CHECKOUT
from tests.systems import worker_software
from tests.systems.real_htcondor import state_of
from tests.systems.real_kubernetes import pod_template
from tests.systems.real_kubernetes_api import in_books


def test_no_folder_of_the_software_lies_in_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.prefix", str(CHECKOUT / ".venv"))
    monkeypatch.setattr("sys.base_prefix", "/opt/python3.11")

    assert worker_software.software() == (CHECKOUT, Path("/opt/python3.11"))


@pytest.mark.skipif(os.getuid() != 0, reason="only root shares folders with other users")
def test_the_storage_may_be_written_by_the_pilots_group(tmp_path: Path) -> None:
    found = worker_software.storage_of(tmp_path)

    assert found == (tmp_path / "storage", tmp_path / "storages")
    assert [(path.stat().st_gid, stat.S_IMODE(path.stat().st_mode)) for path in found] == [(GROUP, 0o2775)] * 2


def test_a_pod_sees_the_storage_and_nothing_else_of_the_stack(tmp_path: Path) -> None:
    template = pod_template(tmp_path)

    mounts = {mount["mountPath"]: mount for mount in template["containers"][0]["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in template["volumes"]}
    assert volumes[mounts[str(tmp_path)]["name"]] == {"name": "hidden", "emptyDir": {}}
    assert mounts[str(tmp_path / "storage")]["readOnly"] is False
    assert mounts[str(CHECKOUT)]["readOnly"] is True
    assert template["securityContext"] == {"supplementalGroups": [GROUP]}


@pytest.mark.parametrize(
    ("ad", "expected"),
    [
        ({"JobStatus": 4, "ExitCode": 0}, NativeState.FINISHED),
        ({"JobStatus": 4, "ExitCode": 7}, NativeState.FAILED),
        ({"JobStatus": 4, "ExitBySignal": True, "ExitSignal": 11}, NativeState.FAILED),
        ({"JobStatus": 3}, NativeState.CANCELLED),
        ({"JobStatus": 1}, NativeState.PENDING),
    ],
)
def test_the_pools_books_tell_a_good_end_from_a_bad_one(ad: dict[str, Any], expected: NativeState) -> None:
    assert state_of(ad) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [("Complete", NativeState.FINISHED), ("Failed", NativeState.FAILED), ("Suspended", NativeState.RUNNING)],
)
def test_the_clusters_books_follow_the_conditions_of_the_job(condition: str, expected: NativeState) -> None:
    job = {
        "metadata": {"name": "kit1-w1"},
        "spec": {"template": {"spec": {"containers": [{"resources": {"requests": {"memory": "5000Mi"}}}]}}},
        "status": {"conditions": [{"type": condition, "status": "True"}]},
    }

    assert in_books(job) == ("kit1-w1", 5000, expected)
