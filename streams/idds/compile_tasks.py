"""The task parameters of a work, as iDDS sends them to the task endpoint of PanDA. Pure.

In: a compiled work, and whose request it is. Out: the JSON object, or a RequestFault. Compared key by key with what
`DomaPanDAWork` of the release makes. Source: docs/reference/idds.md, "Works as tasks".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from streams.idds.compile import CompiledWork
from streams.idds.faults import NotInGrammar, RequestFault
from streams.idds.model import WorkPlan
from streams.idds.values import NAME_CHARACTERS_MAX, TEXT_CHARACTERS_MAX, number_in, object_in
from streams.jedi.shown import shown

WRAPPERS = "https://storage.googleapis.com/drp-us-central1-containers/"
ATTEMPTS = 5
#: The only "file" of a work that has no jobs of its own.
PSEUDO_FILE = "pseudo_file"


@dataclass(frozen=True, slots=True)
class TaskOrigin:
    """For whom a task is made. run: id of the work's run in the request, which makes the name of the task unique."""

    request_id: int
    run: int | None
    username: str = ""
    signature: str = ""


def task_parameters(work: CompiledWork, origin: TaskOrigin) -> dict[str, Any] | RequestFault:
    """What the task endpoint gets. Numbers that a client left out have the reference's defaults."""
    try:
        settings = _Settings(work.plan)
        if work.plan.settings.get("es"):
            raise NotInGrammar((*work.plan.place, "es"), "several payloads in one job (event service) are not supported yet")
        parameters = _parameters(work, settings, origin)
        return _added(parameters, settings)
    except NotInGrammar as refused:
        return refused.fault


class _Settings:
    """Settings of a work by name and type."""

    def __init__(self, plan: WorkPlan) -> None:
        self._given, self._place = plan.settings, plan.place

    def text(self, key: str, characters_max: int = NAME_CHARACTERS_MAX) -> str | None:
        value = self._given.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or len(value) > characters_max or "\0" in value:
            raise NotInGrammar((*self._place, key), f"{shown(value)}, expected a text of at most {characters_max} characters")
        return value

    def number(self, key: str, otherwise: float = 0) -> float:
        found = number_in(self._given, key, self._place)
        return otherwise if found is None else found

    def whole(self, key: str, otherwise: int) -> int:
        return int(self.number(key)) or otherwise

    def table(self, key: str) -> dict[str, Any]:
        return object_in(self._given, key, self._place)

    def flag(self, key: str) -> bool:
        return self._given.get(key) is True


def _parameters(work: CompiledWork, given: _Settings, origin: TaskOrigin) -> dict[str, Any]:
    cores = given.whole("core_count", 1)
    attempts = given.whole("maxAttempt", given.whole("num_retries", ATTEMPTS))
    site = given.text("task_queue") or given.text("queue")
    exports = f"export IDDS_BUILD_REQUEST_ID={origin.request_id};export IDDS_BUIL_SIGNATURE={origin.signature or None}; "
    encoded = given.flag("encode_command_line")
    names = list(work.names) or [PSEUDO_FILE]
    return {
        "vo": given.text("vo"),
        **({"site": site} if site else {}),
        "workingGroup": given.text("working_group"),
        "nFilesPerJob": 1,
        **({"inputPreStaging": True} if work.has_parents else {}),
        "nFiles": len(names),
        "noInput": True,
        "pfnList": names,
        "taskName": f"{work.plan.task_name}_{origin.request_id}_{origin.run}",
        "userName": origin.username or given.text("username") or "iDDS",
        "taskPriority": given.whole("task_priority", 0),
        "architecture": "",
        "transUses": "",
        "transHome": None,
        "transPath": WRAPPERS + ("bash-c-enc-new" if encoded else "bash-c"),
        **({"encJobParams": True} if encoded else {}),
        "processingType": given.text("processingType") or _processing_type(given, cores, site),
        "prodSourceLabel": given.text("prodSourceLabel"),
        "noWaitParent": True,
        "taskType": given.text("task_type"),
        "coreCount": cores,
        "skipScout": True,
        "cloud": given.text("task_cloud"),
        "PandaSite": given.text("task_site"),
        **_memory(given, cores),
        "prestagingRuleID": 123,
        "nChunksToWait": 1,
        "maxCpuCount": cores,
        "maxWalltime": given.whole("maxWalltime", 0),
        "maxFailure": attempts,
        "maxAttempt": attempts,
        "log": given.table("task_log") or None,
        "jobParameters": [{"type": "constant", "value": exports + (given.text("executable", TEXT_CHARACTERS_MAX) or "")}],
        "reqID": origin.request_id,
    }


def _memory(given: _Settings, cores: int) -> dict[str, Any]:
    """Megabytes a core; the limit alone is not divided by the cores."""
    found: dict[str, Any] = {}
    if given.number("task_rss"):
        found |= {"ramCount": given.number("task_rss") / cores, "ramUnit": "MBPerCoreFixed"}
    if given.number("task_rss_retry_offset"):
        found["retryRamOffset"] = given.number("task_rss_retry_offset") / cores
    if given.number("task_rss_retry_step"):
        found["retryRamStep"] = given.number("task_rss_retry_step") / cores
    if given.number("task_rss_max"):
        found["retryRamMax"] = given.number("task_rss_max")
    return found


def _processing_type(given: _Settings, cores: int, site: str | None) -> str | None:
    """From the table `core_to_queues`: by the queue that is named, else by the cores, else by `any`."""
    table = {key: one for key, one in given.table("core_to_queues").items() if isinstance(one, dict)}
    by_site = [
        one.get("processing_type")
        for key, one in table.items()
        if key != "any" and site and isinstance(one.get("queues"), list)
        for queue in one["queues"]
        if isinstance(queue, str) and (site in queue or queue in site)
    ]
    by_cores = table.get(str(cores), {}).get("processing_type")
    otherwise = None if site or str(cores) in table else table.get("any", {}).get("processing_type")
    found = next((one for one in (*reversed(by_site), by_cores, otherwise) if one), None)
    return found if isinstance(found, str) else None


def _added(parameters: dict[str, Any], given: _Settings) -> dict[str, Any]:
    """What a work adds for all sites, then for those whose name is in its own; keys that are set stay."""
    added = dict(given.table("additional_task_parameters"))
    for site, of_site in given.table("additional_task_parameters_per_site").items():
        named = (parameters.get("PandaSite") or "", parameters.get("site") or "")
        if isinstance(of_site, Mapping) and any(site in one for one in named if one):
            added = {**of_site, **added}
    return {**added, **parameters}
