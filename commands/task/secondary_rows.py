"""Secondary input of a task as rows: a row for each stream, pages of its files, and ranges beside the accounts of units. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Sized
from typing import Any

from commands.snapshot import Row
from commands.task.secondaries import NOTHING, Secondaries, Secondary
from commands.task.unit_page import first_of
from commands.task.unit_rows import page_of_row, row_of_page
from commands.undo import UndoArray, UndoBytes, UndoList
from schemas.task import SecondarySnapshot

STREAM, FILES = "secondary-", "files-"


def names(secondaries: Secondaries) -> Iterator[str]:
    """All rows of secondary input but the ranges, which stand with the accounts of units."""
    for number, secondary in enumerate(secondaries):
        yield f"{STREAM}{number}"
        yield from (f"{FILES}{number}-{page}" for page in range(len(secondary.pages)))


def streams(secondaries: Sized) -> Iterator[str]:
    """The row of each stream."""
    return (f"{STREAM}{number}" for number in range(len(secondaries)))


def fed(secondaries: Secondaries, stream: int) -> tuple[str, ...]:
    """The rows that a chunk of files changes, which is about to be read."""
    return f"{STREAM}{stream}", f"{FILES}{stream}-{len(secondaries[stream].pages)}"


def rows(secondaries: Secondaries, wanted: Collection[str]) -> Iterator[Row]:
    """Those of the wanted rows that are about secondary input."""
    for name in wanted:
        if name.startswith(STREAM):
            number = int(name.removeprefix(STREAM))
            yield name, _stream_row(secondaries[number]) if number < len(secondaries) else None
        elif name.startswith(FILES):
            number, page = map(int, name.removeprefix(FILES).split("-"))
            there = number < len(secondaries) and page < len(secondaries[number].pages)
            yield name, row_of_page(secondaries[number].pages[page]) if there else None


def ranges_of_units(secondaries: Sequence[Secondary], ids: range) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """First places and counts of the files that the units have, stream after stream; empty where none of them has any."""
    found = [secondary.range_of(unit_id) or (NOTHING, 0) for secondary in secondaries for unit_id in ids]
    if all(first == NOTHING for first, _ in found):
        return (), ()
    return tuple(first for first, _ in found), tuple(count for _, count in found)


def restored(found: Mapping[str, Any], accounts: Iterable[Any], streams_count: int) -> Secondaries:
    """The streams that the rows make. accounts: rows of accounts of units, in order."""
    made = []
    for number in range(streams_count):
        row: SecondarySnapshot | None = found.get(f"{STREAM}{number}")
        if row is None:
            made.append(Secondary())
            continue
        files = (found[name] for name in found if name.startswith(f"{FILES}{number}-"))
        pages = sorted(map(page_of_row, files), key=first_of)
        firsts, counts = _columns(accounts, number)
        made.append(
            Secondary(
                UndoList(pages), UndoBytes(row.status), firsts, counts, row.place, row.chunks, row.skipped, row.next
            )
        )
    return Secondaries(made)


def _columns(accounts: Iterable[Any], number: int) -> tuple[UndoArray, UndoArray]:
    firsts: list[int] = []
    counts: list[int] = []
    for row in accounts:
        size = len(row.status)
        there = slice(number * size, (number + 1) * size)
        firsts += row.secondary_firsts[there] or [NOTHING] * size
        counts += row.secondary_counts[there] or [0] * size
    while firsts and firsts[-1] == NOTHING:
        firsts.pop()
    return UndoArray("q", firsts), UndoArray("q", counts[: len(firsts)])


def _stream_row(secondary: Secondary) -> SecondarySnapshot:
    return SecondarySnapshot(
        place=secondary.place,
        chunks=secondary.chunks,
        skipped=secondary.skipped,
        next=secondary.next,
        status=bytes(secondary.status),
    )
