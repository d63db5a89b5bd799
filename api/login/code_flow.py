"""A login in a browser: the authorization code flow with PKCE (RFC 6749, 7636, OpenID Connect Core), at the provider of a VO.

In: a row with a login; later the query with which the provider sends the browser back. Out: an address of the provider to go to,
and a text for a cookie; later what the provider says of the person. Guards: an answer is taken by the browser that began the
login, once, and within `SECONDS_MAX`; `state`, `nonce`, the verifier and the redirect URI are those of this login; an issuer that
names itself in the answer (RFC 9207) is the one that was asked; no parameter stands twice; the verifier judges the ID token.
"""

import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc.errors import JoseError
from starlette.datastructures import QueryParams

from api.http.access import Gate
from api.login.providers import ProviderAway, Providers
from api.shared.sealed import SealedSpace
from api.shared.store import Space
from identity.believed import BelievedToken
from identity.compact import TOKEN_LENGTH_MAX, take_apart
from identity.errors import TokenRefused
from schemas.types import IssuerLogin, TrustedIssuer

SECONDS_MAX = 600.0
#: Without offline_access: a session of ours belongs to the provider's session, and ends with it.
SCOPES = ("openid", "profile", "email")
CODE_LENGTH_MAX = 2_048
_READ = ("state", "code", "iss", "error", "error_description")


@dataclass(frozen=True, slots=True)
class BegunLogin:
    """What a browser goes to the provider with. ends: seconds since 1970. following: the path of ours to go on to."""

    issuer: str
    vo: str
    state: str
    nonce: str
    verifier: str
    following: str
    ends: float


@dataclass(frozen=True, slots=True)
class CompletedLogin:
    """What the provider said. proof: its ID token, believed. tokens: its answer. session: its number of the session, or empty."""

    row: TrustedIssuer
    login: IssuerLogin
    begun: BegunLogin
    proof: BelievedToken
    tokens: Mapping[str, Any]

    @property
    def session(self) -> str:
        """What the provider calls the session, by which it ends it later; empty where it does not say."""
        found = self.proof.claims.get("sid")
        return found if isinstance(found, str) and len(found) <= 255 else ""


class CodeFlow:
    """Begins and completes logins."""

    def __init__(self, gate: Gate, providers: Providers, space: Space, redirect_uri: str) -> None:
        self._gate, self._providers, self._redirect_uri = gate, providers, redirect_uri
        self._begun = SealedSpace(space, SECONDS_MAX)

    async def begin(self, row: TrustedIssuer, login: IssuerLogin, vo: str, following: str) -> tuple[str, str]:
        """The address to send the browser to, and the text for its cookie; raises ProviderAway."""
        endpoints = await self._providers.endpoints(row)
        if not endpoints.authorization:
            raise ProviderAway("the identity provider offers no login in a browser (authorization_endpoint)")
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        begun = BegunLogin(row.issuer, vo, state, nonce, verifier, following, time.time() + SECONDS_MAX)
        address = prepare_grant_uri(
            endpoints.authorization,
            client_id=login.client_id,
            response_type="code",
            redirect_uri=self._redirect_uri,
            scope=" ".join(dict.fromkeys([*SCOPES, *login.scopes])),
            state=begun.state,
            nonce=begun.nonce,
            code_challenge=create_s256_code_challenge(begun.verifier),
            code_challenge_method="S256",
            audience=login.audience,
        )
        return address, self._begun.issue(asdict(begun))

    async def complete(self, cookie: str, query: QueryParams) -> CompletedLogin:
        """What the login came to that the browser with `cookie` began; raises TokenRefused, ProviderAway."""
        begun, told = self._begun_by(cookie), _told(query)
        if begun is None or not hmac.compare_digest(begun.state.encode(), told.get("state", "").encode("utf-8", "surrogatepass")):
            raise TokenRefused("this browser has not begun this login, or it took too long: begin again", "state")
        self._begun.use_up(cookie)
        row = self._gate.verifier.issuer_named(begun.issuer)
        if row is None or row.login is None:
            raise TokenRefused("no one logs in at this identity provider any more", "iss")
        endpoints = await self._providers.endpoints(row)
        claimed = told.get("iss", "" if endpoints.names_itself else row.issuer)
        if claimed.removesuffix("/") != row.issuer.removesuffix("/"):
            raise TokenRefused("the answer is not of the identity provider that was asked (iss)", "iss")
        if "error" in told:
            sentence = told.get("error_description") or told["error"]
            raise TokenRefused(f"the identity provider refused: {sentence[:300]}", "provider")
        form = {
            "grant_type": "authorization_code",
            "client_id": row.login.client_id,
            "redirect_uri": self._redirect_uri,
            "code": told.get("code", ""),
            "code_verifier": begun.verifier,
        }
        status, tokens = await self._providers.post(endpoints.token, form)
        if status != 200:
            raise TokenRefused(f"the identity provider gave no tokens for this login ({status}): begin again", "provider")
        return CompletedLogin(row, row.login, begun, await self._proof(row, row.login, begun, tokens), tokens)

    async def _proof(self, row: TrustedIssuer, login: IssuerLogin, begun: BegunLogin, tokens: Mapping[str, Any]) -> BelievedToken:
        text = tokens.get("id_token")
        if not isinstance(text, str):
            raise TokenRefused("the identity provider sent no ID token", "provider")
        verifier = self._gate.verifier
        believed = await self._gate.with_keys(verifier, lambda: verifier.believe_login(text, row, login.client_id))
        expected = {"nonce": begun.nonce, "client_id": login.client_id, "access_token": tokens.get("access_token")}
        claims = CodeIDToken(dict(believed.claims), {"alg": take_apart(text).algorithm}, params=expected)
        try:
            claims.validate_nonce()
            claims.validate_azp()
            claims.validate_at_hash()
        except (JoseError, TypeError, ValueError, AttributeError) as problem:
            raise TokenRefused("the ID token is not of this login (nonce, azp or at_hash)", "nonce", believed.actor) from problem
        return believed

    def _begun_by(self, cookie: str) -> BegunLogin | None:
        found = self._begun.find(cookie)
        begun = None if found is None else BegunLogin(**found)
        return begun if begun is not None and time.time() < begun.ends else None


def token_in(tokens: Mapping[str, Any], name: str) -> str:
    """A token of a provider's answer; empty where it is none that is read here."""
    found = tokens.get(name)
    return found if isinstance(found, str) and len(found) <= TOKEN_LENGTH_MAX else ""


def _told(query: QueryParams) -> dict[str, str]:
    """What the provider told by way of the browser; raises TokenRefused for what stands twice or is too long."""
    found = {name: query.getlist(name) for name in _READ if name in query}
    for name, values in found.items():
        if len(values) != 1 or len(values[0]) > CODE_LENGTH_MAX:
            raise TokenRefused(f"{name} stands {len(values)} times in the answer or is too long", "form")
    return {name: values[0] for name, values in found.items()}
