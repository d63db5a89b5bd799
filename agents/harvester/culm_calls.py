"""What a harvester asks of Culm, beside reports and demand: claims, intents, withdrawals, listings.

In: names and numbers. Out: answers of the decider, or an error that says whether another try is worth it. An answer that did not
come leaves the outcome open, as one that was lost does.
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from agents.errors import Unreachable
from agents.session import AgentSession

#: So long the API waits for the decider, and the harvester for the API.
DECIDER_SECONDS, ANSWER_SECONDS = 10, 12.0
PAGE = 1_000


@dataclass(frozen=True, slots=True)
class DecidersAnswer:
    """What the decider said. reason, message: why not. sequence: the last event of the queue's workers then, 0 if not said."""

    accepted: bool
    reason: str = ""
    message: str = ""
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class BoundJob:
    """The answer to the question for a job that travels with a worker.

    job: as its pilot reads it; None where there is none, or it cannot be given. lease_id: empty where none was leased.
    class_name, cores, memory_mb, disk_mb, walltime_seconds: of the worker, which are the job's own.
    """

    answer: DecidersAnswer
    job: dict[str, Any] | None = field(default=None, repr=False)
    lease_id: str = ""
    class_name: str = ""
    cores: int = 1
    memory_mb: int = 0
    disk_mb: int = 0
    walltime_seconds: int = 0


@dataclass(frozen=True, slots=True)
class LivingWorker:
    """A worker that the log has alive. state: in lower case."""

    worker_id: str
    tag: str
    state: str
    batch_id: str = ""
    cancel_ordered: bool = False
    cancel_why: str = ""
    class_name: str = ""
    is_bound: bool = False


@dataclass(frozen=True, slots=True)
class QueueInTheLog:
    """Who serves a queue, and its living workers by tag; sequence: of the last event that is in it."""

    epoch: int
    harvester_id: str
    instance: str
    sequence: int
    workers: dict[str, LivingWorker]


class CulmCalls:
    """One harvester's calls. All raise CallFailed."""

    def __init__(self, session: AgentSession, harvester_id: str, instance: str) -> None:
        self._session, self.harvester_id, self.instance = session, harvester_id, instance

    def claim(self, queue: str, epoch: int, seconds: int) -> DecidersAnswer:
        """Take up the service of `queue`, or go on with it."""
        body = {"instance": self.instance, "epoch": epoch, "seconds": seconds}
        return self._command("ClaimService", queue, body)

    def intend(self, queue: str, epoch: int, worker: dict[str, Any]) -> DecidersAnswer:
        """Ask to start a worker. worker: fields of `IntendWorker`."""
        return self._command("IntendWorker", queue, {**worker, "epoch": epoch})

    def bind(self, queue: str, epoch: int, worker: dict[str, Any]) -> BoundJob:
        """Ask for a job and to start a worker with it; the same question has the same answer. worker: fields of `BindJob`."""
        answer = self._asked("BindJob", queue, {**worker, "epoch": epoch, "harvester_id": self.harvester_id})
        told, leased = _decided(answer), answer.get("leased")
        if not told.accepted or leased is None:
            return BoundJob(told)
        try:
            job = answer["job"]
            numbers = (int(leased[name]) for name in ("cores", "memory_mb", "disk_mb", "walltime_seconds"))
            found = BoundJob(told, job, str(leased["lease_id"]), str(leased["class_name"]), *numbers)
            if job is not None and int(job["PandaID"]) != int(leased["spec"]["job_id"]):
                raise ValueError("two jobs")
        except (KeyError, TypeError, ValueError) as problem:
            raise Unreachable(f"BindJob: the answer is odd: {type(problem).__name__}") from problem
        return found

    def withdraw(self, queue: str, worker_id: str, why: str) -> DecidersAnswer:
        """Say that a worker will be cancelled."""
        return self._send("WithdrawWorker", queue, {"worker_id": worker_id, "why": why})

    def reconcile(self, queue: str, epoch: int, compared: dict[str, Any]) -> DecidersAnswer:
        """Say what a complete listing showed. compared: fields of `ReconcileWorkers`."""
        return self._command("ReconcileWorkers", queue, {**compared, "epoch": epoch})

    def living(self, queue: str, sequence: int) -> QueueInTheLog:
        """The queue as of event `sequence` of its workers, or later."""
        path, after = f"/v1/queues/{quote(queue, safe='')}/living", ""
        found: dict[str, Any] = {}
        workers: dict[str, LivingWorker] = {}
        while True:
            query: dict[str, Any] = {"sequence": sequence, "limit": PAGE} | ({"after": after} if after else {})
            page = self._session.get(path, query, ANSWER_SECONDS)
            found = found or page
            try:
                workers |= {worker.tag: worker for worker in map(_worker_of, page["workers"])}
                after = str(page["next"] or "")
                if not after:
                    place = (int(found["epoch"]), str(found["harvester_id"]), str(found["instance"]), int(found["sequence"]))
                    return QueueInTheLog(*place, workers)
            except (KeyError, TypeError, ValueError) as problem:
                raise Unreachable(f"living workers of {queue}: the answer is odd: {type(problem).__name__}") from problem

    def _command(self, name: str, queue: str, body: dict[str, Any]) -> DecidersAnswer:
        return self._send(name, queue, {**body, "harvester_id": self.harvester_id})

    def _send(self, name: str, queue: str, body: dict[str, Any]) -> DecidersAnswer:
        return _decided(self._asked(name, queue, body))

    def _asked(self, name: str, queue: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._session.post(
            f"/v1/commands/{name}", {**body, "aggregate_id": queue}, ANSWER_SECONDS, wait_seconds=DECIDER_SECONDS
        )
        if answer.get("answered") is not True or not isinstance(answer.get("accepted"), bool):
            raise Unreachable(f"{name}: the decider has not answered yet")
        return answer


def _decided(answer: dict[str, Any]) -> DecidersAnswer:
    sequence = answer.get("sequence")
    return DecidersAnswer(
        answer["accepted"],
        str(answer.get("reason") or ""),
        str(answer.get("message") or ""),
        sequence if isinstance(sequence, int) else 0,
    )


def _worker_of(row: dict[str, Any]) -> LivingWorker:
    return LivingWorker(
        worker_id=str(row["worker_id"]),
        tag=str(row["tag"]),
        state=str(row["state"]),
        batch_id=str(row["batch_id"] or ""),
        cancel_ordered=row["cancel_ordered"] is True,
        cancel_why=str(row["cancel_why"] or ""),
        class_name=str(row["class_name"] or ""),
        is_bound=row.get("job_id") is not None,
    )
