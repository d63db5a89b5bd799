"""Sessions in use: whom the cookie of a browser names at this moment, in the VO and role that the person acts in.

In: a completed login, later its cookie. Out: an identity. Guards: the token of a session is judged at each request as a bearer
token is; a session whose person, token or issuer was revoked or removed, or that its provider ended, is ended and stays so;
before its token ends, it is refreshed, by one API alone; a refreshed token is of the same person; of one person only so many
sessions are begun in an hour.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import structlog
from limits import RateLimitItemPerHour

from api.http.access import Gate
from api.http.errors import AccessDenied, ApiError, Overloaded, Unavailable
from api.login.code_flow import CompletedLogin, token_in
from api.login.providers import ProviderAway, Providers
from api.login.rates import CallerRates
from api.login.sessions import Session, Sessions
from identity.believed import BelievedToken
from identity.errors import IdentityRefused, IssuersNotKnown, NotAMember, TokenRefused
from identity.identity import Identity, identity_from
from identity.revoked import REVOKED
from identity.rights import problem_of_class
from identity.ruling import PILOT, EndpointClass
from schemas.instants import micros_of_seconds
from schemas.types import TrustedIssuer

#: A token is refreshed when it ends within so many seconds.
EARLY_SECONDS = 60.0
#: How long another API is awaited that refreshes the same session.
AWAIT_SECONDS, LOOK_SECONDS = 10.0, 0.2
#: Sessions of one person; a person logs in a few times a day.
SESSIONS_OF_ONE = RateLimitItemPerHour(60)
SEEN_MAX = 50
ENDED = "the session has ended; log in again"
#: The role of one who acts without any.
NO_ROLE = "user"
T = TypeVar("T")
log = structlog.get_logger()


class SessionEnded(ApiError):
    """The cookie names no one."""

    status = 401
    title = "Not authenticated"


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session whose token is believed at this moment, and whom it names."""

    session: Session
    believed: BelievedToken
    identity: Identity


class BrowserSessions:
    """Begins, uses and ends sessions."""

    def __init__(self, gate: Gate, providers: Providers, sessions: Sessions) -> None:
        self._gate, self._providers, self._sessions = gate, providers, sessions
        self._refreshing: dict[str, asyncio.Task[Session]] = {}
        self._limiter = CallerRates()

    async def begin(self, login: CompletedLogin) -> str:
        """The text for a cookie; raises AccessDenied for one who is no member of the VO or has only pilots' rights."""
        believed, token = await self._usable(login.tokens, login.proof.actor)
        now, ends = time.time(), float(believed.claims["exp"])
        session = Session(
            issuer=login.row.issuer,
            client_id=login.login.client_id,
            subject=str(login.proof.claims["sub"]),
            actor=login.proof.actor,
            session=login.session,
            vo=login.begun.vo,
            role="",
            began=now,
            token=token,
            token_ends=ends,
            refresh_token=token_in(login.tokens, "refresh_token"),
            seen=tuple({believed.digest: ends, login.proof.digest: float(login.proof.claims["exp"])}.items()),
        )
        await self._identity(session)
        if not self._limiter.hit(SESSIONS_OF_ONE, "session", session.actor):
            raise Overloaded("too many logins of this person; try again in some minutes", retry_after_seconds=300)
        return await asyncio.to_thread(self._sessions.begin, session)

    async def current(self, cookie: str) -> OpenSession:
        """The session of `cookie`; raises SessionEnded, AccessDenied, Unavailable."""
        session = await _stored(lambda: self._sessions.find(cookie))
        if session is None:
            raise SessionEnded(ENDED)
        if not self._gate.verifier.knows_issuers:
            raise Unavailable("which issuers of tokens are believed is not known yet; try again in a moment")
        problem = await _stored(partial(self._problem_of, session))
        if problem:
            await _stored(lambda: self._sessions.end(cookie))
            raise SessionEnded(problem)
        if session.token_ends - time.time() < EARLY_SECONDS:
            session = await self._refreshed(cookie, session)
        return OpenSession(session, await self._gate.believed(session.token), await self._identity(session))

    async def act_as(self, cookie: str, vo: str, role: str) -> None:
        """Let the session act in `vo` as `role`, or as everything that one may be when it is empty; raises AccessDenied."""
        now = await self.current(cookie)
        if vo not in self._gate.vos:
            raise AccessDenied(f"no virtual organisation {vo[:100]!r} here, expected one of {', '.join(self._gate.vos)}")
        changed = replace(now.session, vo=vo, role=role)
        await self._identity(changed)
        await _stored(lambda: self._sessions.keep(cookie, changed))

    def choices(self, believed: BelievedToken) -> Sequence[tuple[str, str]]:
        """VOs and roles that the owner of a token may act in; the role is empty for all of them together."""
        found: list[tuple[str, str]] = []
        for vo in self._gate.vos:
            try:
                identity = identity_from(believed, vo, self._gate.vos)
            except NotAMember:
                continue
            roles = sorted(identity.roles - {PILOT})
            found += [(vo, ""), *((vo, role) for role in roles), *([(vo, NO_ROLE)] if roles else [])]
        return found

    async def end(self, cookie: str) -> None:
        """End the session of `cookie`, and its refresh token at the provider, as far as that answers."""
        session = await _stored(lambda: self._sessions.find(cookie))
        if session is None:
            return
        await _stored(lambda: self._sessions.end(cookie))
        row = self._gate.verifier.issuer_named(session.issuer)
        if row is None or not session.refresh_token:
            return
        try:
            endpoints = await self._providers.endpoints(row)
            if endpoints.revocation:
                form = {"client_id": session.client_id, "token": session.refresh_token, "token_type_hint": "refresh_token"}
                await self._providers.post(endpoints.revocation, form)
        except ProviderAway as problem:
            # RFC 7009 answers 200 without a body, which is no JSON; a provider that is away forgets the token when it ends.
            log.debug("refresh_token_not_revoked", reason=problem.detail)

    async def _identity(self, session: Session) -> Identity:
        """Whom `session` names; raises AccessDenied."""
        named = session.role and session.role != NO_ROLE
        identity = await self._gate.member(session.token, f"{session.vo}:{session.role}" if named else session.vo)
        problem = problem_of_class(identity, EndpointClass.USER)
        if problem:
            raise AccessDenied(problem)
        return replace(identity, roles=identity.roles & {session.role}) if session.role else identity

    def _problem_of(self, session: Session) -> str:
        """Why `session` has ended; empty when it has not."""
        verifier = self._gate.verifier
        row = verifier.issuer_named(session.issuer)
        if row is None or row.login is None or row.login.client_id != session.client_id:
            return "no one logs in at this identity provider any more"
        began, digests = micros_of_seconds(session.began), [digest for digest, _ in session.seen]
        problem = verifier.revocations.problem_of_login(session.actor, session.issuer, began, digests)
        if not problem and verifier.refuses_person(session.actor):
            problem = REVOKED
        return problem or (ENDED if self._sessions.is_ended(session) else "")

    async def _refreshed(self, cookie: str, session: Session) -> Session:
        """`session` with a token that does not end soon; however many ask at once, one asks the provider."""
        task = self._refreshing.get(cookie)
        if task is None:
            task = asyncio.create_task(self._refresh(cookie, session))
            self._refreshing[cookie] = task
            task.add_done_callback(lambda _: self._refreshing.pop(cookie, None))
        return await asyncio.shield(task)

    async def _refresh(self, cookie: str, session: Session) -> Session:
        if not await _stored(lambda: self._sessions.may_refresh(cookie, session)):
            return await self._refreshed_elsewhere(cookie, session)
        row = self._gate.verifier.issuer_named(session.issuer)
        if row is None or not session.refresh_token:
            return session if time.time() < session.token_ends else await self._over(cookie)
        try:
            status, found = await self._ask(row, session)
        except ProviderAway as problem:
            if time.time() < session.token_ends:
                return session
            raise Unavailable(f"the session cannot be refreshed: {problem.detail}", retry_after_seconds=15) from problem
        if status != 200:
            return await self._over(cookie)
        try:
            believed, token = await self._usable(found, session.actor)
        except AccessDenied:
            return await self._over(cookie)
        now, ends = time.time(), float(believed.claims["exp"])
        seen = ((believed.digest, ends), *((digest, end) for digest, end in session.seen if end > now))[:SEEN_MAX]
        renewed = token_in(found, "refresh_token") or session.refresh_token
        # Read again: what one acts as may have been changed meanwhile, and a session that was ended is not begun again.
        latest = await _stored(lambda: self._sessions.find(cookie))
        if latest is None:
            raise SessionEnded(ENDED)
        changed = replace(latest, token=token, token_ends=ends, refresh_token=renewed, seen=seen)
        await _stored(lambda: self._sessions.keep(cookie, changed))
        return changed

    async def _ask(self, row: TrustedIssuer, session: Session) -> tuple[int, dict[str, Any]]:
        endpoints = await self._providers.endpoints(row)
        form = {"client_id": session.client_id, "grant_type": "refresh_token", "refresh_token": session.refresh_token}
        return await self._providers.post(endpoints.token, form)

    async def _refreshed_elsewhere(self, cookie: str, session: Session) -> Session:
        """The session once another API has refreshed it; as it is while it has not and the token is still good."""
        until = time.monotonic() + AWAIT_SECONDS
        while time.monotonic() < until:
            found = await _stored(lambda: self._sessions.find(cookie))
            if found is None:
                raise SessionEnded(ENDED)
            if found.token != session.token or time.time() < found.token_ends:
                return found
            await asyncio.sleep(LOOK_SECONDS)
        raise Unavailable("the session is being refreshed; try again in a moment")

    async def _over(self, cookie: str) -> Session:
        await _stored(lambda: self._sessions.end(cookie))
        raise SessionEnded(ENDED)

    async def _usable(self, tokens: Mapping[str, Any], actor: str) -> tuple[BelievedToken, str]:
        """The token of an answer by which `actor` is judged: its access token where it is one of ours, else its ID token."""
        problem = "the identity provider sent no token that is believed here"
        for name in ("access_token", "id_token"):
            token = token_in(tokens, name)
            try:
                believed = await self._gate.believed(token)
            except IssuersNotKnown as refused:
                raise Unavailable(refused.detail) from refused
            except IdentityRefused as refused:
                problem = refused.detail if isinstance(refused, TokenRefused) and refused.rule != "form" else problem
                continue
            if believed.actor == actor:
                return believed, token
            problem = "the identity provider sent a token of another person"
        raise AccessDenied(problem)


async def _stored(work: Callable[[], T]) -> T:
    """What `work` at the shared store gives, in a thread; raises Unavailable when the store is away."""
    try:
        return await asyncio.to_thread(work)
    except OSError as problem:
        raise Unavailable(f"the store that APIs share cannot be used: {type(problem).__name__}") from problem
