"""What is believed no more, as the log says: identities, single tokens, all tokens of an issuer from before a time. Pure.

In: policy events, each under its key. Out: why a token is refused. Guards: a token is refused by an event about its own owner
alone, so no one ends the login of another; an event that cannot be read refuses all that its key may be about; tokens that have
ended leave, so that no more is kept than identities that are revoked and tokens that would still be believed.
One thread takes, others ask: every step is one change of one dictionary.
"""

from collections.abc import Collection, Mapping
from typing import Any

from identity.believed import BelievedToken
from identity.own_issuers import AGENTS_ISSUER
from schemas.ids import enrolment_key, revoked_identity_key, revoked_issuer_key
from schemas.instants import MICROSECONDS
from schemas.policy import EnrolmentEnded, IdentityRestored, IdentityRevoked, TokenRevoked, TokensRevokedBefore

REVOKED = "this identity is revoked; ask an administrator of this Culm"
ENDED = "this login was ended; log in again"
ENROLMENT_ENDED = "the enrolment that this token came of was ended; enrol again"
OLD = "tokens of this issuer that are as old as this one are refused; log in again"


class Revocations:
    """Folds revocations and answers about tokens."""

    def __init__(self) -> None:
        self._identities: dict[str, IdentityRevoked] = {}
        #: By owner and digest.
        self._tokens: dict[tuple[str, str], TokenRevoked] = {}
        self._before: dict[str, TokensRevokedBefore] = {}
        self._unreadable: dict[str, None] = {}
        #: Enrolments whose tokens are refused, by the digest of the code.
        self._enrolments: dict[str, EnrolmentEnded] = {}

    @property
    def identities(self) -> Mapping[str, IdentityRevoked]:
        """Who is revoked, by actor."""
        return dict(self._identities)

    @property
    def before(self) -> Mapping[str, TokensRevokedBefore]:
        """Which issuers have tokens that are too old, by the key of their policy."""
        return dict(self._before)

    def tokens(self, now: int) -> tuple[TokenRevoked, ...]:
        """The single tokens that would be believed at `now` (microseconds) otherwise."""
        return tuple(event for event in list(self._tokens.values()) if event.until > now)

    def take(self, event: Any, now: int) -> None:
        """`event` is part of the log; of others than revocations nothing follows."""
        match event:
            case IdentityRevoked():
                self._identities[event.actor] = event
            case IdentityRestored():
                self._identities.pop(event.actor, None)
            case TokenRevoked():
                self._take_token(event, now)
            case EnrolmentEnded():
                self._enrolments[event.code] = event
            case TokensRevokedBefore():
                key = revoked_issuer_key(event.issuer)
                if event.time is None:
                    self._before.pop(key, None)
                else:
                    self._before[key] = event
            case _:
                pass

    def _take_token(self, event: TokenRevoked, now: int) -> None:
        known = self._tokens.get((event.actor, event.token))
        if event.until > now and (known is None or known.until < event.until):
            self._tokens[event.actor, event.token] = event

    def take_unreadable(self, key: str) -> None:
        """An event under `key` cannot be read: what it may be about is refused until this process knows its schema."""
        self._unreadable[key] = None

    def forget_ended(self, now: int) -> None:
        """Drop the tokens that ended before `now`, microseconds since 1970; only from the thread that takes."""
        for place, event in list(self._tokens.items()):
            if event.until <= now:
                del self._tokens[place]

    def refuses(self, actor: str) -> bool:
        """True when every token of `actor` is refused."""
        return actor in self._identities or revoked_identity_key(actor) in self._unreadable

    def problem_of_login(self, actor: str, issuer: str, began: int, digests: Collection[str]) -> str:
        """Why a login that `actor` began at `began` (microseconds) is refused, which had tokens of `digests`; empty when not.

        Tokens that a provider gives for a login later are as good as the login: one that is refused ends all of them.
        """
        if actor in self._identities:
            return REVOKED
        if any((actor, digest) in self._tokens for digest in digests):
            return ENDED
        event = self._before.get(revoked_issuer_key(issuer))
        return OLD if event is not None and event.time is not None and began < event.time else ""

    def problem_of(self, token: BelievedToken) -> str:
        """Why `token` is refused; empty when it is not."""
        if token.actor in self._identities:
            return REVOKED
        if (token.actor, token.digest) in self._tokens:
            return ENDED
        if token.issuer.issuer == AGENTS_ISSUER and self._is_ended(str(token.claims.get("enrolment"))):
            return ENROLMENT_ENDED
        key = revoked_issuer_key(token.issuer.issuer) if self._before or self._unreadable else ""
        event = self._before.get(key)
        if event is not None and event.time is not None and token.claims["iat"] * MICROSECONDS < event.time:
            return OLD
        if self._unreadable and not self._unreadable.keys().isdisjoint((revoked_identity_key(token.actor), key)):
            return REVOKED
        return ""

    def _is_ended(self, enrolment: str) -> bool:
        return enrolment in self._enrolments or enrolment_key(enrolment) in self._unreadable
