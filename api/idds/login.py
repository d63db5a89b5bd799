"""The device flow as idds-client asks for it: handed on to the identity provider of the organisation, as at `/auth`.

In: an organisation, and a device code or a refresh token. Out: what the provider answered, as far as it is bounded JSON
(`api/login/device_flow.py`). A login that is not finished yet is an AuthenticationPending. Codes and tokens are never logged.
"""

from typing import Any

from limits import RateLimitItemPerMinute

from api.http.errors import ApiError, BadRequest
from api.idds.arguments import text_of
from api.idds.calls import IddsRequest
from api.login.device_codes import DeviceCodes
from api.login.device_flow import DEVICE_GRANT, Answer, DeviceFlow
from api.login.providers import Providers, row_with_login
from api.login.rates import CallerRates
from api.services import Services
from api.shared.store import SharedKind
from schemas.types import IssuerLogin, TrustedIssuer

#: Of one address, as at `/auth`: a client polls each 5 s and a person logs in once an hour.
BEGINNINGS, TOKENS = RateLimitItemPerMinute(60), RateLimitItemPerMinute(1200)
PENDING = frozenset({"authorization_pending", "slow_down"})


class LoginPending(ApiError):
    """The person has not finished the login yet."""

    status = 400
    title = "Login pending"
    exception_class = "AuthenticationPending"


class LoginRefused(ApiError):
    """The provider refused, or the organisation has no login."""

    status = 401
    title = "Login refused"
    exception_class = "AuthenticationException"


class NoLogin(LoginRefused):
    """Tokens of this organisation are made elsewhere."""

    exception_class = "AuthenticationNotSupported"


class IddsLogin:
    """The three calls."""

    def __init__(self, services: Services) -> None:
        codes = DeviceCodes(services.shared.space(SharedKind.DEVICE_CODES))
        self._flow = DeviceFlow(Providers(), codes, services.gate.verifier.refuses_as_revoked)
        self._limiter = CallerRates()

    async def sign_url(self, asked: IddsRequest) -> Any:
        """Where to log in, and the code to ask with."""
        row, login, vo = self._login_of(asked)
        self._check_rate(BEGINNINGS, asked)
        return _value(await self._flow.begin(row, login, vo, {}))

    async def id_token(self, asked: IddsRequest) -> Any:
        """The tokens of a login that was finished; raises LoginPending."""
        return await self._token(asked, {"grant_type": DEVICE_GRANT, "device_code": asked.text("device_code") or ""})

    async def refreshed(self, asked: IddsRequest) -> Any:
        """New tokens for a refresh token."""
        given = asked.arguments.get("refresh")
        token = text_of(given, "refresh_token") if isinstance(given, dict) else None
        if token is None:
            raise BadRequest("refresh_token: found nothing, expected a text in a JSON object")
        return await self._token(asked, {"grant_type": "refresh_token", "refresh_token": token})

    async def _token(self, asked: IddsRequest, form: dict[str, str]) -> Any:
        row, login, vo = self._login_of(asked)
        self._check_rate(TOKENS, asked)
        return _value(await self._flow.token(row, login, vo, form))

    def _login_of(self, asked: IddsRequest) -> tuple[TrustedIssuer, IssuerLogin, str]:
        vo = asked.text("vo") or ""
        known = vo in asked.services.config.vos
        found = row_with_login(asked.services.gate.verifier.issuers, vo) if known else None
        if found is None:
            raise NoLogin(f"no login for the organisation {vo[:60]!r} here; make a token with culm token")
        return (*found, vo)

    def _check_rate(self, limit: RateLimitItemPerMinute, asked: IddsRequest) -> None:
        if not self._limiter.hit(limit, "idds", asked.address):
            raise LoginRefused("too many logins from this address; try again in a minute")


def _value(answer: Answer) -> Any:
    status, found = answer
    if status == 200:
        return found
    sentence = str(found.get("error_description") or found.get("error") or "the identity provider refused")[:300]
    raise (LoginPending if found.get("error") in PENDING else LoginRefused)(sentence)
