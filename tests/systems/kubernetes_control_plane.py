"""A real API server, etcd, controller manager and scheduler on loopback, in a folder of the test's.

In: the binary of `deploy.kubernetes.build`, Debian's etcd. Out: an address with credentials, and nodes whose pods do what a test
says. Guards: everything listens on free ports of this host and ends with the test; without a kubelet no process of a pod runs, so
that what a node would say (`status` of nodes and pods) is written by the test and judged by the real controllers.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from deploy.errors import MissingTool
from deploy.kubernetes.build import cache_folder, control_plane, is_in_cache
from tests.held_ports import held_ports
from tests.systems.kubernetes_certificates import Certificates
from tests.systems.standin_kubelet import wait_for

UP_SECONDS_MAX = 180.0
NAMESPACE = "culm"
#: What must answer: a server that is ready may still refuse lists (429) while it fills its cache of a kind.
READY = ("/readyz", "/apis/batch/v1/jobs?resourceVersion=0", "/api/v1/pods?resourceVersion=0")
LISTENERS = ("api", "etcd", "peer", "controllers", "scheduler")


def missing() -> str:
    """What this host lacks for a control plane; empty if nothing. No test spends the minutes of a first build unasked."""
    if shutil.which("etcd") is None:
        return "etcd is not installed (Debian: etcd-server)"
    try:
        is_built = is_in_cache(cache_folder(os.environ), os.environ)
    except MissingTool as problem:
        return str(problem)
    return "" if is_built else "Kubernetes' control plane is not built (python -m deploy.kubernetes.build)"


@dataclass
class ControlPlane:
    """The programs of one cluster. The API server can be killed and restarted, with what etcd keeps or without it."""

    folder: Path
    binary: Path
    certificates: Certificates
    ports: Mapping[str, int]
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Of the API server."""
        return f"https://127.0.0.1:{self.ports['api']}"

    def client(self, user: str = "admin") -> httpx.Client:
        """A client with a user's certificate."""
        context = self.certificates.context(user)
        return httpx.Client(base_url=self.address, verify=context, timeout=30, trust_env=False)

    def start(self) -> None:
        """Start what does not run and wait until the API server is ready; raises TimeoutError with last words."""
        for name in ("etcd", "kube-apiserver"):
            self._run(name)
        self._wait_until_ready()
        for name in ("kube-controller-manager", "kube-scheduler"):
            self._run(name)

    def kill(self, *names: str) -> None:
        """SIGKILL, and wait until they are gone."""
        for name in names or tuple(reversed(tuple(self.processes))):
            process = self.processes.pop(name, None)
            if process is not None:
                process.kill()
                process.wait(30)

    def restart_cold(self) -> None:
        """Start with an empty etcd."""
        self.kill()
        shutil.rmtree(self.folder / "etcd")
        self.start()

    def _run(self, name: str) -> None:
        running = self.processes.get(name)
        if running is not None and running.poll() is None:
            return
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(self._command(name), stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + UP_SECONDS_MAX
        with self.client() as client:
            while time.monotonic() < end:
                if any(process.poll() is not None for process in self.processes.values()):
                    break
                try:
                    if all(client.get(path).status_code == 200 for path in READY):
                        return
                except httpx.HTTPError:
                    pass
                time.sleep(0.1)
        said = {name: (self.folder / f"{name}.log").read_text(errors="replace")[-1500:] for name in self.processes}
        self.kill()
        raise TimeoutError(f"the API server is not ready: {said}")

    def _command(self, name: str) -> list[str]:
        files, port = self.certificates, self.ports
        etcd = f"http://127.0.0.1:{port['etcd']}"
        peer = f"http://127.0.0.1:{port['peer']}"
        quiet = ["--v=0", f"--cert-dir={self.folder / 'own'}", "--bind-address=127.0.0.1"]
        match name:
            case "etcd":
                return [
                    "etcd", f"--data-dir={self.folder / 'etcd'}", "--name=one", "--unsafe-no-fsync", "--log-level=warn",
                    f"--listen-client-urls={etcd}", f"--advertise-client-urls={etcd}",
                    f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=one={peer}",
                ]  # fmt: skip
            case "kube-apiserver":
                return [
                    str(self.binary), name, *quiet, f"--secure-port={port['api']}", f"--etcd-servers={etcd}",
                    f"--client-ca-file={files.ca}", f"--tls-cert-file={files.certificate('apiserver')}",
                    f"--tls-private-key-file={files.key('apiserver')}", "--service-cluster-ip-range=10.97.0.0/24",
                    "--authorization-mode=Node,RBAC", "--endpoint-reconciler-type=none",
                    "--service-account-issuer=https://culm.test", f"--service-account-key-file={files.key('accounts')}",
                    f"--service-account-signing-key-file={files.key('accounts')}", "--watch-cache=true",
                ]  # fmt: skip
            case "kube-controller-manager":
                return [
                    str(self.binary), name, *quiet, f"--secure-port={port['controllers']}",
                    f"--kubeconfig={files.kubeconfig(name, self.address)}", "--leader-elect=false",
                    "--use-service-account-credentials=true", f"--service-account-private-key-file={files.key('accounts')}",
                    f"--root-ca-file={files.ca}", "--node-monitor-grace-period=24h", "--concurrent-job-syncs=10",
                    "--kube-api-qps=500", "--kube-api-burst=1000",
                ]  # fmt: skip
            case _:
                return [
                    str(self.binary), name, *quiet, f"--secure-port={port['scheduler']}",
                    f"--kubeconfig={files.kubeconfig(name, self.address)}", "--leader-elect=false",
                    "--kube-api-qps=500", "--kube-api-burst=1000",
                ]  # fmt: skip


@contextmanager
def cluster(folder: Path) -> Iterator[ControlPlane]:
    """A cluster without nodes, with the namespace `culm`."""
    binary = control_plane(cache_folder(os.environ), os.environ)
    with held_ports(len(LISTENERS)) as numbers:
        ports = dict(zip(LISTENERS, numbers, strict=True))
        plane = ControlPlane(folder, binary, Certificates.make(folder / "certificates"), ports)
        try:
            plane.start()
            prepare(plane)
            yield plane
        finally:
            plane.kill()


def prepare(plane: ControlPlane) -> None:
    """The namespace, which must have its service account before pods can be made."""
    with plane.client() as client:
        answer = client.post("/api/v1/namespaces", json={"metadata": {"name": NAMESPACE}})
        assert answer.status_code == 201, answer.text
        wait_for(lambda: client.get(f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/default").status_code == 200)
