"""Which ready input has files of secondary input, and what ends where they run out. Pure.

Source: docs/reference/jedi.md, "Secondary input"; docs/decisions/0080.
"""

from collections.abc import Iterator

from commands.task.model import Task
from commands.task.secondary_taking import Taking, has_too_few
from schemas.types import InputUnit

#: How the reason of a task begins that ends because a stream has no files left.
LACKING = "secondary input"


def served(task: Task, ready: Iterator[InputUnit]) -> Iterator[InputUnit]:
    """Those of `ready` for which files of every stream are left, or that have theirs from an earlier attempt."""
    if not task.secondaries or task.definition is None:
        yield from ready
        return
    streams = task.definition.secondaries
    if has_too_few(streams, task.secondaries) is not None:
        # Only units that were given files can go on; behind the last of them there is none.
        ready = task.units.first_ready(max(len(secondary.firsts) for secondary in task.secondaries))
    taking = Taking(streams, task.secondaries, task.units)
    by_events = any(stream.event_ratio is not None for stream in streams)
    given = max(len(secondary.firsts) for secondary in task.secondaries)
    for unit in ready:
        if taking.serves(unit.unit_id):
            yield unit
        elif by_events and unit.unit_id > given:
            return  # no unit that needs fewer files overtakes it


def lacking_files(task: Task) -> str:
    """Why input that is left cannot become jobs: a sentence that begins with LACKING; empty when it can, or none is left."""
    if not task.secondaries or not task.to_do or task.definition is None:
        return ""
    streams = task.definition.secondaries
    number = has_too_few(streams, task.secondaries)
    if number is None:
        number = _unserved(task)
    elif next(served(task, iter(())), None) is not None:
        return ""
    if number is None:
        return ""
    stream, secondary = streams[number], task.secondaries[number]
    if stream.index_consistent:
        return f"{LACKING} {stream.stream} ({stream.datasets[-1]}) has no file with the number of an input file"
    left = len(secondary) - secondary.next
    return f"{LACKING} {stream.stream} ({stream.datasets[-1]}) has {left} of {len(secondary):,} files left, too few for a job"


def _unserved(task: Task) -> int | None:
    """The stream of which the files that are left have too few events for the next unit, or none with its number; None when a
    unit can go on."""
    assert task.definition is not None
    streams = task.definition.secondaries
    if not any(stream.event_ratio is not None or stream.index_consistent for stream in streams):
        return None
    first = next(task.units.first_ready(), None)
    if first is None or next(served(task, task.units.first_ready()), None) is not None:
        return None
    taking = Taking(streams, task.secondaries, task.units)
    taking.for_job((first.unit_id,))
    return taking.lacking
