"""The compatible front for panda-client: every call it makes, in one table (docs/reference/client.md)."""

from fastapi import APIRouter

from api.log.long_lists import SUBMISSION_BYTES_MAX
from api.log.submitted_parameters import PRIORITY_MAX, PRIORITY_MIN
from api.panda import (
    event_states,
    files,
    job_commands,
    jobs,
    secrets,
    share_commands,
    system,
    task_changes,
    task_commands,
    task_lists,
    task_reads,
)
from api.panda.arguments import ArgumentKind, Parameter
from api.panda.calls import Endpoint, command, get, mount, mount_forbidden, mount_public, post
from api.panda.not_offered import endpoints_saying_no, mount_legacy, mount_plain
from api.services import Services
from identity.profiles import CANCEL, CREATE
from identity.ruling import EndpointClass

TASK = Parameter("task_id", ArgumentKind.WHOLE)
BROADCAST = Parameter("broadcast", ArgumentKind.FLAG, False)
IGNORE_LIMITS = Parameter("ignore_hard_exhausted", ArgumentKind.FLAG, False)
JOB_IDS = Parameter("job_ids", ArgumentKind.LIST)
INCREASE = Parameter("increase", ArgumentKind.WHOLE, lowest=0, highest=1_000_000)
PRIORITY = Parameter("priority", ArgumentKind.WHOLE, lowest=PRIORITY_MIN, highest=PRIORITY_MAX)
ATTRIBUTE = Parameter("attribute_name", ArgumentKind.TEXT)
VALUE = Parameter("value", ArgumentKind.WHOLE, lowest=0, highest=1_000_000_000_000)
#: An hour offset of PanDA's: a year.
HOURS_MAX = 8_760


def _may(name: str, kind: ArgumentKind, default: object = None) -> Parameter:
    return Parameter(name, kind, default)


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(("GET",), "system/get_attributes", system.attributes, parameters=None),
    get("system/get_user_attributes", system.user_attributes),
    get("system/get_voms_attributes", system.voms_attributes),
    get("metaconfig/get_banned_users", system.banned_users),
    post(
        "file_server/validate_cache_file",
        files.validate,
        Parameter("file_size", ArgumentKind.WHOLE),
        Parameter("checksum", ArgumentKind.WHOLE),
        capability=CREATE,
    ),
    Endpoint(("POST",), "file_server/upload_cache_file", files.upload, reads_arguments=False, capability=CREATE),
    post("file_server/touch_cache_file", files.touch, Parameter("file_name", ArgumentKind.TEXT), capability=CREATE),
    post("file_server/delete_cache_file", files.delete, Parameter("file_name", ArgumentKind.TEXT), capability=CREATE),
    post("file_server/upload_file_recovery_request", files.recover_lost_files, TASK, _may("dry_run", ArgumentKind.FLAG, False)),
    post(
        "task/submit",
        task_commands.submit,
        Parameter("task_parameters", ArgumentKind.OBJECT),
        _may("parent_tid", ArgumentKind.WHOLE),
        body_bytes_max=SUBMISSION_BYTES_MAX,
        capability=CREATE,
    ),
    command("task/kill", task_commands.kill, TASK, BROADCAST, capability=CANCEL),
    command("task/finish", task_commands.finish, TASK, _may("soft", ArgumentKind.FLAG, False), BROADCAST, capability=CANCEL),
    command(
        "task/retry",
        task_commands.retry,
        TASK,
        _may("new_parameters", ArgumentKind.OBJECT),
        _may("no_child_retry", ArgumentKind.FLAG, False),
        _may("discard_events", ArgumentKind.FLAG, False),
        _may("disable_staging_mode", ArgumentKind.FLAG, False),
        _may("keep_gshare_priority", ArgumentKind.FLAG, False),
        IGNORE_LIMITS,
    ),
    command("task/reload_input", task_commands.reload_input, TASK, IGNORE_LIMITS),
    command(
        "task/reactivate",
        task_commands.reactivate,
        TASK,
        _may("keep_attempt_nr", ArgumentKind.FLAG, False),
        _may("trigger_job_generation", ArgumentKind.FLAG, False),
    ),
    command(
        "task/reassign",
        task_commands.reassign,
        TASK,
        _may("site", ArgumentKind.TEXT),
        _may("cloud", ArgumentKind.TEXT),
        _may("nucleus", ArgumentKind.TEXT),
        _may("mode", ArgumentKind.TEXT),
    ),
    command("task/pause", task_commands.pause, TASK),
    command("task/resume", task_commands.resume, TASK),
    command("task/avalanche", task_commands.avalanche, TASK),
    command("task/release", task_commands.release, TASK),
    command("task/increase_attempts", task_commands.increase_attempts, TASK, INCREASE),
    command("task/change_priority", task_changes.change_priority, TASK, PRIORITY),
    command("task/change_attribute", task_changes.change_attribute, TASK, ATTRIBUTE, VALUE),
    command("task/change_split_rule", task_changes.change_split_rule, TASK, ATTRIBUTE, VALUE),
    command(
        "task/change_modification_time",
        task_changes.change_modification_time,
        TASK,
        Parameter("hour_offset", ArgumentKind.WHOLE, lowest=-HOURS_MAX, highest=HOURS_MAX),
    ),
    command(
        "task/kill_unfinished_jobs",
        job_commands.kill_unfinished_jobs,
        TASK,
        _may("code", ArgumentKind.WHOLE),
        _may("use_email_as_id", ArgumentKind.FLAG, False),
        capability=CANCEL,
    ),
    post(
        "task/reassign_global_share",
        share_commands.reassign_global_share,
        Parameter("task_id_list", ArgumentKind.LIST),
        Parameter("share", ArgumentKind.TEXT),
        _may("reassign_running_jobs", ArgumentKind.FLAG, False),
    ),
    get(
        "task/get_tasks_detailed_info_since",
        task_lists.tasks_since,
        _may("since", ArgumentKind.TEXT),
        _may("filters", ArgumentKind.TEXT),
        _may("n_tasks", ArgumentKind.WHOLE, 500),
    ),
    get("task/get_status", task_reads.status, TASK),
    get("task/get_detailed_info", task_reads.detailed_info, TASK),
    get("task/get_parent_detailed_info", task_reads.parent_info, TASK),
    get("task/get_task_parameters", task_reads.parameters, TASK),
    get("task/get_job_ids", task_reads.job_ids, TASK),
    get("task/get_job_descriptions", task_reads.job_descriptions, TASK, _may("unsuccessful_only", ArgumentKind.FLAG, False)),
    get(
        "task/get_details",
        task_reads.details,
        TASK,
        _may("include_parameters", ArgumentKind.FLAG, False),
        _may("include_status", ArgumentKind.FLAG, False),
    ),
    get(
        "task/get_datasets_and_files",
        task_reads.datasets_and_files,
        TASK,
        _may("dataset_types", ArgumentKind.LIST),
        _may("dataset_only", ArgumentKind.FLAG, False),
    ),
    get(
        "task/get_tasks_modified_since",
        task_lists.modified_since,
        Parameter("since", ArgumentKind.TEXT),
        _may("dn", ArgumentKind.TEXT),
        _may("full", ArgumentKind.FLAG, False),
        _may("min_task_id", ArgumentKind.WHOLE),
        _may("prod_source_label", ArgumentKind.TEXT, "user"),
    ),
    Endpoint(("POST", "GET"), "job/get_description", jobs.descriptions, (JOB_IDS,)),
    Endpoint(("POST", "GET"), "job/get_description_incl_archive", jobs.descriptions, (JOB_IDS,)),
    # Harvesters ask, too.
    Endpoint(
        ("GET",), "job/get_status", jobs.statuses, (JOB_IDS, _may("timeout", ArgumentKind.WHOLE, 60)), kind=EndpointClass.MEMBER
    ),
    command(
        "job/kill",
        job_commands.kill,
        JOB_IDS,
        _may("code", ArgumentKind.WHOLE),
        _may("use_email_as_id", ArgumentKind.FLAG, False),
        _may("kill_options", ArgumentKind.LIST),
        capability=CANCEL,
    ),
    command("job/reassign", job_commands.reassign, JOB_IDS),
    command(
        "job/set_command",
        job_commands.set_command,
        Parameter("job_id", ArgumentKind.WHOLE),
        Parameter("command", ArgumentKind.TEXT),
        capability=CANCEL,
    ),
    post(
        "job/set_debug_mode",
        jobs.set_debug_mode,
        Parameter("job_id", ArgumentKind.WHOLE),
        Parameter("mode", ArgumentKind.FLAG),
    ),
    get("job/get_metadata_for_analysis_jobs", jobs.user_metadata, TASK),
    get("event/get_event_range_statuses", event_states.statuses, Parameter("job_task_ids", ArgumentKind.LIST)),
    post(
        "creds/set_user_secrets",
        secrets.set_secret,
        _may("key", ArgumentKind.SECRET),
        _may("value", ArgumentKind.SECRET),
        capability=CREATE,
    ),
    # Who may look at jobs may not see what they are given.
    get("creds/get_user_secrets", secrets.get_secrets, _may("keys", ArgumentKind.LIST), capability=CREATE),
)


def build_router(services: Services) -> APIRouter:
    """All routes of the front."""
    router = APIRouter()
    mount_public(router, "system/is_alive")
    mount(router, services, (*ENDPOINTS, *endpoints_saying_no()))
    mount_plain(router)
    mount_forbidden(router)
    mount_legacy(router)
    return router
