"""The keys of trusted issuers, fetched before they are needed and kept while a provider is away.

In: rows of trusted issuers, a function that fetches a key set, a store that all API processes share, the time. Out: the key of
a `kid`. Guards: keys come from the address of the row only; a set is fetched again each 6 hours, and at an unknown `kid` at most
once a minute; keys are used up to two days after they were fetched. A set that cannot be had or is not taken replaces none.
"""

import hashlib
import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Protocol

import orjson
import structlog

from identity.errors import KeyNotKnown, KeysRefused, TokenRefused
from identity.key_sets import KeySet, PublicKey, read_key_set
from schemas.types import TrustedIssuer

REFRESH_SECONDS = 6 * 3600.0
ASK_AGAIN_SECONDS = 60.0
USED_SECONDS_MAX = 2 * 24 * 3600.0
#: Keys that are a file of this machine are looked at again so often: one that was replaced is refused within seconds.
AT_HAND_SECONDS = 5.0
#: Said also to the sender: it is no fault of the token.
NO_KEYS = "the keys of the token's issuer cannot be had at present"
log = structlog.get_logger()


class Documents(Protocol):
    """Where key sets are shared: documents by name; methods raise OSError when it is away."""

    def get(self, name: str) -> bytes | None:
        """The document, None where there is none."""
        ...

    def put(self, name: str, content: bytes) -> None:
        """The document is `content` from now on."""
        ...


@dataclass(slots=True)
class _Kept:
    """Keys of one issuer. Seconds since 1970: fetched; asked: because of a token, also in vain; tried: at all, also in vain.

    A token with a new key is not refused because the keys were fetched for another reason a moment ago: a provider that was added
    just now may make its key with the first token (Keycloak does).
    """

    keys: KeySet = field(default_factory=dict)
    fetched: float = 0.0
    asked: float = 0.0
    tried: float = 0.0
    problem: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, slots=True)
class KeysCondition:
    """How the keys of an issuer are, for the health page. age_seconds: None when there never were any."""

    issuer: str
    keys: int
    age_seconds: float | None
    problem: str


class KeyCache:
    """Keys by issuer and `kid`. Safe to use from several threads."""

    def __init__(
        self,
        fetch: Callable[[TrustedIssuer], bytes],
        shared: Documents,
        clock: Callable[[], float],
        at_hand: Collection[str] = (),
    ) -> None:
        """at_hand: issuers whose keys `fetch` has at once, without a network."""
        self._fetch, self.at_hand = fetch, at_hand
        self._shared = shared
        self._clock = clock
        self._kept: dict[tuple[str, str | None, str | None], _Kept] = {}

    def key(self, issuer: TrustedIssuer, kid: str | None) -> PublicKey:
        """The key that `issuer` names `kid`; without one, its only key.

        Raises KeyNotKnown when `refresh` may bring it, TokenRefused when it may not.
        """
        kept = self._kept_of(issuer)
        now = self._clock()
        if issuer.issuer in self.at_hand and not 0 <= now - kept.fetched < AT_HAND_SECONDS:
            self._look_at_hand(issuer, kept, now)
        if now - kept.fetched >= USED_SECONDS_MAX:
            if not 0 <= now - kept.tried < ASK_AGAIN_SECONDS or kept.lock.locked():
                raise KeyNotKnown(issuer.issuer)
            raise TokenRefused(NO_KEYS, "key", told=NO_KEYS)
        if kid is None and len(kept.keys) == 1:
            return next(iter(kept.keys.values()))
        found = kept.keys.get(kid) if kid is not None else None
        if found is not None:
            return found
        if kid is not None and self._may_bring(kept, now):
            raise KeyNotKnown(issuer.issuer)
        raise TokenRefused("the token is signed with a key that its issuer does not publish", "key")

    def refresh(self, issuer: TrustedIssuer) -> bool:
        """Fetch the keys of `issuer` because of a token, once a minute; true when there are keys as of now. Blocks."""
        kept = self._kept_of(issuer)
        with kept.lock:
            now = self._clock()
            if not self._may_ask(kept, now):
                return not kept.problem
            kept.asked = now
            return self._bring(issuer, kept, now)

    def refresh_due(self, issuers: Iterable[TrustedIssuer]) -> None:
        """Fetch what is older than 6 hours; for a thread that does nothing else. Blocks."""
        for issuer in issuers:
            kept = self._kept_of(issuer)
            if self._clock() - kept.fetched >= REFRESH_SECONDS:
                self._read_shared(issuer, kept)
            with kept.lock:
                now = self._clock()
                if now - kept.fetched >= REFRESH_SECONDS and not 0 <= now - kept.tried < ASK_AGAIN_SECONDS:
                    self._bring(issuer, kept, now)

    def condition(self, issuer: TrustedIssuer) -> KeysCondition:
        """How old the keys of `issuer` are and why they could not be fetched last."""
        kept = self._kept_of(issuer)
        age = self._clock() - kept.fetched if kept.fetched else None
        return KeysCondition(issuer.issuer, len(kept.keys), age, kept.problem)

    def _bring(self, issuer: TrustedIssuer, kept: _Kept, now: float) -> bool:
        kept.tried = now
        try:
            raw = self._fetch(issuer)
            self._take(kept, raw, now)
        except KeysRefused as problem:
            kept.problem = problem.detail
            log.warning("the keys of an issuer were not taken", issuer=issuer.issuer, reason=problem.detail)
            return False
        self._share(issuer, raw, now)
        return True

    def _kept_of(self, issuer: TrustedIssuer) -> _Kept:
        place = (issuer.issuer, issuer.discovery_url, issuer.jwks_url)
        kept = self._kept.get(place)
        if kept is None:
            kept = self._kept[place] = _Kept()
            self._read_shared(issuer, kept)
        return kept

    def _look_at_hand(self, issuer: TrustedIssuer, kept: _Kept, now: float) -> None:
        try:
            self._take(kept, self._fetch(issuer), now)
        except KeysRefused as problem:
            if kept.problem != problem.detail:
                log.warning("the keys of an issuer were not taken", issuer=issuer.issuer, reason=problem.detail)
            kept.problem = problem.detail

    def _may_ask(self, kept: _Kept, now: float) -> bool:
        return not 0 <= now - kept.asked < ASK_AGAIN_SECONDS

    def _may_bring(self, kept: _Kept, now: float) -> bool:
        """True when asking is allowed, or under way."""
        return self._may_ask(kept, now) or kept.lock.locked()

    def _take(self, kept: _Kept, raw: bytes, fetched: float) -> None:
        kept.keys, kept.fetched, kept.problem = read_key_set(raw), fetched, ""

    def _share(self, issuer: TrustedIssuer, raw: bytes, now: float) -> None:
        if issuer.issuer in self.at_hand:
            return
        try:
            self._shared.put(_name(issuer), orjson.dumps({"fetched": now, "keys": orjson.loads(raw)}))
        except OSError as problem:
            log.warning("the keys of an issuer cannot be shared", issuer=issuer.issuer, reason=type(problem).__name__)

    def _read_shared(self, issuer: TrustedIssuer, kept: _Kept) -> None:
        """Take what another process fetched, if it is newer than ours."""
        if issuer.issuer in self.at_hand:
            return
        try:
            raw = self._shared.get(_name(issuer))
            if raw is None:
                return
            found = orjson.loads(raw)
            if kept.fetched < found["fetched"] <= self._clock():
                self._take(kept, orjson.dumps(found["keys"]), found["fetched"])
        except (OSError, ValueError, KeyError, TypeError, KeysRefused) as problem:
            log.warning("shared keys of an issuer were not taken", issuer=issuer.issuer, reason=type(problem).__name__)


def _name(issuer: TrustedIssuer) -> str:
    """A file name for the keys of `issuer`; another address of its keys gives another name."""
    told = "\n".join((issuer.issuer, issuer.discovery_url or "", issuer.jwks_url or ""))
    return hashlib.sha256(told.encode()).hexdigest()
