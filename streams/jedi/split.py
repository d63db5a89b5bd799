"""Input units packed into jobs, each with the queue drawn for it.

In: units in input order, the task's rules, candidates, a seed. Out: plans. Invariant: every unit is in exactly one
plan, units of different memory never share a job, and the same input and seed give the same plans. Source:
docs/reference/jedi.md, "Memory groups" and "Splitting".
"""

from collections.abc import Iterator, Sequence

from schemas.types import InputUnit, JobPlan, SplitRules, TaskDefinition
from streams.jedi.brokerage import Candidate
from streams.jedi.draw import draw

GIGABYTE = 1024**3
MEGABYTE = 1024**2
#: Input of one job when neither files nor events nor gigabytes per job are given (docs/reference/jedi.md, "Splitting").
INPUT_BYTES_MAX = 20 * GIGABYTE


def split(
    definition: TaskDefinition, units: Sequence[InputUnit], candidates: Sequence[Candidate], seed: str
) -> tuple[JobPlan, ...]:
    """Pack `units` of one memory group; a job stops before the first limit it would break, after one unit at least."""
    assert candidates, "units cannot be split without a candidate queue"
    lots = _Lots(candidates, seed)
    chunks = list(_chunks(definition, units, lots))
    limit = definition.rules.jobs_max
    if limit is not None and len(chunks) > limit:
        even = -(-len(units) // limit)
        starts = range(0, len(units), even)
        chunks = [(units[start : start + even], chunks[place][1]) for place, start in enumerate(starts)]
    return tuple(JobPlan(unit_ids=tuple(unit.unit_id for unit in chunk), queue=queue) for chunk, queue in chunks)


def memory_groups(units: Sequence[InputUnit], ram_mb: int) -> dict[int, list[InputUnit]]:
    """Units by the memory they need: `ram_mb` of the task, or what they were raised to; least first, order kept."""
    groups: dict[int, list[InputUnit]] = {}
    for unit in units:
        groups.setdefault(max(ram_mb, unit.ram_mb or 0), []).append(unit)
    return dict(sorted(groups.items()))


def _chunks(definition: TaskDefinition, units: Sequence[InputUnit], lots: "_Lots") -> Iterator[tuple[Sequence[InputUnit], str]]:
    """Units of one job after the other, with its queue; the queue's work directory is one of the limits."""
    alone = not definition.input_datasets and not definition.pfn_list and definition.listed is None
    start = 0
    while start < len(units):
        candidate = lots.next()
        room = (candidate.workdir_mb - definition.requirements.disk_mb) * MEGABYTE
        end = start + 1
        while not alone and end < len(units) and _fits(definition.rules, units[start : end + 1], room):
            end += 1
        yield units[start:end], candidate.queue
        start = end


def _fits(rules: SplitRules, chunk: Sequence[InputUnit], room: int) -> bool:
    """True when `chunk` may be one job; its last unit is the one in question."""
    size = sum(unit.size_bytes for unit in chunk)
    files = len({(unit.dataset, unit.lfn) for unit in chunk})
    if files > (rules.files_per_job or rules.files_per_job_max) or size > room:
        return False
    if rules.gigabytes_per_job is not None and size > rules.gigabytes_per_job * GIGABYTE:
        return False
    if rules.files_per_job is None and rules.events_per_job is None and size > INPUT_BYTES_MAX:
        return False
    if rules.events_per_job is not None and rules.files_per_job is None:
        known = all(unit.events is not None for unit in chunk)
        if not known or sum(unit.events or 0 for unit in chunk) > rules.events_per_job:
            return False
    return _continues(chunk[-2], chunk[-1])


def _continues(before: InputUnit, after: InputUnit) -> bool:
    """Ranges of events share a job only when one goes on where the other ends; whole files always do."""
    if before.start_event is None and after.start_event is None:
        return True
    same = (before.dataset, before.lfn) == (after.dataset, after.lfn)
    return same and before.end_event is not None and after.start_event == before.end_event + 1


class _Lots:
    """Queues drawn by weight; each draw makes the queue drawn less likely, as its waiting line grows."""

    def __init__(self, candidates: Sequence[Candidate], seed: str) -> None:
        self._candidates = {candidate.queue: candidate for candidate in candidates}
        self._weights = {candidate.queue: candidate.weight for candidate in candidates}
        self._queued = {candidate.queue: candidate.queued for candidate in candidates}
        self._seed = seed
        self._drawn = 0

    def next(self) -> Candidate:
        """The queue of the next job."""
        queue = draw(self._weights, self._seed, "job", self._drawn)
        self._drawn += 1
        self._weights[queue] *= (self._queued[queue] + 1) / (self._queued[queue] + 2)
        self._queued[queue] += 1
        return self._candidates[queue]
