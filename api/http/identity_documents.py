"""What clients fetch before they have a token: auth configuration, discovery, public keys.

All public. The development issuer has no login of its own, so the device and token endpoints say so; tokens are made
with `culm token`.
"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.access import Public
from api.http.errors import NotFound
from api.http.problems import json_response
from api.services import Services
from identity.issuer import ALGORITHM, public_keys
from identity.own_issuers import AUDIENCE, ISSUER

CONFIG_SUFFIX = "_auth_config.json"
CLIENT_ID = "culm"


def build_router(services: Services) -> APIRouter:
    """Routes below `/auth`."""
    router = APIRouter(prefix="/auth", include_in_schema=False)
    address = services.config.addresses.public
    keys = public_keys(services.config.home).as_dict(private=False)

    @router.get("/jwks.json")
    async def key_set(_: Public) -> Response:
        return json_response(keys)

    @router.get("/.well-known/openid-configuration")
    async def discovery(_: Public) -> Response:
        return json_response(
            {
                "issuer": ISSUER,
                "jwks_uri": f"{address}/auth/jwks.json",
                "device_authorization_endpoint": f"{address}/auth/device",
                "token_endpoint": f"{address}/auth/token",
                "id_token_signing_alg_values_supported": [ALGORITHM],
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
            }
        )

    @router.post("/device")
    @router.post("/token")
    async def no_login(request: Request, _: Public) -> Response:
        return json_response(
            {"error": "access_denied", "error_description": "the development issuer has no login; use `culm token`"},
            400,
        )

    @router.get("/{name}")
    async def auth_config(name: str, _: Public) -> Response:
        if not name.endswith(CONFIG_SUFFIX):
            raise NotFound(f"no document /auth/{name}")
        spelled = name.removesuffix(CONFIG_SUFFIX)
        vo = spelled if spelled in services.config.vos else vo_of(spelled)
        if vo not in services.config.vos:
            raise NotFound(f"no virtual organisation {vo!r} here")
        return json_response(
            {
                "audience": AUDIENCE,
                "client_id": CLIENT_ID,
                "client_secret": None,
                "oidc_config_url": f"{address}/auth/.well-known/openid-configuration",
                "vo": spelled,
            }
        )

    return router


def vo_of(spelled: str) -> str:
    """The VO in `vo`, `vo:role` or `vo.role`; a name that begins with `vo.` keeps its dots."""
    if ":" in spelled:
        return spelled.partition(":")[0]
    return spelled if spelled.startswith("vo.") else spelled.partition(".")[0]
