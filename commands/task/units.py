"""Input units from a definition: files of a dataset, or made-up records for a task without input. Pure.

Numbers are worked out before anything is made: `units_made_up`, `units_in_file`.
Source: docs/reference/jedi.md, "Input units".
"""

from collections.abc import Collection, Iterator, Sequence

from commands.sizes import bytes_of
from commands.task.names import PFN_LIST
from schemas.boundaries import looked_at, number_of
from schemas.patterns import Pattern, compile_pattern
from schemas.records import replace
from schemas.types import DatasetFile, InputUnit, TaskDefinition

PSEUDO_DATASET = "pseudo_dataset"
#: Characters of names times instructions of patterns, for the files of one decision: about a second at the very worst.
MATCHING_MAX = 30_000_000


class TooMuchMatching(ValueError):
    """Patterns and names of one decision are more than may be matched in it."""


class EventsUnknown(ValueError):
    """A task needs the numbers of events of its files, and a file has none by its catalogue."""


def within_events(
    definition: TaskDefinition, files: Sequence[DatasetFile], known: Collection[str], events_left: int
) -> list[DatasetFile]:
    """The first of `files` that hold `events_left` events; those that the task has, `known`, are counted. Raises EventsUnknown.

    The last one is used whole, but where it is cut into ranges: then these end with the last event that is left.
    """
    usable: list[DatasetFile] = []
    for file in files:
        if file.lfn in known:
            continue
        if events_left <= 0:
            break
        if not file.events:
            raise EventsUnknown(f"file {file.lfn} has no number of events; nEvents needs one, or nEventsPerFile")
        cut = units_in_file(definition, file) > 1 and file.events > events_left
        usable.append(replace(file, events=events_left) if cut else file)
        events_left -= file.events
    return usable


def with_events(definition: TaskDefinition, files: Sequence[DatasetFile]) -> Sequence[DatasetFile]:
    """`files`; raises EventsUnknown where jobs are to take ranges of their events and one has none."""
    if definition.rules.events_per_range is not None:
        for file in files:
            if not file.events:
                raise EventsUnknown(f"file {file.lfn} has no number of events; nEventsPerWorker needs one")
    return files


def units_made_up(definition: TaskDefinition) -> int:
    """Number of units of a task without input: one per physical file name, or one per range of events."""
    if definition.pfn_list:
        return len(definition.pfn_list)
    if has_listed_pfns(definition):
        assert definition.listed is not None
        return min(definition.listed.count, definition.input_files_max or definition.listed.count)
    return _ranges(definition.events_total or 1, definition.rules.events_per_job or 1)


def has_listed_pfns(definition: TaskDefinition) -> bool:
    """True when the input is physical names of a long list, which the task has."""
    return definition.listed is not None and definition.listed.list == PFN_LIST


def made_up_units(definition: TaskDefinition, places: range, pfns: Sequence[str]) -> list[InputUnit]:
    """The made-up units at `places` (from 0); their ids are still to be given. pfns: the physical names at `places`, if any."""
    if pfns:
        return [
            InputUnit(unit_id=number + 1, lfn=f"{number:06d}:{name}", dataset=PSEUDO_DATASET)
            for number, name in zip(places, pfns, strict=True)
        ]
    total = definition.events_total or 1
    step = definition.rules.events_per_job or 1
    return [
        InputUnit(
            unit_id=number + 1,
            lfn="pseudo_lfn",
            dataset=PSEUDO_DATASET,
            events=min(step, total - number * step),
            start_event=number * step,
            end_event=min(number * step + step, total) - 1,
        )
        for number in places
    ]


def eligible_files(
    definition: TaskDefinition, files: Sequence[DatasetFile], wanted: Collection[str]
) -> Iterator[DatasetFile]:
    """Files that the include and exclude patterns and the explicit list `wanted` let through, in the order given.

    Raises TooMuchMatching before anything is matched, schemas.patterns.PatternRefused for a pattern that cannot be used.
    """
    include = [compile_pattern(text) for text in definition.input_include]
    exclude = [compile_pattern(text) for text in definition.input_exclude]
    named = [file for file in files if not wanted or file.lfn in wanted]
    _check_matching([*include, *exclude], named)
    return (file for file in named if _passes(file.lfn, include, exclude))


def _check_matching(patterns: Sequence[Pattern], files: Sequence[DatasetFile]) -> None:
    cost = sum(pattern.program_size for pattern in patterns) * sum(len(file.lfn) for file in files)
    if cost > MATCHING_MAX:
        raise TooMuchMatching(
            f"{len(patterns)} patterns over {len(files)} file names cost {cost:,} steps, expected at most {MATCHING_MAX:,}"
        )


def _passes(lfn: str, include: Sequence[Pattern], exclude: Sequence[Pattern]) -> bool:
    if include and not any(pattern.search(lfn) for pattern in include):
        return False
    return not any(pattern.search(lfn) for pattern in exclude)


def units_in_file(definition: TaskDefinition, file: DatasetFile) -> int:
    """One, or the number of ranges of events when the task is split by events and the file's count is known."""
    step = definition.rules.events_per_job
    if not step or definition.rules.files_per_job or not file.events or file.events <= step:
        return 1
    return _ranges(file.events, step)


def first_units(
    definition: TaskDefinition, dataset: str, files: Sequence[DatasetFile], made: int, number_max: int, bytes_max: int
) -> tuple[list[InputUnit], tuple[DatasetFile, ...], int]:
    """The first units of `files`, whose ids are still to be given, the files that have more, and how many the first has had.

    made: units that the first of `files` has had before. A unit over `bytes_max` is made all the same.
    """
    units: list[InputUnit] = []
    for place, file in enumerate(files):
        count = units_in_file(definition, file)
        # Ranges of a file weigh the same but for their numbers, which `bytes_of` takes for the longest there are.
        weight = bytes_of(_unit_of_file(definition, dataset, file, 0, count))
        most = min(number_max - len(units), bytes_max // weight) if units else max(1, min(number_max, bytes_max // weight))
        taken = range(made, min(count, made + most))
        units += (_unit_of_file(definition, dataset, file, number, count) for number in taken)
        bytes_max -= len(taken) * weight
        if made + len(taken) < count:
            return units, tuple(files[place:]), made + len(taken)
        made = 0
    return units, (), 0


def _unit_of_file(definition: TaskDefinition, dataset: str, file: DatasetFile, number: int, count: int) -> InputUnit:
    """The whole file when `count` is 1, else range `number` of its events."""
    step, total = definition.rules.events_per_job or 1, file.events or 0
    start = number * step
    return InputUnit(
        unit_id=number + 1,
        lfn=file.lfn,
        dataset=dataset,
        scope=file.scope,
        guid=file.guid,
        size_bytes=file.size_bytes,
        checksum=file.checksum,
        endpoint=file.endpoint,
        events=file.events if count == 1 else min(step, total - start),
        start_event=None if count == 1 else start,
        end_event=None if count == 1 else min(start + step, total) - 1,
        boundary=number_of(file, looked_at(definition.rules)),
    )


def _ranges(total: int, step: int) -> int:
    return -(-total // step)
