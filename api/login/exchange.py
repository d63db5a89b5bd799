"""Token exchange (RFC 8693): less for more, at the provider where it offers that, and at Culm for tokens of workers.

In: the form of a robot that has a token of its provider. Out: for `audience=culm-worker` a token of Culm's issuer for agents, for
one worker of the queues that `scope` names (`queue:NAME ... worker:NAME`), with the key to renew it; for another audience what
the provider answers, if it offers the exchange. Guards: only who may act as a pilot of the VO has such a token, for no queue
that it is not bound to; it ends with the provider's issuer and with the robot's identity; no token is logged.
"""

import time
from collections.abc import Mapping
from typing import Any

from api.http.access import AskedRoute, Gate
from api.http.errors import AccessDenied
from api.login.device_flow import Answer, refusal
from api.login.providers import EXCHANGE_GRANT, Providers
from api.pilots.agent_tokens import AgentTokens
from identity.agents import (
    QUEUE_LENGTH_MAX,
    QUEUES_MAX,
    WORKER_AUDIENCE,
    WORKER_LENGTH_MAX,
    Agent,
    ExchangedToken,
    exchange_digest_of,
)
from identity.ruling import EndpointClass
from schemas.types import IssuerLogin, TrustedIssuer

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
#: Renewals of what was exchanged end so soon; then one exchanges again.
RENEWED_SECONDS_MAX = 24 * 3600
FIELDS = (
    "subject_token", "subject_token_type", "requested_token_type", "audience", "resource", "scope", "client_id", "client_secret",
)  # fmt: skip
ANSWERED = ("access_token", "issued_token_type", "token_type", "expires_in", "scope")
SCOPE = f"scope must name 1 to {QUEUES_MAX} queues and one worker, as 'queue:NAME worker:NAME'"
ASKED = AskedRoute(EndpointClass.PILOT, "/auth/{vo}/token")


class TokenExchange:
    """Exchanges tokens."""

    def __init__(self, providers: Providers, gate: Gate) -> None:
        self._providers, self._gate, self._tokens = providers, gate, AgentTokens(gate)

    async def token(self, found: tuple[TrustedIssuer, IssuerLogin] | None, vo: str, form: Mapping[str, str]) -> Answer:
        """The answer to `form`. found: where people of `vo` log in, if anywhere. Raises LogUnavailable, Unavailable."""
        if not form.get("subject_token"):
            return refusal("invalid_request", "subject_token is missing")
        if form.get("subject_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
            return refusal("invalid_request", f"subject_token_type must be {ACCESS_TOKEN}")
        if form.get("audience") == WORKER_AUDIENCE:
            return await self._for_worker(vo, form)
        return await self._at_the_provider(found, form)

    async def _for_worker(self, vo: str, form: Mapping[str, str]) -> Answer:
        queues, worker_id = _asked(form.get("scope", ""))
        if not queues or not worker_id:
            return refusal("invalid_scope", SCOPE)
        token = form["subject_token"]
        try:
            identity = await self._gate.member(token, f"{vo}:pilot", ASKED)
            if identity.agent is not None:
                return refusal("invalid_request", "a token of an agent is renewed, not exchanged")
            for queue in queues:
                self._tokens.check(identity, EndpointClass.PILOT, queue)
            believed = await self._gate.believed(token)
        except AccessDenied as problem:
            return refusal("invalid_grant", problem.detail)
        exchanged = ExchangedToken(believed.issuer.issuer, believed.actor, int(believed.claims["iat"]))
        until = int(time.time()) + RENEWED_SECONDS_MAX
        digest = exchange_digest_of(believed.actor, vo)
        made = self._tokens.made(Agent(digest, vo, queues, worker_id, until, exchanged=exchanged))
        return 200, {
            "access_token": made.token,
            "issued_token_type": ACCESS_TOKEN,
            "token_type": "Bearer",
            "expires_in": max(0, made.ends - int(time.time())),
            "token_key": made.token_key,
        }

    async def _at_the_provider(self, found: tuple[TrustedIssuer, IssuerLogin] | None, form: Mapping[str, str]) -> Answer:
        endpoints = await self._providers.endpoints(found[0]) if found is not None else None
        if endpoints is None or not endpoints.exchanges or not endpoints.token:
            return refusal("unsupported_grant_type", f"tokens are exchanged here for audience {WORKER_AUDIENCE} alone")
        asked = {name: form[name] for name in FIELDS if form.get(name) not in (None, "", "None")}
        status, answer = await self._providers.post(endpoints.token, {"grant_type": EXCHANGE_GRANT, **asked})
        if status != 200 or not isinstance(answer.get("access_token"), str):
            error = answer.get("error")
            return refusal(error if isinstance(error, str) and len(error) <= 100 else "invalid_request", "the provider refused")
        if self._gate.verifier.refuses_as_revoked(answer["access_token"]):
            return refusal("access_denied", "this identity is revoked; ask an administrator of this Culm")
        kept: dict[str, Any] = {name: answer[name] for name in ANSWERED if name in answer}
        return 200, kept


def _asked(scope: str) -> tuple[tuple[str, ...], str]:
    """Queues and worker of a scope; nothing where it does not name both as expected."""
    named = [word.partition(":") for word in scope[:10_000].split()]
    queues = tuple(dict.fromkeys(name for kind, _, name in named if kind == "queue"))
    workers = {name for kind, _, name in named if kind == "worker"}
    fits = all(0 < len(queue) <= QUEUE_LENGTH_MAX and queue.isprintable() for queue in queues)
    kinds = {kind for kind, _, _ in named}
    if kinds != {"queue", "worker"} or len(workers) != 1 or len(queues) > QUEUES_MAX or not fits:
        return (), ""
    (worker_id,) = workers
    return (queues, worker_id) if 0 < len(worker_id) <= WORKER_LENGTH_MAX and worker_id.isprintable() else ((), "")
