"""A stand-in for the stack: takes what prun sends, runs the jobs with the real wrappers, answers the demo's questions.

It knows just enough of task parameters for one input dataset, one output a job and a merge step. No event, no Kafka:
what it proves is that prun, the wrappers and the demo fit together, on any machine, in seconds.
"""

import contextlib
import json
import os
import re
import stat
import subprocess
import sys
import tarfile
import threading
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from demo.products import storage_path
from tests.wrappers.worker_node import WRAPPERS

TASK_ID = 10000001
CULM = """#!{python}
import json, shutil, sys
from pathlib import Path
sys.path.insert(0, {checkout!r})
from demo.products import storage_path
if sys.argv[1] == "env":
    print(Path({home!r}, "environment.json").read_text())
else:
    scope, name = sys.argv[3].split(":")
    for file in map(Path, sys.argv[4:]):
        target = storage_path(Path({home!r}), scope, file.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    Path({home!r}, name).write_text(json.dumps([scope, [Path(file).name for file in sys.argv[4:]]]))
    print(name + ": registered")
"""


@dataclass
class StandIn:
    """State of the stand-in: its folder, the submitted parameters, the jobs, the merged files."""

    home: Path
    parameters: dict[str, Any] = field(default_factory=dict)
    jobs: list[dict[str, Any]] = field(default_factory=list)
    merged: list[dict[str, Any]] = field(default_factory=list)
    status: str = "registered"
    broken_tile: int = -1
    """The job of this number is made to fail."""

    @property
    def culm(self) -> Path:
        """A `culm` command that knows `env` and `dataset add`."""
        path = self.home / "culm"
        checkout = str(WRAPPERS.parents[2])
        path.write_text(CULM.format(python=sys.executable, checkout=checkout, home=str(self.home)))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    def submit(self, parameters: dict[str, Any], url: str) -> None:
        """Make the jobs of a task and run them, two at a time, in the background."""
        self.parameters, self.status = parameters, "running"
        threading.Thread(target=self.work, args=(url,)).start()

    def work(self, url: str) -> None:
        """Run one job an input file, then the merge job."""
        scope, files = json.loads((self.home / self.parameters["dsForIN"]).read_text())
        items = [item for item in self.parameters["jobParameters"] if not item.get("hidden")]
        text = "".join(item["value"] + ("" if item.get("padding") is False else " ") for item in items)
        (output,) = (item for item in self.parameters["jobParameters"] if item.get("param_type") == "output")
        lfns = [name_of(output["value"], serial) for serial in range(1, len(files) + 1)]
        plans = [
            (text.replace("${IN/T}", str([file])).replace(output["value"], f"panda.um.{lfn}"), [file], f"panda.um.{lfn}")
            for file, lfn in zip(files, lfns, strict=True)
        ]
        with ThreadPoolExecutor(2) as slots:
            list(slots.map(lambda plan: self.run("NORMAL", url, scope, *plan), plans))
        if any(job["status"] == "failed" for job in self.jobs):
            self.status = "failed"
            return
        unmerged = [f"panda.um.{lfn}" for lfn in lfns]
        merged = name_of(output["value"], 1)
        text = self.parameters["mergeSpec"]["jobParameters"]
        text = text.replace("${TRN_OUTPUT:OUTPUT}", f"{','.join(unmerged)}:{merged}").replace("${TRN_LOG:LOG}", "")
        self.run("MERGE", url, scope, text, unmerged, merged)
        content = storage_path(self.home, scope, merged).read_bytes()
        checksum = f"ad:{zlib.adler32(content):08x}"
        self.merged.append({"scope": scope, "lfn": merged, "size_bytes": len(content), "checksum": checksum})
        self.status = "done"

    def run(self, kind: str, url: str, scope: str, text: str, inputs: list[str], output: str) -> None:
        """Run one job as a pilot does: stage in, start the wrapper through a shell, stage out."""
        number = len(self.jobs)
        job = {"job_id": number, "kind": kind, "serial": number, "attempt": 1, "status": "running", "errors": []}
        self.jobs.append(job)
        folder = self.home / "work" / str(number)
        folder.mkdir(parents=True)
        for lfn in inputs:
            (folder / lfn).symlink_to(storage_path(self.home, scope, lfn))
        wrapper = WRAPPERS / ("runMerge-00-00-02" if kind == "MERGE" else "runGen-00-00-02")
        command = f"{wrapper} {text.replace('${SURL}', url)}" if number != self.broken_tile else "false"
        environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
        if done.returncode == 0:
            target = storage_path(self.home, scope, output)
            target.parent.mkdir(parents=True, exist_ok=True)
            (folder / output).rename(target)
        else:
            job["errors"] = [{"message": f"exit code {done.returncode} {done.stdout[-500:]} {done.stderr[-500:]}"}]
        job["status"] = "failed" if done.returncode else "finished" if kind == "MERGE" else "merging"

    def answer(self, path: str) -> dict[str, Any]:
        """A document of the API."""
        if path.endswith("/whoami"):
            return {"nickname": "jdoe"}
        if path.endswith("/jobs"):
            return {"jobs": self.jobs, "next": None}
        if path.endswith("/events"):
            return {"events": [{}] * 3 * len(self.jobs), "next": None}
        if path.endswith("/files"):
            return {"files": self.merged, "next": None}
        if path.endswith("/datasets"):
            name = self.parameters["taskName"].rstrip("/")
            return {"datasets": [{"name": f"panda.um.{name}"}, {"name": f"{name}_survey.tgz"}], "next": None}
        return {"task_id": TASK_ID, "name": self.parameters["taskName"], "status": self.status, "message": ""}


def name_of(template: str, serial: int) -> str:
    """The file name that an output template makes."""
    return template.replace("$JEDITASKID", str(TASK_ID)).replace("${SN/P}", f"{serial:06d}")


@contextlib.contextmanager
def stand_in(home: Path, client: Path, token: str) -> Iterator[StandIn]:
    """A stand-in that listens, with `home` as its folder; prun is taken from `client`."""
    state = StandIn(home)
    cache = home / "cache"
    cache.mkdir(parents=True)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            if path.startswith("/cache/"):
                self.reply((cache / path.rpartition("/")[2]).read_bytes())
            else:
                self.reply(json.dumps(state.answer(path)).encode())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            message = "NOTFOUND"
            if self.path.endswith("/upload_cache_file"):
                found = re.search(rb'filename="([^"]+)"', body)
                assert found is not None, "one part with a file name"
                content = body[body.index(b"\r\n\r\n") + 4 : body.rindex(b"\r\n--")]
                (cache / found.group(1).decode()).write_bytes(content)
            elif self.path.endswith("/submit"):
                state.submit(json.loads(body)["task_parameters"], f"http://{self.headers['Host']}")
                message = f"succeeded. new jediTaskID={TASK_ID}"
            success = message != "NOTFOUND" or "upload" in self.path
            self.reply(json.dumps({"success": success, "message": message, "data": None}).encode())

        def reply(self, content: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/server/panda"
        packages = next(client.glob("lib/python3*/site-packages"))
        environment = {
            "PATH": f"{client / 'bin'}:{os.environ['PATH']}", "PANDA_SYS": str(client),
            "PANDA_PYTHONPATH": str(packages), "PANDA_PYTHON_EXEC": str(client / "bin" / "python"),
            "PANDA_CONFIG_ROOT": str(home), "PANDA_URL": url, "PANDA_URL_SSL": url, "PANDACACHE_URL": url,
            "PANDA_AUTH": "oidc", "PANDA_AUTH_VO": "wlcg", "PANDA_AUTH_ID_TOKEN": token, "PANDA_BEHIND_REAL_LB": "1",
            "NO_PROXY": "127.0.0.1",
        }  # fmt: skip
        (home / "environment.json").write_text(json.dumps(environment))
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()


def sandbox_names(home: Path) -> list[str]:
    """Names in the sandbox that prun uploaded."""
    (archive,) = (home / "cache").iterdir()
    with tarfile.open(archive) as tar:
        return sorted(tar.getnames())
