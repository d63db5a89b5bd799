"""Input units from a definition: files of a dataset, or made-up records for a task without input. Pure.

Source: docs/reference/jedi.md, "Input units".
"""

import re
from collections.abc import Iterator

from schemas.types import DatasetFile, InputUnit, TaskDefinition

PSEUDO_DATASET = "pseudo_dataset"
UNITS_MADE_UP_MAX = 200_000


def made_up_units(definition: TaskDefinition, first_id: int) -> list[InputUnit]:
    """Units of a task without input: one per physical file name, or one per range of events."""
    if definition.pfn_list:
        return [
            InputUnit(unit_id=first_id + number, lfn=f"{number:06d}:{name}", dataset=PSEUDO_DATASET)
            for number, name in enumerate(definition.pfn_list)
        ]
    total = definition.events_total or 1
    step = definition.rules.events_per_job or 1
    starts = range(0, total, step)
    return [
        InputUnit(
            unit_id=first_id + number,
            lfn="pseudo_lfn",
            dataset=PSEUDO_DATASET,
            events=min(step, total - start),
            start_event=start,
            end_event=min(start + step, total) - 1,
        )
        for number, start in enumerate(starts)
    ]


def eligible_files(definition: TaskDefinition, files: tuple[DatasetFile, ...]) -> Iterator[DatasetFile]:
    """Files that the include, exclude and explicit lists let through, in the order given."""
    wanted = set(definition.input_files)
    for file in files:
        if wanted and file.lfn not in wanted:
            continue
        if definition.input_include and not any(re.search(p, file.lfn) for p in definition.input_include):
            continue
        if any(re.search(pattern, file.lfn) for pattern in definition.input_exclude):
            continue
        yield file


def units_of_file(definition: TaskDefinition, dataset: str, file: DatasetFile, first_id: int) -> list[InputUnit]:
    """One unit, or one per range of events when the task is split by events and the file's count is known."""
    step = definition.rules.events_per_job
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
    if not step or definition.rules.files_per_job or not file.events or file.events <= step:
        return [whole]
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
            events=min(step, file.events - start),
            start_event=start,
            end_event=min(start + step, file.events) - 1,
        )
        for number, start in enumerate(range(0, file.events, step))
    ]
