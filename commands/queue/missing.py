"""Why a pilot got no job, and when it may come again: what the jobs that wait need and the pilot does not offer. Pure.

Jobs of the pilot's own organisation alone are counted: of another's not even that they are there. Guards: the
cost follows the number of lines, as that of a match.
"""

from collections import Counter

from commands.queue.matching import ANY_LABEL, SERVED_LABELS, SMALLER_SLOT_SECONDS
from commands.queue.model import DispatchQueue
from commands.queue.waiting import Needs
from schemas.types import PilotOffer

#: When to come again: no job waits; some wait that need something else.
IDLE_SECONDS, UNFIT_SECONDS = 30, 10


def missing(queue: DispatchQueue, offer: PilotOffer, vo: str) -> str:
    """The sentence for a pilot of `vo` that no job was given."""
    counts: Counter[str] = Counter()
    for needs, line in queue.lines.named(offer.owner, offer.task_id):
        head = queue.waiting[line.heap[0][1]]
        if needs.vo == vo and offer.owner in (None, head.owner):
            counts[_what(head.needs, offer)] += line.live
    others = 0
    if offer.owner is not None or offer.task_id is not None:
        others = sum(line.live for needs, line in queue.lines.named(None) if needs.vo == vo) - counts.total()
    if others:
        counts["are of other users" if offer.task_id is None else f"are not of task {offer.task_id}"] += others
    total = counts.total()
    if not total:
        return f"no job waits: come again in {IDLE_SECONDS} s"
    seconds = min(SMALLER_SLOT_SECONDS, UNFIT_SECONDS)
    told = ", ".join(f"{number:,} {what}" for what, number in counts.most_common())
    return f"{total:,} jobs wait, {told}: come again in {seconds} s"


def missing_pushed() -> str:
    """For a pilot that asks where no pilot needs to."""
    return f"come again in {IDLE_SECONDS} s"


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
