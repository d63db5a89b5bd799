"""The outputs a pilot reported against those the job was to make."""

from schemas.job_files import own_log
from schemas.records import replace
from schemas.types import JobOutput, OutputFile


def complete_outputs(to_make: tuple[JobOutput, ...], reported: tuple[OutputFile, ...]) -> tuple[OutputFile, ...]:
    """Reported files that belong to the job, with dataset, scope and role as the job has them; others are left out.

    A file that the job makes for several datasets comes once for each of them.
    """
    expected: dict[str, list[JobOutput]] = {}
    for output in to_make:
        expected.setdefault(output.lfn, []).append(output)
    return tuple(
        replace(file, dataset=made.dataset, scope=made.scope, role=made.role, guid=file.guid or made.guid)
        for file in reported
        for made in expected.get(file.lfn, ())
    )


def missing_outputs(to_make: tuple[JobOutput, ...], outputs: tuple[OutputFile, ...]) -> tuple[str, ...]:
    """Names of files the job cannot finish without; its own log is never one of them."""
    there, log = {file.lfn for file in outputs}, own_log(to_make)
    lacking = (output.lfn for output in to_make if output is not log and not output.allow_no_output)
    return tuple(dict.fromkeys(lfn for lfn in lacking if lfn not in there))
