"""What a harvester gets for `BindJob` beside the answer: the job as its pilot reads it, for a file that travels with the worker.

In: an answer that leased a job to a worker. Out: PanDA's flat object, made for the subject under which the worker will report.
Guards: secrets of a job are given to the one who leased it alone, as to a pilot that asks.
"""

from dataclasses import replace
from typing import Any

from api.pilots.dispatch import PilotDispatch, PilotReply
from api.services import Services
from identity.agents import subject_of_agent
from identity.identity import Identity
from schemas import records
from schemas.queue import BindJob
from schemas.types import LeasedJob


class BoundJobs:
    """Of one API process."""

    def __init__(self, services: Services) -> None:
        self._dispatch = PilotDispatch(services)

    async def payload(self, leased: LeasedJob, queue: str, worker_id: str, identity: Identity) -> dict[str, Any] | None:
        """The job for the worker of a harvester; None where its secrets cannot be had, and it has failed for that."""
        found = await self._dispatch.payload(leased, queue, as_worker(identity, worker_id))
        return None if isinstance(found, PilotReply) else found


def with_holder(command: BindJob, identity: Identity) -> BindJob:
    """The command with the worker that the harvester of `identity` starts as holder; what the client named is not used."""
    agent = identity.agent
    return records.replace(command, holder=subject_of_agent(agent.enrolment, command.worker_id) if agent is not None else "")


def as_worker(identity: Identity, worker_id: str) -> Identity:
    """Who reports as that worker of the harvester of `identity`: one that has not enrolled shares its token with its workers."""
    if identity.agent is None:
        return identity
    agent = replace(identity.agent, worker_id=worker_id)
    return replace(identity, subject=agent.subject, agent=agent)
