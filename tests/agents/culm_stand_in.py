"""A small server that speaks what agents hear from Culm, for tests that run real agents against it."""

import json
import threading
import time
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "a-pilot-token-that-nobody-else-may-see"
#: The smallest wrapper: runs the text after -p (docs/reference/pilot.md, "The wrapper").
RUN_GEN = b"""#!/bin/bash
while getopts "p:" o; do [ "$o" = p ] && CMD="$OPTARG"; done
eval "$CMD"
"""
TAKEN: dict[str, Any] = {"StatusCode": 0, "command": "NULL"}
KILL: dict[str, Any] = {"StatusCode": 0, "command": "tobekilled"}
Answer = tuple[int, dict[str, Any]]


class CulmStandIn:
    """Hands out `jobs`, keeps `updates` and `worker_reports`; `on_update` decides what an update is answered."""

    def __init__(self, storage: Path) -> None:
        self.storage = storage
        self.jobs: deque[dict[str, Any]] = deque()
        self.requests_for_jobs: list[dict[str, Any]] = []
        self.updates: list[dict[str, Any]] = []
        self.worker_statuses: list[dict[str, Any]] = []
        self.worker_reports: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.token = TOKEN
        self.on_update: Callable[[dict[str, Any]], Answer] = lambda _: (200, TAKEN)
        self.on_get_job: Callable[[], Answer | None] = lambda: None
        self.wanted, self.sequence = 0, 1
        self.changed = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def address(self) -> str:
        """What agents get as CULM_API."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def want(self, number: int) -> None:
        """Let the queue want `number` pilots."""
        with self.changed:
            self.wanted, self.sequence = number, self.sequence + 1
            self.changed.notify_all()

    def states(self, job_id: int) -> list[str]:
        """The states that were reported of a job, each once in a row."""
        found: list[str] = []
        for update in list(self.updates):
            if update["jobId"] == str(job_id) and found[-1:] != [update["state"]]:
                found.append(update["state"])
        return found

    def final(self, job_id: int) -> dict[str, Any] | None:
        """The last final report of a job."""
        reports = [one for one in list(self.updates) if one["jobId"] == str(job_id)]
        return next((one for one in reversed(reports) if one["state"] in ("finished", "failed")), None)

    def worker_states(self, worker_id: str) -> list[str]:
        """What the harvester said of a worker, in order."""
        return [report["state"] for report in list(self.worker_reports) if report["worker_id"] == worker_id]

    def answer_get(self, path: str, query: dict[str, list[str]]) -> Answer | bytes:
        """The answer to a GET."""
        if path == "/cache/ddmendpoints.json":
            protocol = {"endpoint": "file://localhost", "path": f"{self.storage}/", "flavour": "FILE", "id": 1}
            return 200, {"DISK": {"name": "DISK", "arprotocols": {"read_lan": [protocol], "write_lan": [protocol]}}}
        if path == "/trf/user/runGen":
            return RUN_GEN
        if path.endswith("/wanted"):
            after = int(query["after"][0]) if "after" in query else None
            with self.changed:
                if after is not None:
                    self.changed.wait_for(lambda: self.sequence > after, float(query["wait"][0]))
                return 200, {"queue": "Q", "wanted": self.wanted, "live": 0, "sequence": self.sequence}
        return 404, {}

    def answer_post(self, path: str, body: dict[str, Any]) -> Answer:
        """The answer to a POST."""
        if path == "/server/panda/getJob":
            self.requests_for_jobs.append(body)
            special = self.on_get_job()
            if special is not None:
                return special
            try:
                return 200, self.jobs.popleft()
            except IndexError:
                return 200, {"StatusCode": 20, "errorDialog": "no jobs in PanDA"}
        if path == "/server/panda/updateJob":
            self.updates.append(body)
            return self.on_update(body)
        if path == "/server/panda/updateWorkerPilotStatus":
            self.worker_statuses.append(body)
            return 200, {"StatusCode": 0}
        if path.endswith("/workers"):
            self.worker_reports.append(body)
            return 200, {"accepted": True}
        return 404, {}


def _handler(culm: CulmStandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet an answer

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            culm.headers.append(dict(self.headers))
            self._send(culm.answer_get(parts.path, parse_qs(parts.query)))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            culm.headers.append(dict(self.headers))
            if self.headers.get("Authorization") != f"Bearer {culm.token}":
                self._send((403, {}))
            else:
                self._send(culm.answer_post(self.path, body))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _send(self, answer: Answer | bytes) -> None:
            status, content = answer if isinstance(answer, tuple) else (200, answer)
            content = content if isinstance(content, bytes) else json.dumps(content).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                self.wfile.flush()
            except OSError:  # the agent was killed meanwhile
                self.close_connection = True

    return Handler


def eventually(condition: Callable[[], Any], seconds: float = 20.0) -> Any:
    """What `condition` gives as soon as it is true; raises AssertionError when it is not in time."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, f"not true within {seconds} s"
        time.sleep(0.01)
