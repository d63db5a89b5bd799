"""The 109 calls of API v1 of the reference server, each with arguments in its own form.

A list of their own, not made from the application's tables, so that a call that is left out there is missed.
"""

from collections.abc import Mapping
from typing import Any

TASK, JOB, QUEUE, HARVESTER = {"task_id": 10000001}, 100000100001, "LOCAL", {"harvester_id": "h1"}
UPLOAD: Mapping[str, Any] = {"file": ("a.tar.gz", b"\x1f\x8bxxxxxxxx")}
RANGES = {"job_id": JOB, "jobset_id": 1, "task_id": 10000001}
REPORT = {"job_id": JOB, "job_status": "running", "attempt_nr": 1}
NODE = {"site": "S", "host_name": "n1", "cpu_model": "x"}
GPU = {"site": "S", "host_name": "n1", "vendor": "v", "model": "m", "count": 1}
CLONE = {"jedi_task_id": 10000001, "mode": "runonce", "multiplicity": 2, "num_sites": 2}
PICKING = {
    "run_event_list": "1 2", "data_type": "AOD", "stream_name": "s", "dataset_name": "d", "ami_tag": "a",
    "user_dataset_name": "user.jdoe.d", "locked_by": "prun", "parameters": "", "input_file_list": "", "n_sites": 1,
    "user_task_name": "t", "ei_api": "", "include_guids": False,
}  # fmt: skip
SET, ATTRIBUTE = {"value": 2000, **TASK}, {"attribute_name": "ramCount"}

GETS: Mapping[str, Mapping[str, Any]] = {
    "task/get_tasks_detailed_info_since": {"since": "2026-01-01 00:00:00", "filters": "{}", "n_tasks": 500},
    "task/get_status": TASK,
    "task/get_details": {**TASK, "include_parameters": True, "include_status": True},
    "task/get_detailed_info": TASK,
    "task/get_task_parameters": TASK,
    "task/get_job_ids": TASK,
    "task/get_job_descriptions": {**TASK, "unsuccessful_only": False},
    "task/get_datasets_and_files": {**TASK, "dataset_types": "input", "dataset_only": False},
    "task/get_tasks_modified_since": {"since": "2026-01-01 00:00:00", "dn": "None", "full": False},
    "task/get_parent_detailed_info": TASK,
    "task/get_jumbo_job_datasets": {"from_offset": 1, "to_offset": 0},
    "job/get_metadata_for_analysis_jobs": TASK,
    "job/get_status": {"job_ids": [JOB], "timeout": 60},
    "job/generate_offline_execution_script": {"job_id": JOB, "days": 1},
    "workflow/get_workflow_details": {"workflow_id": 1},
    "pilot/get_job_status": {"job_ids": [JOB], "timeout": 60},
    "harvester/get_current_worker_id": HARVESTER,
    "harvester/get_worker_statistics": {},
    "event/get_available_event_range_count": {**RANGES, "timeout": 60},
    "event/get_event_range_statuses": {"job_task_ids": "[[1, 2]]"},
    "file_server/download_jedi_log": {"log_name": "x.log", "offset": 0},
    "creds/get_user_secrets": {"keys": "None"},
    "creds/get_proxy": {"role": "production", "dn": "d"},
    "creds/get_access_token": {"client_name": "c", "token_key": "k"},
    "creds/get_token_key": {"client_name": "c"},
    "creds/get_key_pair": {"public_key_name": "p", "private_key_name": "q"},
    "system/is_alive": {},
    "system/get_attributes": {"any": "thing"},
    "system/get_voms_attributes": {},
    "system/get_user_attributes": {},
    "metaconfig/get_banned_users": {},
    "metaconfig/get_site_specs": {"type": "all"},
    "metaconfig/get_resource_types": {},
    "statistics/active_job_stats_by_site": {},
    "statistics/active_job_detailed_stats_by_site": {},
    "statistics/job_stats_by_cloud": {"type": "analysis"},
    "statistics/production_job_stats_by_cloud_and_processing_type": {},
    "statistics/job_stats_by_site_and_resource_type": {"time_window": 60},
    "statistics/job_stats_by_site_share_and_resource_type": {"time_window": 10080},
    "async_process/get_result": {"request_id": 1},
}
POSTS: Mapping[str, Mapping[str, Any]] = {
    "task/submit": {"task_parameters": {"taskName": "user.jdoe.t/", "vo": "wlcg"}, "parent_tid": None},
    "task/kill": {**TASK, "broadcast": False},
    "task/finish": {**TASK, "soft": True, "broadcast": False},
    "task/retry": {
        **TASK, "new_parameters": None, "no_child_retry": False, "discard_events": False, "disable_staging_mode": False,
        "keep_gshare_priority": False, "ignore_hard_exhausted": False,
    },
    "task/reload_input": {**TASK, "ignore_hard_exhausted": False},
    "task/pause": TASK,
    "task/resume": TASK,
    "task/reactivate": {**TASK, "keep_attempt_nr": False, "trigger_job_generation": False},
    "task/increase_attempts": {**TASK, "increase": 3},
    "task/release": TASK,
    "task/avalanche": TASK,
    "task/reassign": {**TASK, "site": QUEUE, "cloud": None, "nucleus": None, "mode": "soft"},
    "task/kill_unfinished_jobs": {**TASK, "code": 3, "use_email_as_id": False},
    "task/reassign_global_share": {"task_id_list": [10000001], "share": "Test", "reassign_running_jobs": True},
    "task/change_attribute": {**SET, **ATTRIBUTE},
    "task/change_priority": {**TASK, "priority": 900},
    "task/change_split_rule": {**SET, "attribute_name": "NF"},
    "task/change_modification_time": {**TASK, "hour_offset": -6},
    "task/enable_jumbo_jobs": {**TASK, "jumbo_jobs_total": 1, "jumbo_jobs_per_site": 1},
    "task/enable_job_cloning": CLONE,
    "task/disable_job_cloning": {"jedi_task_id": 10000001},
    "job/get_description": {"job_ids": [JOB]},
    "job/get_description_incl_archive": {"job_ids": [JOB]},
    "job/kill": {"job_ids": [JOB], "code": 3, "use_email_as_id": False, "kill_options": ["keepUnmerged"]},
    "job/submit": {"jobs": "[]"},
    "job/set_debug_mode": {"job_id": JOB, "mode": True},
    "job/reassign": {"job_ids": [JOB]},
    "job/set_command": {"job_id": JOB, "command": "tobekilled"},
    "workflow/submit_workflow_raw_request": {"params": {"a": "b"}},
    "workflow/submit_workflow": {"workflow_definition": {"a": "b"}},
    "idds/relay_idds_command": {"command_name": "ping", "args": "[]", "kwargs": "{}", "manager": True},
    "idds/execute_idds_workflow_command": {"command_name": "get_status", "kwargs": '{"request_id": 1}'},
    "pilot/acquire_jobs": {"site_name": QUEUE, "timeout": 1, "node": "n1", "n_jobs": 1, "prod_source_label": "managed"},
    "pilot/update_job": REPORT,
    "pilot/update_jobs_bulk": {"job_list": [REPORT], **HARVESTER},
    "pilot/update_worker_status": {"worker_id": "1", **HARVESTER, "status": "started", "timeout": 60, "node_id": "n1"},
    "pilot/update_worker_node": NODE,
    "pilot/update_worker_node_gpu": GPU,
    "harvester/heartbeat": {**HARVESTER, "data": {"host": "h"}},
    "harvester/update_workers": {**HARVESTER, "workers": []},
    "harvester/acquire_commands": {**HARVESTER, "n_commands": 5, "timeout": 30},
    "harvester/acknowledge_commands": {"command_ids": [1], "timeout": 30},
    "harvester/report_worker_statistics": {**HARVESTER, "panda_queue": QUEUE, "statistics": "{}"},
    "harvester/update_service_metrics": {**HARVESTER, "metrics": []},
    "harvester/add_dialogs": {**HARVESTER, "dialogs": []},
    "harvester/add_sweep_command": {"panda_queue": QUEUE, "status_list": ["submitted"], "ce_list": ["ALL"]},
    "harvester/add_target_slots": {"panda_queue": QUEUE, "slots": 5},
    "event/acquire_event_ranges": {**RANGES, "n_ranges": 10, "timeout": 60, "scattered": False, "segment_id": None},
    "event/update_single_event_range": {"event_range_id": "1-2-3-4-5", "event_range_status": "finished", "core_count": 1},
    "event/update_event_ranges": {"event_ranges": "[]", "timeout": 120, "version": 0},
    "file_server/upload_cache_file": UPLOAD,
    "file_server/validate_cache_file": {"file_size": 10, "checksum": 1},
    "file_server/upload_file_recovery_request": {"task_id": 10000001, "dry_run": True},
    "file_server/touch_cache_file": {"file_name": "a.tar.gz"},
    "file_server/delete_cache_file": {"file_name": "a.tar.gz"},
    "file_server/register_cache_file": {"user_name": "u", "file_name": "a", "file_size": 1, "checksum": "1"},
    "file_server/upload_workflow_request": {"data": "{}", "dry_run": False, "sync": True},
    "file_server/upload_event_picking_request": PICKING,
    "file_server/upload_hpo_checkpoint": UPLOAD,
    "file_server/delete_hpo_checkpoint": {"task_id": 1, "sub_id": 1},
    "file_server/upload_jedi_log": UPLOAD,
    "file_server/update_jedi_log": UPLOAD,
    "creds/set_user_secrets": {"key": "k", "value": "v"},
    "data_carousel/change_staging_destination": {"request_id": 1},
    "data_carousel/change_staging_source": {"request_id": 1, "cancel_fts": False, "change_src_expr": True, "source_rse": "R"},
    "data_carousel/force_to_staging": {"dataset": "d"},
    "data_carousel/retire_unused": {"request_id": 1},
    "async_process/submit_grep_request": {"pattern": "x", "log_filename": "l", "service_name": "s"},
    "async_process/submit_sleep_echo_request": {"service_name": "s", "message": "m", "seconds": 10},
}  # fmt: skip
UPLOADS = frozenset(path for path, given in POSTS.items() if given is UPLOAD)
CALLS: tuple[tuple[str, str], ...] = (*(("GET", path) for path in GETS), *(("POST", path) for path in POSTS))


def form_of(verb: str, path: str) -> dict[str, Any]:
    """Keyword arguments of a request of httpx in the form that the reference's clients send."""
    if verb == "GET":
        return {"params": dict(GETS[path]), "headers": {"Content-Type": "application/json"}}
    if path in UPLOADS:
        return {"files": dict(POSTS[path])}
    return {"json": dict(POSTS[path])}
