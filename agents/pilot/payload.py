"""A payload in a process group of its own: started, measured, frozen, ended.

Guards: it dies with the pilot, however the pilot dies (`undertaker`); it sees no token and no variable of Culm.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

GRACE_SECONDS = 3.0
HIDDEN = ("CULM_", "HARVESTER_", "PANDA_AUTH", "OIDC_", "X509_")


@dataclass(slots=True)
class Usage:
    """What the process tree used so far; memory in kB, time in seconds."""

    cpu_seconds: float = 0.0
    rss_kb: int = 0
    rss_kb_max: int = 0
    rss_kb_sum: int = 0
    vmem_kb_max: int = 0
    samples: int = 0

    @property
    def rss_kb_avg(self) -> int:
        """Mean resident set."""
        return self.rss_kb_sum // self.samples if self.samples else 0


def payload_environment(inherited: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """What a payload may see: the site's environment without secrets, the site's Python first on PATH."""
    variables = {name: value for name, value in inherited.items() if not name.startswith(HIDDEN)}
    site = str(Path(sys.executable).parent)
    variables["PATH"] = f"{site}:{variables.get('PATH', os.defpath)}"
    return variables | dict(extra)


class Payload:
    """One running payload."""

    def __init__(self, command: str, folder: Path, environment: Mapping[str, str]) -> None:
        self._stdout = (folder / "payload.stdout").open("wb")
        self._stderr = (folder / "payload.stderr").open("wb")
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", command],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=self._stdout,
            stderr=self._stderr,
            start_new_session=True,
        )
        self.usage = Usage()
        self._frozen = False

    @property
    def group(self) -> int:
        """Its process group."""
        return self._process.pid

    def wait(self, seconds: float) -> int | None:
        """The exit code, None when it still runs after `seconds`."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        self._close()
        return code

    def measure(self) -> Usage:
        """Add a sample of the whole tree to `usage`."""
        rss = vmem = 0
        cpu = 0.0
        try:
            top = psutil.Process(self._process.pid)
            tree = [top, *top.children(recursive=True)]
        except psutil.NoSuchProcess:
            return self.usage
        for process in tree:
            try:
                memory, times = process.memory_info(), process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            rss += memory.rss // 1024
            vmem += memory.vms // 1024
            cpu += times.user + times.system + times.children_user + times.children_system
        usage = self.usage
        usage.rss_kb, usage.rss_kb_max = rss, max(usage.rss_kb_max, rss)
        usage.rss_kb_sum, usage.samples = usage.rss_kb_sum + rss, usage.samples + 1
        usage.vmem_kb_max, usage.cpu_seconds = max(usage.vmem_kb_max, vmem), max(usage.cpu_seconds, cpu)
        return usage

    def freeze(self) -> None:
        """Stop its clock until `thaw`."""
        if not self._frozen:
            self._signal(signal.SIGSTOP)
            self._frozen = True

    def thaw(self) -> None:
        """Let it go on."""
        if self._frozen:
            self._signal(signal.SIGCONT)
            self._frozen = False

    def end(self) -> None:
        """End the whole group: SIGTERM, a moment, SIGKILL."""
        self._signal(signal.SIGTERM)
        self.thaw()
        end = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            time.sleep(0.02)
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._close()

    def _signal(self, number: int) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return

    def _close(self) -> None:
        self._stdout.close()
        self._stderr.close()

