"""Input units from a definition: files of a dataset, or made-up records for a task without input. Pure.

Numbers are worked out before anything is made: `units_made_up`, `units_in_file`.
Source: docs/reference/jedi.md, "Input units".
"""

from collections.abc import Iterator, Sequence

from schemas.patterns import Pattern, compile_pattern
from schemas.types import DatasetFile, InputUnit, TaskDefinition

PSEUDO_DATASET = "pseudo_dataset"
#: Pieces of input of one task, and how many are made in one decision.
UNITS_MAX = 200_000
UNITS_PER_SLICE = 10_000
#: Characters of names times instructions of patterns, for the files of one decision: about a second at the very worst.
MATCHING_MAX = 30_000_000


class TooMuchMatching(ValueError):
    """Patterns and names of one decision are more than may be matched in it."""


def units_made_up(definition: TaskDefinition) -> int:
    """Number of units of a task without input: one per physical file name, or one per range of events."""
    if definition.pfn_list:
        return len(definition.pfn_list)
    return _ranges(definition.events_total or 1, definition.rules.events_per_job or 1)


def made_up_units(definition: TaskDefinition, places: range) -> list[InputUnit]:
    """The made-up units at `places` (from 0); their ids are still to be given."""
    if definition.pfn_list:
        return [
            InputUnit(unit_id=number + 1, lfn=f"{number:06d}:{definition.pfn_list[number]}", dataset=PSEUDO_DATASET)
            for number in places
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


def eligible_files(definition: TaskDefinition, files: Sequence[DatasetFile]) -> Iterator[DatasetFile]:
    """Files that the include, exclude and explicit lists let through, in the order given.

    Raises TooMuchMatching before anything is matched, schemas.patterns.PatternRefused for a pattern that cannot be used.
    """
    include = [compile_pattern(text) for text in definition.input_include]
    exclude = [compile_pattern(text) for text in definition.input_exclude]
    wanted = set(definition.input_files)
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


def units_of_file(definition: TaskDefinition, dataset: str, file: DatasetFile, first_id: int) -> list[InputUnit]:
    """As many units as `units_in_file` says."""
    whole = InputUnit(
        unit_id=first_id,
        lfn=file.lfn,
        dataset=dataset,
        scope=file.scope,
        guid=file.guid,
        size_bytes=file.size_bytes,
        checksum=file.checksum,
        endpoint=file.endpoint,
        events=file.events,
    )
    count = units_in_file(definition, file)
    if count == 1:
        return [whole]
    step, total = definition.rules.events_per_job or 1, file.events or 0
    return [
        InputUnit(
            unit_id=first_id + number,
            lfn=file.lfn,
            dataset=dataset,
            scope=file.scope,
            guid=file.guid,
            size_bytes=file.size_bytes,
            checksum=file.checksum,
            endpoint=file.endpoint,
            events=min(step, total - start),
            start_event=start,
            end_event=min(start + step, total) - 1,
        )
        for number, start in enumerate(range(0, total, step))
    ]


def _ranges(total: int, step: int) -> int:
    return -(-total // step)
