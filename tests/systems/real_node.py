"""A real node for a real control plane: kubelet, containerd and runc, with images made here, since no registry is asked.

In: a running `ControlPlane`; root, Debian's containerd, runc, containernetworking-plugins, busybox-static and gcc. Out: a node
that runs pods. Guards: folder, socket, cgroups and addresses are its own, and are gone when it ends.
"""

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.held_ports import held_port
from tests.systems import declared_capacity, kubernetes_control_plane
from tests.systems.kubernetes_control_plane import ControlPlane
from tests.systems.standin_kubelet import wait_for

WORKER_IMAGE = "localhost/worker:1"
#: What the node declares, as the other real systems' nodes do.
CORES, MEMORY_MB = 64, 200_000
NODE, ADDRESS, SUBNET = "vm1", "10.88.8.1", "10.88.7.0/24"
CGROUPS, CGROUP = Path("/sys/fs/cgroup"), "culm-kubelet"
#: Process 1 of a pod: waits, and reaps what is left to it.
PAUSE = """
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
static void end(int s) { _exit(0); }
static void reap(int s) { while (waitpid(-1, 0, WNOHANG) > 0); }
int main() { signal(SIGTERM, end); signal(SIGCHLD, reap); for (;;) pause(); }
"""
#: Programs, and the packages of Debian that have them.
NEEDED = {
    "containerd": "containerd", "ctr": "containerd", "runc": "runc", "busybox": "busybox-static", "gcc": "gcc", "ip": "iproute2",
}  # fmt: skip
PLUGINS = Path("/usr/lib/cni")
APPLETS = ("sh", "cp", "chmod", "cat", "id", "ls", "sleep", "dd", "tail", "head", "true", "stat", "env", "kill", "mkdir")
#: Without `restrict_oom_score_adj` a host that lacks CAP_SYS_RESOURCE can start no sandbox.
CONTAINERD = """
version = 2
root = "{folder}/root"
state = "{folder}/state"
[grpc]
  address = "{folder}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{plugins}"
    conf_dir = "{folder}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
"""


def missing() -> str:
    """What this host lacks for a control plane with a node; empty if nothing."""
    absent = [package for program, package in NEEDED.items() if shutil.which(program) is None]
    absent += [] if PLUGINS.is_dir() else ["containernetworking-plugins"]
    if absent:
        return f"not installed: {', '.join(dict.fromkeys(absent))}"
    return kubernetes_control_plane.missing() or ("" if os.getuid() == 0 else "kubelet and containerd are started as root")


def image(folder: Path, name: str, files: Mapping[str, bytes], links: Mapping[str, str], command: list[str]) -> Path:
    """An OCI layout in a tar. files: path -> content, all executable. links: path -> target."""
    blobs: dict[str, bytes] = {}

    def blob(content: bytes, kind: str) -> dict[str, object]:
        digest = hashlib.sha256(content).hexdigest()
        blobs[f"blobs/sha256/{digest}"] = content
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(content)}

    layer = _tar({path: (content, 0o755) for path, content in files.items()}, links)
    first = blob(layer, "layer.v1.tar")
    rootfs = {"type": "layers", "diff_ids": [first["digest"]]}
    config = {"architecture": "amd64", "os": "linux", "config": {"Cmd": command, "Env": ["PATH=/bin"]}, "rootfs": rootfs}
    manifest = {"schemaVersion": 2, "config": blob(json.dumps(config).encode(), "config.v1+json"), "layers": [first]}
    described = blob(json.dumps(manifest).encode(), "manifest.v1+json")
    index = {"schemaVersion": 2, "manifests": [{**described, "annotations": {"io.containerd.image.name": name}}]}
    blobs |= {"index.json": json.dumps(index).encode(), "oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}
    path = folder / f"{hashlib.sha256(name.encode()).hexdigest()[:8]}.tar"
    path.write_bytes(_tar({name: (content, 0o644) for name, content in blobs.items()}, {}))
    return path


@contextmanager
def node(plane: ControlPlane, folder: Path) -> Iterator[str]:
    """The name of a node that is ready."""
    folder.mkdir(parents=True)
    processes: list[subprocess.Popen[bytes]] = []
    port = held_port()
    subprocess.run(["ip", "address", "replace", f"{ADDRESS}/32", "dev", "lo"], check=True)
    try:
        _make_cgroups()
        containerd = ["containerd", "--config", str(_containerd_config(folder))]
        declared = declared_capacity.command(folder / "declared", CORES, MEMORY_MB, containerd)
        processes.append(_start(folder, "containerd", declared))
        wait_for((folder / "containerd.sock").exists)
        _import_images(folder)
        kubelet = declared_capacity.inside(processes[0].pid, _kubelet_command(plane, folder, port.getsockname()[1]))
        processes.append(_start(folder, "kubelet", kubelet))
        with plane.client() as client:
            wait_for(lambda: _is_ready(client.get("/api/v1/nodes").json()["items"]))
        yield NODE
    finally:
        for process in reversed(processes):
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()
        port.close()
        _clean(folder)


def _start(folder: Path, name: str, command: list[str]) -> "subprocess.Popen[bytes]":
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def _containerd_config(folder: Path) -> Path:
    (folder / "cni").mkdir()
    ranges, routes = [[{"subnet": SUBNET}]], [{"dst": "0.0.0.0/0"}]
    addresses = {"type": "host-local", "ranges": ranges, "routes": routes, "dataDir": str(folder / "ips")}
    network = {"cniVersion": "0.4.0", "name": "culm", "plugins": [{"type": "ptp", "ipam": addresses}]}
    (folder / "cni" / "10-culm.conflist").write_text(json.dumps(network))
    path = folder / "containerd.toml"
    path.write_text(CONTAINERD.format(folder=folder, plugins=PLUGINS))
    return path


def _import_images(folder: Path) -> None:
    source, binary = folder / "pause.c", folder / "pause"
    source.write_text(PAUSE)
    subprocess.run(["gcc", "-static", "-Os", "-o", str(binary), str(source)], check=True)
    shell = Path(shutil.which("busybox") or "/bin/busybox").read_bytes()
    links = {f"bin/{name}": "busybox" for name in APPLETS}
    for path in (
        image(folder, "localhost/pause:1", {"pause": binary.read_bytes()}, {}, ["/pause"]),
        image(folder, WORKER_IMAGE, {"bin/busybox": shell}, links, ["/bin/sh"]),
    ):
        ctr = ["ctr", "--address", str(folder / "containerd.sock"), "--namespace", "k8s.io", "images", "import", str(path)]
        subprocess.run(ctr, check=True, capture_output=True, timeout=60)


def _kubelet_command(plane: ControlPlane, folder: Path, port: int) -> list[str]:
    files = plane.certificates
    config = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{CGROUP}",
        "enforceNodeAllocatable": [],
        "failSwapOn": False,
        "containerRuntimeEndpoint": f"unix://{folder}/containerd.sock",
        "port": port,
        "healthzPort": 0,
        "address": "127.0.0.1",
        "authentication": {"anonymous": {"enabled": False}, "x509": {"clientCAFile": str(files.ca)}},
        "tlsCertFile": str(files.certificate("node")),
        "tlsPrivateKeyFile": str(files.key("node")),
        "evictionHard": {"memory.available": "50Mi"},
        "imageGCHighThresholdPercent": 100,
        "podLogsDir": str(folder / "pods"),
        "resolvConf": "",
        "clusterDNS": ["127.0.0.1"],
    }
    path = folder / "kubelet.json"
    path.write_text(json.dumps(config))
    return [
        str(plane.binary), "kubelet", f"--config={path}", f"--kubeconfig={files.kubeconfig('node', plane.address)}",
        f"--hostname-override={NODE}", f"--node-ip={ADDRESS}", f"--root-dir={folder / 'kubelet'}", f"--cert-dir={folder / 'own'}",
    ]  # fmt: skip


def _make_cgroups() -> None:
    """In every hierarchy of cgroups v1, or kubelet does not start."""
    for hierarchy in CGROUPS.iterdir():
        if hierarchy.is_dir() and not (hierarchy / "cgroup.controllers").exists():
            own = hierarchy / CGROUP
            own.mkdir(exist_ok=True)
            for name in ("cpuset.cpus", "cpuset.mems"):
                if (hierarchy / name).exists():
                    (own / name).write_text((hierarchy / name).read_text())


def _is_ready(nodes: list[dict[str, Any]]) -> bool:
    conditions = [one for node in nodes for one in node["status"].get("conditions", ())]
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _clean(folder: Path) -> None:
    """Shims and mounts outlive containerd; cgroups outlive all."""
    mounted = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str(folder).encode() in (process / "cmdline").read_bytes() and b"shim" in (process / "cmdline").read_bytes():
                subprocess.run(["kill", "-KILL", process.name], check=False)
    for mount in sorted((path for path in mounted if path.startswith(str(folder))), reverse=True):
        subprocess.run(["umount", "--lazy", mount], check=False, capture_output=True)
    end = time.monotonic() + 10
    while (left := list(CGROUPS.glob(f"*/{CGROUP}"))) and time.monotonic() < end:
        for own in left:
            for path in (*sorted((one for one in own.rglob("*") if one.is_dir()), reverse=True), own):
                with suppress(OSError):
                    path.rmdir()
        time.sleep(0.1)
    subprocess.run(["ip", "address", "delete", f"{ADDRESS}/32", "dev", "lo"], check=False, capture_output=True)


def _tar(files: Mapping[str, tuple[bytes, int]], links: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, (content, mode) in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
        for path, target in links.items():
            entry = tarfile.TarInfo(path)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            tar.addfile(entry)
    return buffer.getvalue()
