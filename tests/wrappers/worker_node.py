"""A worker node in a temporary directory: a job's directory, a cache that serves sandboxes, and the wrappers to run."""

import functools
import http.server
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

WRAPPERS = Path(__file__).resolve().parents[2] / "api" / "pilots" / "wrappers"


@dataclass(frozen=True)
class Ended:
    """How a wrapper ended."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class WorkerNode:
    """A job's directory and the address of the cache."""

    job: Path
    cache: Path
    url: str
    failures: list[int] = field(default_factory=list)
    """Status codes that the cache answers before it serves anything."""

    def put(self, name: str, content: str | bytes) -> Path:
        """Stage the input file `name` in, as the pilot does."""
        path = self.job / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def upload(self, name: str, files: Mapping[str, str]) -> None:
        """Put a sandbox of `files` into the cache."""
        (self.cache / name).write_bytes(packed(files))

    def command(self, wrapper: str, *arguments: str) -> list[str]:
        """The command line of `wrapper` with `arguments`: without the packages of this environment, which no worker node has."""
        return [sys.executable, "-S", "-B", str(WRAPPERS / wrapper), *arguments]

    def run(self, wrapper: str, *arguments: str, path: str | None = None) -> Ended:
        """Run `wrapper` in the job's directory to its end."""
        environment = {**os.environ, "PATH": path or os.environ["PATH"]}
        done = subprocess.run(
            self.command(wrapper, *arguments), cwd=self.job, env=environment, capture_output=True, text=True, timeout=60
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def files(self) -> list[str]:
        """Names in the job's directory."""
        return sorted(path.name for path in self.job.iterdir())

    def diagnosis(self) -> tuple[int, str]:
        """Code and text of the report that a wrapper left for the pilot."""
        report = json.loads((self.job / "payload_error_report.json").read_text())
        return report["error_code"], report["error_diag"]


@contextmanager
def worker_node(folder: Path) -> Iterator[WorkerNode]:
    """A worker node in `folder`, with a server for its cache."""
    cache, job = folder / "server" / "cache", folder / "job"
    cache.mkdir(parents=True)
    job.mkdir()
    failures: list[int] = []

    class Cache(http.server.SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if failures:
                self.send_error(failures.pop(0))
            else:
                super().do_GET()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
            pass

    handler = functools.partial(Cache, directory=str(cache.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield WorkerNode(job, cache, f"http://127.0.0.1:{server.server_port}", failures)
        finally:
            server.shutdown()
            thread.join()


def packed(files: Mapping[str, str]) -> bytes:
    """A gzip'ed tar file of `files`; names that end in .sh are executable."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content.encode())
            member.mode = 0o755 if name.endswith(".sh") else 0o644
            tar.addfile(member, io.BytesIO(content.encode()))
    return buffer.getvalue()


def members(path: Path) -> dict[str, str]:
    """Names and contents of the files in a tar file."""
    with tarfile.open(path) as tar:
        found = {}
        for member in tar.getmembers():
            content = tar.extractfile(member)
            if content is not None:
                found[member.name] = content.read().decode()
    return found
