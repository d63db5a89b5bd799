"""Input units packed into jobs, each with the queue drawn for it.

In: units in input order, one dataset after the other, the task's rules, candidates, a seed. Out: plans. Invariant: every unit is
in exactly one plan, but those of a last partial job whose input goes on; units of different memory never share a job, those of
different datasets only where the task says so, and two files of one name never; the same input and seed give the same plans.
Source: docs/reference/jedi.md, "Memory groups" and "Splitting".
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas.middle_names import alike
from schemas.splitting import (
    FILES_OF_A_JOB_MAX,
    INPUT_RECORDS_BYTES_MAX,
    disk_bytes,
    files_of_a_job,
    input_bytes,
    is_made_up,
    may_mix,
)
from schemas.types import InputUnit, JobPlan, SecondaryLoad, TaskDefinition
from streams.jedi.candidates import Candidate
from streams.jedi.draw import draw

GIGABYTE = 1024**3
MEGABYTE = 1024**2
#: Input of one job when neither files nor events nor gigabytes per job are given (docs/reference/jedi.md, "Splitting").
INPUT_BYTES_MAX = 20 * GIGABYTE
#: Wall time of a job beside that of its events, and the share of it in which cores compute (docs/reference/jedi.md, "Splitting").
BASE_WALLTIME_SECONDS, CPU_EFFICIENCY = 600, 0.9
NO_SECONDARY = SecondaryLoad()


def split(
    definition: TaskDefinition,
    units: Sequence[InputUnit],
    candidates: Sequence[Candidate],
    seed: str,
    *,
    units_per_job: int | None = None,
    continues: bool = False,
    secondary: SecondaryLoad = NO_SECONDARY,
) -> tuple[JobPlan, ...]:
    """Pack `units` of one memory group; a job stops before the first limit it would break, after one unit at least.

    units_per_job: a job with fewer units goes on over its limits, as far as its input does, so that there are no more jobs than
    the task allows. continues: more input like the last unit follows; a last job that has room for it is not planned, so that
    there may be no plan at all. secondary: what secondary input adds to a job and to each of its units.
    """
    assert candidates, "units cannot be split without a candidate queue"
    limit = definition.rules.jobs_max
    least = units_per_job or (-(-len(units) // limit) if limit else 1)
    lots, plans, start = _Lots(candidates, seed), [], 0
    while start < len(units):
        candidate = lots.next()
        parcel = Parcel(definition, candidate, least, secondary)
        end = start
        while end < len(units) and parcel.takes(units[end]):
            parcel.add(units[end])
            end += 1
        if end == len(units) and continues and not parcel.full:
            break
        plans.append(JobPlan(unit_ids=tuple(unit.unit_id for unit in units[start:end]), queue=candidate.queue))
        start = end
    return tuple(plans)


def memory_groups(units: Sequence[InputUnit], ram_mb: int) -> dict[int, list[InputUnit]]:
    """Units by the memory they need: `ram_mb` of the task, or what they were raised to; least first, order kept."""
    groups: dict[int, list[InputUnit]] = {}
    for unit in units:
        groups.setdefault(max(ram_mb, unit.ram_mb or 0), []).append(unit)
    return dict(sorted(groups.items()))


@dataclass(slots=True)
class Parcel:
    """The input of one job on `candidate`, unit by unit; with fewer than `least` units it goes on over its limits."""

    definition: TaskDefinition
    candidate: Candidate
    least: int = 1
    secondary: SecondaryLoad = NO_SECONDARY
    count: int = 0
    last: InputUnit | None = None
    files: set[tuple[str, str]] = field(default_factory=set)
    scopes: dict[str, str] = field(default_factory=dict)
    size_bytes: int = 0
    events: int = 0
    uncounted: bool = False
    records_bytes: int = 0

    @property
    def full(self) -> bool:
        """True when no further unit would be taken, whichever it is."""
        if self.count and self.definition.rules.events_per_range is not None:
            return True
        if self.count < max(1, self.least):
            return False
        if is_made_up(self.definition) or len(self.files) >= files_of_a_job(self.definition.rules):
            return True
        return self._files_with(self.count + 1, len(self.files) + 1) > FILES_OF_A_JOB_MAX

    def takes(self, unit: InputUnit) -> bool:
        """True when the job may have `unit` too."""
        if self.last is None:
            return True
        if self.definition.rules.events_per_range is not None:
            return False  # a job takes ranges of one file
        if not self._continues(self.last, unit):
            return False
        if self.count < self.least:
            return True
        return not is_made_up(self.definition) and self._fits(unit)

    def add(self, unit: InputUnit) -> None:
        """Take it."""
        self.count += 1
        self.last = unit
        self.events += unit.events or 0
        self.uncounted = self.uncounted or unit.events is None
        self.records_bytes += input_bytes(unit)
        if (unit.dataset, unit.lfn) not in self.files:
            self.files.add((unit.dataset, unit.lfn))
            self.scopes[unit.lfn] = unit.scope
            self.size_bytes += unit.size_bytes

    def _continues(self, before: InputUnit, unit: InputUnit) -> bool:
        """Ranges of events share a job only when one goes on where the other ends, whole files those of one dataset; a job has
        one folder, in which there is one file of a name."""
        if unit.dataset != before.dataset and not may_mix(self.definition):
            return False
        if not alike(self.definition, before, unit):
            return False
        if self.definition.rules.boundary and unit.boundary != before.boundary:
            return False
        if before.start_event is None and unit.start_event is None:
            return self.scopes.get(unit.lfn, unit.scope) == unit.scope
        same = (before.dataset, before.lfn) == (unit.dataset, unit.lfn)
        return same and before.end_event is not None and unit.start_event == before.end_event + 1

    def _fits(self, unit: InputUnit) -> bool:
        rules = self.definition.rules
        new = (unit.dataset, unit.lfn) not in self.files
        units, load = self.count + 1, self.secondary
        size = self.size_bytes + (unit.size_bytes if new else 0) + load.job_bytes + units * load.unit_bytes
        if len(self.files) + new > files_of_a_job(rules):
            return False
        if self._files_with(units, len(self.files) + new) > FILES_OF_A_JOB_MAX:
            return False
        records = self.records_bytes + input_bytes(unit) + load.job_record_bytes + units * load.unit_record_bytes
        if records > INPUT_RECORDS_BYTES_MAX:
            return False
        if rules.boundary_whole:
            return True
        if rules.gigabytes_per_job is not None and size > rules.gigabytes_per_job * GIGABYTE / rules.input_divisor:
            return False
        own = (rules.files_per_job, rules.events_per_job, rules.gigabytes_per_job)
        if own == (None, None, None) and size > INPUT_BYTES_MAX:
            return False
        known = not self.uncounted and unit.events is not None
        events = self.events + (unit.events or 0)
        disk = size + disk_bytes(self.definition.requirements, size, events if known else None)
        if disk > self.candidate.workdir_mb * MEGABYTE:
            return False
        if rules.events_per_job is not None and rules.files_per_job is None and (not known or events > rules.events_per_job):
            return False
        return not known or self._in_time(events)

    def _files_with(self, units: int, files: int) -> int:
        """Files of the job with so many units of so many files."""
        return files + self.secondary.job_files + units * self.secondary.unit_files

    def _in_time(self, events: int) -> bool:
        """True where nothing is known of the time that an event takes, or `events` of them take no longer than they should."""
        rules, cores = self.definition.rules, self.definition.requirements.core_count
        if rules.walltime_seconds_target is None or not rules.hs06_seconds_per_event:
            return True
        power = max(1, cores) * (self.candidate.corepower or 10.0) * CPU_EFFICIENCY
        return BASE_WALLTIME_SECONDS + rules.hs06_seconds_per_event * events / power <= rules.walltime_seconds_target


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
