"""Secondary input of a task: the files of each stream beside the master input, and which of them each unit has. Pure.

A file stands once in the list of its stream; a unit has a range of the list, kept as its first place and a count, also in later
attempts. Guards: a range is given in the order of the list, once, unless the stream is reusable; finished + failed <= used <=
total of every stream. Source: docs/reference/jedi.md, "Secondary input"; docs/decisions/0080.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field

from commands.task.unit_page import Page
from commands.undo import UndoArray, UndoBytes, UndoList, keep
from schemas.boundaries import index_of
from schemas.types import DatasetFile, GeneratedJob, InputUnit, SecondaryAccounts, SecondaryInput

#: Files of one stream.
FILES_MAX = 100_000
#: Where a file of a stream stands.
FREE, USED, FINISHED, FAILED = range(4)
NOTHING = -1


def _longs() -> UndoArray:
    return UndoArray("q")


@dataclass(slots=True)
class Secondary:
    """One stream: its files in pages, where each stands, and by unit (its id - 1) the range that it has.

    place: datasets that are read; chunks: of the next one; skipped: files left out because of the offset. next: place of the file
    that is taken next. The columns of ranges end with the last unit that has one.
    """

    pages: UndoList[Page] = field(default_factory=UndoList)
    status: UndoBytes = field(default_factory=UndoBytes)
    firsts: UndoArray = field(default_factory=_longs)
    counts: UndoArray = field(default_factory=_longs)
    place: int = 0
    chunks: int = 0
    skipped: int = 0
    next: int = 0
    _places: tuple[Page, dict[int, int]] | None = field(default=None, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.status)

    def files(self, first: int, count: int) -> list[InputUnit]:
        """The files at `count` places from `first` on, as units of the list."""
        end, found = first + count, list[InputUnit]()
        for page in self.pages:
            wanted = range(max(page.first - 1, first), min(page.first - 1 + len(page), end))
            if wanted:
                found += page.specs((place + 1 for place in wanted), {})
        return found

    def known(self, names: Set[str]) -> set[str]:
        """Those of `names` that are in the list."""
        return {name for page in self.pages for name in page.files() & names}

    def place_of(self, index: int | None) -> int | None:
        """Place of the first file with this number in its name; None without one."""
        if index is None or not self.pages:
            return None
        if self._places is None or self._places[0] is not self.pages[-1]:
            places: dict[int, int] = {}
            for file in self.files(0, len(self)):
                found = index_of(file.lfn)
                if found is not None:
                    places.setdefault(found, file.unit_id - 1)
            self._places = self.pages[-1], places
        return self._places[1].get(index)

    def events_from(self, first: int) -> Iterator[int]:
        """Events of the files from a place on, in order."""
        for page in self.pages:
            if page.first - 1 + len(page) > first:
                yield from (page.events or array("q", bytes(8 * len(page))))[max(0, first - page.first + 1) :]

    @property
    def events_least(self) -> int:
        """Events of the file that has the fewest."""
        return min((min(page.events, default=0) if page.events else 0 for page in self.pages), default=0)

    def range_of(self, unit_id: int) -> tuple[int, int] | None:
        """First place and count of the files that a unit has; None before it was given any."""
        if unit_id > len(self.firsts) or self.firsts[unit_id - 1] == NOTHING:
            return None
        return self.firsts[unit_id - 1], self.counts[unit_id - 1]

    def read(
        self, dataset: str, files: Sequence[DatasetFile], skipped: int, *, dataset_complete: bool, counted: bool = False
    ) -> None:
        """Add a chunk to the list. counted: with the events of its files."""
        keep(self)
        self.skipped += skipped
        self.place, self.chunks = (self.place + 1, 0) if dataset_complete else (self.place, self.chunks + 1)
        if files:
            page = Page.of(
                [_listed(dataset, file, len(self) + number, counted=counted) for number, file in enumerate(files, start=1)]
            )
            self.pages.insert(len(self.pages), page)
            self.status.extend(bytes(len(files)))

    def read_again(self) -> None:
        """Its datasets are read from their beginning; the list goes on."""
        keep(self)
        self.place, self.chunks, self.skipped = 0, 0, 0

    def give(self, unit_ids: Iterable[int], first: int, count: int) -> None:
        """The units have these files from now on, which are the next of the list."""
        self.share(unit_ids, first, count)
        keep(self)
        self.next = first + count
        for place in range(first, first + count):
            if self.status[place] == FREE:
                self.status[place] = USED

    def share(self, unit_ids: Iterable[int], first: int, count: int) -> None:
        """The units have these files, which other units of their job have already."""
        for unit_id in unit_ids:
            missing = unit_id - len(self.firsts)
            if missing > 0:
                self.firsts.extend([NOTHING] * missing)
                self.counts.extend([0] * missing)
            self.firsts[unit_id - 1], self.counts[unit_id - 1] = first, count

    def ended(self, unit_id: int, code: int) -> None:
        """The files of a unit that is done (FINISHED) or given up (FAILED)."""
        for place in self.places_changed(unit_id, code):
            self.status[place] = code

    def places_changed(self, unit_id: int, code: int) -> Iterator[int]:
        """Places of the files of a unit of which the end means something: what is finished stays so."""
        first, count = self.range_of(unit_id) or (0, 0)
        return (place for place in range(first, first + count) if self.status[place] not in (code, FINISHED))


def _listed(dataset: str, file: DatasetFile, number: int, *, counted: bool) -> InputUnit:
    return InputUnit(
        unit_id=number,
        lfn=file.lfn,
        dataset=dataset,
        scope=file.scope,
        guid=file.guid,
        size_bytes=file.size_bytes,
        checksum=file.checksum,
        endpoint=file.endpoint,
        events=file.events if counted else None,
    )


Secondaries = UndoList[Secondary]


def files_of_a_job(stream: SecondaryInput, secondary: Secondary) -> int | None:
    """Files that each job has of the stream; None where they follow from its units."""
    if stream.whole:
        return len(secondary)
    if stream.files_per_job is None:
        return None
    return min(stream.files_per_job, len(secondary)) if stream.reusable else stream.files_per_job


def files_for(secondary: Secondary, stream: SecondaryInput, job: GeneratedJob, number: int) -> list[InputUnit]:
    """The files of stream `number` that `job` has: those of each of its units, or those of the first that brings any for all."""
    new = {one.unit_id: (one.first, one.count) for one in job.secondaries if one.stream == number}
    if files_of_a_job(stream, secondary) is not None:
        kept = (found for unit_id in job.unit_ids if (found := secondary.range_of(unit_id)) is not None)
        ranges = [new[0] if 0 in new else next(kept)]
    else:
        ranges = [new.get(unit_id) or secondary.range_of(unit_id) or (0, 0) for unit_id in job.unit_ids]
    return [file for first, count in ranges for file in secondary.files(first, count)]


def accounts_with(
    secondaries: Sequence[Secondary], changes: Iterable[tuple[int, int, int]] = ()
) -> tuple[SecondaryAccounts, ...]:
    """Counters of the streams, after `changes`: stream, place, and what becomes of the file there."""
    codes: list[dict[int, int]] = [{} for _ in secondaries]
    for number, place, code in changes:
        if codes[number].get(place) != FINISHED:
            codes[number][place] = code
    found = []
    for number, secondary in enumerate(secondaries):
        counts = [secondary.status.count(code) for code in range(4)]
        for place, code in codes[number].items():
            counts[secondary.status[place]] -= 1
            counts[code] += 1
        total = len(secondary)
        found.append(
            SecondaryAccounts(
                stream=number, total=total, used=total - counts[FREE], finished=counts[FINISHED], failed=counts[FAILED]
            )
        )
    return tuple(found)


def stream_to_read(secondaries: Sequence[Secondary], streams: Sequence[SecondaryInput]) -> int | None:
    """Number of the first stream of which not all datasets are read; None when everything is read."""
    for number, (secondary, stream) in enumerate(zip(secondaries, streams, strict=True)):
        if secondary.place < len(stream.datasets):
            return number
    return None
