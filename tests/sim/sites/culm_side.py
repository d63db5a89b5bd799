"""Culm in the simulation of sites: the real deciders in memory, the routes that a harvester calls, demand and deadlines.

How many workers are wanted is worked out by the real function of the processor; whether a queue is closed for its workers' early
ends is left out, as its tries take hours. Deadlines of leases are proposed as the timers do. What is decided is watched at once:
a worker that is given up must not live in the batch system then.
"""

from collections.abc import Callable, Mapping
from typing import Any

from commands.queue.model import DispatchQueue
from commands.worker.model import Workers
from schemas.ids import job_id_of
from schemas.job import DefineJob, JobCancelled, JobFailed, JobFinished, KillJob
from schemas.policy import ConfigureQueue
from schemas.queue import BindJob, EndLeases, ExpireLease
from schemas.records import replace
from schemas.types import JobKind, JobSpec, QueueSettings, WorkerMode, WorkerState
from schemas.worker import (
    CancelWorker,
    ClaimService,
    IntendWorker,
    ReconcileWorkers,
    ReportWorker,
    WithdrawWorker,
    WorkerEnded,
    WorkerIntended,
)
from streams.facts.snapshot import QueueFacts, Wanted
from streams.provisioning.demand import demands
from tests.commands.in_memory import a_culm
from tests.sim.sites.clock import SECOND, SiteTime

PULL, PUSH = "PULL", "PUSH"
QUEUES = (PULL, PUSH)
TASK = 20_000_001
LEASE_SECONDS, START_SECONDS = 60, 300
COMMANDS: dict[str, Any] = {
    kind.__name__: kind for kind in (BindJob, ClaimService, IntendWorker, ReconcileWorkers, WithdrawWorker)
}


def subject_of(worker_id: str) -> str:
    """Under which a worker that has a token of its own reports."""
    return f"worker.{worker_id}"


class CulmSide:
    """Everything that Culm does here. ended: told of the tag of each worker that ends in the log, and how."""

    def __init__(self, time: SiteTime, ended: Callable[[str, WorkerState], None]) -> None:
        self.time, self._ended = time, ended
        self.culm = a_culm()
        #: Tags and classes of every worker that was ever intended, by worker id.
        self.tags: dict[str, str] = {}
        self._classes: dict[str, str] = {}
        self.jobs: list[int] = []
        self._settings: dict[str, QueueSettings] = {}
        self._read = 0
        self.configure(PULL, standby_min=1)
        self.configure(PUSH, mode=WorkerMode.PUSH)

    def configure(self, queue: str, **changes: Any) -> None:
        """Other settings of a queue."""
        known = self._settings.get(queue) or QueueSettings(
            name=queue,
            site=queue,
            lease_seconds=LEASE_SECONDS,
            pilots_max=5,
            start_seconds_max=START_SECONDS,
            rss_mb_max=220_000,
        )
        self._settings[queue] = replace(known, **changes)
        self.send(ConfigureQueue(settings=self._settings[queue]), f"queue.{queue}", role="operator", actor="ops")

    def mode_of(self, queue: str) -> WorkerMode:
        """Of a queue, by its settings."""
        return self._settings[queue].mode

    def add_job(self, queue: str) -> None:
        """One more job waits in a queue."""
        serial = len(self.jobs) + 1
        spec = JobSpec(
            job_id=job_id_of(TASK, serial),
            task_id=TASK,
            attempt=1,
            serial=serial,
            kind=JobKind.NORMAL,
            name=f"job.{serial}",
            queue=queue,
            transformation="http://127.0.0.1/trf/user/runGen",
            parameters="",
            core_count=1,
            ram_mb_min=1_000,
            disk_mb_max=0,
            walltime_seconds_max=0,
            priority=1_000,
            label="user",
            processing_type="test",
            user_name="Jane Doe",
            owner="jdoe",
            vo="wlcg",
            share="share",
            resource_type="SCORE",
        )
        self.jobs.append(spec.job_id)
        self.send(DefineJob(spec=spec), str(spec.job_id), role="system", actor="culm-jedi")

    def kill_job(self, job_id: int) -> None:
        """Its owner wants it no more."""
        self.send(KillJob(code=4, reason="by its owner"), str(job_id))

    def cancel_worker(self, queue: str, worker_id: str) -> None:
        """An operator wants the end of a worker."""
        self.send(CancelWorker(worker_id=worker_id, why="by hand"), queue, role="operator", actor="ops")

    def send(self, command: Any, aggregate_id: str, **by: Any) -> Any:
        """Have a command decided now, with all that follows from it."""
        self.culm.now = self.time.now
        answer = self.culm.send(command, aggregate_id, **by)
        over: dict[str, list[int]] = {}
        for event, envelope in self.culm.events[self._read :]:
            match event:
                case WorkerIntended():
                    self.tags[event.worker_id], self._classes[event.worker_id] = event.tag, event.class_name
                case WorkerEnded():
                    self._ended(self.tags.get(event.worker_id, ""), event.state)
                case JobFinished() | JobFailed() | JobCancelled() if event.lease_on:
                    over.setdefault(event.lease_on, []).append(int(envelope.aggregate_id))
        self._read = len(self.culm.events)
        for queue, job_ids in over.items():
            # As the processor of leases says it of jobs that ended.
            self.send(EndLeases(job_ids=tuple(job_ids)), queue, role="system", actor="culm-leases")
        return answer

    def tick(self) -> None:
        """Demand is looked at, and leases that ran out are noticed."""
        for queue in QUEUES:
            self._expire(queue)
            self._want(queue)

    def workers(self, queue: str) -> Workers:
        """The workers of a queue, as their decider has them."""
        found: Workers = self.culm.state("worker", queue)
        return found

    def dispatch(self, queue: str) -> DispatchQueue:
        """The jobs of a queue, as its decider has them."""
        found: DispatchQueue = self.culm.state("queue", queue)
        return found

    def answer_get(self, path: str) -> dict[str, Any]:
        """The answer to a GET of a harvester."""
        _, _, _, queue, what = path.split("/")
        sequence = self.culm.store.get("worker", queue).sequence
        workers = self.workers(queue)
        if what == "wanted":
            mode = self.mode_of(queue).value
            classes = [one.to_avro() for one in workers.classes]
            return {"queue": queue, "wanted": workers.wanted, "classes": classes, "mode": mode, "sequence": sequence}
        rows = [
            {
                "worker_id": name,
                "tag": one.tag,
                "state": one.state.lower(),
                "batch_id": "known" if one.is_submitted else "",
                "cancel_ordered": one.cancel_ordered,
                "cancel_why": "it was ordered" if one.cancel_ordered else None,
                "class_name": self._classes[name],
                "job_id": one.job_id,
            }
            for name, one in workers.live.items()
            if one.is_intended
        ]
        service = {name: getattr(workers.service, name) for name in ("epoch", "harvester_id", "instance")}
        return {"queue": queue, "sequence": sequence, **service, "workers": rows, "next": None}

    def answer_post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a POST of a harvester."""
        if path == "/v1/agents/workers":
            return {"token": f"token-of-{body['worker_id']}", "token_key": "key"}
        if path.startswith("/v1/commands/"):
            return self._decided(path.rpartition("/")[2], dict(body))
        queue = path.split("/")[3]
        if path.endswith("/reports"):
            return {"answers": [{"status": 200, **self._reported(queue, report)} for report in body["reports"]]}
        return self._reported(queue, body)

    def _reported(self, queue: str, body: Mapping[str, Any]) -> dict[str, Any]:
        report = {name: value for name, value in body.items() if value is not None}
        answer = self.send(ReportWorker(**report | {"state": WorkerState(report["state"].upper())}), queue, role="pilot")
        return {"accepted": answer.accepted, "reason": answer.reason}

    def _decided(self, name: str, fields: dict[str, Any]) -> dict[str, Any]:
        queue = fields.pop("aggregate_id")
        if "absent" in fields:
            fields["absent"] = tuple(fields["absent"])
        if name == "BindJob":
            fields["holder"] = subject_of(fields["worker_id"])
        answer = self.send(COMMANDS[name](**fields), queue, role="pilot", actor="harvester")
        said = {field: getattr(answer, field) for field in ("accepted", "reason", "message")}
        document = {"answered": True, **said, "sequence": self.culm.store.get("worker", queue).sequence}
        if answer.leased is not None:
            spec = answer.leased.spec
            document |= {"leased": answer.leased.to_avro(), "job": {"PandaID": spec.job_id, "attemptNr": spec.attempt}}
        return document

    def _want(self, queue: str) -> None:
        workers, jobs = self.workers(queue), self.dispatch(queue)
        facts = QueueFacts(self._settings[queue], len(jobs.waiting), len(jobs.leases), len(workers.live))
        held_at = workers.held.at if workers.held is not None else 0
        _, envelope = self.culm.events[-1]
        known = {one.name: one for one in workers.classes}
        before = Wanted(workers.wanted, envelope.event_id, envelope, known, held_at)
        for name, _, outgoing in demands({queue: facts}, {queue: before}, {queue: envelope}, self.time.now):
            self.send(outgoing.command, name, role="system", actor="culm-provisioning")

    def _expire(self, queue: str) -> None:
        now = self.time.now
        for job_id, lease in list(self.dispatch(queue).leases.items()):
            if now >= max(lease.due_at, (lease.seen_at or 0) + lease.lease_seconds * SECOND):
                command = ExpireLease(job_id=job_id, lease_id=lease.lease_id, at=now, watched_since=now - 3_600 * SECOND)
                self.send(command, queue, role="system", actor="culm-timers")
