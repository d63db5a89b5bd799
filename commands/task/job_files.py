"""Files of a job: what it stages in, and what a merge job takes of unmerged files. Pure.

Source: docs/reference/jedi.md, "Attributes of a job".
"""

from commands.task.model import Task, Unmerged
from commands.task.secondaries import files_for
from commands.task.text import (
    file_name,
)
from schemas.middle_names import middle_name
from schemas.types import (
    DatasetRole,
    GeneratedJob,
    InputUnit,
    JobInput,
    OutputTemplate,
    TaskDefinition,
)

UNMERGED = "panda.um."


def is_merged(definition: TaskDefinition, template: OutputTemplate) -> bool:
    """Outputs go through the merge step; logs only when merged logs are wanted."""
    logs_merged = any(found.merge_only and found.role is DatasetRole.LOG for found in definition.outputs)
    return template.role is DatasetRole.OUTPUT or logs_merged


def middle_of_merged(definition: TaskDefinition, unmerged: list[Unmerged]) -> str:
    """As the reference takes it: so many fields of the first unmerged name, behind `panda.um.` and two more."""
    names = [file.lfn for one in unmerged for file in one.job.outputs if file.role is DatasetRole.OUTPUT]
    number = len(definition.name_fields)
    return "".join(f".{field}" for field in names[0].split(".")[4 : 4 + number]) if names and number else ""


def unmerged_names(template: OutputTemplate, task: Task, unmerged: list[Unmerged]) -> list[str]:
    """Names of the unmerged files that the merged file of `template` is made of, as far as they were made.

    What came of ranges of events has the names that pilots gave it, and each file is part of every output.
    """
    names = []
    for one in unmerged:
        if template.merge_only or definition_of(task).rules.events_per_range is not None:
            names += [file.lfn for file in one.job.outputs if file.role is template.role]
            continue
        (first,) = task.units.specs(one.units[:1]) if definition_of(task).name_fields else (None,)
        middle = "" if first is None else middle_name(definition_of(task), first)
        serial = one.job.serial + template.serial_offset
        wanted = UNMERGED + file_name(template.name_template, task.task_id, serial, middle)
        names += [file.lfn for file in one.job.outputs if file.lfn == wanted]
    return list(dict.fromkeys(names))


def merge_inputs(unmerged: list[Unmerged], *, with_logs: bool) -> list[JobInput]:
    """The unmerged files that a merge job stages in, each once; logs too if they are merged."""
    made = [file for one in unmerged for file in one.job.outputs if file.role is DatasetRole.OUTPUT or with_logs]
    return [
        JobInput(
            lfn=file.lfn,
            dataset=file.dataset,
            scope=file.scope,
            guid=file.guid,
            size_bytes=file.size_bytes,
            checksum=file.checksum,
            endpoint=file.endpoint,
        )
        for file in {(file.scope, file.lfn): file for file in reversed(made)}.values()
    ][::-1]


def inputs_of(units: list[InputUnit]) -> list[JobInput]:
    """Files to stage in: each file once, also when it stands in two datasets; made-up records never."""
    files = {(unit.scope, unit.lfn): unit for unit in units if unit.endpoint}
    return [
        JobInput(
            lfn=unit.lfn,
            dataset=unit.dataset,
            scope=unit.scope,
            guid=unit.guid,
            size_bytes=unit.size_bytes,
            checksum=unit.checksum,
            endpoint=unit.endpoint,
        )
        for unit in files.values()
    ]


def secondary_files(task: Task, job: GeneratedJob) -> dict[str, list[InputUnit]]:
    """By stream, the files of secondary input that the job has, in the order of its units; each once."""
    streams = definition_of(task).secondaries
    found = {
        stream.stream: files_for(secondary, stream, job, number)
        for number, (stream, secondary) in enumerate(zip(streams, task.secondaries, strict=True))
    }
    return {stream: list({file.unit_id: file for file in files}.values()) for stream, files in found.items()}


def shown_names(units: list[InputUnit]) -> list[str]:
    """Names of made-up records as the payload sees them: `NNNNNN:name` of a pfn list is the name."""
    return [unit.lfn.partition(":")[2] or unit.lfn for unit in units]


def definition_of(task: Task) -> TaskDefinition:
    """What the task was refined to."""
    assert task.definition is not None, f"task {task.task_id} makes jobs before it is refined"
    return task.definition
