"""Builds Kubernetes' control plane from its sources, once: `python3 -m deploy.kubernetes.build [cache folder]` prints its path.

In: `control/` (go.mod, go.sum, main.go) and a Go compiler. Out: one binary in a folder whose name follows from them. The cache
lies outside the checkout (CULM_CACHE, else ~/.cache/culm) and serves all checkouts: about 9 minutes of CPU are spent once.
Guards: of several that ask at the same time one builds and the others wait; a build that was interrupted leaves
nothing that looks whole.
Standard library only: it runs beside the installation.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.errors import MissingTool, StackError, StepFailed

CONTROL = Path(__file__).resolve().parent / "control"
BINARY = "control"
BUILD_SECONDS_MAX = 3600.0
VERSION_OF = re.compile(r"^\s*k8s\.io/kubernetes (v(\d+)\.(\d+)\.\d+)$", re.MULTILINE)
FLAGS = ("-mod=readonly", "-trimpath", "-buildvcs=false")


def control_plane(cache: Path, environ: Mapping[str, str]) -> Path:
    """The binary: from the cache, or built now.

    Raises MissingTool where there is no Go and the cache is empty, StepFailed with the compiler's last words.
    """
    go = _find_go(environ)
    built = _place(go, cache, environ)
    if not built.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with (cache / f"{built.parent.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not built.exists():
                _build(go, built, environ)
    return built


def is_in_cache(cache: Path, environ: Mapping[str, str]) -> bool:
    """Whether it is built already; raises MissingTool."""
    return _place(_find_go(environ), cache, environ).exists()


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where what is built from sources is kept."""
    return Path(environ.get("CULM_CACHE") or Path(environ.get("HOME", "/root")) / ".cache" / "culm").absolute()


def _find_go(environ: Mapping[str, str]) -> str:
    go = shutil.which(environ.get("CULM_GO") or "go", path=environ.get("PATH"))
    if go is None:
        raise MissingTool("Go was not found. Install Go 1.24 or later (package `golang-go`) or set CULM_GO to its `go`.")
    return go


def _place(go: str, cache: Path, environ: Mapping[str, str]) -> Path:
    return cache / f"kubernetes-{_key(go, environ)}" / BINARY


def _build(go: str, built: Path, environ: Mapping[str, str]) -> None:
    """Two steps, so that the folder with the key's name is whole or not there."""
    unfinished = built.parent.with_name(f"{built.parent.name}.{os.getpid()}.part")
    unfinished.mkdir()
    print("building Kubernetes' control plane, about 9 minutes of CPU for the first time", file=sys.stderr, flush=True)
    command = ["nice", "-n", "15", go, "build", *FLAGS, "-ldflags", _link_flags(), "-o", str(unfinished / BINARY), "."]
    try:
        done = subprocess.run(
            command,
            cwd=CONTROL,
            env=_environment(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=BUILD_SECONDS_MAX,
            check=False,
        )
        if done.returncode != 0:
            raise StepFailed(f"Go could not build Kubernetes' control plane:\n{done.stderr.strip()[-2000:]}")
        unfinished.rename(built.parent)
    except subprocess.TimeoutExpired:
        raise StepFailed(f"Go did not build Kubernetes' control plane in {BUILD_SECONDS_MAX:.0f} s") from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _key(go: str, environ: Mapping[str, str]) -> str:
    version = subprocess.run(
        [go, "env", "GOVERSION", "GOARCH"], capture_output=True, env=_environment(environ), timeout=60, check=True
    ).stdout
    parts = [version, " ".join((*FLAGS, _link_flags())).encode(), *((CONTROL / name).read_bytes() for name in _sources())]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _sources() -> tuple[str, ...]:
    return "go.mod", "go.sum", "main.go"


def _link_flags() -> str:
    """Components compare their versions with each other, and a build without one is v0.0.0."""
    found = VERSION_OF.search((CONTROL / "go.mod").read_text(encoding="utf-8"))
    assert found is not None, "go.mod names the version of k8s.io/kubernetes"
    version, major, minor = found.groups()
    package = "k8s.io/component-base/version"
    return f"-s -w -X {package}.gitVersion={version} -X {package}.gitMajor={major} -X {package}.gitMinor={minor}"


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The compiler that is there, and nothing of C: the binary runs wherever the kernel does."""
    return {**environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": ""}


def main(arguments: list[str]) -> int:
    """Build into the folder named by the only argument, or into the usual one; print where the binary is."""
    try:
        print(control_plane(Path(arguments[0]) if arguments else cache_folder(os.environ), os.environ))
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
