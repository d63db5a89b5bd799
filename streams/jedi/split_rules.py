"""Split rules of a task from its parameters. Pure.

In: parameters that were checked. Out: the rules; a value that cannot be raises as the readers of parameters do.
Source: docs/reference/jedi.md, "Splitting".
"""

from typing import Any

from schemas.boundaries import BOUNDARY_ID, LUMI_BLOCK
from schemas.types import SplitRules
from streams.jedi.requirements import (
    events_of,
    hs06_seconds_of,
    walltime_target_of,
)
from streams.jedi.task_parameters import (
    INT32_MAX,
    Parameters,
)

FILES_PER_JOB_MAX = 200
EVENTS_PER_RANGE_MAX = 1_000_000


def rules_of(given: Parameters, *, without_input: bool, by_file: bool, mixed: bool) -> SplitRules:
    """The rules of splitting. by_file: input is named and not made up; mixed: a job may have files of several datasets."""
    files, events = given.whole("nFilesPerJob", 1), events_of(given, "nEventsPerJob")
    per_file = events_of(given, "nEventsPerFile")
    if without_input and not by_file:
        made_up = files if events_of(given, "nEvents") is None else None
        files, events = None, events or made_up or 1
    elif per_file and events and not files:
        files, events = min(INT32_MAX, max(1, events // per_file)), None
    per_range = _per_range(given, files, events, without_input=without_input, by_file=by_file)
    jobs_max = [found for key in ("maxNumJobs", "totNumJobs", "nJobs") if (found := given.whole(key)) is not None]
    return SplitRules(
        files_per_job=1 if per_range else files,
        events_per_range=per_range,
        files_per_job_max=given.whole("nMaxFilesPerJob", 1) or FILES_PER_JOB_MAX,
        events_per_job=events,
        gigabytes_per_job=_positive(given, "nGBPerJob"),
        jobs_max=min((found for found in jobs_max if found > 0), default=None),
        files_per_merge_job=given.whole("nFilesPerMergeJob", 1),
        gigabytes_per_merge_job=_positive(given, "nGBPerMergeJob"),
        datasets_mixed=mixed and not without_input,
        walltime_seconds_target=walltime_target_of(given),
        hs06_seconds_per_event=hs06_seconds_of(given),
        **_boundary(given, without_input=without_input),
    )


def _per_range(
    given: Parameters, files: int | None, events: int | None, *, without_input: bool, by_file: bool
) -> int | None:
    """Events of a range where jobs take ranges: of one file each, whose events are known."""
    per_range = given.whole("nEventsPerWorker", 1, EVENTS_PER_RANGE_MAX)
    if per_range is None:
        return None
    if without_input or by_file:
        given.problems.append(f"nEventsPerWorker is {per_range} and the task has no input dataset, expected one")
    if events is not None or files not in (None, 1):
        given.problems.append(f"nEventsPerWorker is {per_range} beside nEventsPerJob or nFilesPerJob, expected none of them")
    if any(given.raw.get(key) for key in ("maxNumJobs", "totNumJobs", "nJobs")):
        given.problems.append(f"nEventsPerWorker is {per_range} beside a number of jobs, expected none: each file has a job")
    if given.raw.get("groupBoundaryID") or given.raw.get("respectLB"):
        given.problems.append(f"nEventsPerWorker is {per_range} beside a boundary of jobs, expected one of them")
    return per_range


def _boundary(given: Parameters, *, without_input: bool) -> dict[str, Any]:
    """What the files of a job have in common, and what input is ordered by (docs/reference/jedi.md, "Boundaries")."""
    group, by_block = given.whole("groupBoundaryID", 0, 4), given.flag("respectLB")
    order = LUMI_BLOCK if given.flag("orderByLB") or by_block else ""
    if without_input:
        return {}
    if not group:
        return {"boundary": LUMI_BLOCK if by_block else "", "ordered_by": order}
    if order:
        given.problems.append(f"groupBoundaryID is {group} beside respectLB or orderByLB, expected one of them")
    whole, mapped = group in (3, 4), group in (2, 4)
    return {"boundary": BOUNDARY_ID, "boundary_whole": whole, "boundary_mapped": mapped, "ordered_by": BOUNDARY_ID}


def events_total_of(given: Parameters) -> int:
    """Events to make up: nEvents, or the made-up files that older clients count."""
    return events_of(given, "nEvents") or given.whole("nFiles", 1) or 1


def files_max_of(given: Parameters) -> int | None:
    """The most input files to use: nFiles, or as many as hold nEvents."""
    limits = [given.whole("nFiles", 1) if given.raw.get("nFiles") else None]
    events, per_file = events_of(given, "nEvents"), events_of(given, "nEventsPerFile")
    if events and per_file:
        limits.append(min(INT32_MAX, -(-events // per_file)))
    return min((limit for limit in limits if limit is not None), default=None)


def _positive(given: Parameters, key: str) -> float | None:
    found = given.number(key)
    if found is not None and found <= 0:
        given.problems.append(f"{key} is {found:g}, expected more than 0")
    return found
