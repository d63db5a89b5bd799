"""Which files of secondary input jobs are given, and how many that may be at most. Pure.

A stream is counted by job, or by unit: so many files, as many as hold so many events, or the file with the unit's own number.
Guards: the list decides, never the order in which jobs are planned. Source: docs/reference/jedi.md, "Secondary input".
"""

from collections.abc import Iterable, Iterator, Sequence
from math import ceil

from commands.task.input_units import InputUnits
from commands.task.secondaries import Secondary, files_of_a_job
from schemas.boundaries import index_of
from schemas.splitting import input_bytes
from schemas.types import InputUnit, SecondaryInput, SecondaryLoad, SecondaryRange

#: Files that one unit may be given by its events: with its master input a job has at most 1,000.
FILES_OF_A_UNIT_MAX = 900


def files_of_a_unit(stream: SecondaryInput, secondary: Secondary, events: int) -> int:
    """The most files that a unit of so many events has of a stream that follows its units."""
    if stream.index_consistent:
        return 1
    if stream.event_ratio is None:
        return stream.ratio
    return min(len(secondary), max(1, ceil(stream.event_ratio * events / max(1, secondary.events_least))))


def problem_of_events(
    streams: Sequence[SecondaryInput], secondaries: Sequence[Secondary], name: str, events: int | None
) -> tuple[str, str] | None:
    """Code and reason why a unit of `name` with so many events cannot have files by them; None when it can."""
    for stream, secondary in zip(streams, secondaries, strict=True):
        if stream.event_ratio is None:
            continue
        if not events:
            return "EVENTS_UNKNOWN", f"{name} has no number of events; eventRatio of stream {stream.stream} needs one"
        count = files_of_a_unit(stream, secondary, events)
        if count > FILES_OF_A_UNIT_MAX:
            found = f"{events:,} events of {name} may need {count:,} files of stream {stream.stream}"
            return "TOO_MANY_FILES", f"{found}, expected at most {FILES_OF_A_UNIT_MAX:,}"
    return None


def is_joined(streams: Sequence[SecondaryInput], secondaries: Sequence[Secondary], lfn: str) -> bool:
    """True when every stream that is joined by number has a file with the number of this one."""
    return all(
        secondary.place_of(index_of(lfn)) is not None
        for stream, secondary in zip(streams, secondaries, strict=True)
        if stream.index_consistent
    )


class Taking:
    """Files given to jobs of `units` one after the other, from where the lists stand; nothing is changed by it.

    lacking: number of the stream that had too few files the last time, if it ever had.
    """

    def __init__(self, streams: Sequence[SecondaryInput], secondaries: Sequence[Secondary], units: InputUnits) -> None:
        self._streams = streams
        self._secondaries = secondaries
        self._units = units
        self.lacking: int | None = None
        self._next = [one.next for one in secondaries]

    def for_job(self, unit_ids: Sequence[int]) -> list[SecondaryRange] | None:
        """What a job of these units is given beside what they have; None, taking nothing, where a list has too few files left."""
        before, found = list(self._next), list[SecondaryRange]()
        for number, (stream, secondary) in enumerate(zip(self._streams, self._secondaries, strict=True)):
            each = files_of_a_job(stream, secondary)
            if each is None:
                new = [unit_id for unit_id in unit_ids if secondary.range_of(unit_id) is None]
                taken = [(unit_id, self._take_for(number, unit_id)) for unit_id in new]
            else:
                has = any(secondary.range_of(unit_id) for unit_id in unit_ids)
                taken = [] if has else [(0, self._take(number, each))]
            for unit_id, one in taken:
                if one is None:
                    self._next, self.lacking = before, number
                    return None
                found.append(SecondaryRange(stream=number, unit_id=unit_id, first=one[0], count=one[1]))
        return found

    def serves(self, unit_id: int) -> bool:
        """True when the unit could be in one more job; what it takes for itself is taken."""
        before, found = list(self._next), self.for_job((unit_id,))
        if found is not None:
            by_unit = {one.stream for one in found if one.unit_id}
            self._next = [now if number in by_unit else before[number] for number, now in enumerate(self._next)]
        return found is not None

    def _take_for(self, number: int, unit_id: int) -> tuple[int, int] | None:
        """What one unit is given of a stream that follows its units."""
        stream, secondary = self._streams[number], self._secondaries[number]
        if stream.index_consistent:
            (unit,) = self._units.specs((unit_id,))
            place = secondary.place_of(index_of(unit.lfn))
            return None if place is None else (place, 1)
        if stream.event_ratio is None:
            return self._take(number, stream.ratio)
        (unit,) = self._units.specs((unit_id,))
        wanted = stream.event_ratio * (unit.events or 0)
        count = _count_of(secondary.events_from(self._next[number]), wanted)
        if count is None and stream.reusable:
            self._next[number] = 0
            count = _count_of(secondary.events_from(0), wanted) or len(secondary)
        return None if count is None else self._take(number, count)

    def _take(self, number: int, count: int) -> tuple[int, int] | None:
        stream, total = self._streams[number], len(self._secondaries[number])
        count = min(count, total) if stream.reusable else count
        if self._next[number] + count > total:
            if not stream.reusable:
                return None
            self._next[number] = 0
        first = self._next[number]
        self._next[number] += count
        return first, count


def has_too_few(streams: Sequence[SecondaryInput], secondaries: Sequence[Secondary]) -> int | None:
    """The first stream that has no files left for a unit that was given none; None when there is none."""
    for number, (stream, secondary) in enumerate(zip(streams, secondaries, strict=True)):
        least = files_of_a_job(stream, secondary)
        if stream.reusable or stream.index_consistent:
            continue
        if secondary.next + _least(stream, least) > len(secondary):
            return number
    return None


def _least(stream: SecondaryInput, of_a_job: int | None) -> int:
    if of_a_job is not None:
        return of_a_job
    return 1 if stream.event_ratio is not None else stream.ratio


def _count_of(events: Iterable[int], wanted: float) -> int | None:
    """How many files, one at least, have so many events together; None when all of them have fewer."""
    total = 0
    for count, found in enumerate(events, start=1):
        total += found
        if total >= wanted:
            return count
    return None


def load_of(
    streams: Sequence[SecondaryInput], secondaries: Sequence[Secondary], units: Sequence[InputUnit]
) -> SecondaryLoad | None:
    """The most that secondary input adds to a job of `units`: so many files, each taken for the largest of its stream; None
    without any."""
    if not streams:
        return None
    events = max((unit.events or 0 for unit in units), default=0)
    per_job, per_unit = [0, 0, 0], [0, 0, 0]
    for stream, secondary in zip(streams, secondaries, strict=True):
        each = files_of_a_job(stream, secondary)
        into, count = (per_job, each) if each is not None else (per_unit, files_of_a_unit(stream, secondary, events))
        largest = max((max(page.sizes) for page in secondary.pages), default=0)
        heaviest = max(map(input_bytes, _longest(secondary)), default=0)
        whole = sum(sum(page.sizes) for page in secondary.pages) if stream.whole else count * largest
        for at, value in enumerate((count, whole, count * heaviest)):
            into[at] += value
    return SecondaryLoad(
        job_files=per_job[0],
        job_bytes=per_job[1],
        job_record_bytes=per_job[2],
        unit_files=per_unit[0],
        unit_bytes=per_unit[1],
        unit_record_bytes=per_unit[2],
    )


def _longest(secondary: Secondary) -> Iterator[InputUnit]:
    """Of each page the file with the longest name."""
    for page in secondary.pages:
        names = page.files()
        (file,) = page.specs((page.first,), {})
        yield InputUnit(**{**{name: getattr(file, name) for name in _FIELDS}, "lfn": max(names, key=len)})


_FIELDS = ("unit_id", "dataset", "scope", "guid", "size_bytes", "checksum", "endpoint")
