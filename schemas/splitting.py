"""What the rules of splitting say of a job, whichever queue it is for. Pure. Source: docs/reference/jedi.md, "Splitting"."""

from schemas.types import InputUnit, Requirements, SplitRules, TaskDefinition

#: Files of one job, also where its task asks for more: their names stand in one command line.
FILES_OF_A_JOB_MAX = 1_000
#: What the input of one job weighs in records at most, names in the command line included.
INPUT_RECORDS_BYTES_MAX = 330_000
#: Of one file, beside its texts.
NUMBERS_BYTES = 100
MEGABYTE = 1024**2
#: Of a task whose jobs are to have one file each.
INPUT_DIVISOR_MAX = 1_000_000


def files_of_a_job(rules: SplitRules) -> int:
    """The most files that one job may have."""
    if rules.boundary_whole:
        return FILES_OF_A_JOB_MAX
    most = rules.files_per_job or max(1, rules.files_per_job_max // rules.input_divisor)
    return min(most, FILES_OF_A_JOB_MAX)


def disk_bytes(required: Requirements, input_bytes_of_job: int, events: int | None) -> int:
    """The disk of a job beside its input: what was asked for, with what its output is expected to be where that was learned.

    events: of the job, None where they are not known; the rate by input, then that which was asked for, stand in.
    """
    work = (required.disk_mb - required.output_mb) * MEGABYTE
    if required.output_kb_per_event is not None and events is not None:
        return work + int(required.output_kb_per_event * 1024 * events)
    if required.output_kb_per_input_mb is not None:
        return work + int(required.output_kb_per_input_mb * input_bytes_of_job / 1024)
    return required.disk_mb * MEGABYTE


def is_made_up(definition: TaskDefinition) -> bool:
    """True for a task without input: each of its units becomes a job, but where the number of jobs is limited."""
    return not definition.input_datasets and not definition.pfn_list and definition.listed is None


def may_mix(definition: TaskDefinition) -> bool:
    """True when units of a job need not be of one dataset, also because there are no datasets."""
    return definition.rules.datasets_mixed or not definition.input_datasets


def input_bytes(unit: InputUnit) -> int:
    """What a unit weighs in the records of its job: its name counts twice, as it stands in the command line too."""
    return NUMBERS_BYTES + sum(map(len, (unit.lfn, unit.lfn, unit.dataset, unit.scope, unit.guid, unit.checksum, unit.endpoint)))
