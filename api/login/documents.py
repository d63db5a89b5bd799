"""What clients fetch before they have a token, and the way to one: auth configuration, discovery, public keys, device flow.

All public. A VO whose issuer has a login logs in there: at the provider itself, or through here. The development issuer has no
login of its own, so the device and token endpoints of its VO say so; tokens are made with `culm token`.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request
from limits import RateLimitItemPerMinute
from starlette.responses import Response

from api.http.access import Public
from api.http.bodies import read_object
from api.http.errors import NotFound
from api.http.problems import json_response
from api.login.device_codes import DeviceCodes
from api.login.device_flow import DEVICE_GRANT, Answer, DeviceFlow, refusal
from api.login.exchange import TokenExchange
from api.login.providers import EXCHANGE_GRANT, Providers, row_with_login
from api.login.rates import CallerRates
from api.services import Services
from api.shared.store import SharedKind
from identity.issuer import ALGORITHM, public_keys
from identity.key_fetching import discovery_url
from identity.own_issuers import AUDIENCE, ISSUER
from schemas.types import IssuerLogin, IssuerProfile, TrustedIssuer

CONFIG_SUFFIX = "_auth_config.json"
CLIENT_ID = "culm"
#: Of one address: panda-client polls each 6 s and a person logs in once an hour; a whole institute may stand behind one address.
BEGINNINGS = RateLimitItemPerMinute(60)
TOKENS = RateLimitItemPerMinute(1200)
NO_LOGIN = refusal("access_denied", "the development issuer has no login; use `culm token`")
TOO_MANY = refusal("temporarily_unavailable", "too many logins from this address; try again in a minute", 429)
NOT_STORED = {"Cache-Control": "no-store"}
TokenEndpoint = Callable[[str, Mapping[str, str]], Awaitable[Answer]]


def build_router(services: Services) -> APIRouter:
    """Routes below `/auth`."""
    router = APIRouter(prefix="/auth", include_in_schema=False)
    address = services.config.addresses.public
    keys = public_keys(services.config.home).as_dict(private=False)
    providers = Providers()
    codes = DeviceCodes(services.shared.space(SharedKind.DEVICE_CODES))
    flow = DeviceFlow(providers, codes, services.gate.verifier.refuses_as_revoked)
    tokens = _tokens_of(services, flow, TokenExchange(providers, services.gate))
    limiter = CallerRates()

    @router.get("/jwks.json")
    async def key_set(_: Public) -> Response:
        return json_response(keys)

    @router.get("/.well-known/openid-configuration")
    async def own_discovery(_: Public) -> Response:
        return json_response(_discovery(ISSUER, f"{address}/auth", f"{address}/auth/jwks.json", [ALGORITHM]))

    @router.get("/{vo}/.well-known/openid-configuration")
    async def discovery(vo: str, _: Public) -> Response:
        row, _login = _login_of(services, vo)
        endpoints = await providers.endpoints(row)
        return json_response(_discovery(row.issuer, f"{address}/auth/{vo}", endpoints.keys, [*row.algorithms]))

    @router.post("/device")
    @router.post("/token")
    async def no_login(request: Request, _: Public) -> Response:
        return _oauth(NO_LOGIN)

    @router.post("/{vo}/device")
    async def device(vo: str, request: Request, _: Public) -> Response:
        row, login = _login_of(services, vo)
        if not limiter.hit(BEGINNINGS, "device", _caller(request)):
            return _oauth(TOO_MANY)
        return _oauth(await flow.begin(row, login, vo, await _form(request)))

    @router.post("/{vo}/token")
    async def token(vo: str, request: Request, _: Public) -> Response:
        if not limiter.hit(TOKENS, "token", _caller(request)):
            return _oauth(TOO_MANY)
        return _oauth(await tokens(vo, await _form(request)))

    @router.get("/{name}")
    async def auth_config(name: str, _: Public) -> Response:
        if not name.endswith(CONFIG_SUFFIX):
            raise NotFound(f"no document /auth/{name[:100]}")
        spelled = name.removesuffix(CONFIG_SUFFIX)
        vo = spelled if spelled in services.config.vos else vo_of(spelled)
        if vo not in services.config.vos:
            raise NotFound(f"no virtual organisation {vo[:100]!r} here")
        return json_response(_auth_config(services, address, vo, spelled))

    return router


def _tokens_of(services: Services, flow: DeviceFlow, exchange: TokenExchange) -> TokenEndpoint:
    """What answers a form at the token endpoint of a VO."""

    async def answer(vo: str, form: Mapping[str, str]) -> Answer:
        if form.get("grant_type") != EXCHANGE_GRANT:
            return await flow.token(*_login_of(services, vo), vo, form)
        if vo not in services.config.vos:
            raise NotFound(f"no virtual organisation {vo[:100]!r} here")
        return await exchange.token(row_with_login(services.gate.verifier.issuers, vo), vo, form)

    return answer


def _auth_config(services: Services, address: str, vo: str, spelled: str) -> dict[str, Any]:
    found = row_with_login(services.gate.verifier.issuers, vo)
    if found is None:
        own = f"{address}/auth/.well-known/openid-configuration"
        return {"audience": AUDIENCE, "client_id": CLIENT_ID, "client_secret": None, "oidc_config_url": own, "vo": spelled}
    row, login = found
    ours = f"{address}/auth/{vo}/.well-known/openid-configuration"
    return {
        "audience": login.audience or row.audiences[0],
        "client_id": login.client_id,
        "client_secret": None,
        "oidc_config_url": discovery_url(row) if login.is_direct else ours,
        "vo": spelled,
        **({"jwt_profile": "wlcg"} if row.profile is IssuerProfile.WLCG else {}),
    }


def _discovery(issuer: str, base: str, keys: str, algorithms: list[str]) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "jwks_uri": keys,
        "device_authorization_endpoint": f"{base}/device",
        "token_endpoint": f"{base}/token",
        "id_token_signing_alg_values_supported": algorithms,
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "grant_types_supported": [DEVICE_GRANT, "refresh_token", EXCHANGE_GRANT],
    }


def _login_of(services: Services, vo: str) -> tuple[TrustedIssuer, IssuerLogin]:
    found = row_with_login(services.gate.verifier.issuers, vo) if vo in services.config.vos else None
    if found is None:
        raise NotFound(f"no login for a virtual organisation {vo[:100]!r} here")
    return found


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form that are texts."""
    return {name: value for name, value in (await read_object(request)).items() if isinstance(value, str)}


def _oauth(answer: Answer) -> Response:
    status, content = answer
    return json_response(content, status, NOT_STORED)


def _caller(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def vo_of(spelled: str) -> str:
    """The VO in `vo`, `vo:role` or `vo.role`; a name that begins with `vo.` keeps its dots."""
    if ":" in spelled:
        return spelled.partition(":")[0]
    return spelled if spelled.startswith("vo.") else spelled.partition(".")[0]
