"""Jobs for pilots and reports from pilots, in any of their forms.

A request for a job is one command to the queue, answered by the lease itself; where it is known that the queue has none for
it, it is answered at once. A live report is always a heartbeat; it becomes a command only when the read model does not already
show what it says. A final report is always a command.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import structlog

from api.http.errors import BodyTooLarge, OutcomeUnknown, ReadModelsUnavailable
from api.log.gateway import now_micros
from api.pilots.agent_tokens import AgentTokens
from api.pilots.empty_queues import QUEUE_EVENTS, EmptyQueues
from api.pilots.job_dict import job_dict
from api.pilots.long_arguments import LINE_BYTES_MAX, arguments_for
from api.pilots.offers import QUEUE_MAX, offer_from
from api.pilots.queue_cache import LOCAL_STORAGE, QueueCache
from api.pilots.reports import Report, end_of, heartbeat_of, progress_of, report_from
from api.pilots.structured import left_out
from api.pilots.values import text_of
from api.pilots.worker_names import worker_name
from api.queries import jobs, workers
from api.queries.read_models import Row
from api.secrets.service import SecretsNotGiven
from api.services import Services
from api.shared.store import SharedKind
from identity.agents import AgentJob
from identity.identity import Identity
from identity.ruling import EndpointClass
from schemas import records
from schemas.answer import CommandAnswered
from schemas.characters import WORD
from schemas.job import ReportJobEnd
from schemas.queue import LeaseJob
from schemas.types import JobError, JobSpec, LeasedJob, PilotOffer, WorkerState
from schemas.worker import ReportWorker

NULL, TO_BE_KILLED = "NULL", "tobekilled"
SUCCESS, TIMEOUT, NO_JOBS, FAILED = 0, 10, 20, 30
ENDED = frozenset({"finished", "failed", "cancelled", "closed", "merging"})
#: What a live report may say, by the status that the read model shows, without being news.
KNOWN_ALREADY = {
    "starting": frozenset({"starting", "running", "holding", "transferring"}),
    "sent": frozenset({"sent", "starting", "running", "holding", "transferring"}),
    "running": frozenset({"running"}),
    "holding": frozenset({"holding"}),
    "transferring": frozenset({"transferring"}),
}
#: A final report that comes again is done with.
DONE_ALREADY = frozenset({"ALREADY_FINAL"})
TOO_LARGE, EXPIRED = "TOO_LARGE", "EXPIRED"
#: Refusals that say nothing of the job: the report itself could not be judged, and no payload is stopped for that.
NOT_DECIDED = frozenset({TOO_LARGE, "OUT_OF_BOUNDS", "BUG"})
#: Error code of a job whose secrets cannot be given; PanDA has none for it.
SECRETS_MISSING = 190
DIAGNOSTIC_LENGTH_MAX = 500
WORKER_SECONDS = 10.0
HELD_MAX = 50_000
WORKER_STATES = {"started": WorkerState.RUNNING, "finished": WorkerState.FINISHED}
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class HeldJob:
    """A job in a pilot's hands, as this process knew it last. holder, lease_id: empty where they are not known."""

    queue: str
    attempt: int
    vo: str
    state: str
    holder: str = ""
    lease_id: str = ""


@dataclass(frozen=True, slots=True)
class PilotReply:
    """The answer to a pilot: a status code, and for updates a command that is never null. job_token: a new one."""

    status_code: int
    command: str = NULL
    message: str = ""
    job_token: str = field(default="", repr=False)


class PilotDispatch:
    """Serves pilots.

    What this process told a pilot last is remembered for a bounded number of jobs, so that news needs no look at the read
    models; a report without news does, because only there can be seen that the job was killed or lost.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._held: OrderedDict[int, HeldJob] = OrderedDict()
        self._asked: OrderedDict[tuple[str, str, str], None] = OrderedDict()
        self.queue_cache = QueueCache(services.read_models)
        self.tokens = AgentTokens(services.gate)
        self.empty_queues = EmptyQueues(services.codec)
        services.gateway.follow(QUEUE_EVENTS, self.empty_queues.take, self.empty_queues.forget_all)

    async def lease(self, body: Mapping[str, Any], identity: Identity) -> dict[str, Any] | PilotReply:
        """A job as PanDA's flat object, or why not; `body` has legacy names. Raises BadRequest, Unavailable."""
        queue, offer = offer_from(body, identity)
        self.tokens.check(identity, EndpointClass.PILOT, queue, offer.worker_id or "")
        self.tokens.check(identity, EndpointClass.PILOT, text_of(body, "computingElement", QUEUE_MAX, WORD))
        asks = (identity.vo, queue, offer.worker_id or "")
        # The log has the first request of each worker; and it alone knows whether a request that comes again was given a job.
        is_known = not offer.worker_id or asks in self._asked
        if is_known and (not offer.request_id or body.get("request_is_new") is True):
            self._services.gateway.take_news()
            empty = self.empty_queues.found(queue, identity.vo, offer)
            if empty is not None:
                return PilotReply(NO_JOBS, message=f"no jobs in PanDA: {empty}")
        try:
            answer = await self._asked_of_the_log(queue, offer, identity, is_first_request=asks not in self._asked)
        except OutcomeUnknown as problem:
            return PilotReply(TIMEOUT, message=f"no answer from the queue in time: {problem.what}")
        if answer.reason == EXPIRED:
            return PilotReply(TIMEOUT, message="no answer from the queue in time")
        if answer.accepted or answer.reason == "NO_JOBS":
            self._note_request(asks)
        if answer.leased is None:
            why = f"no jobs in PanDA: {answer.message}" if answer.reason == "NO_JOBS" else str(answer.message)
            return PilotReply(NO_JOBS, message=why)
        return await self.payload(answer.leased, queue, identity, wants_token=body.get("wants_job_token") is True)

    async def _asked_of_the_log(
        self, queue: str, offer: PilotOffer, identity: Identity, *, is_first_request: bool
    ) -> CommandAnswered:
        """The decider's answer, kept where it holds for others; raises OutcomeUnknown, Unavailable."""
        look, answer = self.empty_queues.begin(queue, identity.vo), None
        try:
            answer = await self._services.gateway.submit(
                LeaseJob(offer=offer, is_first_request=is_first_request, ranks=self._services.share_ranks),
                queue,
                identity,
                role="pilot",
                wait_seconds=self._services.config.pilot_answer_seconds,
                # A lease that is made after the pilot gave up would be no one's.
                only_in_time=True,
            )
        finally:
            self.empty_queues.end(look, offer, answer)
        assert answer is not None, "a command that is only of use in time was not answered"
        return answer

    async def payload(
        self, leased: LeasedJob, queue: str, identity: Identity, *, wants_token: bool = False
    ) -> dict[str, Any] | PilotReply:
        """A job that `identity` leased, as PanDA's flat object with its secrets; a reply where it cannot be given and has ended.

        Raises Unavailable.
        """
        spec = leased.spec
        self._remember(spec.job_id, HeldJob(queue, spec.attempt, identity.vo, "sent", identity.subject, leased.lease_id))
        server = self._services.config.addresses.payload
        job = job_dict(spec, await self._storage_of(queue), server, await self._arguments(spec, server))
        if wants_token:
            job["job_token"] = self.tokens.for_job(identity, AgentJob(spec.job_id, spec.attempt, leased.lease_id))
        if not spec.uses_secrets:
            return job
        try:
            given = await self._services.secrets.for_job(leased, identity)
        except SecretsNotGiven as problem:
            return await self._without_secrets(spec, str(problem), identity)
        return job | ({"secrets": orjson.dumps(given).decode()} if given else {})

    async def _arguments(self, spec: JobSpec, server: str) -> str | None:
        """What stands for parameters that are too long for a command line; None for others."""
        if len(spec.parameters) <= LINE_BYTES_MAX // 4:
            return None
        return await asyncio.to_thread(arguments_for, spec, server, self._services.shared.space(SharedKind.SANDBOXES))

    async def _without_secrets(self, spec: JobSpec, why: str, identity: Identity) -> PilotReply:
        """End a job that would run without what it asks for; its pilot gets none this time."""
        log.warning("secrets_not_given", job_id=spec.job_id, why=why)
        error = JobError(source="jobdispatcher", code=SECRETS_MISSING, diagnostic=why[:DIAGNOSTIC_LENGTH_MAX])
        await self._end(spec.job_id, ReportJobEnd(attempt=spec.attempt, succeeded=False, errors=(error,)), identity)
        return PilotReply(NO_JOBS, message="no jobs in PanDA")

    async def report(self, body: Mapping[str, Any], identity: Identity) -> PilotReply:
        """The reply to an update; `body` has legacy names. Raises BadRequest, Unavailable, AccessDenied."""
        report = report_from(body)
        self.tokens.check_report(identity, report.job_id, report.attempt, report.queue)
        reply = await self._reply(report, identity)
        if report.is_final or reply.status_code != SUCCESS or reply.command != NULL:
            return reply
        return replace(reply, job_token=self.tokens.renewed_for_job(identity))

    async def _reply(self, report: Report, identity: Identity) -> PilotReply:
        held = self._held.get(report.job_id)
        if held is not None and (held.vo, held.holder) != (identity.vo, identity.subject):
            held = None
        known: PilotReply | None = None
        if held is None or held.state in KNOWN_ALREADY.get(report.state, ()):
            row = await self._job(report.job_id)
            if row is not None:
                if row["vo"] != identity.vo:
                    return PilotReply(SUCCESS, TO_BE_KILLED, "no such job")
                if row["holder"] not in (None, identity.subject):
                    return PilotReply(SUCCESS, TO_BE_KILLED, "another pilot holds the job")
                holder = identity.subject if held is not None or row["holder"] else ""
                attempt = row["attempt"] if report.attempt is None else report.attempt
                known = None if report.is_final or not holder else reply_from(row, report.state, attempt)
                held = HeldJob(row["queue"], row["attempt"], row["vo"], row["status"], holder)
        held = held or HeldJob(report.queue, 1, identity.vo, "")
        attempt = held.attempt if report.attempt is None else report.attempt
        if report.is_final:
            return await self._final(report, attempt, held.queue, identity)
        # A sign of life counts from the one who holds the job: a pilot of which it is not known is judged by the decider first.
        if held.queue and held.holder:
            self._beat(report, held.queue, attempt, identity)
        if known is not None:
            return known
        answer = await self._services.gateway.submit(
            progress_of(report, attempt),
            str(report.job_id),
            identity,
            role="pilot",
            wait_seconds=self._services.config.pilot_answer_seconds,
        )
        reply = reply_to_live(answer)
        if held.queue and not held.holder and (answer is None or answer.accepted):
            self._beat(report, held.queue, attempt, identity)
        if reply == PilotReply(SUCCESS):
            self._remember(report.job_id, replace(held, state=report.state, holder=identity.subject))
        return reply

    def _beat(self, report: Report, queue: str, attempt: int, identity: Identity) -> None:
        self._services.gateway.heartbeat(heartbeat_of(report, queue, attempt, now_micros(), identity))

    async def statuses(self, job_ids: list[int], identity: Identity) -> dict[int, Row]:
        """Status and attempt of those of `job_ids` that exist in the VO."""
        return await jobs.statuses(self._services.read_models, identity.vo, job_ids)

    async def worker(self, worker_id: str, harvester_id: str, state: str, queue: str, node: str, identity: Identity) -> bool:
        """Tell the queue's workers that a pilot started or ended; false when it is not known where the worker belongs."""
        if identity.agent is None:
            worker_id = worker_name(harvester_id, worker_id)
        if not queue:
            known = await workers.queue_of(self._services.read_models, worker_id, harvester_id)
            if known is None:
                return False
            queue = known
        command = ReportWorker(worker_id=worker_id, harvester_id=harvester_id, state=WORKER_STATES[state], node=node)
        answer = await self._services.gateway.submit(command, queue, identity, role="pilot", wait_seconds=WORKER_SECONDS)
        return answer is None or answer.accepted

    async def _final(self, report: Report, attempt: int, queue: str, identity: Identity) -> PilotReply:
        self._held.pop(report.job_id, None)
        end = end_of(report, attempt, await self._storage_of(queue))
        try:
            answer = await self._end(report.job_id, end, identity)
            is_too_large = answer is not None and not answer.accepted and answer.reason == TOO_LARGE
        except BodyTooLarge:
            is_too_large = True
        if is_too_large:
            # The end of the job matters more than what its payload wrote about it.
            size = len((end.metadata_json or "").encode())
            log.warning("job_report_left_out", job_id=report.job_id, metadata_bytes=size)
            answer = await self._end(report.job_id, records.replace(end, metadata_json=left_out(size, 0)), identity)
        return reply_to_final(answer)

    async def _end(self, job_id: int, end: ReportJobEnd, identity: Identity) -> CommandAnswered | None:
        wait_seconds = self._services.config.pilot_answer_seconds
        return await self._services.gateway.submit(end, str(job_id), identity, role="pilot", wait_seconds=wait_seconds)

    async def lease_held(self, job_id: int, identity: Identity) -> str:
        """The lease under which `identity` holds the job; empty where it does not, or nothing is known of it yet.

        Raises ReadModelsUnavailable.
        """
        held = self._held.get(job_id)
        if held is not None and held.lease_id and (held.vo, held.holder) == (identity.vo, identity.subject):
            return held.lease_id
        row = await jobs.holding(self._services.read_models, job_id)
        if row is None or (row["vo"], row["holder"]) != (identity.vo, identity.subject) or row["status"] in ENDED:
            return ""
        return str(row["lease_id"] or "")

    def _remember(self, job_id: int, held: "HeldJob") -> None:
        self._held[job_id] = held
        self._held.move_to_end(job_id)
        while len(self._held) > HELD_MAX:
            self._held.popitem(last=False)

    def _note_request(self, asks: tuple[str, str, str]) -> None:
        """The worker's first request is in the log: its further ones cost no look at it."""
        self._asked[asks] = None
        self._asked.move_to_end(asks)
        while len(self._asked) > HELD_MAX:
            self._asked.popitem(last=False)

    async def _job(self, job_id: int) -> Row | None:
        """What the read model shows of a job; None when it shows nothing or cannot be asked (the decider knows)."""
        try:
            return await jobs.for_its_pilot(self._services.read_models, job_id)
        except ReadModelsUnavailable:
            return None

    async def _storage_of(self, queue: str) -> str:
        try:
            return await self.queue_cache.storage_of(queue)
        except ReadModelsUnavailable:
            return LOCAL_STORAGE


def reply_from(row: Row, state: str, attempt: int) -> PilotReply | None:
    """The reply to a live report that the read model is enough for; None when a decider must get it."""
    if attempt != row["attempt"]:
        return None
    if row["status"] in ENDED:
        return PilotReply(SUCCESS, TO_BE_KILLED, f"job is {row['status']} already")
    if row["status"] in KNOWN_ALREADY[state]:
        return PilotReply(SUCCESS, TO_BE_KILLED if row["order_kill"] else NULL)
    return None


def reply_to_live(answer: CommandAnswered | None) -> PilotReply:
    """The reply to a live report that a decider answered; a pilot that does not hold the job stops."""
    if answer is None:
        return PilotReply(TIMEOUT, message="no answer in time")
    if answer.reason in NOT_DECIDED:
        return PilotReply(FAILED, message=f"{answer.reason}: {answer.message or ''}")
    if not answer.accepted:
        return PilotReply(SUCCESS, TO_BE_KILLED, answer.message or "")
    return PilotReply(SUCCESS, answer.pilot_command or NULL)


def reply_to_final(answer: CommandAnswered | None) -> PilotReply:
    """The reply to a final report: a repetition is harmless, a stranger's word is not taken."""
    if answer is None:
        return PilotReply(TIMEOUT, message="no answer in time")
    if answer.accepted or answer.reason in DONE_ALREADY:
        return PilotReply(SUCCESS, NULL, answer.message or "")
    if answer.reason in NOT_DECIDED:
        return PilotReply(FAILED, message=f"{answer.reason}: {answer.message or ''}")
    return PilotReply(SUCCESS, TO_BE_KILLED, answer.message or "")
