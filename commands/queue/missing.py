"""Why a pilot got no job, and when it may come again: what the jobs that wait need and the pilot does not offer. Pure.

Jobs of the pilot's own organisation alone are counted: of another's not even that they are there. The answer says for which
other requests it holds as well, so that these need not be asked of the log (docs/decisions/0128). Guards: the cost follows the
number of lines, as that of a match; what an answer is said to hold for changes with an event of the queue alone, never with time.
"""

from collections import Counter

from commands.decision import Decision, FollowUp, refuse
from commands.queue.matching import ANY_LABEL, SERVED_LABELS, SMALLER_SLOT_SECONDS, fits, rounded
from commands.queue.model import DispatchQueue
from commands.queue.waiting import Needs
from schemas.types import EmptyFor, NothingToLease, PilotOffer

#: When to come again: no job waits; some wait that need something else.
IDLE_SECONDS, UNFIT_SECONDS = 30, 10


def no_job(queue: DispatchQueue, offer: PilotOffer, vo: str, follow_ups: tuple[FollowUp, ...] = ()) -> Decision:
    """The refusal for a pilot of `vo` that no job was given."""
    counts, may_fit = _counted(queue, offer, vo)
    total = counts.total()
    if not total:
        empty = NothingToLease(empty_for=EmptyFor.ORGANISATION, again_seconds=IDLE_SECONDS)
        return refuse("NO_JOBS", f"no job waits: come again in {IDLE_SECONDS} s", follow_ups=follow_ups, nothing_to_lease=empty)
    seconds = min(SMALLER_SLOT_SECONDS, UNFIT_SECONDS)
    told = ", ".join(f"{number:,} {what}" for what, number in counts.most_common())
    unfit = NothingToLease(empty_for=EmptyFor.REQUEST if may_fit else EmptyFor.NARROWER, again_seconds=seconds)
    return refuse(
        "NO_JOBS", f"{total:,} jobs wait, {told}: come again in {seconds} s", follow_ups=follow_ups, nothing_to_lease=unfit
    )


def no_job_pushed(queue: str) -> Decision:
    """The refusal for a pilot that asks where no pilot needs to."""
    message = f"jobs of queue {queue} travel with their workers (mode PUSH): come again in {IDLE_SECONDS} s"
    empty = NothingToLease(empty_for=EmptyFor.ORGANISATION, again_seconds=IDLE_SECONDS)
    return refuse("NO_JOBS", message, nothing_to_lease=empty)


def _counted(queue: DispatchQueue, offer: PilotOffer, vo: str) -> tuple[Counter[str], bool]:
    """How many jobs of `vo` lack what; and whether one may fit all the same, now or later, as its line is not out of reach.

    A job of such a line may be a little too large, behind those that are looked at, or kept for a smaller slot.
    """
    counts: Counter[str] = Counter()
    widest, may_fit = rounded(offer), False
    for needs, line in queue.lines.named(offer.owner, offer.task_id):
        head = queue.waiting[line.heap[0][1]]
        if needs.vo == vo and offer.owner in (None, head.owner):
            counts[_what(head.needs, offer)] += line.live
            may_fit = may_fit or fits(needs, widest, vo)
    others = 0
    if offer.owner is not None or offer.task_id is not None:
        others = sum(line.live for needs, line in queue.lines.named(None) if needs.vo == vo) - counts.total()
    if others:
        counts["are of other users" if offer.task_id is None else f"are not of task {offer.task_id}"] += others
    return counts, may_fit


def _what(needs: Needs, offer: PilotOffer) -> str:
    """The first thing that jobs of these needs lack in `offer`."""
    if offer.label not in ANY_LABEL and needs.label not in SERVED_LABELS.get(offer.label, frozenset({offer.label})):
        return f"are not for pilots with label {offer.label}"
    if offer.resource_type is not None and needs.resource_type != offer.resource_type:
        return f"are not of resource type {offer.resource_type}"
    if offer.cores and needs.cores > offer.cores:
        return f"need more cores than {offer.cores:,}"
    if offer.memory_mb and needs.ram_mb > offer.memory_mb:
        return f"need more memory than {offer.memory_mb:,} MB"
    if offer.disk_mb and needs.disk_mb > offer.disk_mb:
        return f"need more disk than {offer.disk_mb:,} MB"
    if offer.walltime_seconds and needs.walltime_seconds > offer.walltime_seconds:
        return f"need more time than {offer.walltime_seconds:,} s"
    return "wait for a smaller slot"
