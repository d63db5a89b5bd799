"""The device flow (RFC 8628) and the refresh of panda-client and culm, handed on to the provider of their VO and repaired.

In: the forms that clients send. Out: answers that they can bear. What is repaired: `slow_down` and polls that come too early
become `authorization_pending`; `client_secret=None` is dropped; an answer has `verification_uri_complete` and an interval; the
answer to a refresh has an ID token and a refresh token, or is an error; what a client cannot know is an OAuth error with
a sentence. Guards: codes and tokens are never logged; limits by address and by code; who is revoked
here gets no token.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from api.login.device_codes import INTERVAL_SECONDS, DeviceCode, DeviceCodes
from api.login.providers import ProviderAway, Providers
from schemas.types import IssuerLogin, TrustedIssuer

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SLOWER_SECONDS = 5.0
SCOPES = ("openid", "profile", "email", "offline_access")
FIELD_LENGTH_MAX = 8_192
TOKEN_FIELDS = ("access_token", "id_token", "refresh_token", "token_type", "expires_in", "refresh_expires_in", "scope")
Answer = tuple[int, dict[str, Any]]


def refusal(error: str, sentence: str, status: int = 400) -> Answer:
    """An OAuth error (RFC 6749, 5.2)."""
    return status, {"error": error, "error_description": sentence}


REVOKED = refusal("access_denied", "this identity is revoked; ask an administrator of this Culm")


class DeviceFlow:
    """Hands requests on."""

    def __init__(self, providers: Providers, codes: DeviceCodes, is_revoked: Callable[[str], bool]) -> None:
        """is_revoked: whether the owner of a token of the provider is refused here."""
        self._providers, self._codes, self._is_revoked = providers, codes, is_revoked

    async def begin(self, row: TrustedIssuer, login: IssuerLogin, vo: str, form: Mapping[str, str]) -> Answer:
        """The answer to a device request for `vo`."""
        endpoints = await self._providers.endpoints(row)
        if not endpoints.device:
            return refusal("invalid_request", "the identity provider offers no device flow; use `culm token` or its own pages")
        asked = {"client_id": login.client_id, "scope": " ".join(_scopes(login, form.get("scope", "")))}
        if login.audience:
            asked["audience"] = login.audience
        status, found = await self._providers.post(endpoints.device, asked)
        code, uri = found.get("device_code"), found.get("verification_uri_complete") or found.get("verification_uri")
        if status != 200 or not isinstance(code, str) or not isinstance(uri, str):
            return _handed_on(status, found)
        interval, life = _seconds(found.get("interval"), INTERVAL_SECONDS), _seconds(found.get("expires_in"), 600.0)
        ours = self._codes.issue(row.issuer, vo, code, life, interval)
        kept = {name: found[name] for name in ("user_code", "verification_uri") if isinstance(found.get(name), str)}
        return 200, {
            **kept,
            "device_code": ours,
            "verification_uri_complete": uri,
            "expires_in": int(life),
            "interval": int(interval),
        }

    async def token(self, row: TrustedIssuer, login: IssuerLogin, vo: str, form: Mapping[str, str]) -> Answer:
        """The answer to a token request for `vo`."""
        match form.get("grant_type"):
            case "refresh_token":
                answer = await self._refresh(row, login, form.get("refresh_token", ""))
            case grant if grant == DEVICE_GRANT:
                answer = await self._poll(row, login, vo, form.get("device_code", ""))
            case other:
                return refusal("unsupported_grant_type", f"grant_type is {str(other)[:100]!r}, expected {DEVICE_GRANT}")
        return REVOKED if answer[0] == 200 and self._is_revoked(answer[1]["id_token"]) else answer

    async def _poll(self, row: TrustedIssuer, login: IssuerLogin, vo: str, ours: str) -> Answer:
        kept = self._codes.find(ours)
        if kept is None or (kept.issuer, kept.vo) != (row.issuer, vo):
            return refusal("expired_token", "the code is not known, was used, or has ended: log in again")
        now = time.time()
        if now < kept.next_poll:
            return refusal("authorization_pending", "the login was not completed yet")
        self._codes.keep(ours, replace(kept, next_poll=now + kept.interval))
        endpoints = await self._providers.endpoints(row)
        asked = {"client_id": login.client_id, "grant_type": DEVICE_GRANT, "device_code": kept.code}
        try:
            status, found = await self._providers.post(endpoints.token, asked)
        except ProviderAway:
            # panda-client gives up at any other answer; the code ends by itself.
            return refusal("authorization_pending", "the identity provider does not answer at present")
        return self._polled(ours, kept, status, found)

    def _polled(self, ours: str, kept: DeviceCode, status: int, found: dict[str, Any]) -> Answer:
        if status == 200:
            self._codes.use_up(ours)
            return _with_id_token(found, None)
        match found.get("error"):
            case "authorization_pending":
                return refusal("authorization_pending", "the login was not completed yet")
            case "slow_down":
                slower = kept.interval + SLOWER_SECONDS
                self._codes.keep(ours, replace(kept, interval=slower, next_poll=time.time() + slower))
                return refusal("authorization_pending", "the login was not completed yet")
            case _:
                self._codes.use_up(ours)
                return _handed_on(status, found)

    async def _refresh(self, row: TrustedIssuer, login: IssuerLogin, token: str) -> Answer:
        if not 0 < len(token) <= FIELD_LENGTH_MAX:
            return refusal("invalid_request", f"refresh_token must have 1 to {FIELD_LENGTH_MAX} characters")
        endpoints = await self._providers.endpoints(row)
        asked = {"client_id": login.client_id, "grant_type": "refresh_token", "refresh_token": token}
        status, found = await self._providers.post(endpoints.token, asked)
        return _with_id_token(found, token) if status == 200 else _handed_on(status, found)


def _with_id_token(found: dict[str, Any], refresh_token: str | None) -> Answer:
    """The provider's answer as clients store it: panda-client keeps the whole and needs both tokens in it."""
    if not isinstance(found.get("id_token"), str):
        return refusal("invalid_grant", "the identity provider sent no ID token: log in again")
    kept = {name: found[name] for name in TOKEN_FIELDS if name in found}
    if refresh_token is not None:
        kept.setdefault("refresh_token", refresh_token)
    return 200, kept


def _handed_on(status: int, found: Mapping[str, Any]) -> Answer:
    """An error of the provider, with nothing in it but its code and its sentence."""
    error, sentence = found.get("error"), found.get("error_description")
    code = error if isinstance(error, str) and len(error) <= 100 else "server_error"
    told = sentence[:300] if isinstance(sentence, str) else f"the identity provider answered {status}"
    return refusal(code, told, status if 400 <= status < 500 else 502)


def _scopes(login: IssuerLogin, asked: str) -> list[str]:
    """Scopes without repetition: the usual ones, the row's and the client's."""
    return list(dict.fromkeys([*SCOPES, *login.scopes, *asked[:1000].split()[:20]]))


def _seconds(value: object, otherwise: float) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and 0 < float(value) < 1e6 else otherwise  # type: ignore[arg-type]
