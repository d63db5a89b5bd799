"""Fetches the broker's and the registry's Java parts with Maven: `python3 -m deploy.fetch [lib folder]`.

Each part arrives in a folder of its own that is put in place by one rename, so an interrupted download is never mistaken
for a whole one. A part that is there is not asked for again. Standard library only: it runs while pip still installs.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from deploy.errors import StackError, StepFailed
from deploy.java import find_java, find_maven

MAVEN_SECONDS_MAX = 900.0
PROGRESS_SECONDS = 5.0
DEPLOY = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Part:
    """A set of Java files described by a `pom.xml` in a folder of its name, beside us, and fetched by one Maven goal."""

    name: str
    goal: str
    beside: Path = DEPLOY

    @property
    def pom(self) -> Path:
        """The file that names the versions."""
        return self.beside / self.name / "pom.xml"

    def folder(self, lib: Path) -> Path:
        """Where the part lies under `lib`; the name changes with the pom, so a new version is fetched by itself."""
        return lib / f"{self.name}-{hashlib.sha256(self.pom.read_bytes()).hexdigest()[:10]}"


KAFKA = Part("kafka", "dependency:copy-dependencies")
REGISTRY = Part("registry", "dependency:unpack")


def fetch(lib: Path, environ: Mapping[str, str], parts: tuple[Part, ...] = (KAFKA, REGISTRY)) -> list[Path]:
    """Make sure that every one of `parts` is under `lib`; returns their folders.

    Raises MissingTool when something must be fetched and there is no Java or Maven, StepFailed with Maven's last words.
    """
    missing = [part for part in parts if not part.folder(lib).is_dir()]
    if missing:
        maven, java = find_maven(environ), find_java(environ)
        lib.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda part: _fetch_part(part, lib, maven, java, environ), missing))
    return [part.folder(lib) for part in parts]


def _fetch_part(part: Part, lib: Path, maven: str, java: str, environ: Mapping[str, str]) -> None:
    began = time.monotonic()
    target = part.folder(lib)
    unfinished = target.with_name(f"{target.name}.{os.getpid()}.part")
    command = [maven, "-B", "-f", str(part.pom), part.goal, f"-DoutputDirectory={unfinished}"]
    java_home = environ.get("JAVA_HOME") or str(Path(java).resolve().parent.parent)
    print(f"fetching {part.name} with Maven", flush=True)
    code, said = _run(command, {**environ, "JAVA_HOME": java_home}, part.name)
    if code != 0 or not any(unfinished.rglob("*.jar")):
        shutil.rmtree(unfinished, ignore_errors=True)
        raise StepFailed(f"Maven could not fetch {part.name}:\n{said.strip()[-2000:]}")
    try:
        unfinished.rename(target)
    except OSError:
        if not target.is_dir():
            raise
        shutil.rmtree(unfinished, ignore_errors=True)  # another fetch was faster
    print(f"fetched {part.name} in {time.monotonic() - began:.0f} s", flush=True)


def _run(command: list[str], environ: Mapping[str, str], name: str) -> tuple[int, str]:
    """Exit code and output of Maven; every PROGRESS_SECONDS a line says that it is at work and what has arrived."""
    began, said = time.monotonic(), list[str]()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ) as maven:
        assert maven.stdout is not None, "it was asked for"
        reader = threading.Thread(target=said.extend, args=(maven.stdout,))
        reader.start()
        while reader.is_alive():
            reader.join(PROGRESS_SECONDS)
            seconds = time.monotonic() - began
            if seconds > MAVEN_SECONDS_MAX:
                maven.kill()
            elif reader.is_alive():
                files = sum(1 for line in said if "Downloaded from" in line and ".pom" not in line)
                print(f"fetching {name}: {files} files so far, {seconds:.0f} s", flush=True)
    return maven.returncode, "".join(said)


def main(arguments: list[str]) -> int:
    """Fetch into the folder named by the only argument, or into the one the stack looks in."""
    lib = Path(arguments[0] if arguments else os.environ.get("CULM_LIB") or DEPLOY.parent / ".culm" / "lib")
    try:
        fetch(lib.absolute(), os.environ)
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
