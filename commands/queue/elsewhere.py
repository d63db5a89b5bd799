"""Jobs that wait at a queue which will not serve them: closed, so that their tasks have them brokered again. Pure.

Guards: a queue that keeps its jobs, or whose clocks are stopped, keeps them; so does a task on hold. As many in one decision as a
transaction takes well, the rest in the next. Source: docs/reference/jedi.md, "Clocks of jobs"; docs/decisions/0083.
"""

from collections.abc import Iterator
from heapq import nlargest

from commands.decision import Decision, FollowUp, accept, refuse
from commands.queue.model import DispatchQueue
from commands.queue.waiting import WaitingJob
from schemas.job import KillJob
from schemas.queue import OfferElsewhere
from schemas.types import CommandEnvelope

JOBS_MAX = 500
#: Labels of jobs of users.
OF_USERS = frozenset({"user", "panda"})


def offer_elsewhere(queue: DispatchQueue, command: OfferElsewhere, by: CommandEnvelope) -> Decision:
    """A kill for each of the jobs; of a number of them the lowest in dispatch order, which were to wait for longest."""
    settings = queue.settings
    if settings is not None and (settings.keeps_jobs or settings.clocks_stopped):
        return refuse("KEEPS_JOBS", f"queue {by.aggregate_id} keeps the jobs that wait in it (keeps_jobs, clocks_stopped)")
    if command.number_max:
        lowest = nlargest(min(command.number_max, JOBS_MAX), _meant(queue, command), key=lambda job: job.rank)
        return accept(follow_ups=tuple(_closed(job, command) for job in lowest))
    found = sorted(_meant(queue, command), key=lambda job: job.job_id)
    taken = [_closed(job, command) for job in found[:JOBS_MAX]]
    if len(found) > JOBS_MAX:
        rest = OfferElsewhere(
            code=command.code,
            reason=command.reason,
            users_only=command.users_only,
            share=command.share,
            after=found[JOBS_MAX - 1].job_id,
        )
        taken.append(FollowUp(by.aggregate_id, rest))
    return accept(follow_ups=tuple(taken))


def _meant(queue: DispatchQueue, command: OfferElsewhere) -> Iterator[WaitingJob]:
    for job in queue.waiting.values():
        if job.job_id <= command.after or job.task_id in queue.held_tasks:
            continue
        if (command.users_only and job.needs.label not in OF_USERS) or command.share not in ("", job.needs.share):
            continue
        yield job


def _closed(job: WaitingJob, command: OfferElsewhere) -> FollowUp:
    return FollowUp(str(job.job_id), KillJob(code=command.code, reason=command.reason), vo=job.needs.vo)
