"""The input units of one task and their accounts, in pages of columns. Pure.

A task may have a million units; as objects each would cost more than a kilobyte. A page holds 512 of them: texts joined to one
string a column, numbers in arrays, about 100 bytes a unit beside its name. What a unit is never changes; where it stands does.
Guards: unit ids are 1, 2, 3 ... without gaps; reading or changing a unit costs the same whatever their number.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b

from schemas.types import InputUnit

PAGE_UNITS = 512
NOTHING = -1
SEPARATOR = "\n"


class UnitStatus(StrEnum):
    """Where an input unit stands (jedi-logic 1.9)."""

    READY = "ready"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


STATUSES = tuple(UnitStatus)
CODE_OF = {status: code for code, status in enumerate(STATUSES)}


@dataclass(frozen=True, slots=True)
class Unit:
    """An input unit and its account, as it stands now. `attempts_max` is its own limit, raised by retries."""

    spec: InputUnit
    attempts_max: int
    status: UnitStatus
    attempt: int
    failed_attempt: int


def _longs() -> "array[int]":
    return array("q")


@dataclass(slots=True)
class Page:
    """Up to 512 units in columns. `places` are (dataset, scope, endpoint), of which a page has few; `place` says which one."""

    lfns: str = ""
    guids: str = ""
    checksums: str = ""
    places: list[tuple[str, str, str]] = field(default_factory=list)
    place: "array[int]" = field(default_factory=lambda: array("H"))
    sizes: "array[int]" = field(default_factory=_longs)
    events: "array[int]" = field(default_factory=_longs)
    starts: "array[int]" = field(default_factory=_longs)
    ends: "array[int]" = field(default_factory=_longs)
    ram_mb: dict[int, int] = field(default_factory=dict)
    status: bytearray = field(default_factory=bytearray)
    attempts: "array[int]" = field(default_factory=lambda: array("i"))
    failed_attempts: "array[int]" = field(default_factory=lambda: array("i"))
    attempts_max: "array[int]" = field(default_factory=_longs)

    def add(self, specs: Sequence[InputUnit], attempts_max: int) -> None:
        """Append ready units."""
        first = not self.status
        self.lfns = _appended(self.lfns, [spec.lfn for spec in specs], first)
        self.guids = _appended(self.guids, [spec.guid for spec in specs], first)
        self.checksums = _appended(self.checksums, [spec.checksum for spec in specs], first)
        for spec in specs:
            where = (spec.dataset, spec.scope, spec.endpoint)
            if where not in self.places:
                self.places.append(where)
            if spec.ram_mb is not None:
                self.ram_mb[len(self.status)] = spec.ram_mb
            self.place.append(self.places.index(where))
            self.sizes.append(spec.size_bytes)
            self.events.append(_or_nothing(spec.events))
            self.starts.append(_or_nothing(spec.start_event))
            self.ends.append(_or_nothing(spec.end_event))
            self.status.append(CODE_OF[UnitStatus.READY])
            self.attempts.append(0)
            self.failed_attempts.append(0)
            self.attempts_max.append(attempts_max)

    def specs(self, indices: Iterable[int], first_id: int) -> Iterator[InputUnit]:
        """What the units at `indices` are; the page's first unit has `first_id`."""
        lfns, guids = self.lfns.split(SEPARATOR), self.guids.split(SEPARATOR)
        checksums = self.checksums.split(SEPARATOR)
        for index in indices:
            dataset, scope, endpoint = self.places[self.place[index]]
            yield InputUnit(
                unit_id=first_id + index,
                lfn=lfns[index],
                dataset=dataset,
                scope=scope,
                guid=guids[index],
                size_bytes=self.sizes[index],
                checksum=checksums[index],
                endpoint=endpoint,
                events=_or_none(self.events[index]),
                start_event=_or_none(self.starts[index]),
                end_event=_or_none(self.ends[index]),
                ram_mb=self.ram_mb.get(index),
            )


@dataclass(slots=True)
class InputUnits:
    """All units of a task by id. `attempts_added` raises the limit of every unit at once."""

    pages: list[Page] = field(default_factory=list)
    count: int = 0
    attempts_added: int = 0

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, unit_id: int) -> Unit:
        page, index = self._at(unit_id)
        (spec,) = page.specs((index,), unit_id - index)
        return Unit(
            spec,
            page.attempts_max[index] + self.attempts_added,
            STATUSES[page.status[index]],
            page.attempts[index],
            page.failed_attempts[index],
        )

    def add(self, specs: Sequence[InputUnit], attempts_max: int) -> None:
        """Append ready units; AssertionError when their ids do not go on from those there are."""
        start = 0
        while start < len(specs):
            if self.count % PAGE_UNITS == 0:
                self.pages.append(Page())
            chunk = specs[start : start + PAGE_UNITS - self.count % PAGE_UNITS]
            for number, spec in enumerate(chunk, start=self.count + 1):
                assert spec.unit_id == number, f"unit {spec.unit_id} is fed where {number} is expected"
            self.pages[-1].add(chunk, attempts_max - self.attempts_added)
            self.count += len(chunk)
            start += len(chunk)

    def specs(self, unit_ids: Iterable[int]) -> list[InputUnit]:
        """What the units are, in the order given; consecutive units of a page cost one look at it."""
        found: list[InputUnit] = []
        for number, indices in _by_page(unit_ids):
            found += self.pages[number].specs(indices, number * PAGE_UNITS + 1)
        return found

    def all_specs(self) -> Iterator[InputUnit]:
        """What every unit is, in order of their ids."""
        for number, page in enumerate(self.pages):
            yield from page.specs(range(len(page.status)), number * PAGE_UNITS + 1)

    def status_of(self, unit_id: int) -> UnitStatus:
        """Where a unit stands."""
        page, index = self._at(unit_id)
        return STATUSES[page.status[index]]

    def attempt_of(self, unit_id: int) -> int:
        """Attempts that a unit has had."""
        page, index = self._at(unit_id)
        return page.attempts[index]

    def set_status(self, unit_id: int, status: UnitStatus) -> None:
        """Note where a unit stands from now on."""
        page, index = self._at(unit_id)
        page.status[index] = CODE_OF[status]

    def set_account(self, unit_id: int, status: UnitStatus, attempt: int, failed_attempt: int, ram_mb: int | None) -> None:
        """Note what an attempt did to a unit. ram_mb: a boost, kept from now on; None leaves what there is."""
        page, index = self._at(unit_id)
        page.status[index] = CODE_OF[status]
        page.attempts[index] = attempt
        page.failed_attempts[index] = failed_attempt
        if ram_mb is not None:
            page.ram_mb[index] = ram_mb

    def allow_attempts(self, unit_id: int, more: int) -> None:
        """Let a unit have `more` attempts beyond those it has had, if its limit is below that."""
        page, index = self._at(unit_id)
        limit = page.attempts[index] + more - self.attempts_added
        page.attempts_max[index] = max(page.attempts_max[index], limit)

    def with_status(self, status: UnitStatus) -> Iterator[int]:
        """Ids of the units that stand there, in order."""
        code = CODE_OF[status]
        for number, page in enumerate(self.pages):
            index = page.status.find(code)
            while index >= 0:
                yield number * PAGE_UNITS + index + 1
                index = page.status.find(code, index + 1)

    def _at(self, unit_id: int) -> tuple[Page, int]:
        assert 0 < unit_id <= self.count, f"unit {unit_id} of {self.count} is not there"
        number, index = divmod(unit_id - 1, PAGE_UNITS)
        return self.pages[number], index


def fingerprint_of(spec: InputUnit) -> bytes:
    """16 bytes that stand for what a unit is made of: two units with equal ones are the same input."""
    return blake2b(f"{spec.dataset}\n{spec.scope}\n{spec.lfn}\n{spec.start_event}".encode(), digest_size=16).digest()


def _by_page(unit_ids: Iterable[int]) -> Iterator[tuple[int, list[int]]]:
    """Runs of ids on one page, as (page, indices)."""
    run: list[int] = []
    current = -1
    for unit_id in unit_ids:
        number, index = divmod(unit_id - 1, PAGE_UNITS)
        if number != current and run:
            yield current, run
            run = []
        current = number
        run.append(index)
    if run:
        yield current, run


def _appended(column: str, texts: Sequence[str], first: bool) -> str:
    joined = SEPARATOR.join(texts)
    assert joined.count(SEPARATOR) == len(texts) - 1, "a line break in a name, GUID or checksum: bounds forbid it"
    return joined if first else column + SEPARATOR + joined


def _or_nothing(value: int | None) -> int:
    return NOTHING if value is None else value


def _or_none(value: int) -> int | None:
    return None if value == NOTHING else value
