"""What the adapters for an emulated and a real cluster share: the plugin behind a front, and what is read from its objects."""

import base64
import stat
import subprocess
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from agents.harvester.systems.kubernetes import Kubernetes
from agents.harvester.systems.kubernetes_manifest import INPUT, WORK
from agents.harvester.systems.kubernetes_reading import quantity
from tests.systems.http_adapter import HttpAdapter
from tests.systems.kit import Ability, Asked
from tests.systems.kubernetes_emulator import Object
from tests.systems.kubernetes_front import Front, Server

JOBS, SECRETS = "/apis/batch/v1/namespaces/culm/jobs", "/api/v1/namespaces/culm/secrets"
LACKS: Mapping[StrEnum, str] = {
    Ability.REQUEUE: "a Job with backoffLimit 0 never starts again",
    Ability.FORGET: "Kubernetes has no accounting",
    Ability.ID_REUSE: "uids do not repeat",
    Ability.COLD_RESTART: "an API server that was set back is believed after several lists: test_kubernetes.py",
}


class KubernetesAdapter(HttpAdapter[Kubernetes]):
    """The plugin behind a front before `server`."""

    def __init__(self, folder: Path, stack: str, server: Server) -> None:
        front = Front(server)
        super().__init__(folder, stack, Kubernetes, front, {"api": front.address, "namespace": "culm"})
        self.server = server
        self.lacks: Mapping[StrEnum, str] = LACKS
        self.queue_settings: Mapping[str, str] = {"image": "local/worker:1"}

    def job(self, tag: str) -> Object | None:
        """The Job in truth."""
        code, found = self.server.answer("GET", f"{JOBS}/{tag}", {}, None)
        return found if code == 200 else None

    def foreign(self, name: str) -> str:
        """A Job of someone else: name, label and annotation are `name` as far as the API takes it, and no label is of a stack."""
        is_label = name.replace("-", "").isalnum() and len(name) < 64
        labels = {"culm-worker": name} if is_label else {}
        container = {"name": "worker", "image": "theirs:1", "command": ["true"]}
        body: Object = {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {
                "name": name if is_label else f"{self.stack}-foreign",
                "labels": labels,
                "annotations": {"culm-queue": name, "culm-stack": self.stack},
            },
            "spec": {"template": {"metadata": {"labels": labels}, "spec": {"restartPolicy": "Never", "containers": [container]}}},
        }
        code, made = self.server.answer("POST", JOBS, {}, body)
        assert code == 201, made
        return str(made["metadata"]["name"])

    def foreign_lives(self, key: str) -> bool:
        """Whether no one deletes it."""
        found = self.job(key)
        return found is not None and "deletionTimestamp" not in found["metadata"]

    def asked(self, tag: str) -> Asked:
        """By the pod's requests."""
        spec = self._pod_spec(tag)
        requests = spec["containers"][0]["resources"]["requests"]
        memory, cores = quantity(requests["memory"]), quantity(requests["cpu"])
        assert memory is not None
        assert cores is not None
        return Asked(round(memory / 2**20), round(cores), spec["activeDeadlineSeconds"])

    def files(self, tag: str) -> Mapping[str, tuple[int, bytes]]:
        """What the container's own command makes of the Secret that a kubelet mounts."""
        _, secret = self.server.answer("GET", f"{SECRETS}/{tag}", {}, None)
        folder = self.folder / f"pod-{tag}"
        mounted, work = folder / "input", folder / "work"
        for one in (mounted, work):
            one.mkdir(parents=True, exist_ok=True)
        for name, content in secret["data"].items():
            (mounted / name).write_bytes(base64.b64decode(content))
            (mounted / name).chmod(0o440)  # as seen in a pod with an fsGroup
        (container,) = self._pod_spec(tag)["containers"]
        command = [word.replace(INPUT, str(mounted)).replace(WORK, str(work)) for word in container["command"]]
        subprocess.run(command, cwd=work, check=True, timeout=60)
        return {path.name: (stat.S_IMODE(path.stat().st_mode), path.read_bytes()) for path in work.iterdir()}

    def left_behind(self, tag: str) -> list[str]:
        """Its Job and its Secret."""
        return [path for path in (JOBS, SECRETS) if self.server.answer("GET", f"{path}/{tag}", {}, None)[0] == 200]

    def visible(self, tag: str) -> str:
        """The whole Job, which is what may be read without the right to read Secrets."""
        return str(self.job(tag))

    def _pod_spec(self, tag: str) -> dict[str, Any]:
        job = self.job(tag)
        assert job is not None
        spec = job["spec"]["template"]["spec"]
        assert isinstance(spec, dict)
        return spec
