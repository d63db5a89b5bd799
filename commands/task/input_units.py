"""The input units of one task and their accounts: what a unit is, in pages of columns, and where it stands, in arrays. Pure.

A task may have a million units; as objects each would cost more than a kilobyte, as columns about 100 bytes beside its name.
What a unit is never changes; where it stands does, and every change notes its undo (`commands/undo.py`).
Guards: unit ids are 1, 2, 3 ... without gaps; reading or changing a unit costs the same for any number.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby, pairwise

from commands.task.input_gate import OPEN, InputGate
from commands.task.unit_page import NOTHING, Page, UnitKey, first_of
from commands.undo import UndoArray, UndoBytes, UndoDict, UndoList, keep
from schemas.intervals import Intervals, difference
from schemas.types import InputUnit, UnitChange


class UnitStatus(StrEnum):
    """Where an input unit stands (docs/reference/jedi.md, "File accounts"); ordered: in an order that waits for its plan."""

    READY = "ready"
    ORDERED = "ordered"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


STATUSES = tuple(UnitStatus)
CODE_OF = {status: code for code, status in enumerate(STATUSES)}
READY, ORDERED, RUNNING, FINISHED, FAILED = range(len(STATUSES))
ENDED = (FINISHED, FAILED)
#: No range of events begins there.
EVENT_MAX = 1 << 62


@dataclass(frozen=True, slots=True)
class OrderSeen:
    """Whether the blocks of units rise, within each dataset, in the first so many pages; `last` is the last of these."""

    pages: int = 0
    last: Page | None = None
    blocks: Mapping[str, int] = field(default_factory=dict)
    rises: bool = True

    def after(self, page: Page) -> "OrderSeen":
        """The same with one page more."""
        blocks = page.boundaries or (NOTHING,)
        before = self.blocks.get(page.dataset, NOTHING)
        rises = self.rises and all(one <= other for one, other in pairwise((before, *blocks)))
        return OrderSeen(self.pages + 1, page, {**self.blocks, page.dataset: blocks[-1]}, rises)


@dataclass(frozen=True, slots=True)
class Unit:
    """An input unit and its account as it stands now. `attempts_max` is its own limit, raised by retries."""

    spec: InputUnit
    attempts_max: int
    status: UnitStatus = UnitStatus.READY
    attempt: int = 0
    failed_attempt: int = 0


def _ints() -> UndoArray:
    return UndoArray("i")


def _longs() -> UndoArray:
    return UndoArray("q")


def _no_counts() -> UndoArray:
    return UndoArray("q", [0] * len(STATUSES))


def _no_sum() -> UndoArray:
    return UndoArray("q", [0])


@dataclass(slots=True)
class InputUnits:
    """All units of a task. The columns have a place for each unit, `counts` one for each status.

    attempts_added raises the limits of every unit at once, of attempts and of failures. No unit with an id below `ready_from` is
    ready. ram_mb: memory that units were boosted to. failures_added: failures beyond those of the definition that a retry allows
    single units. greatest: by dataset, the last of the keys that its units have. gate: which units may become jobs.
    open_failures: one number, the true failures of all units that are neither done nor given up.
    """

    pages: UndoList[Page] = field(default_factory=UndoList)
    status: UndoBytes = field(default_factory=UndoBytes)
    attempts: UndoArray = field(default_factory=_ints)
    failed_attempts: UndoArray = field(default_factory=_ints)
    attempts_max: UndoArray = field(default_factory=_longs)
    ram_mb: UndoDict[int, int] = field(default_factory=UndoDict)
    greatest: UndoDict[str, UnitKey] = field(default_factory=UndoDict)
    counts: UndoArray = field(default_factory=_no_counts)
    attempts_added: int = 0
    ready_from: int = 1
    failures_added: UndoDict[int, int] = field(default_factory=UndoDict)
    gate: InputGate = OPEN
    open_failures: UndoArray = field(default_factory=_no_sum)
    _order: OrderSeen | None = field(default=None, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.status)

    def __iter__(self) -> Iterator[int]:
        return iter(range(1, len(self) + 1))

    def __getitem__(self, unit_id: int) -> Unit:
        (spec,) = self.specs((unit_id,))
        place = unit_id - 1
        status = STATUSES[self.status[place]]
        return Unit(spec, self.attempts_max_of(unit_id), status, self.attempts[place], self.failed_attempts[place])

    def values(self) -> Iterator[Unit]:
        """Every unit, in order of the ids."""
        return (self[unit_id] for unit_id in self)

    def count(self, status: UnitStatus) -> int:
        """Number of units that stand there."""
        return self.counts[CODE_OF[status]]

    def status_of(self, unit_id: int) -> UnitStatus:
        """Where a unit stands."""
        return STATUSES[self.status[unit_id - 1]]

    def attempt_of(self, unit_id: int) -> int:
        """Attempts that a unit has had."""
        return self.attempts[unit_id - 1]

    def failed_attempt_of(self, unit_id: int) -> int:
        """True failures that a unit has had."""
        return self.failed_attempts[unit_id - 1]

    def attempts_max_of(self, unit_id: int) -> int:
        """Attempts that a unit may have."""
        return self.attempts_max[unit_id - 1] + self.attempts_added

    def failures_max_of(self, unit_id: int, failures_max: int) -> int:
        """True failures that a unit may have, where its definition allows `failures_max`."""
        return failures_max + self.attempts_added + self.failures_added.get(unit_id, 0)

    def has_attempts(self, unit_id: int) -> bool:
        """True when a unit has had fewer attempts than it may."""
        return self.attempts[unit_id - 1] < self.attempts_max_of(unit_id)

    def specs(self, unit_ids: Iterable[int]) -> list[InputUnit]:
        """What the units are, in the order given; consecutive units of a page cost one look at it."""
        return list(self._specs(unit_ids))

    def first_ready(self, last: int | None = None) -> Iterator[InputUnit]:
        """Ready units that may become jobs, up to the id `last` or all of them, the lowest id first."""
        return self._specs(self.released(self.ready_from, len(self) if last is None else last))

    def ready_by_dataset(self) -> Iterator[InputUnit]:
        """The same, of one dataset after the other as they come first; within a dataset the lowest id first."""
        if len(self.greatest) < 2 or self.ready_from > len(self):
            yield from self.first_ready()
            return
        places: dict[str, list[int]] = {}
        for place in range(self._page_of(self.ready_from), len(self.pages)):
            places.setdefault(self.pages[place].dataset, []).append(place)
        for of_a_dataset in places.values():
            for page in (self.pages[place] for place in of_a_dataset):
                if ready := list(self.released(page.first, page.first + len(page) - 1)):
                    yield from page.specs(ready, self.ram_mb)

    def count_by_dataset(self) -> dict[str, int]:
        """Number of units by dataset; costs a look at each page."""
        counts: dict[str, int] = {}
        for page in self.pages:
            counts[page.dataset] = counts.get(page.dataset, 0) + len(page)
        return counts

    def with_status(self, status: UnitStatus, first: int = 1, last: int | None = None) -> Iterator[int]:
        """Ids of the units that stand there, in order, from `first` to `last` or to the end."""
        code, end = CODE_OF[status], len(self.status) if last is None else last
        place = self.status.find(code, first - 1, end)
        while place >= 0:
            yield place + 1
            place = self.status.find(code, place + 1, end)

    def released(self, first: int, last: int) -> Iterator[int]:
        """Ids from `first` to `last` of the ready units that may become jobs, in order."""
        if self.gate.is_open:
            yield from self.with_status(UnitStatus.READY, first, last)
            return
        for start, end in self.gate.open_ranges(max(first, self.ready_from), last):
            yield from self.with_status(UnitStatus.READY, start, end)

    @property
    def dropped(self) -> int:
        """Number of units that no job has and that are not needed."""
        return self.ready_in(self.gate.dropped)

    @property
    def held(self) -> int:
        """Number of ready units that wait for a release by command."""
        return self.ready_in(difference(self.gate.held, self.gate.dropped)) if self.gate.held else 0

    def ready_in(self, ranges: Intervals) -> int:
        """Number of ready units with ids in these ranges."""
        return sum(self.status.count(READY, first - 1, last) for first, last in ranges)

    def keys_known(self, dataset: str, keys: Set[UnitKey], before: int) -> Set[UnitKey]:
        """Those of `keys` that units of the dataset with ids up to `before` have."""
        return {key for page in self._overlapping(dataset, keys, before) for key in page.keys() & keys}

    def files_known(self, dataset: str, files: Set[str], before: int) -> Set[str]:
        """Those of `files` that units of the dataset with ids up to `before` are of."""
        keys = {(name, bound) for name in files for bound in (NOTHING, EVENT_MAX)}
        found: set[str] = set()
        for page in self._overlapping(dataset, keys, before):
            found |= page.files() & files
            if len(found) == len(files):  # ranges of one file may fill all pages
                break
        return found

    def files_done(self, dataset: str, files: Set[str]) -> Set[str]:
        """Those of `files` of which the dataset has units that are all finished."""
        keys = {(name, bound) for name in files for bound in (NOTHING, EVENT_MAX)}
        done, others = set[str](), set[str]()
        for page in self._overlapping(dataset, keys, len(self)):
            for place, name in enumerate(page.names(), start=page.first - 1):
                if name in files:
                    (done if self.status[place] == FINISHED else others).add(name)
        return done - others

    def are_in_order(self) -> bool:
        """True when blocks rise from unit to unit in each dataset; costs a look at the pages that came since the last time."""
        seen = self._order
        if seen is None or seen.pages > len(self.pages) or (seen.pages and self.pages[seen.pages - 1] is not seen.last):
            seen = OrderSeen()
        for page in self.pages[seen.pages :]:
            seen = seen.after(page)
        self._order = seen
        return seen.rises

    def _overlapping(self, dataset: str, keys: Set[UnitKey], before: int) -> Iterator[Page]:
        """Pages that may hold units with these keys, the last first; they are few, as datasets are fed by name."""
        if not keys or dataset not in self.greatest or min(keys) > self.greatest[dataset]:
            return
        least, most = min(keys), max(keys)
        for page in reversed(self.pages[: bisect_right(self.pages, before, key=first_of)]):
            if page.least <= most and least <= page.most and page.dataset == dataset:
                yield page

    def add(self, specs: Sequence[InputUnit], attempts_max: int) -> None:
        """Append ready units; AssertionError when their ids do not go on from those there are."""
        for number, spec in enumerate(specs, start=len(self) + 1):
            assert spec.unit_id == number, f"unit {spec.unit_id} is fed where {number} is expected"
            if spec.ram_mb is not None:
                self.ram_mb[number] = spec.ram_mb
        for dataset, of_a_dataset in groupby(specs, lambda spec: spec.dataset):
            page = Page.of(list(of_a_dataset))
            self.pages.insert(len(self.pages), page)
            self.greatest[dataset] = max(page.most, self.greatest.get(dataset, page.most))
        count = len(specs)
        self.status.extend(bytes(count))
        self.attempts.extend([0] * count)
        self.failed_attempts.extend([0] * count)
        self.attempts_max.extend([attempts_max - self.attempts_added] * count)
        self.counts[READY] += count

    def move(self, unit_ids: Iterable[int], status: UnitStatus) -> None:
        """Note where units stand from now on."""
        code = CODE_OF[status]
        lowest = self.ready_from
        for unit_id in unit_ids:
            self._set(unit_id, code)
            if code == READY:
                lowest = min(lowest, unit_id)
        if code in (READY, ORDERED):
            self._ready_from(lowest)

    def account(self, changes: Iterable[UnitChange]) -> None:
        """Note what attempts did to units: done, given up, or ready again."""
        lowest = self.ready_from
        for change in changes:
            code = FINISHED if change.finished else FAILED if change.failed else READY
            self._set(change.unit_id, code)
            self.attempts[change.unit_id - 1] = change.attempt
            if code not in ENDED:
                self.open_failures[0] += change.failed_attempt - self.failed_attempts[change.unit_id - 1]
            self.failed_attempts[change.unit_id - 1] = change.failed_attempt
            if change.attempts_given:
                self.attempts_max[change.unit_id - 1] += change.attempts_given
            if change.ram_mb is not None:
                self.ram_mb[change.unit_id] = change.ram_mb
            if code == READY:
                lowest = min(lowest, change.unit_id)
        if lowest < self.ready_from:
            self._ready_from(lowest)

    def allow_attempts(self, unit_id: int, more: int) -> None:
        """Let a unit have `more` attempts beyond those it has had, if its limit is below that."""
        limit = self.attempts[unit_id - 1] + more - self.attempts_added
        if limit > self.attempts_max[unit_id - 1]:
            self.attempts_max[unit_id - 1] = limit

    def allow_failures(self, unit_id: int, more: int, failures_max: int) -> None:
        """Let a unit have `more` failures beyond those it has had, where its definition allows `failures_max`."""
        lacking = self.failed_attempts[unit_id - 1] + more - self.failures_max_of(unit_id, failures_max)
        if lacking > 0:
            self.failures_added[unit_id] = self.failures_added.get(unit_id, 0) + lacking

    def allow_all(self, more: int) -> None:
        """Raise the limits of every unit."""
        keep(self)
        self.attempts_added += more

    def pass_by(self, gate: InputGate) -> None:
        """From now on, units become jobs as `gate` lets them."""
        keep(self)
        self.gate = gate

    def _set(self, unit_id: int, code: int) -> None:
        was = self.status[unit_id - 1]
        if was != code:
            self.status[unit_id - 1] = code
            self.counts[was] -= 1
            self.counts[code] += 1
            if (was in ENDED) != (code in ENDED):
                failures = self.failed_attempts[unit_id - 1]
                self.open_failures[0] += failures if was in ENDED else -failures

    def _ready_from(self, lowest: int) -> None:
        """Go to the first unit that is ready, from `lowest` on; units are passed once, unless they come back."""
        keep(self)
        place = self.status.find(READY, lowest - 1)
        self.ready_from = place + 1 if place >= 0 else len(self) + 1

    def _specs(self, unit_ids: Iterable[int]) -> Iterator[InputUnit]:
        for number, run in groupby(unit_ids, self._page_of):
            yield from self.pages[number].specs(run, self.ram_mb)

    def _page_of(self, unit_id: int) -> int:
        assert 0 < unit_id <= len(self), f"unit {unit_id} of {len(self)} is not there"
        return bisect_right(self.pages, unit_id, key=first_of) - 1
