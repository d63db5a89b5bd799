"""Every call of PanDA's API v1, and what this server does with it: the table that the routes and the tests read.

SERVED: it does what it does in PanDA. LATER: it belongs to a part that Culm does not have yet, and says so. REFUSED: it will not
be had, and the answer has the reason (docs/decisions/0075). A call of the last two kinds that no other module answers is
answered by `not_offered.py` in the client's form. Source: docs/reference/client.md, "All calls".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

WORKFLOWS = "workflows are not offered by this server yet"
CLONING = "cloning of jobs is not offered by this server yet"
STEERING = "hyperparameter optimisation is not offered by this server yet"
CAROUSEL = "the data carousel is not offered by this server yet"
JOBS_ALONE = "jobs without a task are not taken by this server; submit a task"
JUMBO = "jumbo jobs are not offered by this server: pilots that run many jobs do their work"
PICKING = "event picking is not offered by this server; submit a task with the events or files"
OFFLINE_SCRIPTS = "scripts of jobs are not made by this server; the owner of a job reads its parameters from /v1/jobs/ID"
CACHE_NAMES = "files are known to this server by their upload alone; use file_server/upload_cache_file"
WORKER_LOGS = "logs of workers are not kept by this server; they are where their Harvester puts them (logBaseURL)"
TASK_LOGS = "logs of the engine are not files of this server; /v1/tasks/ID/timeline has each event of a task with its reason"
SERVER_LOGS = "log files of servers are not searched through this server; search them where they are collected"
ECHOES = "requests to the servers themselves are not offered by this server; system/is_alive tells whether it answers"
DEBUG_MODE = "debug mode is not offered: heartbeats and the log archive tell what a job does"


class OfferedAs(StrEnum):
    """What becomes of a call."""

    SERVED = "served"
    LATER = "later"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class KnownCall:
    """One call of API v1. reason: the sentence of the answer, empty for one that is served."""

    verb: str
    path: str
    standing: OfferedAs = OfferedAs.SERVED
    reason: str = ""


def _served(folder: str, gets: str, posts: str) -> Iterator[KnownCall]:
    for verb, names in (("GET", gets), ("POST", posts)):
        yield from (KnownCall(verb, f"{folder}/{name}") for name in names.split())


SERVED: tuple[KnownCall, ...] = (
    *_served(
        "task",
        "get_tasks_detailed_info_since get_status get_details get_detailed_info get_task_parameters get_job_ids"
        " get_job_descriptions get_datasets_and_files get_tasks_modified_since get_parent_detailed_info",
        "submit kill finish retry reload_input pause resume release avalanche reactivate increase_attempts reassign"
        " reassign_global_share change_priority change_attribute change_split_rule change_modification_time kill_unfinished_jobs",
    ),
    *_served(
        "job",
        "get_status get_metadata_for_analysis_jobs",
        "get_description get_description_incl_archive kill reassign set_command",
    ),
    *_served(
        "pilot",
        "get_job_status",
        "acquire_jobs update_job update_jobs_bulk update_worker_status update_worker_node update_worker_node_gpu",
    ),
    *_served(
        "event",
        "get_available_event_range_count get_event_range_statuses",
        "acquire_event_ranges update_event_ranges update_single_event_range",
    ),
    *_served(
        "harvester",
        "get_current_worker_id get_worker_statistics",
        "heartbeat update_workers acquire_commands acknowledge_commands report_worker_statistics update_service_metrics"
        " add_dialogs add_sweep_command add_target_slots",
    ),
    *_served(
        "file_server",
        "",
        "upload_cache_file validate_cache_file upload_file_recovery_request touch_cache_file delete_cache_file",
    ),
    *_served("creds", "get_user_secrets get_proxy get_access_token get_token_key get_key_pair", "set_user_secrets"),
    *_served("idds", "", "relay_idds_command execute_idds_workflow_command"),
    *_served("system", "is_alive get_attributes get_voms_attributes get_user_attributes", ""),
    *_served("metaconfig", "get_banned_users get_site_specs get_resource_types", ""),
    *_served(
        "statistics",
        "active_job_stats_by_site active_job_detailed_stats_by_site job_stats_by_cloud"
        " production_job_stats_by_cloud_and_processing_type job_stats_by_site_and_resource_type"
        " job_stats_by_site_share_and_resource_type",
        "",
    ),
)
#: By what they wait for.
LATER: Mapping[str, tuple[str, ...]] = {
    WORKFLOWS: (
        "POST workflow/submit_workflow_raw_request", "POST workflow/submit_workflow", "GET workflow/get_workflow_details",
        "POST file_server/upload_workflow_request",
    ),
    STEERING: ("POST file_server/upload_hpo_checkpoint", "POST file_server/delete_hpo_checkpoint"),
    CLONING: ("POST task/enable_job_cloning", "POST task/disable_job_cloning"),
    CAROUSEL: (
        "POST data_carousel/change_staging_destination", "POST data_carousel/change_staging_source",
        "POST data_carousel/force_to_staging", "POST data_carousel/retire_unused",
    ),
}  # fmt: skip
#: By the reason.
REFUSED: Mapping[str, tuple[str, ...]] = {
    JOBS_ALONE: ("POST job/submit",),
    JUMBO: ("POST task/enable_jumbo_jobs", "GET task/get_jumbo_job_datasets"),
    PICKING: ("POST file_server/upload_event_picking_request",),
    OFFLINE_SCRIPTS: ("GET job/generate_offline_execution_script",),
    CACHE_NAMES: ("POST file_server/register_cache_file",),
    WORKER_LOGS: ("POST file_server/upload_jedi_log",),
    TASK_LOGS: ("POST file_server/update_jedi_log", "GET file_server/download_jedi_log"),
    SERVER_LOGS: ("POST async_process/submit_grep_request", "GET async_process/get_result"),
    ECHOES: ("POST async_process/submit_sleep_echo_request",),
    DEBUG_MODE: ("POST job/set_debug_mode",),
}


def _rows(standing: OfferedAs, by_reason: Mapping[str, tuple[str, ...]]) -> Iterator[KnownCall]:
    for reason, calls in by_reason.items():
        for call in calls:
            verb, path = call.split(" ")
            yield KnownCall(verb, path, standing, reason)


SURFACE: tuple[KnownCall, ...] = (*SERVED, *_rows(OfferedAs.LATER, LATER), *_rows(OfferedAs.REFUSED, REFUSED))
