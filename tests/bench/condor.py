"""HTCondor as a peer: the same closed loop on a pool of its own, in a root file system made by debootstrap.

Debian 12 has no HTCondor, Debian 13 has; so the pool lives in a folder with Debian 13. Root is needed to make it and to enter
it; jobs belong to an ordinary user of it. Guards: nothing listens but on the loopback; the host's kernel is not tuned; /proc
and /dev of the folder are unmounted in any case; only the pool's own master is stopped.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CONFIG = Path(__file__).with_name("condor.config")
MIRROR = "http://deb.debian.org/debian"
SUITE = "trixie"
USER = "fixuser"
CLUSTER_JOBS = 200
AHEAD = 400
START_SECONDS_MAX = 60.0
SUBMISSION = """executable=/bin/true
transfer_executable=False
should_transfer_files=NO
universe=vanilla
request_cpus=1
request_memory=10
request_disk=1
queue {count}
"""


def why_not(environ_uid: int, debootstrap: str | None, root: Path) -> str | None:
    """Why HTCondor cannot be compared here; None when it can."""
    if environ_uid != 0:
        return "HTCondor is left out: its root file system can be made and entered by root only"
    if not (root / "usr" / "sbin" / "condor_master").exists() and debootstrap is None:
        return f"HTCondor is left out: it is not in {root}, and debootstrap, which would put it there, is not installed"
    return None


def measure(root: Path, seconds: float) -> dict[str, float | str]:
    """Jobs a second that became final, with the version; raises CalledProcessError, TimeoutError."""
    if not (root / "usr" / "sbin" / "condor_master").exists():
        _make(root)
    with _mounted(root), _pool(root):
        version = _inside(root, "condor_version").splitlines()[0].removeprefix("$CondorVersion: ").split(" ")[0]
        _submit(root, AHEAD)
        while _ended(root) == 0:
            time.sleep(0.5)
        began, before, submitted = time.monotonic(), _ended(root), AHEAD
        while time.monotonic() - began < seconds:
            ended = _ended(root)
            if submitted - ended < AHEAD:
                _submit(root, CLUSTER_JOBS)
                submitted += CLUSTER_JOBS
            time.sleep(1.0)
        after, elapsed = _ended(root), time.monotonic() - began
    return {"per_second": round((after - before) / elapsed, 1), "finished": after - before, "version": version}


def _make(root: Path) -> None:
    """Debian 13 with HTCondor in `root`."""
    root.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["debootstrap", "--variant=minbase", SUITE, str(root), MIRROR], check=True, stdout=subprocess.DEVNULL)
    quiet = root / "usr" / "sbin" / "policy-rc.d"
    quiet.write_text("#!/bin/sh\nexit 101\n")
    quiet.chmod(0o755)
    with _mounted(root):
        install = ["apt-get", "install", "-y", "--no-install-recommends", "condor"]
        subprocess.run(["chroot", str(root), *install], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        subprocess.run(["chroot", str(root), "useradd", "-m", "-u", "1500", USER], check=True)


@contextmanager
def _mounted(root: Path) -> Iterator[None]:
    mounted: list[Path] = []
    try:
        for name in ("proc", "dev"):
            subprocess.run(["mount", "--bind", f"/{name}", str(root / name)], check=True)
            mounted.append(root / name)
        yield
    finally:
        for place in reversed(mounted):
            subprocess.run(["umount", str(place)], check=False)


@contextmanager
def _pool(root: Path) -> Iterator[None]:
    """A pool with an empty queue; it is off afterwards."""
    home = root / "fix"
    shutil.rmtree(home, ignore_errors=True)
    for name in ("log", "spool", "execute", "run", "lock"):
        (home / name).mkdir(parents=True)
    shutil.copy(CONFIG, home / "condor_config")
    subprocess.run(["chroot", str(root), "chown", "-R", "condor:condor", "/fix"], check=True)
    (home / "execute").chmod(0o1777)
    _inside(root, "condor_master", "-pidfile", "/fix/run/master.pid")
    try:
        end = time.monotonic() + START_SECONDS_MAX
        while "slot" not in _inside(root, "condor_status", "-af", "Name", check=False):
            if time.monotonic() > end:
                raise TimeoutError("HTCondor's pool did not come up")
            time.sleep(0.5)
        yield
    finally:
        _end(root)


def _end(root: Path) -> None:
    """Tell the master to stop, and wait until it is gone: the folder cannot be unmounted before."""
    pid_file = root / "fix" / "run" / "master.pid"
    number = int(pid_file.read_text()) if pid_file.exists() else None
    _inside(root, "condor_off", "-master", "-fast", check=False)
    end = time.monotonic() + START_SECONDS_MAX
    while number is not None and Path(f"/proc/{number}").exists() and time.monotonic() < end:
        time.sleep(0.2)


def _submit(root: Path, count: int) -> None:
    path = root / "home" / USER / "task.sub"
    path.write_text(SUBMISSION.format(count=count))
    words = f"CONDOR_CONFIG=/fix/condor_config condor_submit -terse /home/{USER}/task.sub"
    subprocess.run(["chroot", str(root), "su", USER, "-c", words], check=True, stdout=subprocess.DEVNULL)


def _ended(root: Path) -> int:
    """Jobs that left the queue as completed."""
    totals = _inside(root, "condor_status", "-schedd", "-af", "JobsCompleted", check=False)
    return completed_in(totals)


def completed_in(text: str) -> int:
    """The number in what `condor_status -af` printed; 0 while there is none."""
    words = text.split()
    return int(words[0]) if words and words[0].isdecimal() else 0


def _inside(root: Path, *command: str, check: bool = True) -> str:
    environ = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "CONDOR_CONFIG": "/fix/condor_config", "LANG": "C"}
    done = subprocess.run(["chroot", str(root), *command], env=environ, capture_output=True, text=True, check=check)
    return done.stdout


def present() -> tuple[int, str | None]:
    """What `why_not` asks about this machine."""
    return os.getuid(), shutil.which("debootstrap")
