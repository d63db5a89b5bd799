"""The compatible front for clients of iDDS: every call below `/idds`, and the relay through PanDA's endpoints.

docs/reference/idds.md, docs/decisions/0095.
"""

from collections.abc import Callable, Mapping

from fastapi import APIRouter

from api.idds import metainfo, work_contents, workflow_commands, workflow_queries
from api.idds.calls import Function, mount
from api.idds.login import IddsLogin
from api.idds.relay import Relay, endpoints, mount_legacy
from api.idds.sent_requests import SentRequests
from api.idds.submission import IddsSubmission
from api.panda.calls import mount as mount_in_envelope
from api.services import Services
from schemas.workflow import (
    AbortWorkflow,
    CloseWorkflow,
    FinishWorkflow,
    ResumeWorkflow,
    RetryWorkflow,
    SuspendWorkflow,
)

ORDERED: Mapping[str, Callable[[], workflow_commands.Ordered]] = {
    "abort": AbortWorkflow,
    "close": CloseWorkflow,
    "retry": RetryWorkflow,
    "suspend": SuspendWorkflow,
    "resume": ResumeWorkflow,
    "finish": FinishWorkflow,
}


def functions_of(services: Services) -> Mapping[str, Function]:
    """What serves a call, by its name in the table."""
    login, submission, rows = IddsLogin(services), IddsSubmission(), workflow_queries.RequestRows(SentRequests())
    return {
        "ping": metainfo.ping,
        "get_metainfo": metainfo.get_metainfo,
        "get_oidc_sign_url": login.sign_url,
        "get_id_token": login.id_token,
        "refresh_id_token": login.refreshed,
        "submit": submission.submit,
        "get_requests": rows.get_requests,
        "get_request_id_by_name": workflow_queries.get_request_id_by_name,
        "get_status": workflow_queries.get_status,
        "get_transforms": workflow_queries.get_transforms,
        "get_transform": workflow_queries.get_transform,
        "get_collections": workflow_queries.get_collections,
        "get_contents": work_contents.get_contents,
        "get_contents_output_ext": work_contents.get_contents_output_ext,
        "update_request": workflow_commands.update_request,
        **{name: workflow_commands.ordering(command) for name, command in ORDERED.items()},
    }


def build_router(services: Services) -> APIRouter:
    """All routes of the front."""
    router = APIRouter()
    functions = functions_of(services)
    mount(router, services, functions)
    relay = Relay(services, functions)
    mount_in_envelope(router, services, endpoints(relay))
    mount_legacy(router, relay)
    return router
