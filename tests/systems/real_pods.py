"""Workers that run: `python -m tests.systems.real_pods`, a control plane, a kubelet and containerd on this host, as root.

Out: one line for each worker, and whether its end is what it did; exit code 1 if one is not. Nothing of it stays.
"""

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from agents.harvester.systems.contract import CancelOutcome, NativeState, NativeWorker, Submitted, WorkerSpec
from agents.harvester.systems.kubernetes import Kubernetes
from tests.systems.kubernetes_control_plane import NAMESPACE, cluster
from tests.systems.real_node import WORKER_IMAGE, missing, node
from tests.systems.standin_kubelet import wait_for

STACK = "pods"
SECRET = "secret-of-a-worker"


@dataclass(frozen=True)
class Case:
    """A worker: what it runs, and how it must end."""

    name: str
    script: str
    state: NativeState
    exit_code: int | None = None
    signal: int | None = None
    walltime_seconds: int = 600
    image: str = WORKER_IMAGE


CASES = (
    Case(
        "files",
        f'[ "$(cat token)" = {SECRET} ] && [ "$(stat -c %a token)" = 600 ] && [ "$(id -u)" = 1000 ] && [ "$A" = \'$(B) $$\' ]',
        NativeState.FINISHED,
        0,
    ),
    Case("code", "exit 7", NativeState.FAILED, 7),
    Case("signal", "kill -SEGV $$", NativeState.FAILED, signal=11),
    Case("memory", "head -c 200m /dev/zero | tail | cat > /dev/null; exit 0", NativeState.OUT_OF_MEMORY, 0),
    Case("time", "exec sleep 600", NativeState.TIMEOUT, 143, walltime_seconds=5),
    Case("image", "exit 0", NativeState.HELD, image="localhost:1/no-such-image:1"),
)


def main() -> int:
    """Run all cases, then cancel one that runs."""
    if reason := missing():
        print(reason, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="culm-pods-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "cluster").mkdir()
        with cluster(folder / "cluster") as plane, node(plane, folder / "node"):
            files = plane.certificates
            plugin = Kubernetes(
                STACK,
                {
                    "api": plane.address, "namespace": NAMESPACE, "ca_file": str(files.ca),
                    "certificate_file": str(files.certificate("admin")), "key_file": str(files.key("admin")),
                },
                folder,
            )  # fmt: skip
            good = [_holds(plugin, folder, case) for case in CASES] + [_cancels(plugin, folder)]
            plugin.close()
    print(f"{sum(good)} of {len(good)} as expected")
    return 0 if all(good) else 1


def _holds(plugin: Kubernetes, folder: Path, case: Case) -> bool:
    began = time.monotonic()
    tag = _submit(plugin, folder, case)
    wait_for(lambda: _shown(plugin, tag).state.is_end or _shown(plugin, tag).state is case.state)
    worker = _shown(plugin, tag)
    if worker.state is NativeState.HELD:
        plugin.cancel([worker])
    is_good = worker.state is case.state
    if worker.state.is_end:
        # A shell that ends by SIGTERM at its time limit may say so in either way.
        told = worker.exit_code if worker.exit_code is not None or case.signal else worker.signal and 128 + worker.signal
        is_good &= (told, worker.signal if case.signal else None) == (case.exit_code, case.signal)
    print(f"{'good' if is_good else 'BAD '} {time.monotonic() - began:5.1f} s {worker}", flush=True)
    return is_good


def _cancels(plugin: Kubernetes, folder: Path) -> bool:
    tag = _submit(plugin, folder, Case("cancel", "exec sleep 600", NativeState.RUNNING))
    wait_for(lambda: _shown(plugin, tag).state is NativeState.RUNNING)
    began = time.monotonic()
    (outcome,) = plugin.cancel([_shown(plugin, tag)])
    wait_for(lambda: all(worker.tag != tag for worker in plugin.listing().workers))
    is_good = outcome is CancelOutcome.ORDERED
    print(f"{'good' if is_good else 'BAD '} {time.monotonic() - began:5.1f} s {tag} was cancelled and is gone", flush=True)
    return is_good


def _submit(plugin: Kubernetes, folder: Path, case: Case) -> str:
    own = folder / case.name
    own.mkdir()
    (own / "start.sh").write_text(f"#!/bin/sh\n{case.script}\n")
    (own / "token").write_text(SECRET)
    spec = WorkerSpec(
        f"{STACK}-{case.name}", "Q", 1, 40, 20, case.walltime_seconds, own / "start.sh", (own / "token",),
        {"A": "$(B) $$"}, {"image": case.image},
    )  # fmt: skip
    (outcome,) = plugin.submit([spec])
    assert isinstance(outcome, Submitted), outcome
    return spec.tag


def _shown(plugin: Kubernetes, tag: str) -> NativeWorker:
    return next(worker for worker in plugin.listing().workers if worker.tag == tag)


if __name__ == "__main__":
    sys.exit(main())
