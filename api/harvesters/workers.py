"""`harvester/update_workers`, `report_worker_statistics`, `get_worker_statistics`: what a Harvester says of its workers.

A worker of a Harvester is a worker of its queue as any other, from its first report on.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import orjson

from api.harvesters.instance import reply_to
from api.harvesters.values import QUEUE_MAX, count_of, harvester_of, name_of, objects_in, tell
from api.http.errors import BadRequest, Unavailable
from api.panda.arguments import BadArgument
from api.panda.calls import Call
from api.panda.envelope import Reply, done
from api.pilots.agent_tokens import AgentTokens
from api.pilots.values import code_of, text_of, whole_of
from api.pilots.values import name_of as host_of
from api.pilots.worker_names import worker_name
from api.queries import harvesters as questions
from api.queries import queues
from identity.agents import problem_of_queue
from identity.ruling import PILOT, EndpointClass
from schemas.answer import CommandAnswered
from schemas.characters import WORD
from schemas.harvester import ReportWorkerCounts
from schemas.instants import HOUR, micros_of_seconds
from schemas.records import replace
from schemas.types import WorkerCounts, WorkerState
from schemas.worker import ReportWorker

WORKERS_MAX, AT_ONCE = 500, 20
COUNTS_MAX, WORD_MAX, NATIVE_MAX, DIAGNOSTIC_MAX = 200, 64, 200, 4_000
SHOWN_HOURS = 4
#: By Harvester's word; `missed` never reached the batch system.
STATES: Mapping[str, WorkerState] = {
    "pending": WorkerState.SUBMITTED,
    "submitted": WorkerState.SUBMITTED,
    "ready": WorkerState.SUBMITTED,
    "running": WorkerState.RUNNING,
    "idle": WorkerState.RUNNING,
    "finished": WorkerState.FINISHED,
    "failed": WorkerState.FAILED,
    "cancelled": WorkerState.CANCELLED,
    "missed": WorkerState.MISSED,
}
#: A word after the last one: the Harvester need not say it again.
SAID_ALREADY = frozenset({"WORKER_ENDED"})
WAS_SUBMITTED = "WORKER_SUBMITTED"


async def update_workers(call: Call) -> Reply:
    """For each worker, in their order, whether its report was taken; a Harvester repeats the end of one that was not."""
    harvester_id = harvester_of(call)
    workers = objects_in(call, "workers", WORKERS_MAX)
    settings = await queues.settings_of_all(call.services.read_models)
    served = {
        name
        for name, one in settings.items()
        if queues.serves(one, call.identity.vo) and not problem_of_queue(call.identity.queues, name)
    }
    room = asyncio.Semaphore(AT_ONCE)

    async def one(worker: Any) -> bool:
        async with room:
            return isinstance(worker, dict) and await _report(call, harvester_id, worker, served)

    return done(list(await asyncio.gather(*(one(worker) for worker in workers))))


async def report_worker_statistics(call: Call) -> Reply:
    """How many workers of each kind and class it has in a queue; the latest report counts."""
    harvester_id, queue = harvester_of(call), name_of(call, "panda_queue", QUEUE_MAX)
    AgentTokens(call.services.gate).check(call.identity, EndpointClass.PILOT, queue)
    try:
        said = orjson.loads(call["statistics"])
    except orjson.JSONDecodeError as problem:
        raise BadArgument(f"Argument error: 'statistics' is no JSON: {str(problem)[:100]}") from problem
    if not isinstance(said, dict):
        raise BadArgument(f"Argument error: 'statistics' holds {type(said).__name__}, expected an object by job type")
    counts = tuple(_counts(said))[:COUNTS_MAX]
    return reply_to(await tell(call, ReportWorkerCounts(queue=queue, counts=counts), harvester_id))


async def get_worker_statistics(call: Call) -> Reply:
    """What Harvesters of the VO counted in the last hours: queue, Harvester, kind of job, class, state."""
    since = micros_of_seconds(time.time()) - SHOWN_HOURS * HOUR
    found: dict[str, Any] = {}
    for row in await questions.counts_since(call.services.read_models, call.identity.vo, since):
        of_harvester = found.setdefault(row["queue"], {}).setdefault(row["harvester_id"], {})
        for one in row["counts"]:
            states = {name: one[name] for name in ("running", "submitted", "finished", "to_submit")}
            of_harvester.setdefault(one["job_type"], {})[one["resource_type"]] = states
    return done(found)


async def _report(call: Call, harvester_id: str, worker: Mapping[str, Any], served: set[str]) -> bool:
    number, state = whole_of(worker, "workerID"), STATES.get(str(worker.get("status")))
    queue = text_of(worker, "computingSite", QUEUE_MAX, WORD)
    if number is None or number <= 0 or state is None or queue not in served:
        return False
    command = ReportWorker(
        worker_id=worker_name(harvester_id, str(number)),
        harvester_id=harvester_id,
        state=state,
        node=host_of(worker, "nodeID", 255),
        exit_code=None if worker.get("nativeExitCode") is None else code_of(worker, "nativeExitCode"),
        diagnostic=text_of(worker, "diagMessage", DIAGNOSTIC_MAX) or None,
        batch_id=text_of(worker, "batchID", NATIVE_MAX),
        submit_host=host_of(worker, "submissionHost", 255),
        native_state=text_of(worker, "nativeStatus", NATIVE_MAX),
    )
    try:
        answer = await _sent(call, queue, command)
        if answer is not None and answer.reason == WAS_SUBMITTED:
            # Harvester says `missed` also of one that it had called submitted.
            answer = await _sent(call, queue, replace(command, state=WorkerState.FAILED))
    except (BadRequest, Unavailable):
        return False
    return answer is not None and (answer.accepted or answer.reason in SAID_ALREADY)


async def _sent(call: Call, queue: str, command: ReportWorker) -> CommandAnswered | None:
    wait_seconds = call.services.config.answer_seconds
    return await call.services.gateway.submit(command, queue, call.identity, role=PILOT, wait_seconds=wait_seconds)


def _counts(said: Mapping[str, Any]) -> list[WorkerCounts]:
    found = []
    for job_type, by_class in said.items():
        for resource_type, counts in by_class.items() if isinstance(by_class, dict) else ():
            names = {"job": job_type, "class": resource_type}
            job, resources = text_of(names, "job", WORD_MAX, WORD), text_of(names, "class", WORD_MAX, WORD)
            if job and resources and isinstance(counts, dict):
                one = WorkerCounts(
                    job_type=job,
                    resource_type=resources,
                    running=count_of(counts, "running"),
                    submitted=count_of(counts, "submitted"),
                    finished=count_of(counts, "finished"),
                    to_submit=count_of(counts, "to_submit"),
                )
                found.append(one)
    return found
