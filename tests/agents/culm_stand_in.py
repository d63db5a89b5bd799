"""A small server that speaks what agents expect of Culm, for tests that run real agents against it."""

import json
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from commands.worker.model import Workers
from schemas.queue import BindJob
from schemas.types import JobSpec, WorkerMode, WorkerState
from schemas.worker import ClaimService, IntendWorker, ReconcileWorkers, ReportWorker, WithdrawWorker
from tests.commands.in_memory import a_culm

TOKEN = "a-pilot-token-that-nobody-else-may-see"
#: The smallest wrapper: runs the text after -p (docs/reference/pilot.md, "The wrapper").
RUN_GEN = b"""#!/bin/bash
while getopts "p:" o; do [ "$o" = p ] && CMD="$OPTARG"; done
eval "$CMD"
"""
COMMANDS: dict[str, Any] = {
    kind.__name__: kind for kind in (BindJob, ClaimService, IntendWorker, ReconcileWorkers, ReportWorker, WithdrawWorker)
}
TAKEN: dict[str, Any] = {"StatusCode": 0, "command": "NULL"}
KILL: dict[str, Any] = {"StatusCode": 0, "command": "tobekilled"}
Answer = tuple[int, dict[str, Any]]
Found = TypeVar("Found")


class CulmStandIn:
    """Hands out `jobs`, keeps `updates` and `worker_reports`; `on_update` decides what an update is answered."""

    def __init__(self, storage: Path, host: str = "127.0.0.1") -> None:
        self.storage = storage
        self.jobs: deque[dict[str, Any]] = deque()
        self.requests_for_jobs: list[dict[str, Any]] = []
        self.updates: list[dict[str, Any]] = []
        self.worker_statuses: list[dict[str, Any]] = []
        self.worker_reports: list[dict[str, Any]] = []
        #: How many reports each request with many of them had; a server of an earlier release takes none.
        self.bulks: list[int] = []
        self.takes_many = True
        self.headers: list[dict[str, str]] = []
        self.token = TOKEN
        #: Tokens for jobs that are accepted beside it.
        self.job_tokens: set[str] = set()
        self.on_update: Callable[[dict[str, Any]], Answer] = lambda _: (200, TAKEN)
        self.on_get_job: Callable[[], Answer | None] = lambda: None
        self.wanted, self.sequence = 0, 1
        #: The queue whose workers `tags_alive` and `states_alive` tell of.
        self.queue = "Q"
        #: Makes of a job that was bound what its pilot reads.
        self.payload_of: Callable[[JobSpec], dict[str, Any]] = lambda spec: {"PandaID": spec.job_id}
        #: So many answers to the question for a job are lost on their way.
        self.answers_lost = 0
        self.changed = threading.Condition()
        #: The workers of all queues, as the real decider has them.
        self.log, self.lock = a_culm(), threading.RLock()
        self._decider = ThreadPoolExecutor(1, "decider")
        self.began, self.passed = time.time(), 0
        #: How much time passes for the decider with each listing that it is sent.
        self.listing_seconds = 0.0
        self._server = ThreadingHTTPServer((host, 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def address(self) -> str:
        """What agents get as CULM_API."""
        return "http://{}:{}".format(*self._server.server_address[:2])

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._decider.shutdown()

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
            return 200, {"queue": self.queue, **self.on_log(self._wanted), "live": 0, "sequence": self.sequence}
        if path.endswith("/living"):
            return 200, self.on_log(lambda: self.living(path.split("/")[3]))
        return 404, {}

    def _wanted(self) -> dict[str, Any]:
        """What the queue wants: of one that pushes, a worker for each of its jobs."""
        queue = self.log.state("queue", self.queue)
        if queue.settings is None:
            return {"wanted": self.wanted}
        pushes = queue.settings.mode is WorkerMode.PUSH
        return {"wanted": len(queue.waiting) + len(queue.leases) if pushes else self.wanted, "mode": queue.settings.mode.value}

    def command(self, command: Any, aggregate_id: object, **by: Any) -> Any:
        """Have a command decided, and the demand looked at again."""
        answer = self.on_log(lambda: self._decided(command, str(aggregate_id), 0.0, by))
        with self.changed:
            self.sequence += 1
            self.changed.notify_all()
        return answer

    def on_log(self, act: Callable[[], Found]) -> Found:
        """What `act` gives in the one thread that uses `log`; nothing changes the log meanwhile."""

        def alone() -> Found:
            with self.lock:
                return act()

        return self._decider.submit(alone).result()

    def living(self, queue: str) -> dict[str, Any]:
        """Service and living workers of `queue`, as the API shows them."""
        workers: Workers = self.log.state("worker", queue)
        rows = [
            {
                "worker_id": name,
                "tag": one.tag,
                "state": one.state.lower(),
                "batch_id": "known" if one.is_submitted else "",
                "cancel_ordered": one.cancel_ordered,
                "cancel_why": "by hand" if one.cancel_ordered else None,
                "class_name": "",
                "job_id": one.job_id,
            }
            for name, one in workers.live.items()
            if one.is_intended
        ]
        service = {name: getattr(workers.service, name) for name in ("epoch", "harvester_id", "instance", "until")}
        return {"queue": queue, "sequence": self.sequence, **service, "workers": rows, "next": None}

    def tags_alive(self) -> set[str]:
        """Of workers that the log has alive."""
        return self.on_log(lambda: {one.tag for one in self.log.state("worker", self.queue).live.values()})

    def states_alive(self) -> set[str]:
        """Of workers that the log has alive, by the decider."""
        return self.on_log(lambda: {one.state.value for one in self.log.state("worker", self.queue).live.values()})

    def decide(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        """What the decider of workers answers to a command of a harvester."""
        fields = dict(body)
        queue = fields.pop("aggregate_id")
        if "absent" in fields:
            fields["absent"] = tuple(fields["absent"])
        seconds = self.listing_seconds if name == "ReconcileWorkers" else 0.0
        answer = self.on_log(lambda: self._decided(COMMANDS[name](**fields), queue, seconds, {"role": "pilot"}))
        if answer.event_types:
            with self.changed:
                self.sequence += 1
                self.changed.notify_all()
        said = {name: getattr(answer, name) for name in ("accepted", "reason", "message")}
        document = {"answered": True, **said, "sequence": self.sequence}
        if answer.leased is not None:
            document |= {"leased": answer.leased.to_avro(), "job": self.payload_of(answer.leased.spec)}
        return document

    def _decided(self, command: Any, aggregate_id: str, seconds: float, by: dict[str, Any]) -> Any:
        """The answer, after as much time as has passed here, and `seconds` more."""
        self.log.now += round((time.time() - self.began) * 1e6) - self.passed + round(seconds * 1e6)
        self.passed = round((time.time() - self.began) * 1e6)
        return self.log.send(command, aggregate_id, **by)

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
        if path == "/v1/agents/workers":
            return 200, {"token": self.token, "token_key": "key"}
        if path.startswith("/v1/commands/"):
            answer = self.decide(path.rpartition("/")[2], body)
            if path.endswith("/BindJob") and self.answers_lost > 0:
                self.answers_lost -= 1
                return 503, {}
            return 200, answer
        if path.endswith("/workers"):
            return 200, self._reported(path, body)
        if path.endswith("/workers/reports") and self.takes_many:
            self.bulks.append(len(body["reports"]))
            return 200, {"answers": [{"status": 200, **self._reported(path, report)} for report in body["reports"]]}
        return 404, {}

    def _reported(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self.worker_reports.append(body)
        report = {name: value for name, value in body.items() if value is not None}
        state = WorkerState(report["state"].upper())
        return self.decide("ReportWorker", {**report, "state": state, "aggregate_id": path.split("/")[3]})


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
            if self.path == "/v1/agents/enrol":
                self._send((200, {"token": culm.token, "token_key": "key"}))
            elif self.headers.get("Authorization", "").removeprefix("Bearer ") not in {culm.token, *culm.job_tokens}:
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


def eventually(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """What `condition` gives as soon as it is true; raises AssertionError when it is not in time."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, f"not true within {seconds} s"
        time.sleep(0.01)
