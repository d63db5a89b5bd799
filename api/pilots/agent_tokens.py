"""Tokens that this API makes for agents, and what an agent may ask for with one.

In: who was let in, and the queue, worker or job of a request. Out: new tokens, or `AccessDenied` that is on record with its rule
(`queue`, `worker`, `job`, `token key`). Guards: no token is for more than the one with which it was asked for; no token and no
key is logged.
"""

import secrets
import time
from dataclasses import dataclass, field, replace

import structlog

from api.http.access import Gate
from api.http.errors import AccessDenied, BadRequest, Unavailable
from identity.agent_issuer import job_token, worker_token
from identity.agents import (
    JOB_RENEWAL_SECONDS,
    WORKER_LENGTH_MAX,
    Agent,
    AgentJob,
    key_digest_of,
    problem_of_job,
    problem_of_queue,
    problem_of_worker,
)
from identity.identity import Identity
from identity.key_ring import RingUnusable
from identity.ruling import EndpointClass

TOKEN_KEY_MAX = 200
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A token for an agent, the key with which it is renewed, and when it ends (seconds since 1970)."""

    agent: Agent
    token: str = field(repr=False)
    token_key: str = field(repr=False)
    ends: int


class AgentTokens:
    """Makes and judges them for one gate."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def check(self, identity: Identity, kind: EndpointClass, queue: str, worker_id: str = "") -> None:
        """Raise AccessDenied unless `identity` may speak for `queue` and, where one is named, as `worker_id`."""
        problem = problem_of_queue(identity.queues, queue) if queue else ""
        if problem:
            raise self._gate.refusal(identity, kind, "queue", problem)
        problem = problem_of_worker(identity.agent, worker_id) if worker_id else ""
        if problem:
            raise self._gate.refusal(identity, kind, "worker", problem)

    def check_harvester(self, identity: Identity, kind: EndpointClass, queue: str = "") -> None:
        """Raise AccessDenied unless `identity` may speak for a harvester, as no worker may. queue: what it is about, if any."""
        if queue:
            self.check(identity, kind, queue)
        if identity.agent is not None and identity.agent.worker_id:
            raise self._gate.refusal(identity, kind, "worker", "the token is for one worker, not for its harvester")

    def check_report(self, identity: Identity, job_id: int, attempt: int | None, queue: str) -> None:
        """Raise AccessDenied unless the token of `identity` is for a report of this job."""
        self.check(identity, EndpointClass.REPORT, queue)
        problem = problem_of_job(identity.agent, job_id, attempt)
        if problem:
            raise self._gate.refusal(identity, EndpointClass.REPORT, "job", problem)

    def made(self, agent: Agent) -> MadeToken:
        """A token for `agent` with a new key to renew it; raises Unavailable."""
        token_key = secrets.token_urlsafe(32)
        return self._signed(replace(agent, key_digest=key_digest_of(token_key), job=None), token_key)

    def renewed(self, identity: Identity, token_key: str) -> MadeToken:
        """A token for the same agent as that of `identity`; raises AccessDenied, BadRequest, Unavailable."""
        agent = identity.agent
        if agent is None:
            raise BadRequest("tokens of a provider are renewed where the pilot was submitted from")
        if not token_key or not secrets.compare_digest(key_digest_of(token_key), agent.key_digest):
            raise self._gate.refusal(identity, EndpointClass.PILOT, "token key", "the token key is not that of the token")
        return self._signed(agent, token_key)

    def for_worker(self, identity: Identity, worker_id: str, memory_mb: int = 0) -> MadeToken:
        """A token for a worker of the harvester `identity`; raises AccessDenied, BadRequest, Unavailable.

        memory_mb: of its slot. A pilot that says what its host has is offered no job that needs more than this.
        """
        agent = identity.agent
        if agent is None or agent.worker_id:
            raise self._gate.refusal(identity, EndpointClass.PILOT, "worker", "only a harvester that has enrolled starts workers")
        if not 0 < len(worker_id) <= WORKER_LENGTH_MAX or not worker_id.isprintable():
            raise BadRequest(f"worker_id: found {worker_id[:50]!r}, expected 1 to {WORKER_LENGTH_MAX} printable characters")
        return self.made(replace(agent, worker_id=worker_id, memory_mb=memory_mb))

    def for_job(self, identity: Identity, job: AgentJob) -> str:
        """A token for the reports of `job`, leased by `identity`; empty for one who is no agent, or when none can be had."""
        if identity.agent is None or self._gate.agent_keys is None:
            return ""
        try:
            return job_token(self._gate.agent_keys, identity.agent, job, time.time())[0]
        except RingUnusable as problem:
            # The job is leased: its pilot can still report with the token that it has.
            log.error("job_token_not_made", job_id=job.job_id, problem=str(problem))
            return ""

    def renewed_for_job(self, identity: Identity) -> str:
        """A token in place of that of `identity`, when it is one for a job and its half is over; else empty."""
        if identity.agent is None or identity.agent.job is None or identity.ends - time.time() > JOB_RENEWAL_SECONDS:
            return ""
        return self.for_job(identity, identity.agent.job)

    def _signed(self, agent: Agent, token_key: str) -> MadeToken:
        if self._gate.agent_keys is None:
            raise Unavailable("this API makes no tokens for agents")
        now = time.time()
        if agent.until <= now:
            raise AccessDenied("the enrolment is over: ask an operator for another code")
        try:
            token, ends = worker_token(self._gate.agent_keys, agent, now)
        except RingUnusable as problem:
            log.error("agent_token_not_made", problem=str(problem))
            raise Unavailable("no token can be made now; try again later") from problem
        return MadeToken(agent, token, token_key, ends)
