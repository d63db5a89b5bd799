"""What a task's parameters mean: its definition, or why it can have none.

In: the JSON object as `prun` and its like send it. Out: `TaskDefinition` or `Refusal` (BAD_PARAMETERS, NOT_SUPPORTED).
What Culm cannot do is refused, naming the key, rather than run without it. Source: panda-client-protocol 5.2-5.6,
jedi-logic 3.1, generic flavour. Set aside on purpose: `cloud` is not taken from `workingGroup`, a group is no place.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from schemas.types import Requirements, SplitRules, StepDefinition, TaskDefinition
from streams.jedi.task_parameters import Item, Parameters, Refusal
from streams.jedi.template import dataset_name, job_text, stream_of

RAM_MB = 2000
ATTEMPTS = 3
FILES_PER_JOB_MAX = 200
RUN_WRAPPER = "runGen-00-00-02"
BUILD_WRAPPER = "buildGen-00-00-01"
MERGE_WRAPPER = "runMerge-00-00-02"
NOT_SUPPORTED: Mapping[str, str] = {
    "nEventsPerWorker": "the event service", "useJobCloning": "job cloning", "nJumboJobs": "jumbo jobs",
    "fineGrainedProc": "fine-grained processing", "hpoWorkflow": "hyperparameter optimisation",
    "hpoRequestData": "hyperparameter optimisation", "segmentedWork": "segmented work",
    "segmentSpecs": "segmented work", "preproSpec": "a preprocessing step", "tarBallViaDDM": "sandboxes from datasets",
    "addNthFieldToLFN": "output names made of input names", "skipFilesUsedBy": "input of other tasks left out",
    "loadXML": "splitting by an XML file", "encJobParams": "encoded parameters", "inputPreStaging": "input from tape",
    "respectLB": "splitting by luminosity block", "groupBoundaryID": "splitting by boundary",
    "orderByLB": "ordering by luminosity block", "skipEmptyInput": "skipping input without events",
}  # fmt: skip


def refine(parameters: Mapping[str, Any], api: str, parent_task_id: int | None = None) -> TaskDefinition | Refusal:
    """The definition that `parameters` mean.

    api: base URL under which jobs fetch the payload wrappers. parent_task_id: task beside which it was submitted.
    """
    given = Parameters(parameters)
    given.check_mandatory()
    items, logs, merged_logs = given.items("jobParameters"), given.items("log"), given.items("log_merge")
    refusal = _unsupported(given, items)
    if refusal:
        return refusal
    outcome = _definition(given, items, logs, merged_logs, api.rstrip("/"), parent_task_id)
    if given.problems:
        return Refusal("BAD_PARAMETERS", "; ".join(dict.fromkeys(given.problems)))
    return outcome


def _definition(
    given: Parameters,
    items: Sequence[Item],
    logs: Sequence[Item],
    merged_logs: Sequence[Item],
    api: str,
    parent_task_id: int | None,
) -> TaskDefinition | Refusal:
    text = job_text(items, logs, merged_logs)
    masters = [item for item in items if item.makes_dataset and item.param_type == "input"]
    master = masters[0] if masters else None
    datasets = tuple(dataset_name(name) for name in (master.dataset.split(",") if master else given.names("dsForIN")))
    without_input = given.flag("noInput")
    if without_input:
        datasets = ()
    elif not datasets:
        given.problems.append("noInput is absent and no input dataset is named, expected one of the two")
    refusal = _unsupported_events(given, without_input=without_input)
    if refusal:
        return refusal
    files_max = _files_max(given)
    pfn_list = given.names("pfnList") if without_input else ()
    log_names = (*items, *logs, *merged_logs)
    return TaskDefinition(
        transformation=given.text("transPath") or f"{api}/trf/user/{RUN_WRAPPER}",
        parameters=text.text,
        source_url=given.text("sourceURL") or api,
        requirements=_requirements(given),
        rules=_rules(given, without_input=without_input, by_file=bool(pfn_list)),
        input_datasets=datasets,
        input_stream=(stream_of(master) if master else "") or "IN",
        input_include=_patterns(given, master.include if master else ()),
        input_exclude=_patterns(given, master.exclude if master else ()),
        input_files=master.files if master else (),
        input_offset=master.offset if master else 0,
        input_files_max=files_max,
        wait_input=given.flag("waitInput"),
        pfn_list=pfn_list[:files_max],
        events_total=_events_total(given) if without_input and not pfn_list else None,
        sequence_offset=_offset_of(items, "SEQNUMBER"),
        random_seed_offset=_offset_of(log_names, "RNDMSEED"),
        first_event_offset=_offset_of(items, "FIRSTEVENT") or 0,
        outputs=text.outputs,
        attempts_max=1 if given.flag("disableAutoRetry") else given.whole("maxAttempt", 1) or ATTEMPTS,
        failures_max=given.whole("maxFailure", 1),
        build=_build(given, api),
        merge=_merge(given, api),
        multi_step_json=_as_json(given, "multiStepExec"),
        container_name=given.text("container_name") or None,
        use_local_io=given.flag("useLocalIO"),
        looping_check=not given.flag("noLoopingCheck"),
        goal_permille=_goal(given),
        fail_goal_unreached=given.flag("failGoalUnreached"),
        parent_task_id=None if given.flag("noWaitParent") else parent_task_id,
    )


def _unsupported(given: Parameters, items: Sequence[Item]) -> Refusal | None:
    """The first wish that Culm cannot fulfil."""
    for key, what in NOT_SUPPORTED.items():
        if given.raw.get(key):
            return Refusal("NOT_SUPPORTED", f"{key}: {what} is not supported")
    inputs = [item for item in items if item.makes_dataset and item.param_type == "input"]
    for item in inputs if given.raw.get("noInput") else inputs[1:]:
        stream = stream_of(item)
        return Refusal("NOT_SUPPORTED", f"{item.where}: the input stream {stream} ({item.dataset}) is not supported")
    for item in items:
        if item.makes_dataset and item.param_type == "output" and item.value.startswith("regex|"):
            return Refusal("NOT_SUPPORTED", f"{item.where}: outputs found by pattern ({item.value}) are not supported")
        if "%%" in item.dataset:
            return Refusal("NOT_SUPPORTED", f"{item.where}: {item.dataset} of a preprocessing step is not supported")
    return None


def _unsupported_events(given: Parameters, *, without_input: bool) -> Refusal | None:
    """Limits on events of input files that would need counts which nobody gave."""
    per_file, per_job = given.whole("nEventsPerFile", 1), given.whole("nEventsPerJob", 1)
    if without_input:
        return None
    if given.whole("nEvents") and not per_file:
        return Refusal("NOT_SUPPORTED", "nEvents: a limit on events without nEventsPerFile is not supported")
    if per_file and per_job and per_job < per_file and not given.raw.get("nFilesPerJob"):
        message = f"nEventsPerJob: {per_job} events of files with nEventsPerFile {per_file} would cut files by a count "
        return Refusal("NOT_SUPPORTED", message + "that the catalogue does not confirm; leave nEventsPerFile out")
    return None


def _requirements(given: Parameters) -> Requirements:
    site, included = given.text("site"), given.names("includedSite")
    if "," in site:
        included, site = (*included, *(part.strip() for part in site.split(","))), ""
    output_mb = _megabytes(given, "outDiskCount", "outDiskUnit", "kB")
    work_mb = _megabytes(given, "workDiskCount", "workDiskUnit", "MB")
    wall_hours, wall_seconds = given.number("maxWalltime"), given.number("walltime")
    unit = given.text("ramCountUnit") or given.text("ramUnit") or "MBPerCore"
    if not re.fullmatch(r"MB(PerCore)?(Fixed)?", unit):
        given.problems.append(f"ramCountUnit is {unit!r}, expected MB, MBPerCore or MBPerCoreFixed")
    return Requirements(
        site=None if site in ("", "AUTO") else site,
        included_sites=tuple(name for name in included if name and name != "AUTO"),
        excluded_sites=given.names("excludedSite"),
        cloud=given.text("cloud") or None,
        core_count=given.whole("coreCount") or 1,
        ram_mb=given.whole("ramCount") or RAM_MB,
        ram_per_core="PerCore" in unit or not given.whole("ramCount"),
        disk_mb=output_mb + work_mb,
        walltime_seconds=int(wall_seconds) if wall_seconds and wall_seconds > 0 else int((wall_hours or 0) * 3600),
        label=given.text("prodSourceLabel", "user"),
        processing_type=given.text("processingType"),
        architecture=given.text("architecture") or None,
    )


def _rules(given: Parameters, *, without_input: bool, by_file: bool) -> SplitRules:
    files, events = given.whole("nFilesPerJob", 1), given.whole("nEventsPerJob", 1)
    per_file = given.whole("nEventsPerFile", 1)
    if without_input and not by_file:
        made_up = files if given.whole("nEvents", 1) is None else None
        files, events = None, events or made_up or 1
    elif per_file and events and not files:
        files, events = max(1, events // per_file), None
    jobs_max = [found for key in ("maxNumJobs", "totNumJobs", "nJobs") if (found := given.whole(key)) is not None]
    return SplitRules(
        files_per_job=files,
        files_per_job_max=given.whole("nMaxFilesPerJob", 1) or FILES_PER_JOB_MAX,
        events_per_job=events,
        gigabytes_per_job=_positive(given, "nGBPerJob"),
        jobs_max=min((found for found in jobs_max if found > 0), default=None),
        files_per_merge_job=given.whole("nFilesPerMergeJob", 1),
        gigabytes_per_merge_job=_positive(given, "nGBPerMergeJob"),
    )


def _events_total(given: Parameters) -> int:
    """Events to make up: nEvents, or the made-up files that older clients count."""
    return given.whole("nEvents", 1) or given.whole("nFiles", 1) or 1


def _files_max(given: Parameters) -> int | None:
    """The most input files to use: nFiles, or as many as hold nEvents."""
    limits = [given.whole("nFiles", 1) if given.raw.get("nFiles") else None]
    events, per_file = given.whole("nEvents", 1), given.whole("nEventsPerFile", 1)
    if events and per_file:
        limits.append(-(-events // per_file))
    return min((limit for limit in limits if limit is not None), default=None)


def _build(given: Parameters, api: str) -> StepDefinition | None:
    step = given.section("buildSpec")
    if step is None:
        return None
    if step.raw.get("tarBallViaDDM"):
        given.problems.append("buildSpec.tarBallViaDDM is given, expected a sandbox from the cache")
    return StepDefinition(
        transformation=step.text("transPath") or f"{api}/trf/user/{BUILD_WRAPPER}",
        parameters=step.text("jobParameters").strip(),
        archive=step.text("archiveName") or None,
        label=step.text("prodSourceLabel", "panda"),
    )


def _merge(given: Parameters, api: str) -> StepDefinition | None:
    if not given.flag("mergeOutput"):
        return None
    step = given.section("mergeSpec")
    if step is None:
        given.problems.append("mergeSpec is missing, expected an object beside mergeOutput")
        return None
    return StepDefinition(
        transformation=step.text("transPath") or f"{api}/trf/user/{MERGE_WRAPPER}",
        parameters=step.text("jobParameters").strip(),
        label=step.text("prodSourceLabel") or given.text("prodSourceLabel", "user"),
    )


def _offset_of(items: Sequence[Item], name: str) -> int | None:
    """Offset given with the placeholder `name`, 0 without one; None when no value holds the placeholder."""
    found = [item for item in items if re.search(rf"\$\{{{name}\b", item.value)]
    return max((item.offset for item in found), default=None)


def _patterns(given: Parameters, patterns: tuple[str, ...]) -> tuple[str, ...]:
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as problem:
            given.problems.append(f"pattern {pattern!r} is not a regular expression: {problem}")
    return patterns


def _megabytes(given: Parameters, key: str, unit_key: str, usual: str) -> int:
    """A disk count in MB, rounded up; per-event counts are taken for the events of one job."""
    count, unit = given.number(key), given.text(unit_key) or usual
    factors = {"B": 1 / 1024**2, "kB": 1 / 1024, "MB": 1.0, "GB": 1024.0}
    size = re.match(r"(kB|MB|GB|B)", unit)
    if size is None:
        given.problems.append(f"{unit_key} is {unit!r}, expected kB, MB or GB")
    if count is None or size is None:
        return 0
    events = (given.whole("nEventsPerJob", 1) or 1) if "PerEvent" in unit else 1
    return -int(-count * events * factors[size.group()] // 1)


def _positive(given: Parameters, key: str) -> float | None:
    found = given.number(key)
    if found is not None and found <= 0:
        given.problems.append(f"{key} is {found:g}, expected more than 0")
    return found


def _goal(given: Parameters) -> int:
    """Percent of input that must succeed, as thousandths; all of it when not given."""
    goal = given.number("goal")
    if goal is not None and not 0 <= goal <= 100:
        given.problems.append(f"goal is {goal:g}, expected a percentage from 0 to 100")
    return 1000 if goal is None else round(goal * 10)


def _as_json(given: Parameters, key: str) -> str | None:
    section = given.section(key)
    if section is None:
        return None
    try:
        # Not escaped, so that the bounds of the definition see every character.
        return json.dumps(section.raw, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    except ValueError:
        given.problems.append(f"{key} holds a number that JSON has no word for, expected finite numbers")
        return None
