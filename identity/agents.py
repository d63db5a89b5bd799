"""What a token of Culm's own issuer for agents allows: one worker or harvester of some queues, or the reports of one job. Pure.

In: claims of a token that is believed. Out: an `Agent`, and why a request of that agent is refused. Guards: an agent has no right
beyond its queues, its worker and, with a token for a job, that job and lease. Source: docs/identity/agents.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any
from uuid import uuid5

from schemas.ids import CULM

#: Whom tokens are for: an agent that asks for jobs, or the reports of one job.
WORKER_AUDIENCE, JOB_AUDIENCE = "culm-worker", "culm-job"
WORKER_SECONDS, JOB_SECONDS = 7_200, 900
#: A token for a job is replaced with the answer to a report once less than this of it is left.
JOB_RENEWAL_SECONDS = JOB_SECONDS // 2
QUEUES_MAX, QUEUE_LENGTH_MAX, WORKER_LENGTH_MAX = 20, 128, 128


@dataclass(frozen=True, slots=True)
class AgentJob:
    """The job, its attempt and the lease under which a token may report."""

    job_id: int
    attempt: int
    lease_id: str


@dataclass(frozen=True, slots=True)
class ExchangedToken:
    """The token of a provider that was exchanged: its issuer, its actor, and when it was issued, seconds since 1970.

    What ends that token's owner, its issuer or tokens of its age ends what it was exchanged for.
    """

    issuer: str
    actor: str
    issued_at: int


@dataclass(frozen=True, slots=True)
class Agent:
    """A harvester or a worker.

    enrolment: digest of the code that it began with, 64 hexadecimal digits; its end is the end of every token that came of it.
    worker_id: empty for a harvester. until: when renewals end, seconds since 1970. key_digest: of what a renewal must show;
    empty in tokens for jobs. job: of a token for one job. exchanged: for what it was given, where that was no code.
    memory_mb: of the slot that its harvester submitted it with; 0 where that is not known.
    """

    enrolment: str
    vo: str
    queues: tuple[str, ...]
    worker_id: str
    until: int
    key_digest: str = ""
    job: AgentJob | None = None
    exchanged: ExchangedToken | None = None
    memory_mb: int = 0

    @property
    def subject(self) -> str:
        """Whom the log knows it as: opaque, its own, the same in every token that it has."""
        return subject_of_agent(self.enrolment, self.worker_id)


@lru_cache(maxsize=1024)
def subject_of_agent(enrolment: str, worker_id: str) -> str:
    """The id in the log of a worker, or with an empty id of the harvester, that came of a code."""
    return str(uuid5(CULM, f"agent:{enrolment}:{worker_id}"))


def agent_of(claims: Mapping[str, Any]) -> Agent | None:
    """The agent that the claims of a token of the issuer for agents name; None where they name none as expected."""
    queues = claims.get("queues")
    texts = [claims.get(name) for name in ("enrolment", "vo", "worker", "key")]
    if not isinstance(queues, list) or not queues or not all(isinstance(text, str) for text in (*queues, *texts)):
        return None
    until = claims.get("until")
    memory_mb = claims.get("memory_mb", 0)
    job = _job_of(claims)
    if not _is_whole(until) or not _is_whole(memory_mb) or (claims.get("aud") == JOB_AUDIENCE) != (job is not None):
        return None
    enrolment, vo, worker_id, key_digest = (str(text) for text in texts)
    exchanged = _exchanged_of(claims)
    if exchanged is None and "act" in claims:
        return None
    agent = Agent(enrolment, vo, tuple(queues), worker_id, int(until or 0), key_digest, job, exchanged, int(memory_mb or 0))
    return agent if claims.get("sub") == agent.subject else None


def claims_of(agent: Agent) -> dict[str, Any]:
    """What a token says of `agent`, apart from its times and its number."""
    return _claims(agent, agent.job, agent.key_digest)


def claims_of_job(agent: Agent, job: AgentJob) -> dict[str, Any]:
    """As `claims_of`, of a token with which `agent` reports of `job` alone, and renews nothing."""
    return _claims(agent, job, "")


def _claims(agent: Agent, job: AgentJob | None, key_digest: str) -> dict[str, Any]:
    claims: dict[str, Any] = {
        "sub": agent.subject,
        "aud": WORKER_AUDIENCE if job is None else JOB_AUDIENCE,
        "name": f"Agent {agent.worker_id or 'harvester'}",
        "groups": [agent.vo, f"{agent.vo}/pilot"],
        "vo": agent.vo,
        "enrolment": agent.enrolment,
        "queues": list(agent.queues),
        "worker": agent.worker_id,
        "until": agent.until,
        "key": key_digest,
    }
    if agent.memory_mb:
        claims["memory_mb"] = agent.memory_mb
    if job is not None:
        claims |= {"job": job.job_id, "attempt": job.attempt, "lease": job.lease_id}
    if agent.exchanged is not None:
        found = agent.exchanged
        claims["act"] = {"iss": found.issuer, "sub": found.actor, "iat": found.issued_at}
    return claims


def key_digest_of(token_key: str) -> str:
    """What a token holds of the key with which it is renewed."""
    return sha256(f"token key|{token_key}".encode("utf-8", "surrogatepass")).hexdigest()


def code_digest_of(code: str) -> str:
    """By what the log names an enrolment code, which it must not hold: 64 hexadecimal digits."""
    return sha256(f"enrolment code|{code}".encode("utf-8", "surrogatepass")).hexdigest()


def exchange_digest_of(actor: str, vo: str) -> str:
    """What stands in the place of a code's digest where `actor` exchanges a token in `vo`: 64 hexadecimal digits."""
    return sha256(f"exchange|{vo}|{actor}".encode()).hexdigest()


def problem_of_queue(queues: Sequence[str], queue: str) -> str:
    """Why one who is bound to `queues` may not speak for `queue`; empty when it may. Without `queues` one is bound to none."""
    if not queues or queue in queues:
        return ""
    return f"the token is for {_some(queues)}, not for queue {queue[:QUEUE_LENGTH_MAX]!r}"


def problem_of_worker(agent: Agent | None, worker_id: str) -> str:
    """Why `agent` may not speak as the worker `worker_id`; empty when it may. A harvester speaks for all its workers."""
    if agent is None or not agent.worker_id or worker_id == agent.worker_id:
        return ""
    return f"the token is for worker {agent.worker_id}, not for {worker_id[:WORKER_LENGTH_MAX]!r}"


def problem_of_job(agent: Agent | None, job_id: int, attempt: int | None) -> str:
    """Why `agent` may not report for an attempt of a job; empty when the token is for it. attempt: None if not said."""
    if agent is None or agent.job is None:
        return ""
    if agent.job.job_id != job_id:
        return f"the token is for job {agent.job.job_id}, not for job {job_id}"
    if attempt is not None and attempt != agent.job.attempt:
        return f"the token is for attempt {agent.job.attempt} of the job, not for attempt {attempt}"
    return ""


def _job_of(claims: Mapping[str, Any]) -> AgentJob | None:
    job_id, attempt, lease_id = (claims.get(name) for name in ("job", "attempt", "lease"))
    if not _is_whole(job_id) or not _is_whole(attempt) or not isinstance(lease_id, str) or not lease_id:
        return None
    return AgentJob(int(job_id or 0), int(attempt or 0), lease_id)


def _exchanged_of(claims: Mapping[str, Any]) -> ExchangedToken | None:
    """The claim `act` of RFC 8693, with the time of the token."""
    found = claims.get("act")
    if not isinstance(found, Mapping):
        return None
    issuer, actor, issued_at = (found.get(name) for name in ("iss", "sub", "iat"))
    if not isinstance(issuer, str) or not isinstance(actor, str) or not _is_whole(issued_at):
        return None
    return ExchangedToken(issuer, actor, int(issued_at or 0))


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _some(queues: Sequence[str]) -> str:
    return f"queue {', '.join(queues[:5])}"
