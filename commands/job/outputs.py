"""The outputs a pilot reported against those the job was to make."""


from schemas.records import replace
from schemas.types import DatasetRole, JobOutput, OutputFile


def complete_outputs(to_make: tuple[JobOutput, ...], reported: tuple[OutputFile, ...]) -> tuple[OutputFile, ...]:
    """Reported files that belong to the job, with dataset, scope and role as the job has them; others are left out."""
    expected = {output.lfn: output for output in to_make}
    return tuple(
        replace(
            file,
            dataset=expected[file.lfn].dataset,
            scope=expected[file.lfn].scope,
            role=expected[file.lfn].role,
            guid=file.guid or expected[file.lfn].guid,
        )
        for file in reported
        if file.lfn in expected
    )


def missing_outputs(to_make: tuple[JobOutput, ...], outputs: tuple[OutputFile, ...]) -> tuple[str, ...]:
    """Names of files the job cannot finish without; a log is never one of them."""
    there = {file.lfn for file in outputs}
    return tuple(
        output.lfn
        for output in to_make
        if output.role is not DatasetRole.LOG and not output.allow_no_output and output.lfn not in there
    )
