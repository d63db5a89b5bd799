"""Long lists of names in task parameters: taken out at submission, sent in chunks, put back where parameters are read. Pure.

In: parameters as the client sent them. Out: the same with an empty list in place of each long one, the lists, and the commands
that carry their names. Guards: a name that the log does not take is named before anything is sent; a chunk fits a record.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.characters import URL
from schemas.task import AddInputNames
from schemas.types import NameList

#: Of a request that submits a task: 200,000 names of 160 characters.
SUBMISSION_BYTES_MAX = 32 * 1024 * 1024
#: A list of more names, or of more characters, than this travels apart from the parameters.
NAMES_MAX, CHARACTERS_MAX = 500, 100_000
#: Characters of a chunk; names are ASCII.
CHUNK_NAMES_MAX, CHUNK_CHARACTERS_MAX = 500, 400_000
ALL_NAMES_MAX, NAME_LENGTH_MAX = 1_000_000, 1_024
LISTS_MAX = 10
PFN_LIST, ITEMS, FILES = "pfnList", "jobParameters", "files"


@dataclass(frozen=True, slots=True)
class LongList:
    """A list that was taken out of `place`, which is written as in PanDA's words: `pfnList`, `jobParameters[3].files`."""

    place: str
    names: tuple[str, ...]

    @property
    def announced(self) -> NameList:
        """What the submission says of it."""
        return NameList(list=self.place, count=len(self.names))


def taken_out(parameters: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[LongList, ...]]:
    """`parameters` with long lists empty, and those lists; what is no list of texts stays for refinement to judge."""
    stored, found = dict(parameters), []
    if _is_long(stored.get(PFN_LIST)):
        found.append(LongList(PFN_LIST, tuple(stored[PFN_LIST])))
        stored[PFN_LIST] = []
    items = stored.get(ITEMS)
    if isinstance(items, list):
        stored[ITEMS] = items = list(items)
        for number, item in enumerate(items):
            if isinstance(item, Mapping) and _is_long(item.get(FILES)):
                found.append(LongList(f"{ITEMS}[{number}].{FILES}", tuple(item[FILES])))
                items[number] = {**item, FILES: []}
    return stored, tuple(found)


def problems_of_lists(lists: Sequence[LongList]) -> Iterator[str]:
    """Why these lists cannot be submitted."""
    if len(lists) > LISTS_MAX:
        yield f"{len(lists)} lists have more than {NAMES_MAX} names, expected at most {LISTS_MAX} such lists"
    count = sum(len(one.names) for one in lists)
    if count > ALL_NAMES_MAX:
        yield f"{', '.join(one.place for one in lists[:LISTS_MAX])}: found {count:,} names, expected at most {ALL_NAMES_MAX:,}"
        return
    for one in lists:
        for number, name in enumerate(one.names):
            if not 1 <= len(name) <= NAME_LENGTH_MAX:
                yield f"{one.place}[{number}]: found {len(name):,} characters, expected 1 to {NAME_LENGTH_MAX:,}"
            elif not URL.takes(name):
                yield f"{one.place}[{number}]: found {name[:60]!a}, expected {URL.expected}"


def chunks_of(lists: Iterable[LongList]) -> Iterator[AddInputNames]:
    """The commands that carry the names, in order."""
    number = 0
    for one in lists:
        start = 0
        while start < len(one.names):
            end, characters = start, 0
            while end < min(start + CHUNK_NAMES_MAX, len(one.names)):
                characters += len(one.names[end])
                if characters > CHUNK_CHARACTERS_MAX:
                    break
                end += 1
            yield AddInputNames(chunk=number, list=one.place, names=one.names[start:end])
            start, number = end, number + 1


def put_back(parameters: dict[str, Any], names: Mapping[str, list[str]]) -> dict[str, Any]:
    """`parameters` with their long lists in place. names: by place, all that has arrived."""
    for place, found in names.items():
        item, _, key = place.rpartition(".")
        holder = parameters if not item else _item_at(parameters, item)
        if holder is not None:
            holder[key] = found
    return parameters


def _item_at(parameters: Mapping[str, Any], where: str) -> dict[str, Any] | None:
    """The item that `jobParameters[3]` names."""
    key, _, number = where.rstrip("]").partition("[")
    items = parameters.get(key)
    if not isinstance(items, list) or not number.isdecimal() or int(number) >= len(items):
        return None
    item = items[int(number)]
    return item if isinstance(item, dict) else None


def _is_long(found: Any) -> bool:
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        return False
    return len(found) > NAMES_MAX or sum(map(len, found)) > CHARACTERS_MAX
