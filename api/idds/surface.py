"""Every call of iDDS's clients, and what this server does with it: the table that the routes, the relay and the tests read.

A call without a reason is served. One with a reason is answered 501 with it, in headers (docs/decisions/0095).
Source: docs/reference/idds.md, "All calls".
"""

from dataclasses import dataclass

from identity.profiles import CANCEL, CREATE, MODIFY, READ

ONE_TASK = "a task of a workflow is not ended through the workflow by this server yet; kill the task itself"
BUILDS = "workflows that a job of their own builds are not served yet"
FUNCTIONS = "functions as tasks are not served yet: their works, tokens and results"
POINTS = "points of hyperparameter optimisation are not served yet"
STREAMING = "tasks of streaming workers are not served yet"
MESSAGES = "messages of works are not kept by this server yet"
LOGS = "logs of a workflow are not packed by this server; those of its jobs are at /v1/jobs/ID/log"
CACHER = "uploads that do not say whose they are, are not taken; upload to the sandbox cache of PanDA"
CONTENTS = "contents are not registered or matched by clients here: jobs make them"
MONITOR = "pages of workflows are not served yet"


@dataclass(frozen=True, slots=True)
class IddsCall:
    """One call. name: the client's method. paths: below `/idds`. body: the argument that the JSON of the body becomes.

    capability: what a token that has any needs. is_open: served without a token.
    """

    name: str
    verb: str
    paths: tuple[str, ...]
    reason: str = ""
    capability: str = READ
    body: str = ""
    is_open: bool = False

    @property
    def is_served(self) -> bool:
        """False for a call that is refused with its reason."""
        return not self.reason


def _with_optional(path: str, optional: str) -> tuple[str, ...]:
    """`path` with each number of the `optional` segments behind it, the longest first."""
    parts = [f"/{{{name}}}" for name in optional.split()]
    return tuple(path + "".join(parts[:count]) for count in range(len(parts), -1, -1))


_COLLECTION = "request_id transform_id workload_id scope name relation_type"
_FLAGS = "with_detail with_metadata with_transform with_processing"
#: In the order in which paths are compared with a request's.
CALLS: tuple[IddsCall, ...] = (
    IddsCall("ping", "GET", ("/ping",)),
    IddsCall("get_metainfo", "GET", ("/metainfo/{name}",)),
    IddsCall("get_oidc_sign_url", "GET", _with_optional("/auth/url/{vo}", "auth_type"), is_open=True),
    IddsCall("get_id_token", "GET", _with_optional("/auth/token/{vo}/{device_code}", "interval expires_in"), is_open=True),
    IddsCall("refresh_id_token", "POST", ("/auth/token/{vo}",), body="refresh", is_open=True),
    IddsCall("submit", "POST", ("/request",), capability=CREATE),
    IddsCall("submit_build", "POST", (), BUILDS, CREATE),
    IddsCall("update_build_request", "POST", ("/request/build/{request_id}",), BUILDS, MODIFY, "build"),
    IddsCall("get_request_id_by_name", "GET", ("/request/name/{name:path}",)),
    IddsCall("abort", "PUT", ("/request/abort/{request_id}/{workload_id}",), capability=CANCEL),
    IddsCall("abort_task", "PUT", ("/request/abort/{request_id}/{workload_id}/{task_id}",), ONE_TASK, CANCEL),
    IddsCall("close", "PUT", ("/request/close/{request_id}/{workload_id}",), capability=MODIFY),
    IddsCall("retry", "PUT", ("/request/retry/{request_id}/{workload_id}",), capability=MODIFY),
    IddsCall("get_requests", "GET", _with_optional("/request/{request_id}/{workload_id}", _FLAGS)),
    IddsCall("update_request", "PUT", ("/request/{request_id}",), "", MODIFY, "parameters"),
    IddsCall("submit_work", "POST", ("/transform/{request_id}",), FUNCTIONS, CREATE, "work"),
    IddsCall("get_transform", "GET", ("/transform/{request_id}/{transform_id}",)),
    IddsCall("get_transforms", "GET", ("/transform/{request_id}",)),
    IddsCall("get_collections", "GET", _with_optional("/catalog/collections", _COLLECTION)[:-1]),
    IddsCall("get_contents", "GET", _with_optional("/catalog/contents", f"{_COLLECTION} content_status")[:-1]),
    IddsCall(
        "get_contents_output_ext",
        "GET",
        _with_optional("/catalog/contents_output_ext/{request_id}", "workload_id transform_id group_by_jedi_task_id"),
    ),
    IddsCall(
        "get_match_contents",
        "GET",
        ("/catalog/{scope}/{name}/{file_scope}/{file_name}/{min_id}/{max_id}/{request_id}/{workload_id}/{best}",),
        CONTENTS,
    ),
    IddsCall("register_contents", "POST", ("/catalog/{scope}/{name}/{request_id}/{workload_id}",), CONTENTS, MODIFY),
    IddsCall("send_messages", "POST", ("/message/{request_id}/{workload_id}/{transform_id}/{internal_id}",), MESSAGES, MODIFY),
    IddsCall("get_messages", "GET", ("/message/{request_id}/{workload_id}/{transform_id}/{internal_id}",), MESSAGES),
    IddsCall("download_logs", "GET", ("/logs/{workload_id}/{request_id}",), LOGS),
    IddsCall("upload_to_cacher", "POST", ("/cacher/{name}",), CACHER, CREATE, is_open=True),
    IddsCall("download_from_cacher", "GET", ("/cacher/{name}",), CACHER, is_open=True),
    IddsCall("get_hyperparameters", "GET", ("/hpo/{workload_id}/{request_id}/{point_id}/{point_status}/{limit}",), POINTS),
    IddsCall("update_hyperparameter", "PUT", ("/hpo/{workload_id}/{request_id}/{point_id}/{loss}",), POINTS, MODIFY),
    IddsCall("create_workflow_task", "POST", ("/workflow_task",), STREAMING, CREATE, "workflow"),
    IddsCall(
        "adjust_worker",
        "PUT",
        ("/workflow_task/{request_id}/{transform_id}/{workload_id}/adjust",),
        STREAMING,
        MODIFY,
        "parameters",
    ),
    IddsCall(
        "close_workflow_task",
        "PUT",
        ("/workflow_task/{request_id}/close", "/workflow_task/{request_id}/{workload_id}/close"),
        STREAMING,
        CANCEL,
        "parameters",
    ),
    IddsCall(
        "monitor",
        "GET",
        (
            "/monitor/{request_id}/{workload_id}/{with_request}/{with_transform}/{with_processing}",
            "/monitor_request/{request_id}/{workload_id}",
            "/monitor_transform/{request_id}/{workload_id}",
            "/monitor_processing/{request_id}/{workload_id}",
            "/monitor_request_relation/{request_id}/{workload_id}",
        ),
        MONITOR,
    ),
    # Of the relay alone: their REST form is another call.
    IddsCall("get_status", "GET", ()),
    IddsCall("suspend", "PUT", (), capability=MODIFY),
    IddsCall("resume", "PUT", (), capability=MODIFY),
    IddsCall("finish", "PUT", (), capability=CANCEL),
)
BY_NAME = {call.name: call for call in CALLS}
