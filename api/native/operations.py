"""The operations of `/v1` by method and path: the name that a generated client gives each, and what its answer holds. Data.

An answer is a page of rows, one row, or a document of its own form. Commands are named after themselves (`kill_task`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Operation:
    """name: the operation id. schema: of the answer, "" for a document that has none. rows: where a page has its rows."""

    name: str
    schema: str = ""
    rows: str = ""


OPERATIONS: Mapping[tuple[str, str], Operation] = {
    ("post", "/auth/logout"): Operation("log_out"),
    ("get", "/v1/health"): Operation("get_health"),
    ("get", "/v1/health/details"): Operation("get_health_details"),
    ("get", "/v1/whoami"): Operation("get_identity"),
    ("get", "/v1/can-i"): Operation("ask_whether_allowed"),
    ("get", "/v1/events"): Operation("list_events", "Event", "events"),
    ("get", "/v1/tail"): Operation("follow_events"),
    ("get", "/v1/tasks"): Operation("list_tasks", "Task", "tasks"),
    ("post", "/v1/tasks"): Operation("submit_task", "Submitted"),
    ("get", "/v1/tasks/{task_id}"): Operation("get_task", "Task"),
    ("get", "/v1/tasks/{task_id}/jobs"): Operation("list_jobs_of_task", "Job", "jobs"),
    ("get", "/v1/tasks/{task_id}/parameters"): Operation("get_task_parameters"),
    ("get", "/v1/tasks/{task_id}/files"): Operation("list_task_files", "InputUnit", "files"),
    ("get", "/v1/tasks/{task_id}/brokerage"): Operation("list_task_brokerage"),
    ("get", "/v1/tasks/{task_id}/attempts"): Operation("list_task_attempts"),
    ("get", "/v1/tasks/{task_id}/events"): Operation("list_task_events", "Event", "events"),
    ("get", "/v1/tasks/{task_id}/timeline"): Operation("list_task_timeline", "Event", "events"),
    ("get", "/v1/jobs"): Operation("list_jobs", "Job", "jobs"),
    ("get", "/v1/jobs/{job_id}"): Operation("get_job", "Job"),
    ("get", "/v1/jobs/{job_id}/events"): Operation("list_job_events", "Event", "events"),
    ("get", "/v1/jobs/{job_id}/timeline"): Operation("list_job_timeline", "Event", "events"),
    ("get", "/v1/jobs/{job_id}/files"): Operation("list_job_files"),
    ("get", "/v1/jobs/{job_id}/files/{lfn}"): Operation("download_job_file"),
    ("get", "/v1/jobs/{job_id}/log"): Operation("list_job_log_files"),
    ("get", "/v1/jobs/{job_id}/log/{member}"): Operation("get_job_log"),
    ("get", "/v1/queues"): Operation("list_queues", "Queue", "queues"),
    ("get", "/v1/queues/{queue}"): Operation("get_queue", "Queue"),
    ("get", "/v1/queues/{queue}/wanted"): Operation("await_wanted_pilots"),
    ("get", "/v1/queues/{queue}/living"): Operation("list_living_workers"),
    ("post", "/v1/queues/{queue}/workers"): Operation("send_worker_report"),
    ("post", "/v1/queues/{queue}/workers/reports"): Operation("send_worker_reports"),
    ("get", "/v1/workers"): Operation("list_workers", "Worker", "workers"),
    ("get", "/v1/shares"): Operation("list_shares"),
    ("get", "/v1/sources"): Operation("list_sources"),
    ("get", "/v1/sources/{source}"): Operation("get_source"),
    ("get", "/v1/datasets"): Operation("list_datasets", "Dataset", "datasets"),
    ("get", "/v1/datasets/{name}"): Operation("get_dataset", "Dataset"),
    ("get", "/v1/datasets/{name}/files"): Operation("list_dataset_files", "DatasetFile", "files"),
    ("get", "/v1/dead-letters"): Operation("list_dead_letters"),
    ("get", "/v1/dead-letters/{letter_id}"): Operation("get_dead_letter"),
    ("post", "/v1/dead-letters/{letter_id}/retry"): Operation("retry_dead_letter"),
    ("get", "/v1/issuers"): Operation("list_issuers"),
    ("get", "/v1/access-policy"): Operation("get_access_policy"),
    ("get", "/v1/links"): Operation("list_links"),
    ("post", "/v1/links"): Operation("link_identities"),
    ("post", "/v1/links/certificate"): Operation("link_certificate"),
    ("post", "/v1/links/remove"): Operation("unlink_identities"),
    ("get", "/v1/refusals"): Operation("list_refusals"),
    ("get", "/v1/revocations"): Operation("list_revocations"),
    ("get", "/v1/revocations/payloads"): Operation("list_payloads_of_actor"),
    ("get", "/v1/secrets"): Operation("list_secrets"),
    ("put", "/v1/secrets"): Operation("keep_secret"),
    ("delete", "/v1/secrets/{name}"): Operation("delete_secret"),
    ("post", "/v1/agents/enrol"): Operation("enrol_agent"),
    ("post", "/v1/agents/token"): Operation("renew_agent_token"),
    ("post", "/v1/agents/workers"): Operation("make_worker_token"),
    ("get", "/v1/agents/keys"): Operation("list_agent_keys"),
    ("get", "/v1/history/{kind}/{name}"): Operation("list_history"),
    ("get", "/v1/state/{kind}/{name}"): Operation("get_state"),
    ("get", "/v1/diff/{kind}/{name}"): Operation("compare_states"),
    ("get", "/v1/why/{kind}/{name}"): Operation("list_reasons", "Reasons"),
    ("get", "/v1/trace/{name}"): Operation("get_trace"),
    ("get", "/v1/commands/{command_id}"): Operation("get_command_answer", "CommandAnswer"),
}
COMMANDS_PATH = "/v1/commands/"


def operation_of(method: str, path: str) -> Operation:
    """The operation at a path; raises KeyError for a route that the table does not have."""
    if method == "post" and path.startswith(COMMANDS_PATH):
        words = re.sub(r"(?<!^)(?=[A-Z])", "_", path.removeprefix(COMMANDS_PATH)).lower()
        return Operation(words, "CommandAnswer")
    return OPERATIONS[method, path]
