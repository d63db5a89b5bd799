"""Which files of a job are which. Pure."""

from collections.abc import Iterable

from schemas.types import DatasetRole, JobOutput


def own_log(outputs: Iterable[JobOutput]) -> JobOutput | None:
    """The archive of the job's own log, which its pilot makes: the last output with that role; None where there is none.

    Logs before it are made by the payload, as those that a merge job merges; they are outputs like any other.
    """
    return next((one for one in reversed(tuple(outputs)) if one.role is DatasetRole.LOG), None)


def written_once(outputs: Iterable[JobOutput]) -> tuple[JobOutput, ...]:
    """The files that are written: one that stands in several datasets comes once, as it stands in the first of them."""
    files: dict[str, JobOutput] = {}
    for one in outputs:
        files.setdefault(one.lfn, one)
    return tuple(files.values())
