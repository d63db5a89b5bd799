"""How many jobs of a queue wait and how many pilots hold, by class of slot. Pure.

In: jobs that come and go. Out: the class of a job, and the counts that events carry. A waiting job counts for the smallest class
that fits it, a job that a pilot holds for the class of the pilot. A queue without classes has no counts: its totals say it all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from commands.queue.waiting import Needs, WaitingJob
from commands.undo import UndoDict
from schemas.queue_classes import class_for, classes_of
from schemas.types import ClassLoad, JobSpec, QueueClass, QueueSettings

#: Classes of different needs that are remembered: found again, they cost nothing.
FOUND_MAX = 10_000


class SlotHeld(Protocol):
    """A lease, as far as it is counted."""

    @property
    def slot_class(self) -> str:
        """Class of the pilot."""


@dataclass(frozen=True, slots=True)
class Loads:
    """Counts by class; they follow from settings, jobs and leases.

    classes: those of the queue, smallest first; empty for a queue that names none. found: classes of needs, so far.
    """

    classes: tuple[QueueClass, ...] = ()
    waiting: UndoDict[str, int] = field(default_factory=UndoDict)
    leased: UndoDict[str, int] = field(default_factory=UndoDict)
    found: UndoDict[Needs, str] = field(default_factory=UndoDict)

    @staticmethod
    def of(settings: QueueSettings, waiting: Iterable[WaitingJob], leases: Iterable[SlotHeld]) -> "Loads":
        """The counts of a queue with these jobs."""
        loads = Loads(classes_of(settings) if settings.classes else ())
        for job in waiting:
            loads.wait(job.needs, 1)
        for lease in leases:
            loads.lease(lease.slot_class, 1)
        return loads

    def class_of(self, needs: Needs) -> str:
        """Name of the smallest class that takes a job with these needs; empty when none does, or there are none."""
        if not self.classes:
            return ""
        name = self.found.get(needs)
        if name is None:
            one = class_for(self.classes, needs.ram_mb, needs.cores, needs.walltime_seconds)
            name = one.name if one is not None else ""
            if len(self.found) < FOUND_MAX:
                self.found[needs] = name
        return name

    def class_of_spec(self, spec: JobSpec) -> str:
        """The same of a job that does not wait yet."""
        one = class_for(self.classes, spec.ram_mb_min, spec.core_count, spec.walltime_seconds_max)
        return one.name if one is not None else ""

    def wait(self, needs: Needs, more: int) -> None:
        """So many more jobs with these needs wait."""
        if self.classes:
            name = self.class_of(needs)
            self.waiting[name] = self.waiting.get(name, 0) + more

    def lease(self, slot_class: str, more: int) -> None:
        """So many more jobs are held by pilots of this class."""
        if self.classes:
            self.leased[slot_class] = self.leased.get(slot_class, 0) + more

    def told(self, waiting: Mapping[str, int] | None = None, leased: Mapping[str, int] | None = None) -> tuple[ClassLoad, ...]:
        """What an event says that changes the counts by `waiting` and `leased`, in the order of the classes.

        Pilots of a class that is gone from the settings are counted for none.
        """
        if not self.classes:
            return ()
        waits, holds = dict(self.waiting), dict(self.leased)
        for counts, more in ((waits, waiting or {}), (holds, leased or {})):
            for name, number in more.items():
                counts[name] = counts.get(name, 0) + number
        known = [one.name for one in self.classes]
        told = [ClassLoad(name=name, waiting=waits.get(name, 0), leased=holds.get(name, 0)) for name in known]
        rest = sum(number for name, number in holds.items() if name not in known)
        if waits.get("", 0) or rest:
            told.append(ClassLoad(name="", waiting=waits.get("", 0), leased=rest))
        return tuple(told)
