"""A job's specification from its task, its plan and its input. Pure: the same task and plan give the same job.

Source: docs/reference/jedi.md, "Attributes of a job"; docs/reference/client.md, "From parameters to jobs".
"""

from collections.abc import Mapping

from commands.task.file_lists import check_lists
from commands.task.job_files import (
    UNMERGED,
    definition_of,
    inputs_of,
    is_merged,
    merge_inputs,
    middle_of_merged,
    secondary_files,
    shown_names,
    unmerged_names,
)
from commands.task.model import Task
from commands.task.scouting import priority_in_force
from commands.task.text import (
    expand,
    expand_merge_pairs,
    file_name,
    replaced_names,
    text_bytes_max,
)
from schemas.middle_names import middle_name
from schemas.resource_types import BUILT_IN, asked_mb_of, memory_mb_of, resource_type_of
from schemas.types import (
    DatasetRole,
    GeneratedJob,
    InputUnit,
    JobInput,
    JobKind,
    JobOutput,
    JobSpec,
    OutputTemplate,
    StepDefinition,
    TaskDefinition,
)

PRIORITY_MERGE = 5000
PRIORITY_BUILD = 2000


def job_spec(task: Task, job: GeneratedJob, kind: JobKind, units: Mapping[int, InputUnit]) -> JobSpec:
    """The job that `job` stands for. units: by id, at least those of a normal job.

    Raises text.UnresolvedPlaceholder when the template asks for what is not there.
    """
    match kind:
        case JobKind.BUILD:
            return _build_spec(task, job)
        case JobKind.MERGE:
            return _merge_spec(task, job)
        case _:
            return _normal_spec(task, job, [units[unit_id] for unit_id in job.unit_ids])


def _normal_spec(task: Task, job: GeneratedJob, units: list[InputUnit]) -> JobSpec:
    definition = definition_of(task)
    merging, takes_ranges = definition.merge is not None, definition.rules.events_per_range is not None
    middle = middle_name(definition, units[0])
    outputs = [
        _output(template, task.task_id, job.serial, middle, unmerged=merging and is_merged(definition, template))
        for template in definition.outputs
        if not template.merge_only
    ]
    secondary = secondary_files(task, job)
    inputs = inputs_of([*units, *(file for files in secondary.values() for file in files)])
    files = list(dict.fromkeys(unit.lfn for unit in units if unit.endpoint))
    streams = {definition.input_stream: files or shown_names(units)}
    streams |= {stream: [file.lfn for file in found] for stream, found in secondary.items()}
    streams |= {template.stream: [out.lfn] for template, out in _paired(definition, outputs)}
    if task.library is not None:
        streams["LIB"] = [task.library.lfn]
        inputs.append(
            JobInput(
                lfn=task.library.lfn,
                dataset=task.library.dataset,
                scope=task.library.scope,
                guid=task.library.guid,
                size_bytes=task.library.size_bytes,
                checksum=task.library.checksum,
                endpoint=task.library.endpoint,
            )
        )
    bytes_max = text_bytes_max(definition.transformation)
    if definition.encoded_parameters:
        bytes_max = bytes_max // 4 * 3
    scalars = _scalars(task, job, units) | {"MIDDLENAME": middle}
    text = _finished_text(definition.parameters, task, streams, scalars, bytes_max)
    return _spec(
        task,
        job,
        JobKind.NORMAL,
        transformation=definition.transformation,
        parameters=_with_unmerged_names(text, outputs),
        inputs=inputs,
        # What comes of ranges is in files that the pilot names when it reports them.
        outputs=[one for one in outputs if one.role is DatasetRole.LOG] if takes_ranges else outputs,
        priority=priority_in_force(task),
        needs_merge=merging and not takes_ranges,
        takes_ranges=takes_ranges,
        ram_mb=max((unit.ram_mb or 0 for unit in units), default=0),
        events=sum(unit.events or 0 for unit in units) or None,
    )


def _build_spec(task: Task, job: GeneratedJob) -> JobSpec:
    step = _step(definition_of(task).build)
    library = f"panda.{task.task_id}.{job.serial:06d}.lib.tgz"
    output = JobOutput(lfn=library, dataset=library_dataset(task), scope="panda", role=DatasetRole.OUTPUT)
    text = step.parameters.replace("${IN}", step.archive or "").replace("${OUT}", library)
    return _spec(
        task,
        job,
        JobKind.BUILD,
        transformation=step.transformation,
        parameters=_finished_text(text, task, {}, _scalars(task, job, []), text_bytes_max(step.transformation)),
        inputs=[],
        outputs=[output, _log_of(task, job, "build")],
        priority=PRIORITY_BUILD,
        label=step.label,
    )


def _merge_spec(task: Task, job: GeneratedJob) -> JobSpec:
    definition = definition_of(task)
    step = _step(definition.merge)
    unmerged = [task.unmerged[serial] for serial in job.unit_ids]
    middle = middle_of_merged(definition, unmerged)
    outputs, pairs = [], {}
    for family, role in (("OUTPUT", DatasetRole.OUTPUT), ("LOG_MERGE", DatasetRole.LOG)):
        rows: list[tuple[list[str], str]] = []
        for template in definition.outputs:
            if template.role is role and (template.merge_only or role is DatasetRole.OUTPUT):
                merged = _output(template, task.task_id, job.serial, middle, unmerged=False)
                if merged.lfn not in (lfn for _, lfn in rows):  # a file of two datasets is merged once
                    rows.append((unmerged_names(template, task, unmerged), merged.lfn))
                outputs.append(merged)
        pairs[family] = rows
    streams = {"LIB": [task.library.lfn]} if task.library is not None else {}
    inputs = merge_inputs(unmerged, with_logs=bool(pairs["LOG_MERGE"]))
    if task.library is not None:
        library = task.library
        inputs.append(
            JobInput(
                lfn=library.lfn,
                dataset=library.dataset,
                scope=library.scope,
                size_bytes=library.size_bytes,
                checksum=library.checksum,
                endpoint=library.endpoint,
            )
        )
    bytes_max = text_bytes_max(step.transformation)
    text = expand_merge_pairs(step.parameters, pairs, bytes_max)
    return _spec(
        task,
        job,
        JobKind.MERGE,
        transformation=step.transformation,
        parameters=_finished_text(text, task, streams, _scalars(task, job, []), bytes_max),
        inputs=inputs,
        outputs=[*outputs, _log_of(task, job, "merge")],
        priority=PRIORITY_MERGE,
        processing_type="pmerge",
    )


def _spec(
    task: Task,
    job: GeneratedJob,
    kind: JobKind,
    *,
    transformation: str,
    parameters: str,
    inputs: list[JobInput],
    outputs: list[JobOutput],
    priority: int,
    label: str | None = None,
    processing_type: str | None = None,
    needs_merge: bool = False,
    ram_mb: int = 0,
    events: int | None = None,
    takes_ranges: bool = False,
) -> JobSpec:
    definition = definition_of(task)
    check_lists(inputs, outputs)
    required = definition.requirements
    memory_mb = memory_mb_of(required, ram_mb)
    return JobSpec(
        job_id=job.job_id,
        task_id=task.task_id,
        attempt=job.attempt,
        serial=job.serial,
        kind=kind,
        name=f"{task.name.rstrip('/')}.{job.job_id}",
        queue=job.queue,
        transformation=transformation,
        parameters=parameters,
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        core_count=required.core_count,
        ram_mb_min=memory_mb,
        memory_mb_asked=asked_mb_of(required, ram_mb),
        disk_mb_max=required.disk_mb,
        walltime_seconds_max=required.walltime_seconds,
        priority=priority,
        label=label or required.label,
        processing_type=processing_type or required.processing_type,
        user_name=task.user_name,
        owner=task.owner,
        vo=task.vo,
        working_group=task.working_group,
        share=definition.share,
        architecture=required.architecture,
        release=definition.release,
        retry_rule_set=definition.retry_rule_set,
        resource_type=resource_type_of(BUILT_IN, required.core_count, memory_mb),
        needs_merge=needs_merge,
        use_local_io=definition.use_local_io,
        looping_check=definition.looping_check,
        # Builds and merges run Culm's own steps, which know of no container.
        container_name=definition.container_name if kind is JobKind.NORMAL else None,
        multi_step_json=definition.multi_step_json if kind is JobKind.NORMAL else None,
        encoded_parameters=definition.encoded_parameters and kind is JobKind.NORMAL,
        events=events,
        takes_ranges=takes_ranges,
        # Builds and merges run Culm's own steps upon what others wrote: they are not given them.
        uses_secrets=definition.uses_secrets and kind is JobKind.NORMAL,
    )


def _scalars(task: Task, job: GeneratedJob, units: list[InputUnit]) -> dict[str, str]:
    """Single values of the text: serial, numbers, events."""
    definition = definition_of(task)
    number = units[0].unit_id if len(units) == 1 else job.serial
    events = sum(unit.events or 0 for unit in units)
    first = (units[0].start_event or 0) if units else 0
    scalars = {
        "SN": str(job.serial),
        "SURL": definition.source_url,
        "MIDDLENAME": "",
        "ATTEMPTNR": str(job.attempt),
        "MAXEVENTS": str(events) if events else "-1",
        "SKIPEVENTS": str(first),
        "FIRSTEVENT": str(first + definition.first_event_offset),
    }
    if definition.sequence_offset is not None:
        scalars["SEQNUMBER"] = str(definition.sequence_offset + number)
    if definition.random_seed_offset is not None:
        scalars["RNDMSEED"] = str(definition.random_seed_offset + number)
    return scalars


def _finished_text(text: str, task: Task, streams: dict[str, list[str]], scalars: dict[str, str], bytes_max: int) -> str:
    return expand(text, streams, scalars, bytes_max).replace("$JEDITASKID", str(task.task_id))


def _with_unmerged_names(text: str, outputs: list[JobOutput]) -> str:
    """`text` with outputs under the names they have until they are merged; prun writes the final ones into it."""
    unmerged = {out.lfn.removeprefix(UNMERGED): out.lfn for out in outputs if out.lfn.startswith(UNMERGED)}
    return replaced_names(text, unmerged)


def _output(template: OutputTemplate, task_id: int, serial: int, middle: str, *, unmerged: bool) -> JobOutput:
    prefix = UNMERGED if unmerged else ""
    return JobOutput(
        lfn=prefix + file_name(template.name_template, task_id, serial + template.serial_offset, middle),
        dataset=prefix + template.dataset,
        scope=template.scope,
        role=template.role,
        allow_no_output=template.allow_no_output,
    )


def _log_of(task: Task, job: GeneratedJob, step: str) -> JobOutput:
    """The log of a build or merge job goes where the task's logs go."""
    dataset, scope = step_logs(task)
    name = f"{task.name.rstrip('/')}.{step}.{task.task_id}.{job.serial:06d}.log.tgz"
    return JobOutput(lfn=name, dataset=dataset, scope=scope, role=DatasetRole.LOG)


def step_logs(task: Task) -> tuple[str, str]:
    """Dataset and scope of the logs of build and merge jobs."""
    logs = [found for found in definition_of(task).outputs if found.role is DatasetRole.LOG and not found.merge_only]
    return (logs[0].dataset, logs[0].scope) if logs else (f"{task.name.rstrip('/')}.log", "panda")


def library_dataset(task: Task) -> str:
    """Name of the dataset of what the build job makes."""
    return f"panda.{task.task_id}.lib"


def _paired(definition: TaskDefinition, outputs: list[JobOutput]) -> list[tuple[OutputTemplate, JobOutput]]:
    return list(zip([one for one in definition.outputs if not one.merge_only], outputs, strict=True))


def _step(step: StepDefinition | None) -> StepDefinition:
    assert step is not None, "a build or merge job of a task without that step"
    return step
