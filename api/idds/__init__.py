"""The compatible front for clients of iDDS: every call below `/idds`, and the relay through PanDA's endpoints.

docs/reference/idds.md, docs/decisions/0095.
"""

from collections.abc import Mapping

from fastapi import APIRouter

from api.idds import metainfo
from api.idds.calls import Function, mount
from api.idds.login import IddsLogin
from api.idds.relay import Relay, endpoints, mount_legacy
from api.panda.calls import mount as mount_in_envelope
from api.services import Services


def functions_of(services: Services) -> Mapping[str, Function]:
    """What serves a call, by its name in the table."""
    login = IddsLogin(services)
    return {
        "ping": metainfo.ping,
        "get_metainfo": metainfo.get_metainfo,
        "get_oidc_sign_url": login.sign_url,
        "get_id_token": login.id_token,
        "refresh_id_token": login.refreshed,
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
