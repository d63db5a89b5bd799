"""The graph of jobs of one work, job by job: its name and the jobs that it waits for. Pure.

In: what stands in `_dependency_map`. Out: (name, parents) in the order of the list; a parent is (name of a work's task, name of a
job). Raises NotInGrammar. Source: docs/reference/idds.md, "Graphs of jobs".
"""

from collections.abc import Iterator
from typing import Any

from streams.idds.faults import NotInGrammar, Position
from streams.idds.model import JobMapSource, UploadedMap
from streams.idds.values import NAME_CHARACTERS_MAX
from streams.idds.zipped import UnpackingAllowance, ZippedJson
from streams.jedi.shown import shown

FILE_KEY = "idds_dependency_map_file"
#: The name that a client writes in place of a folder of its own; what follows is the name of a work.
STORAGE = "IDDS_WORKFLOW_ADDITIONAL_STORAGE/"
ORDER_MAX = 2**31 - 1
Job = tuple[str, list[tuple[str, str]]]


def source_of(given: Any, at: Position) -> JobMapSource:
    """What a work has as its graph. Zipped text is not opened here."""
    match given:
        case None:
            return ()
        case str() | list():
            return given if isinstance(given, str) else tuple(given)
        case dict() if FILE_KEY in given:
            return _uploaded(given[FILE_KEY], (*at, FILE_KEY))
        case dict() if not given:
            return ()
        case _:
            raise NotInGrammar(at, f"{shown(given)}, expected a list of jobs or zipped text")


def _uploaded(name: Any, at: Position) -> UploadedMap:
    if not isinstance(name, str) or not name.startswith(STORAGE):
        raise NotInGrammar(at, f"{shown(name)}, expected a name below {STORAGE}: files of clients are not read")
    work_name = name.removeprefix(STORAGE)
    if not 1 <= len(work_name) <= NAME_CHARACTERS_MAX or not work_name.isprintable():
        raise NotInGrammar(at, f"{shown(work_name)} is no name of a work")
    return UploadedMap(work_name)


def jobs_of(source: JobMapSource, at: Position, allowance: UnpackingAllowance) -> Iterator[Job]:
    """The jobs of a graph, one at a time."""
    match source:
        case UploadedMap(work_name):
            raise NotInGrammar(at, f"the graph of {shown(work_name)} was not uploaded")
        case tuple():
            yield from (read_job(one, (*at, number)) for number, one in enumerate(source))
        case str():
            zipped = ZippedJson(source, at, allowance)
            if zipped.next_character() == "[":
                yield from (read_job(one, (*at, number)) for number, one in enumerate(zipped.elements()))
            elif zipped.take_value():
                raise NotInGrammar(at, "expected a list of jobs")
            zipped.end()


def read_job(given: Any, at: Position) -> Job:
    """Name and parents of one job. Other keys are ignored, as the reference does."""
    if not isinstance(given, dict):
        raise NotInGrammar(at, f"{shown(given)}, expected a job")
    name = _name(given.get("name"), at, "name")
    order = given.get("order_id")
    if order is not None and (isinstance(order, bool) or not isinstance(order, int) or not 0 <= order <= ORDER_MAX):
        raise NotInGrammar((*at, "order_id"), f"{shown(order)}, expected a whole number from 0 to {ORDER_MAX}")
    dependencies = given.get("dependencies")
    if dependencies is None:
        return name, []
    if not isinstance(dependencies, list):
        raise NotInGrammar((*at, "dependencies"), f"{shown(dependencies)}, expected a list")
    parents = []
    for number, one in enumerate(dependencies):
        where = (*at, "dependencies", number)
        if not isinstance(one, dict):
            raise NotInGrammar(where, f"{shown(one)}, expected an object with task and inputname")
        parents.append((_name(one.get("task"), where, "task"), _name(one.get("inputname"), where, "inputname")))
    return name, parents


def _name(value: Any, at: Position, key: str) -> str:
    if isinstance(value, str) and 0 < len(value) <= NAME_CHARACTERS_MAX and value.isprintable():
        return value
    found = f"{len(value)} characters" if isinstance(value, str) and len(value) > NAME_CHARACTERS_MAX else shown(value)
    raise NotInGrammar((*at, key), f"{found}, expected 1 to {NAME_CHARACTERS_MAX} printable characters")
