"""A page of input units: what those that were fed together are, in columns. Pure; a page never changes.

Texts of a column are joined to one string, or stand once when all are equal; numbers are arrays, absent when no unit has one.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from schemas.types import InputUnit

SEPARATOR = "\n"
NOTHING = -1
#: Texts of a column: joined, one for all, or apart when one of them holds the separator.
Texts = str | tuple[str, ...]
#: What tells the units of a dataset apart: the file, and the first event of a range of it.
UnitKey = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Page:
    """Units of one dataset, `first` and the ids after it; `least` and `most` are the bounds of their keys.

    places: (scope, endpoint), of which a page has few; `place` says which one a unit has.
    """

    first: int
    dataset: str
    least: UnitKey
    most: UnitKey
    lfns: Texts
    guids: Texts
    checksums: Texts
    places: tuple[tuple[str, str], ...]
    place: "array[int] | None"
    sizes: "array[int]"
    events: "array[int] | None"
    starts: "array[int] | None"
    ends: "array[int] | None"
    boundaries: "array[int] | None" = None

    def __len__(self) -> int:
        return len(self.sizes)

    @classmethod
    def of(cls, specs: Sequence[InputUnit]) -> "Page":
        """The page of units with consecutive ids; at least one."""
        keys = [key_of(spec) for spec in specs]
        places = tuple(dict.fromkeys((spec.scope, spec.endpoint) for spec in specs))
        number_of = {place: number for number, place in enumerate(places)}
        return cls(
            first=specs[0].unit_id,
            dataset=specs[0].dataset,
            least=min(keys),
            most=max(keys),
            lfns=_column([spec.lfn for spec in specs]),
            guids=_column([spec.guid for spec in specs]),
            checksums=_column([spec.checksum for spec in specs]),
            places=places,
            place=array("I", [number_of[spec.scope, spec.endpoint] for spec in specs]) if len(places) > 1 else None,
            sizes=array("q", [spec.size_bytes for spec in specs]),
            events=_numbers([spec.events for spec in specs]),
            starts=_numbers([spec.start_event for spec in specs]),
            ends=_numbers([spec.end_event for spec in specs]),
            boundaries=_numbers([spec.boundary for spec in specs]),
        )

    def specs(self, unit_ids: Iterable[int], ram_mb: Mapping[int, int]) -> Iterator[InputUnit]:
        """What these units are, in the order given. ram_mb: by unit id, the memory of those that need more."""
        lfns, guids, checksums = (_texts(column, len(self)) for column in (self.lfns, self.guids, self.checksums))
        for unit_id in unit_ids:
            at = unit_id - self.first
            scope, endpoint = self.places[self.place[at] if self.place else 0]
            yield InputUnit(
                unit_id=unit_id,
                lfn=lfns[at],
                dataset=self.dataset,
                scope=scope,
                guid=guids[at],
                size_bytes=self.sizes[at],
                checksum=checksums[at],
                endpoint=endpoint,
                events=_number(self.events, at),
                start_event=_number(self.starts, at),
                end_event=_number(self.ends, at),
                ram_mb=ram_mb.get(unit_id),
                boundary=_number(self.boundaries, at),
            )

    def keys(self) -> Set[UnitKey]:
        """What tells its units apart."""
        starts = self.starts or [NOTHING] * len(self)
        return set(zip(_texts(self.lfns, len(self)), starts, strict=True))

    def names(self) -> Sequence[str]:
        """Of each of its units, in order, the name of the file that it is of."""
        return _texts(self.lfns, len(self))

    def files(self) -> Set[str]:
        """Names of the files that its units are of."""
        return set(_texts(self.lfns, len(self)))


def first_of(page: Page) -> int:
    """Id of the first unit of a page."""
    return page.first


def key_of(unit: InputUnit) -> UnitKey:
    """What tells a unit from others of its dataset."""
    return unit.lfn, NOTHING if unit.start_event is None else unit.start_event


def _column(texts: Sequence[str]) -> Texts:
    if all(text == texts[0] for text in texts):
        return texts[0] if SEPARATOR not in texts[0] else tuple(texts)
    return tuple(texts) if any(SEPARATOR in text for text in texts) else SEPARATOR.join(texts)


def _texts(column: Texts, count: int) -> Sequence[str]:
    texts = column.split(SEPARATOR) if isinstance(column, str) else column
    return texts if len(texts) == count else [*texts] * count


def _numbers(values: Sequence[int | None]) -> "array[int] | None":
    if all(value is None for value in values):
        return None
    return array("q", [NOTHING if value is None else value for value in values])


def _number(column: "array[int] | None", at: int) -> int | None:
    return None if column is None or column[at] == NOTHING else column[at]
