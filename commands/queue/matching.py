"""Which waiting job a pilot gets. Pure.

Global shares go in the order in which they are ranked, then jobs without one. Within a share the highest priority goes first.
Among equal priority the largest job that fits the pilot goes first, so that a slot is filled best, but
for jobs that have waited FAIR_SECONDS: those go before, the oldest first, so that no small job waits for ever. A job
goes to a pilot of a larger class than it needs only when no smaller slot is to be had: pilots of its own class are all at work,
or none came for it in SMALLER_SLOT_SECONDS.
Guards: the cost follows the number of lines, which is bounded by the number of sizes, and not the number of jobs.
Source: docs/reference/jedi.md, "Dispatch"; docs/decisions/0041.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from commands.queue.lines import Line, is_live, waits_here
from commands.queue.model import DispatchQueue
from commands.queue.waiting import Needs, WaitingJob
from schemas.instants import MICROSECONDS
from schemas.queue_classes import class_of_slot
from schemas.records import replace
from schemas.types import PilotOffer, QueueClass

ANY_LABEL = frozenset({"unified", ""})
SERVED_LABELS = {
    "user": frozenset({"user", "panda", "install"}),
    "managed": frozenset({"managed", "test", "prod_test", "install"}),
    "test": frozenset({"prod_test", "install", "test"}),
}
#: After so long a job goes before larger ones of its priority.
FAIR_SECONDS = 600
#: After so long without a pilot of its own class, a job is given to one of a larger class.
SMALLER_SLOT_SECONDS = 30
#: Jobs of a line that are looked at where some of its jobs fit the pilot and some do not.
LOOKED_AT_MAX = 31


@dataclass(frozen=True, slots=True)
class Match:
    """The job that a pilot gets. reason: why it goes to a larger slot than it needs; empty otherwise.

    job_class, slot_class: empty where the queue has no classes.
    """

    job_id: int
    job_class: str = ""
    slot_class: str = ""
    reason: str = ""


def best_match(
    queue: DispatchQueue, offer: PilotOffer, vo: str, at: int, order: Sequence[str] = (), *, by_age: bool = False
) -> Match | None:
    """The waiting job that a pilot with `offer` gets at `at` (microseconds UTC); None when none is for it.

    order: the shares, the one to be served first at the front; empty where they are not ranked. by_age: the oldest job that
    fits, of any share and priority.
    """
    slot = class_of_slot(queue.loads.classes, offer.memory_mb, offer.cores)
    widest = rounded(offer)
    if by_age or not order:
        return _best_of(queue, queue.lines.named(offer.owner, offer.task_id), offer, widest, vo, at, slot, by_age=by_age)
    shares = queue.lines.by_share(offer.owner, offer.task_id)
    for share in order:
        lines = shares.get(share)
        match = _best_of(queue, lines.items(), offer, widest, vo, at, slot) if lines else None
        if match is not None:
            return match
    ranked = set(order)
    rest = (named for share, lines in shares.items() if share not in ranked for named in lines.items())
    return _best_of(queue, rest, offer, widest, vo, at, slot)


def _best_of(
    queue: DispatchQueue,
    lines: Iterable[tuple[Needs, Line]],
    offer: PilotOffer,
    widest: PilotOffer,
    vo: str,
    at: int,
    slot: QueueClass | None,
    *,
    by_age: bool = False,
) -> Match | None:
    """The best of the jobs in `lines`. widest: an offer that fits every line of which a job may fit `offer`."""
    best: tuple[tuple[int, ...], Match] | None = None
    for needs, line in lines:
        if not fits(needs, widest, vo):
            continue
        job = _first_that_fits(queue, needs, line, offer, vo, by_age=by_age)
        if job is None or offer.owner not in (None, job.owner):
            continue  # of others: a task that is named by its number need not be theirs
        order = (job.job_id,) if by_age else _order(job, offer, at)
        if best is not None and order >= best[0]:
            continue
        match = _match(queue, job, slot, at)
        if match is not None:
            best = order, match
    return best[1] if best is not None else None


def fits(needs: Needs, offer: PilotOffer, vo: str) -> bool:
    """True when a pilot with `offer` may run jobs with `needs`; an offer of 0 is not tested (docs/reference/jedi.md).

    Whose jobs an offer may run, and of which task, is not looked at: the lines of these are (`Lines.named`).
    """
    return (
        needs.vo == vo
        and (offer.label in ANY_LABEL or needs.label in SERVED_LABELS.get(offer.label, frozenset({offer.label})))
        and (not offer.memory_mb or needs.ram_mb <= offer.memory_mb)
        and (not offer.disk_mb or needs.disk_mb <= offer.disk_mb)
        and (not offer.walltime_seconds or needs.walltime_seconds <= offer.walltime_seconds)
        and (not offer.cores or needs.cores <= offer.cores)
        and (offer.resource_type is None or needs.resource_type == offer.resource_type)
    )


def rounded(offer: PilotOffer) -> PilotOffer:
    """An offer that fits every line of which a job may fit `offer`."""
    most = Needs("", "", offer.memory_mb, offer.disk_mb, offer.walltime_seconds, "", offer.cores).rounded
    return replace(
        offer, memory_mb=most.ram_mb, disk_mb=most.disk_mb, walltime_seconds=most.walltime_seconds, cores=most.cores
    )


def _first_that_fits(
    queue: DispatchQueue, needs: Needs, line: Line, offer: PilotOffer, vo: str, *, by_age: bool
) -> WaitingJob | None:
    """The first job of a line, by age alone or as usual; where it is a little too large, the best of those behind it.

    Of these LOOKED_AT_MAX are looked at; the others wait until they have left.
    """
    head = queue.waiting[line.ages[0] if by_age else line.heap[0][1]]
    if fits(head.needs, offer, vo):
        return head
    if by_age:
        ids = (job_id for job_id in line.ages[:LOOKED_AT_MAX] if waits_here(job_id, needs, queue.waiting, queue.held_tasks))
        return min((queue.waiting[one] for one in ids if fits(queue.waiting[one].needs, offer, vo)), key=_age, default=None)
    found = [
        rank
        for rank in line.heap[:LOOKED_AT_MAX]
        if is_live(rank, needs, queue.waiting, queue.held_tasks) and fits(queue.waiting[rank[1]].needs, offer, vo)
    ]
    return queue.waiting[min(found)[1]] if found else None


def _age(job: WaitingJob) -> int:
    return job.job_id


def _order(job: WaitingJob, offer: PilotOffer, at: int) -> tuple[int, int, int, int, int]:
    """What goes first is least. A pilot that does not say its memory is given jobs by age."""
    priority, job_id = job.rank
    waited_long = job.queued_at + FAIR_SECONDS * MICROSECONDS <= at
    if waited_long or not offer.memory_mb:
        return priority, 0, 0, 0, job_id
    return priority, 1, -job.needs.cores if offer.cores else 0, -job.needs.ram_mb, job_id


def _match(queue: DispatchQueue, job: WaitingJob, slot: QueueClass | None, at: int) -> Match | None:
    """`job` for a pilot of class `slot`; None while a smaller slot may still come for it."""
    own = queue.loads.class_of(job.needs)
    if slot is None or own in ("", slot.name):
        return Match(job.job_id, own, slot.name if slot else "")
    names = [one.name for one in queue.loads.classes]
    if names.index(own) > names.index(slot.name):
        return Match(job.job_id, own, slot.name)
    most = queue.loads.classes[names.index(own)].pilots_max
    held = queue.loads.leased.get(own, 0)
    if held >= most:
        return Match(job.job_id, own, slot.name, f"no smaller slot is to be had: {held} of {most} pilots of {own} are at work")
    waited = (at - job.queued_at) // MICROSECONDS
    if waited >= SMALLER_SLOT_SECONDS:
        since = f"in {waited} s" if job.queued_at else "for long"
        return Match(job.job_id, own, slot.name, f"no smaller slot is to be had: no pilot of {own} came {since}")
    return None
