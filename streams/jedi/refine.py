"""What a task's parameters mean: its definition, or why it can have none.

In: the JSON object as `prun` and its like send it. Out: `TaskDefinition` or `Refusal` (BAD_PARAMETERS, NOT_SUPPORTED).
What Culm cannot do is refused, naming the key, rather than run without it. Source:
docs/reference/client.md, "Task parameters"; docs/reference/jedi.md, "Refinement".
Set aside on purpose: `cloud` is not taken from `workingGroup`, a group is no place.
"""

import json
import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from schemas.patterns import compile_pattern
from schemas.scopes import dataset_name
from schemas.server_address import with_name
from schemas.types import DatasetRole, NameList, ScoutRules, StepDefinition, TaskDefinition
from streams.jedi.known_keys_check import problems_of_keys
from streams.jedi.requirements import (
    check_patterns,
    events_of,
    requirements_of,
    retry_megabytes,
)
from streams.jedi.secondary_inputs import input_items, secondary_inputs
from streams.jedi.shown import readable, shown
from streams.jedi.split_rules import events_total_of, files_max_of, rules_of
from streams.jedi.task_parameters import (
    PROBLEMS_MAX,
    TEXT_CHARACTERS_MAX,
    Item,
    Parameters,
    Refusal,
)
from streams.jedi.template import job_text, stream_of

ATTEMPTS = 3
ATTEMPTS_MAX = 1_000_000
INPUT_DATASETS_MAX = 500
NAME_FIELDS_MAX, NAME_FIELD_MAX = 20, 100
#: Nesting of what is passed on as JSON; beyond it those who read it would not.
DEPTH_MAX = 30
#: Stands for all parameters of a job in its steps; so often they are put in.
ARGUMENTS, ARGUMENTS_MAX = "${TRF_ARGS}", 5
SCOUT_SUCCESS_TENTHS = 5
RUN_WRAPPER = "runGen-00-00-02"
BUILD_WRAPPER = "buildGen-00-00-01"
MERGE_WRAPPER = "runMerge-00-00-02"


def refine(
    parameters: Mapping[str, Any], api: str, parent_task_id: int | None = None, lists: Sequence[NameList] = ()
) -> TaskDefinition | Refusal:
    """The definition that `parameters` mean.

    api: base URL under which jobs fetch the payload wrappers at this moment; the definition holds the server's name in its place,
    so that it outlives a move. parent_task_id: task beside which it was submitted. lists: long lists of names that the task has
    apart from its parameters.
    """
    given = Parameters(parameters)
    given.check_mandatory()
    items, logs, merged_logs = given.items("jobParameters"), given.items("log"), given.items("log_merge")
    refusal = _unsupported(given, items)
    if refusal:
        return refusal
    outcome = _definition(given, items, logs, merged_logs, api.rstrip("/"), parent_task_id, lists)
    if given.problems:
        return Refusal("BAD_PARAMETERS", given.complaint)
    return outcome


def _definition(
    given: Parameters,
    items: Sequence[Item],
    logs: Sequence[Item],
    merged_logs: Sequence[Item],
    api: str,
    parent_task_id: int | None,
    lists: Sequence[NameList],
) -> TaskDefinition | Refusal:
    text = job_text(items, logs, merged_logs)
    given.problems += text.problems
    without_input = given.flag("noInput")
    master = None if without_input else next(iter(input_items(items)), None)
    datasets = tuple(dataset_name(name) for name in (master.dataset.split(",") if master else given.names("dsForIN")))
    if len(datasets) > INPUT_DATASETS_MAX:
        given.problems.append(f"{len(datasets)} input datasets are named, expected at most {INPUT_DATASETS_MAX}")
    if without_input:
        datasets = ()
    elif not datasets:
        given.problems.append("noInput is absent and no input dataset is named, expected one of the two")
    elif not all(datasets):
        given.problems.append(f"the input datasets are {shown(list(datasets))}, expected no empty name among them")
    refusal = _unsupported_events(given, without_input=without_input)
    if refusal:
        return refusal
    files_max = files_max_of(given)
    pfn_list = given.names("pfnList") if without_input else ()
    listed = _listed(lists, "pfnList" if without_input else f"{master.where}.files" if master else "")
    by_name = bool(pfn_list) or (listed is not None and without_input)
    log_names = (*items, *logs, *merged_logs)
    return TaskDefinition(
        transformation=_wrapper(given, RUN_WRAPPER, api),
        parameters=text.text,
        source_url=with_name(given.name("sourceURL").rstrip("/") or api, {api}),
        requirements=requirements_of(given),
        rules=rules_of(given, without_input=without_input, by_file=by_name, mixed=master is not None and not master.expand),
        input_datasets=datasets,
        input_stream=(stream_of(master) if master else "") or "IN",
        input_include=_patterns(given, master.include if master else ()),
        input_exclude=_patterns(given, master.exclude if master else ()),
        input_files=master.files if master else (),
        input_offset=master.offset if master else 0,
        input_files_max=files_max,
        input_events_max=None if without_input or events_of(given, "nEventsPerFile") else events_of(given, "nEvents"),
        name_fields=_name_fields(given),
        name_fields_of_files=given.flag("useFileAsSourceLFN") and bool(_name_fields(given)),
        encoded_parameters=given.flag("encJobParams"),
        pfn_list=pfn_list[:files_max],
        events_total=events_total_of(given) if without_input and not by_name else None,
        sequence_offset=_offset_of(items, "SEQNUMBER"),
        random_seed_offset=_offset_of(log_names, "RNDMSEED"),
        first_event_offset=_offset_of(items, "FIRSTEVENT") or 0,
        outputs=text.outputs,
        attempts_max=1 if given.flag("disableAutoRetry") else given.whole("maxAttempt", 1, ATTEMPTS_MAX) or ATTEMPTS,
        failures_max=given.whole("maxFailure", 1, ATTEMPTS_MAX),
        build=_build(given, api),
        merge=_merge(given, api, makes_files=any(one.role is DatasetRole.OUTPUT for one in text.outputs)),
        multi_step_json=_as_json(given, "multiStepExec"),
        container_name=given.name("container_name") or None,
        use_local_io=given.flag("useLocalIO"),
        looping_check=not given.flag("noLoopingCheck"),
        uses_secrets=given.flag("useSecrets"),
        goal_permille=_goal(given),
        fail_goal_unreached=given.flag("failGoalUnreached"),
        auto_finish=not given.flag("disableAutoFinish"),
        parent_task_id=None if given.flag("noWaitParent") else parent_task_id,
        no_wait_parent=given.flag("noWaitParent"),
        wait_input=given.flag("waitInput"),
        run_until_closed=given.flag("runUntilClosed"),
        allow_empty_input=given.flag("allowEmptyInput"),
        listed=listed,
        scouts=_scouts(given),
        secondaries=secondary_inputs(given, items, without_input=without_input),
        release=readable(given.name("transUses"), 255),
        retry_rule_set=given.name("retryModuleRules"),
        retry_ram_offset_mb=retry_megabytes(given, "retryRamOffset"),
        retry_ram_step_mb=retry_megabytes(given, "retryRamStep"),
        retry_ram_max_mb=retry_megabytes(given, "retryRamMax"),
    )


def _scouts(given: Parameters) -> ScoutRules | None:
    """Scouts go first unless the task leaves them out; half of their input must succeed unless it gives another share."""
    tenths = given.whole("scoutSuccessRate", 0, 10)
    if given.flag("skipScout"):
        return None
    return ScoutRules(
        success_tenths=tenths or SCOUT_SUCCESS_TENTHS,
        split_rules_kept=given.flag("respectSplitRule"),
        ram_fixed=(given.name("ramCountUnit") or given.name("ramUnit")).endswith("Fixed"),
        cpu_time_fixed=given.name("cpuTimeUnit").endswith("Fixed"),
        output_fixed=given.name("outDiskUnit").endswith("Fixed"),
        cpu_efficiency_percent_min=given.whole("minCpuEfficiency", 0, 100) or None,
    )


def _listed(lists: Sequence[NameList], where: str) -> NameList | None:
    """The long list that belongs at a place in the parameters."""
    return next((one for one in lists if one.list == where), None)


def _unsupported(given: Parameters, items: Sequence[Item]) -> Refusal | None:
    """What Culm cannot do: keys by name, all of them, else the first item."""
    found = list(islice(problems_of_keys(given.raw), PROBLEMS_MAX))
    if found:
        return Refusal("NOT_SUPPORTED", "; ".join(found))
    for item in items:
        if item.makes_dataset and item.param_type == "output" and item.value.startswith("regex|"):
            what = f"outputs found by pattern ({readable(item.value, 60)})"
            return Refusal("NOT_SUPPORTED", f"{item.where}: {what} are not supported")
        if "%%" in item.dataset:
            what = f"{readable(item.dataset, 60)} of a preprocessing step"
            return Refusal("NOT_SUPPORTED", f"{item.where}: {what} is not supported")
    return None


def _unsupported_events(given: Parameters, *, without_input: bool) -> Refusal | None:
    """Limits on events of input files that would need counts which no one gave."""
    per_file, per_job = events_of(given, "nEventsPerFile"), events_of(given, "nEventsPerJob")
    if without_input:
        return None
    if per_file and per_job and per_job < per_file and not given.raw.get("nFilesPerJob"):
        message = f"nEventsPerJob: {per_job} events of files with nEventsPerFile {per_file} would cut files by a count "
        return Refusal("NOT_SUPPORTED", message + "that the catalogue does not confirm; leave nEventsPerFile out")
    return None


def _build(given: Parameters, api: str) -> StepDefinition | None:
    step = given.section("buildSpec")
    if step is None:
        return None
    if step.raw.get("tarBallViaDDM"):
        given.problems.append("buildSpec.tarBallViaDDM is given, expected a sandbox from the cache")
    return StepDefinition(
        transformation=_wrapper(step, BUILD_WRAPPER, api),
        parameters=step.text("jobParameters").strip(),
        archive=step.name("archiveName") or None,
        label=step.name("prodSourceLabel", "panda"),
    )


def _merge(given: Parameters, api: str, *, makes_files: bool) -> StepDefinition | None:
    """The step that merges outputs; what comes of ranges of events is always merged where the task has outputs."""
    by_ranges = bool(given.raw.get("nEventsPerWorker")) and makes_files
    if not (given.flag("mergeOutput") or by_ranges):
        return None
    key = "esmergeSpec" if by_ranges and given.raw.get("esmergeSpec") else "mergeSpec"
    step = given.section(key)
    if step is None:
        beside = "esmergeSpec is missing, expected an object beside nEventsPerWorker" if by_ranges else ""
        given.problems.append(beside or "mergeSpec is missing, expected an object beside mergeOutput")
        return None
    return StepDefinition(
        transformation=_wrapper(step, MERGE_WRAPPER, api),
        parameters=step.text("jobParameters").strip(),
        label=step.name("prodSourceLabel") or given.name("prodSourceLabel", "user"),
    )


def _wrapper(given: Parameters, usual: str, api: str) -> str:
    """The wrapper that is asked for, or the usual one; by the server's name where it is ours."""
    return with_name(given.name("transPath") or f"{api}/trf/user/{usual}", {api})


def _offset_of(items: Sequence[Item], name: str) -> int | None:
    """Offset given with the placeholder `name`, 0 without one; None when no value holds the placeholder."""
    found = [item for item in items if re.search(rf"\$\{{{name}\b", item.value)]
    return max((item.offset for item in found), default=None)


def _name_fields(given: Parameters) -> tuple[int, ...]:
    """Places of fields in a name, from 1, as a comma list."""
    words = str(given.raw.get("addNthFieldToLFN") or "").split(",")
    found = [word.strip() for word in words if word.strip()]
    if len(found) > NAME_FIELDS_MAX or not all(word.isdecimal() and 1 <= int(word[:4]) <= NAME_FIELD_MAX for word in found):
        given.complain("addNthFieldToLFN", f"a comma list of at most {NAME_FIELDS_MAX} numbers from 1 to {NAME_FIELD_MAX}")
        return ()
    return tuple(map(int, found))


def _patterns(given: Parameters, patterns: tuple[str, ...]) -> tuple[str, ...]:
    check_patterns(given, "", patterns, compile_pattern)
    return patterns


def _goal(given: Parameters) -> int:
    """Percent of input that must succeed, as thousandths; all of it when not given."""
    goal = given.number("goal")
    if goal is not None and not 0 <= goal <= 100:
        given.problems.append(f"goal is {goal:g}, expected a percentage from 0 to 100")
        return 1000
    return 1000 if goal is None else round(goal * 10)


def _as_json(given: Parameters, key: str) -> str | None:
    """An object that is passed on as it is."""
    section = given.section(key)
    if section is None:
        return None
    if _deeper_than(section.raw, DEPTH_MAX):
        given.problems.append(f"{key} is nested more than {DEPTH_MAX} deep, expected at most that")
        return None
    try:
        # Not escaped, so that the bounds of the definition see every character.
        text = json.dumps(section.raw, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    except ValueError:
        given.problems.append(f"{key} holds NaN, Infinity or an endless number, expected JSON")
        return None
    if text.count(ARGUMENTS) > ARGUMENTS_MAX:
        given.problems.append(f"{key} names {ARGUMENTS} {text.count(ARGUMENTS)} times, expected at most {ARGUMENTS_MAX}")
        return None
    if len(text) > TEXT_CHARACTERS_MAX:
        given.problems.append(f"{key} has {len(text)} characters, expected at most {TEXT_CHARACTERS_MAX}")
        return None
    return text


def _deeper_than(value: object, depth_max: int) -> bool:
    """True when lists and objects stand in each other more than `depth_max` deep."""
    level = [value]
    for _ in range(depth_max + 1):
        members = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        level = [one for found in members for one in found]
        if not level:
            return False
    return True
