"""The lists of files that a job's specification gives its pilot, and what they must not hold. Pure."""

from collections import Counter
from collections.abc import Iterable

from commands.task.text import UnresolvedPlaceholder
from schemas.types import JobInput, JobOutput


def check_lists(inputs: list[JobInput], outputs: list[JobOutput]) -> None:
    """A pilot gets names in lists with commas (docs/reference/pilot.md) and has one folder for all files of a job: no list may
    shift, no two inputs may have one name, and no file may be written twice. An output may stand in several datasets.

    Raises UnresolvedPlaceholder.
    """
    files: list[JobInput | JobOutput] = [*inputs, *outputs]
    for file in files:
        for name in (file.lfn, file.dataset, file.scope):
            if "," in name:
                raise UnresolvedPlaceholder(f"{name[:200]!r} has a comma and cannot stand in a pilot's lists")
    for name in _repeated(file.lfn for file in inputs):
        raise UnresolvedPlaceholder(f"two input files of one job have the name {name[:200]!r}")
    places = {(output.lfn, output.scope, output.role): output.lfn for output in outputs}
    for name in (*_repeated(places.values()), *_repeated(f"{output.dataset} {output.lfn}" for output in outputs)):
        raise UnresolvedPlaceholder(f"output file {name[:200]!r} would be written twice by one job")


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]
