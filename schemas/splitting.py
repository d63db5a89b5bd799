"""What the rules of splitting say of a job, whichever queue it is for. Pure. Source: docs/reference/jedi.md, "Splitting"."""

from schemas.types import InputUnit, SplitRules, TaskDefinition

#: Files of one job, also where its task asks for more: their names stand in one command line.
FILES_OF_A_JOB_MAX = 1_000
#: What the input of one job weighs in records at most, names in the command line included.
INPUT_RECORDS_BYTES_MAX = 330_000
#: Of one file, beside its texts.
NUMBERS_BYTES = 100


def files_of_a_job(rules: SplitRules) -> int:
    """The most files that one job may have."""
    if rules.boundary_whole:
        return FILES_OF_A_JOB_MAX
    return min(rules.files_per_job or rules.files_per_job_max, FILES_OF_A_JOB_MAX)


def is_made_up(definition: TaskDefinition) -> bool:
    """True for a task without input: each of its units becomes a job, but where the number of jobs is limited."""
    return not definition.input_datasets and not definition.pfn_list and definition.listed is None


def may_mix(definition: TaskDefinition) -> bool:
    """True when units of a job need not be of one dataset, also because there are no datasets."""
    return definition.rules.datasets_mixed or not definition.input_datasets


def input_bytes(unit: InputUnit) -> int:
    """What a unit weighs in the records of its job: its name counts twice, as it stands in the command line too."""
    return NUMBERS_BYTES + sum(map(len, (unit.lfn, unit.lfn, unit.dataset, unit.scope, unit.guid, unit.checksum, unit.endpoint)))
