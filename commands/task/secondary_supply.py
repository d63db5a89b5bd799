"""Which ready input has files of secondary input, and what ends where they run out. Pure.

Source: docs/reference/jedi.md, "Secondary input"; docs/decisions/0080.
"""

from collections.abc import Iterator

from commands.task.model import Task
from commands.task.secondaries import Taking, has_too_few
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
    taking = Taking(streams, task.secondaries)
    yield from (unit for unit in ready if taking.serves(unit.unit_id))


def lacking_files(task: Task) -> str:
    """Why input that is left cannot become jobs: a sentence that begins with LACKING; empty when it can, or none is left."""
    if not task.secondaries or not task.to_do or task.definition is None:
        return ""
    streams = task.definition.secondaries
    number = has_too_few(streams, task.secondaries)
    if number is None or next(served(task, iter(())), None) is not None:
        return ""
    stream, secondary = streams[number], task.secondaries[number]
    left = len(secondary) - secondary.next
    return f"{LACKING} {stream.stream} ({stream.datasets[-1]}) has {left} of {len(secondary):,} files left, too few for a job"
