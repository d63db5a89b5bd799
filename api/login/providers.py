"""The providers that people log in at, as an HTTP client sees them.

In: a row of a trusted issuer with a login. Out: where its endpoints are, and its answers to forms, as far as they are bounded
JSON. Guards: addresses come from the discovery document of the row's own issuer, redirects are not followed, at most 256 KB and
10 s; nothing of a form or an answer is logged.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from api.http.errors import ApiError
from identity.errors import KeysRefused
from identity.key_fetching import discovery_document, problem_of_address
from process.authorities import believed
from schemas.types import IssuerLogin, TrustedIssuer

DISCOVERY_SECONDS = 3600.0
ANSWER_BYTES_MAX = 256 * 1024
EXCHANGE_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
SECONDS_MAX = 10.0


class ProviderAway(ApiError):
    """The provider does not answer as providers do."""

    status = 502
    title = "Identity provider"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses of a provider; empty where it does not offer the flow. names_itself: its answers say who it is (RFC 9207)."""

    device: str
    token: str
    authorization: str
    revocation: str
    keys: str
    names_itself: bool = False
    #: It offers token exchange (RFC 8693).
    exchanges: bool = False


class Providers:
    """Providers by issuer; what they offer is asked once an hour."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Endpoints]] = {}

    async def endpoints(self, row: TrustedIssuer) -> Endpoints:
        """Where the endpoints of `row` are; raises ProviderAway."""
        name = f"{row.issuer}\n{row.discovery_url or ''}"
        known = self._known.get(name)
        if known is not None and time.monotonic() - known[0] < DISCOVERY_SECONDS:
            return known[1]
        try:
            document = await asyncio.to_thread(discovery_document, row)
        except KeysRefused as problem:
            if known is not None:
                return known[1]
            raise ProviderAway(problem.detail) from problem
        found = Endpoints(
            device=_address(document, "device_authorization_endpoint"),
            token=_address(document, "token_endpoint"),
            authorization=_address(document, "authorization_endpoint"),
            revocation=_address(document, "revocation_endpoint"),
            keys=_address(document, "jwks_uri"),
            names_itself=document.get("authorization_response_iss_parameter_supported") is True,
            exchanges=EXCHANGE_GRANT in _words(document, "grant_types_supported"),
        )
        self._known = {**dict(list(self._known.items())[-100:]), name: (time.monotonic(), found)}
        return found

    async def post(self, address: str, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Status and JSON object of the answer to `form`; raises ProviderAway."""
        raw = bytearray()
        try:
            async with (
                asyncio.timeout(SECONDS_MAX),  # httpx bounds the time between two bytes alone
                httpx.AsyncClient(verify=believed(), timeout=SECONDS_MAX, follow_redirects=False, trust_env=False) as client,
                client.stream("POST", address, data=dict(form), headers={"accept": "application/json"}) as answer,
            ):
                async for piece in answer.aiter_bytes():
                    raw += piece
                    if len(raw) > ANSWER_BYTES_MAX:
                        raise ProviderAway(f"the identity provider answered with more than {ANSWER_BYTES_MAX} bytes")
                status = answer.status_code
        except (httpx.HTTPError, TimeoutError) as problem:
            raise ProviderAway(f"the identity provider does not answer: {type(problem).__name__}") from problem
        try:
            found = orjson.loads(bytes(raw))
        except orjson.JSONDecodeError as problem:
            raise ProviderAway(f"the identity provider answered {status} and no JSON") from problem
        if not isinstance(found, dict):
            raise ProviderAway(f"the identity provider answered {status} and no JSON object")
        return status, found


def row_with_login(issuers: Iterable[TrustedIssuer], vo: str) -> tuple[TrustedIssuer, IssuerLogin] | None:
    """The first of `issuers` of `vo` that people log in at."""
    return next(((row, row.login) for row in issuers if vo in row.vos and row.login is not None), None)


def _words(document: Mapping[str, Any], name: str) -> list[Any]:
    found = document.get(name)
    return found if isinstance(found, list) else []


def _address(document: Mapping[str, Any], name: str) -> str:
    """An endpoint of a discovery document; empty when it is missing or not safe."""
    found = document.get(name)
    return found if isinstance(found, str) and not problem_of_address(found) else ""
