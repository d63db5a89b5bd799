"""A root file system with HTCondor, made once: `python3 -m tests.systems.htcondor_root [cache folder]` prints its path.

In: root, Debian's `debootstrap` and a mirror of Debian (CULM_DEBIAN_MIRROR; debootstrap's own if not set). Out: Debian trixie
with the packages below and the user who owns the jobs, in a folder whose name follows from them. The cache lies outside the
checkout (CULM_CACHE, else ~/.cache/culm) and serves all checkouts. Guards: of several that ask at the same time one makes it and
the others wait; what was interrupted leaves nothing that looks whole; its mounts end with the commands.
Standard library only, as `deploy.kubernetes.build`: it runs beside the installation.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.errors import MissingTool, StackError, StepFailed
from deploy.kubernetes.build import cache_folder

SUITE = "trixie"
#: The second line is what a Python that was built elsewhere links to, and what payloads ask for.
PACKAGES = (
    "condor", "python3",
    "libbz2-1.0", "libffi8", "liblzma5", "libncursesw6", "libreadline8t64", "libsqlite3-0", "libssl3t64", "libuuid1", "zlib1g",
)  # fmt: skip
#: HTCondor takes no jobs of root.
USER, USER_NUMBER = "fixuser", 1500
STEP_SECONDS_MAX = 1800.0
#: No package may start its service.
NO_SERVICES = "#!/bin/sh\nexit 101\n"


def root_folder(cache: Path) -> Path:
    """Where it is, or would be."""
    key = hashlib.sha256("\0".join((SUITE, *PACKAGES, USER, str(USER_NUMBER))).encode()).hexdigest()[:16]
    return cache / f"htcondor-{key}"


def root_with_htcondor(cache: Path, environ: Mapping[str, str]) -> Path:
    """From the cache, or made now. Raises MissingTool without root or debootstrap, StepFailed with the last words of a step."""
    root = root_folder(cache)
    if not root.exists():
        tool = shutil.which("debootstrap", path=f"{environ.get('PATH', '')}:/usr/sbin:/sbin")
        if tool is None or os.getuid() != 0:
            raise MissingTool("A root file system is made by root with Debian's `debootstrap`, which was not found.")
        cache.mkdir(parents=True, exist_ok=True)
        with (cache / f"{root.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not root.exists():
                _make(tool, root, environ)
    return root


def _make(tool: str, root: Path, environ: Mapping[str, str]) -> None:
    """Step by step in another folder, so that the one with the right name is whole or not there."""
    unfinished = root.with_name(f"{root.name}.{os.getpid()}.part")
    print("making a root file system with HTCondor, about 200 MB to download for the first time", file=sys.stderr, flush=True)
    mirror = environ.get("CULM_DEBIAN_MIRROR", "")
    try:
        _run("debootstrap", [tool, "--variant=minbase", SUITE, str(unfinished), *([mirror] if mirror else [])], environ)
        policy = unfinished / "usr/sbin/policy-rc.d"
        policy.write_text(NO_SERVICES)
        policy.chmod(0o755)
        _run("apt-get update", _inside(unfinished, ["apt-get", "-qq", "update"]), environ)
        install = ["apt-get", "-qq", "--yes", "--no-install-recommends", "install", *PACKAGES]
        _run("apt-get install", _inside(unfinished, install), environ)
        _run("useradd", _inside(unfinished, ["useradd", "--create-home", "--uid", str(USER_NUMBER), USER]), environ)
        shutil.rmtree(unfinished / "var/cache/apt/archives", ignore_errors=True)
        unfinished.rename(root)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _inside(root: Path, command: Sequence[str]) -> list[str]:
    """A command in the root, with /proc and /dev in a mount namespace that ends with it."""
    script = 'root=$1; shift; mount --bind /proc "$root/proc" && mount --rbind /dev "$root/dev" && exec chroot "$root" "$@"'
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", str(root), *command]


def _run(step: str, command: Sequence[str], environ: Mapping[str, str]) -> None:
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    environment |= {name: value for name, value in environ.items() if name.lower().endswith("_proxy")}
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=STEP_SECONDS_MAX,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise StepFailed(f"{step} did not end in {STEP_SECONDS_MAX:.0f} s") from None
    if done.returncode != 0:
        raise StepFailed(f"{step} ended with {done.returncode}:\n{(done.stdout + done.stderr).strip()[-2000:]}")


def main(arguments: Sequence[str]) -> int:
    """Make it in the folder named by the only argument, or in the usual one; print where it is."""
    try:
        print(root_with_htcondor(Path(arguments[0]).absolute() if arguments else cache_folder(os.environ), os.environ))
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
