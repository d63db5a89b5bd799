"""Input units of a task as rows: pages of what they are, written once, and accounts of where they stand. Pure."""

from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from commands.snapshot import Row
from commands.task.input_gate import InputGate
from commands.task.input_units import ENDED, InputUnits, UnitStatus
from commands.task.unit_page import NOTHING, SEPARATOR, Page, Texts, UnitKey, first_of
from commands.undo import UndoArray, UndoBytes, UndoDict, UndoList
from schemas.task import UnitAccountsSnapshot, UnitPageSnapshot
from schemas.types import InputUnit

#: Units whose accounts stand in one row (about 20 kB).
ACCOUNTS_OF_A_ROW = 4_096
PAGE, ACCOUNTS = "units-", "accounts-"


def accounts_of_units(unit_ids: Iterable[int]) -> set[str]:
    """Names of the rows with the accounts of these units."""
    return {f"{ACCOUNTS}{number}" for number in {(unit_id - 1) // ACCOUNTS_OF_A_ROW for unit_id in unit_ids}}


def pages_added(units: InputUnits, fed: Iterable[InputUnit]) -> set[str]:
    """Names of the pages that units make which are about to be fed: one for each run of a dataset."""
    runs, last = 0, None
    for unit in fed:
        runs, last = runs + (unit.dataset != last), unit.dataset
    return {f"{PAGE}{len(units.pages) + number}" for number in range(runs)}


def names(units: InputUnits) -> Iterable[str]:
    """All rows of units."""
    yield from (f"{PAGE}{number}" for number in range(len(units.pages)))
    yield from (f"{ACCOUNTS}{number}" for number in range(-(-len(units) // ACCOUNTS_OF_A_ROW)))


def rows(units: InputUnits, wanted: Collection[str]) -> Iterator[Row]:
    """Those of the wanted rows that are about units."""
    for name in wanted:
        if name.startswith(PAGE):
            number = int(name.removeprefix(PAGE))
            yield name, row_of_page(units.pages[number]) if number < len(units.pages) else None
        elif name.startswith(ACCOUNTS):
            first = int(name.removeprefix(ACCOUNTS)) * ACCOUNTS_OF_A_ROW
            yield name, _accounts_row(units, first) if first < len(units) else None


def restored(
    found: Mapping[str, Any], greatest: Mapping[str, UnitKey], attempts_added: int, ready_from: int, gate: InputGate
) -> InputUnits:
    """The units that the rows make."""
    pages = sorted((page_of_row(row) for name, row in found.items() if name.startswith(PAGE)), key=first_of)
    columns = (UndoBytes(), UndoArray("i"), UndoArray("i"), UndoArray("q"))
    status, attempts, failed_attempts, attempts_max = columns
    ram_mb: dict[int, int] = {}
    failures_added: dict[int, int] = {}
    for row in accounts_in(found):
        assert row.first == len(status) + 1, f"accounts of unit {row.first} stand where {len(status) + 1} is expected"
        status.extend(row.status)
        attempts.extend(row.attempts)
        failed_attempts.extend(row.failed_attempts)
        attempts_max.extend(row.attempts_max)
        ram_mb.update(zip(row.boosted, row.ram_mb, strict=True))
        failures_added.update(zip(row.pardoned, row.failures_added, strict=True))
    assert len(status) == sum(map(len, pages)), f"{len(status)} accounts for {sum(map(len, pages))} units"
    open_ones = (one for place, one in enumerate(failed_attempts) if one and status[place] not in ENDED)
    counts = UndoArray("q", [status.count(code) for code in range(len(UnitStatus))])
    return InputUnits(
        UndoList(pages),
        *columns,
        UndoDict(ram_mb),
        UndoDict(greatest),
        counts,
        attempts_added,
        ready_from,
        UndoDict(failures_added),
        gate,
        UndoArray("q", [sum(open_ones)]),
    )


def accounts_in(found: Mapping[str, Any]) -> list[UnitAccountsSnapshot]:
    """The rows of accounts, in order of their units."""
    return sorted((row for name, row in found.items() if name.startswith(ACCOUNTS)), key=_first)


def _first(row: UnitAccountsSnapshot) -> int:
    return row.first


def _accounts_row(units: InputUnits, first: int) -> UnitAccountsSnapshot:
    there = slice(first, first + ACCOUNTS_OF_A_ROW)
    ids = range(first + 1, min(first + ACCOUNTS_OF_A_ROW, len(units)) + 1)
    boosted = tuple(unit_id for unit_id in ids if unit_id in units.ram_mb) if units.ram_mb else ()
    pardoned = tuple(unit_id for unit_id in ids if unit_id in units.failures_added) if units.failures_added else ()
    return UnitAccountsSnapshot(
        first=first + 1,
        status=bytes(units.status[there]),
        attempts=tuple(units.attempts[there]),
        failed_attempts=tuple(units.failed_attempts[there]),
        attempts_max=tuple(units.attempts_max[there]),
        boosted=boosted,
        ram_mb=tuple(units.ram_mb[unit_id] for unit_id in boosted),
        pardoned=pardoned,
        failures_added=tuple(units.failures_added[unit_id] for unit_id in pardoned),
    )


def row_of_page(page: Page) -> UnitPageSnapshot:
    """A page as a row."""
    return UnitPageSnapshot(
        first=page.first,
        dataset=page.dataset,
        lfns=_split(page.lfns),
        guids=_split(page.guids),
        checksums=_split(page.checksums),
        scopes=tuple(scope for scope, _ in page.places),
        endpoints=tuple(endpoint for _, endpoint in page.places),
        place=tuple(page.place or ()),
        sizes=tuple(page.sizes),
        events=tuple(page.events or ()),
        starts=tuple(page.starts or ()),
        ends=tuple(page.ends or ()),
        boundaries=tuple(page.boundaries or ()),
    )


def page_of_row(row: UnitPageSnapshot) -> Page:
    """The page that a row makes."""
    starts = row.starts or (NOTHING,) * len(row.sizes)
    lfns = row.lfns if len(row.lfns) == len(row.sizes) else row.lfns * len(row.sizes)
    keys = list(zip(lfns, starts, strict=True))
    return Page(
        first=row.first,
        dataset=row.dataset,
        least=min(keys),
        most=max(keys),
        lfns=_joined(row.lfns),
        guids=_joined(row.guids),
        checksums=_joined(row.checksums),
        places=tuple(zip(row.scopes, row.endpoints, strict=True)),
        place=array("I", row.place) if row.place else None,
        sizes=array("q", row.sizes),
        events=array("q", row.events) if row.events else None,
        starts=array("q", row.starts) if row.starts else None,
        ends=array("q", row.ends) if row.ends else None,
        boundaries=array("q", row.boundaries) if row.boundaries else None,
    )


def _split(column: Texts) -> tuple[str, ...]:
    return tuple(column.split(SEPARATOR)) if isinstance(column, str) else column


def _joined(texts: tuple[str, ...]) -> Texts:
    return texts if any(SEPARATOR in text for text in texts) else SEPARATOR.join(texts)
