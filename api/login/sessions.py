"""What the cookie of a browser stands for: a person's login at a provider, with the tokens, which never leave the server.

In: a login. Out: an opaque text for a cookie, and by it the session. Guards: the store holds sessions encrypted
(`api/shared/sealed.py`); a session ends after `SECONDS_MAX` however often its tokens are refreshed; one that its provider ended
stays ended, and a logout token works once.
"""

import hashlib
import secrets
import time
from dataclasses import asdict, dataclass
from typing import Any

from api.shared.sealed import SealedSpace, name_of
from api.shared.store import SharedKind, SharedStore
from identity.logout_tokens import LogoutToken

SECONDS_MAX = 24 * 3600.0
#: One API tries to refresh a session in such a while; one that ended in the middle keeps others from it no longer.
REFRESH_SECONDS = 15.0
FORGET_SECONDS = SECONDS_MAX + 3600.0


@dataclass(frozen=True, slots=True)
class Session:
    """A login. Times: seconds since 1970.

    session: what the provider calls it, or empty. vo, role: what one acts as; an empty role is every role that one has.
    token: by which one is judged; it ends at token_ends. seen: digests of the tokens that may not have ended, and their ends.
    """

    issuer: str
    client_id: str
    subject: str
    actor: str
    session: str
    vo: str
    role: str
    began: float
    token: str
    token_ends: float
    refresh_token: str
    seen: tuple[tuple[str, float], ...]

    @property
    def ends(self) -> float:
        """When it ends at the latest."""
        return self.began + SECONDS_MAX


class Sessions:
    """Sessions that all APIs share."""

    def __init__(self, store: SharedStore) -> None:
        self._sealed = SealedSpace(store.space(SharedKind.SESSIONS), SECONDS_MAX)
        self._ended = store.space(SharedKind.ENDED_SESSIONS)
        self._refreshes = store.space(SharedKind.SESSION_REFRESHES)

    def begin(self, session: Session) -> str:
        """The text for the cookie."""
        return self._sealed.issue(_document(session))

    def find(self, cookie: str) -> Session | None:
        """The session of `cookie`; None for one that was not begun, or has ended."""
        found = self._sealed.find(cookie)
        if found is None or self._ended.get(_name("cookie", name_of(cookie))) is not None:
            return None
        session = Session(**{**found, "seen": tuple((digest, ends) for digest, ends in found["seen"])})
        return session if time.time() < session.ends else None

    def keep(self, cookie: str, session: Session) -> None:
        """The session of `cookie` is `session` from now on."""
        self._sealed.keep(cookie, _document(session))

    def end(self, cookie: str) -> None:
        """No session is `cookie`'s any more."""
        self._sealed.use_up(cookie)
        # A refresh that is under way writes the session once more.
        self._ended.put(_name("cookie", name_of(cookie)), b"ended")

    def may_refresh(self, cookie: str, session: Session) -> bool:
        """True for the one that refreshes this token: a provider may take a refresh token once."""
        mine = secrets.token_bytes(16)
        window = int(time.time() // REFRESH_SECONDS)
        name = _name("refresh", name_of(cookie), session.refresh_token, str(window))
        first = self._refreshes.claim(name, mine) == mine
        self._refreshes.forget(REFRESH_SECONDS * 4)
        return first

    def is_ended(self, session: Session) -> bool:
        """True when the provider ended `session`."""
        issuer = session.issuer.removesuffix("/")
        if session.session:
            return self._ended.get(_name("sid", issuer, session.session)) is not None or self._ended_since("sub", session)
        return self._ended_since("sub", session) or self._ended_since("no sid", session)

    def end_by(self, logout: LogoutToken) -> bool:
        """End what a believed logout token says; false for one that was used before."""
        mine = secrets.token_hex(16).encode()
        issuer = logout.issuer.removesuffix("/")
        self._ended.forget(FORGET_SECONDS)
        if self._ended.claim(_name("jti", issuer, logout.jti), mine) != mine:
            return False
        now = repr(time.time()).encode()
        if logout.session:
            self._ended.put(_name("sid", issuer, logout.session), now)
            if logout.subject:
                # Of sessions that the provider did not number when they began, any may be the one.
                self._ended.put(_name("no sid", issuer, logout.subject), now)
        else:
            self._ended.put(_name("sub", issuer, logout.subject), now)
        return True

    def _ended_since(self, kind: str, session: Session) -> bool:
        found = self._ended.get(_name(kind, session.issuer.removesuffix("/"), session.subject))
        return found is not None and float(found) >= session.began


def _name(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _document(session: Session) -> dict[str, Any]:
    return asdict(session)
