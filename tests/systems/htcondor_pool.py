"""A pool of HTCondor in a root file system of its own (`htcondor_root.py`), on ports of the run.

In: a folder, which has the same path inside and outside of the root. Out: HTCondor's commands for this host, which run inside,
and paths of this host that jobs see. Guards: all mounts are in a mount namespace of the pool's, which the commands enter: what is
lent to jobs is never in the cached root itself, and is gone when the pool's processes are.
"""

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from agents.isolation import GROUP
from deploy.kubernetes.build import cache_folder
from tests.lane import LANE
from tests.systems import htcondor_emulator
from tests.systems.htcondor_root import USER, root_folder
from tests.systems.real_slurm import until

ROOT = "CULM_HTCONDOR_ROOT"
PORT = 28_618
#: The group that owns the folders of the storage: the jobs' user may write there, as pilots of this host may.
STORAGE_GROUP = "culmpilots"
_CONFIGURATION = """RELEASE_DIR = /usr
LOCAL_DIR = {folder}
LIBEXEC = /usr/libexec/condor
LOG = {folder}/log
SPOOL = {folder}/spool
EXECUTE = {folder}/execute
RUN = {folder}/run
LOCK = {folder}/lock
LOCAL_CONFIG_FILE =
LOCAL_CONFIG_DIR =
CONDOR_HOST = 127.0.0.1
COLLECTOR_HOST = 127.0.0.1:{port}
NETWORK_INTERFACE = 127.0.0.1
BIND_ALL_INTERFACES = False
NO_DNS = True
DEFAULT_DOMAIN_NAME = local
UID_DOMAIN = local
FILESYSTEM_DOMAIN = local
TRUST_UID_DOMAIN = True
SOFT_UID_DOMAIN = True
DAEMON_LIST = MASTER COLLECTOR NEGOTIATOR SCHEDD STARTD
USE_SHARED_PORT = True
SHARED_PORT_PORT = {port}
SEC_DEFAULT_AUTHENTICATION_METHODS = FS, CLAIMTOBE
SEC_DEFAULT_AUTHENTICATION = OPTIONAL
SEC_DEFAULT_ENCRYPTION = OPTIONAL
SEC_DEFAULT_INTEGRITY = OPTIONAL
ALLOW_READ = *
ALLOW_WRITE = *
ALLOW_DAEMON = *
ALLOW_NEGOTIATOR = *
ALLOW_ADMINISTRATOR = *
START = True
SUSPEND = False
PREEMPT = False
KILL = False
WANT_SUSPEND = False
WANT_VACATE = False
RANK = 0
ENABLE_KERNEL_TUNING = False
PER_JOB_NAMESPACES = False
MOUNT_UNDER_SCRATCH =
RUNBENCHMARKS = False
NUM_CPUS = 64
MEMORY = 200000
NEGOTIATOR_INTERVAL = 2
NEGOTIATOR_CYCLE_DELAY = 1
NEGOTIATOR_MIN_INTERVAL = 1
SCHEDD_INTERVAL = 2
SCHEDD_MIN_INTERVAL = 1
PERIODIC_EXPR_INTERVAL = 2
JOB_START_COUNT = 200
JOB_START_DELAY = 1
"""
# $1: the root; $2: the folder of the run.
_NAMESPACE = """
mount --bind /proc "$1/proc" && mount --rbind /dev "$1/dev" && mkdir -p "$1$2" && mount --bind "$2" "$1$2" || exit 1
echo mounted
exec sleep infinity
"""
# The jobs' user owns the files of the worker, and the log that all workers share; he finds them. $2: the worker's submit file.
_GIVE = """worker=${{2%/*}}; spool=${{worker%/*}}; work=${{spool%/*}}
chown -R {uid} "$worker"; chown {uid} "$spool" "$spool"/*.events 2>/dev/null
chmod a+x "$spool" "$work" "${{work%/*}}"
"""


def root_of_host() -> Path:
    """What CULM_HTCONDOR_ROOT names, else the one in the cache."""
    named = os.environ.get(ROOT)
    return Path(named) if named else root_folder(cache_folder(os.environ))


def missing() -> str:
    """Why it cannot run here; empty if it can."""
    if os.getuid() != 0:
        return "the root file system is entered as root"
    root = root_of_host()
    is_there = (root / "usr/sbin/condor_master").exists()
    return "" if is_there else f"{root} has no HTCondor; python -m tests.systems.htcondor_root makes it"


class RealHTCondor:
    """The servers; all in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root = folder, root_of_host()
        self.config = folder / "condor_config"
        self.commands = folder / "commands"
        self._namespace: subprocess.Popen[str] | None = None
        folder.chmod(0o755)

    def up(self) -> None:
        """Return once there is a slot."""
        made = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _NAMESPACE, "sh", str(self.root), str(self.folder)]
        self._namespace = subprocess.Popen(made, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        assert self._namespace.stdout is not None
        assert self._namespace.stdout.readline() == "mounted\n", f"{self.root} cannot be entered"
        for name in ("log", "spool", "execute", "run", "lock", "cases", "commands"):
            (self.folder / name).mkdir()
        (self.folder / "execute").chmod(0o1777)
        self.config.write_text(_CONFIGURATION.format(folder=self.folder, port=PORT + LANE.offset % 30_000))
        self.run("chown", "condor:condor", *(str(self.folder / name) for name in ("log", "spool", "execute", "run", "lock")))
        self.run("groupadd", "--force", "--gid", str(GROUP), STORAGE_GROUP)
        self.run("usermod", "--append", "--groups", STORAGE_GROUP, USER)
        self._write_commands()
        self.run("condor_master", "-pidfile", str(self.folder / "run" / "master.pid"))
        until(lambda: "slot" in self.run("condor_status", "-af", "Name", check=False), "no slot")

    def lend(self, *, readable: Sequence[Path], hidden: Path, writable: Sequence[Path]) -> None:
        """Let jobs see paths of this host at the same places, and of `hidden` nothing but what is `writable`."""
        for path in readable:
            self._bind(path)
            self._inside("mount", "-o", "remount,bind,ro", f"{self.root}{path}")
            # The root's own folders on the way there, as /root, may be for their owner alone.
            self._inside("chmod", "a+x", *(f"{self.root}{parent}" for parent in path.parents))
        self._inside("mkdir", "-p", f"{self.root}{hidden}", check=False)  # it is there where it lies in what is readable
        self._inside("mount", "-t", "tmpfs", "-o", "mode=755", "none", f"{self.root}{hidden}")
        for path in writable:
            self._bind(path)

    def down(self) -> None:
        """End all jobs and servers, and the namespace with its mounts."""
        if self._namespace is None:
            return
        self.run("condor_off", "-master", "-fast", check=False)
        with suppress(FileNotFoundError, ValueError, ProcessLookupError):
            master = int((self.folder / "run" / "master.pid").read_text())
            try:
                until(lambda: not Path(f"/proc/{master}").exists(), "condor_master does not end")
            except TimeoutError:
                os.kill(master, signal.SIGKILL)
        self._namespace.kill()
        self._namespace.communicate()

    def run(self, *arguments: str, check: bool = True) -> str:
        """What a command inside the root prints, as root."""
        return self._inside("chroot", str(self.root), "/usr/bin/env", f"CONDOR_CONFIG={self.config}", *arguments, check=check)

    def _write_commands(self) -> None:
        """Those that the plugin starts, as the jobs' user."""
        give = "#!/bin/sh\n" + _GIVE.format(uid=self.run("id", "-u", USER).strip())
        entering = [*self._entering(), "/usr/sbin/chroot", str(self.root), "/usr/sbin/runuser", "-u", USER, "--", "/usr/bin/env"]
        for name in htcondor_emulator.ROLES:
            program = self.commands / name
            head = give if name == "condor_submit" else "#!/bin/sh\n"
            program.write_text(f'{head}exec {" ".join(entering)} CONDOR_CONFIG={self.config} /usr/bin/{name} "$@"\n')
            program.chmod(0o755)

    def _entering(self) -> list[str]:
        assert self._namespace is not None
        return ["/usr/bin/nsenter", f"--mount=/proc/{self._namespace.pid}/ns/mnt"]

    def _bind(self, path: Path) -> None:
        self._inside("mkdir", "-p", f"{self.root}{path}")
        self._inside("mount", "--bind", str(path), f"{self.root}{path}")

    def _inside(self, *command: str, check: bool = True) -> str:
        done = subprocess.run([*self._entering(), *command], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0 or not check, done
        return done.stdout
