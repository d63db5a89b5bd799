"""Long lists of names of a task, which come in chunks after its submission. Pure.

Guards: chunks come in order and only from the one who submitted, lists in the order in which they were announced; the task starts
with the last name, or ends unfinished after an hour. A chunk costs what it holds, for any length of its list.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from schemas.types import NameList

SEPARATOR = "\n"
#: The list of physical names; every other one names files of the input datasets.
PFN_LIST = "pfnList"


@dataclass(frozen=True, slots=True)
class NamePage:
    """Names of `list` that came together; `first` is the place of the first of them in it, from 0. No name holds a line end."""

    list: str
    first: int
    count: int
    longest: str
    joined: str

    @property
    def names(self) -> Sequence[str]:
        """The names in their order."""
        return self.joined.split(SEPARATOR)


#: By number of the chunk, from 0.
NamePages = Mapping[int, NamePage]


def page_of(list_name: str, first: int, names: Sequence[str]) -> NamePage:
    """The page of a chunk, which has at least one name."""
    return NamePage(list_name, first, len(names), max(names, key=len), SEPARATOR.join(names))


def announced(lists: Sequence[NameList]) -> int:
    """Number of names of all lists."""
    return sum(one.count for one in lists)


def arrived(lists: Sequence[NameList], pages: NamePages) -> int:
    """Number of names that the task has."""
    if not pages:
        return 0
    last = pages[len(pages) - 1]
    before = [one.list for one in lists].index(last.list)
    return announced(lists[:before]) + last.first + last.count


def are_complete(lists: Sequence[NameList], pages: NamePages) -> bool:
    """True when the task has every name; also for one without long lists."""
    return arrived(lists, pages) == announced(lists)


def expected_next(lists: Sequence[NameList], pages: NamePages) -> tuple[NameList, int]:
    """The list that the next chunk belongs to, and the place of its first name; there is a name to come."""
    place = arrived(lists, pages)
    for one in lists:
        if place < one.count:
            return one, place
        place -= one.count
    raise AssertionError("every name has come")


def names_at(lists: Sequence[NameList], pages: NamePages, list_name: str, places: range) -> Iterator[str]:
    """Names of a list at `places`, which are consecutive and not empty; costs the pages that hold them."""
    order = {one.list: number for number, one in enumerate(lists)}

    def starts_at(chunk: int) -> tuple[int, int]:
        return order[pages[chunk].list], pages[chunk].first

    chunk = bisect_right(range(len(pages)), (order[list_name], places.start), key=starts_at) - 1
    while chunk < len(pages) and pages[chunk].list == list_name and pages[chunk].first < places.stop:
        page = pages[chunk]
        yield from page.names[max(0, places.start - page.first) : places.stop - page.first]
        chunk += 1


def all_names(pages: NamePages, list_name: str) -> Iterator[str]:
    """Every name of a list that has come."""
    for page in pages.values():
        if page.list == list_name:
            yield from page.names


def longest_name(pages: NamePages, list_name: str) -> str:
    """The longest name of a list, empty when none has come."""
    return max((page.longest for page in pages.values() if page.list == list_name), key=len, default="")


def kept(lists: Sequence[NameList], pages: NamePages) -> dict[int, NamePage]:
    """The pages of `lists`, numbered from 0."""
    wanted = {one.list for one in lists}
    return dict(enumerate(page for _, page in sorted(pages.items()) if page.list in wanted))
