"""Tokens that can be believed.

In: the text after `Bearer`. Out: what is believed of it, or `TokenRefused` saying what was found and what was expected. Denied
unless all holds: an issuer that has a row, a signature by a key that this issuer publishes, with the algorithm of that key, and
every rule of `claims.py`. Tokens are kept as a hash only; accepted ones are remembered for ten minutes at most and never
past their end, a bounded number of them, and all are forgotten when the rows change. Whether a token was revoked, and whether its
issuer still publishes its key, is asked each time, also of one that is remembered. The signature of a token by
a key of which this process has the private half is not checked: it is known, or made again (signed_here.py).
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from identity.access_policy import AccessRules
from identity.agents import agent_of
from identity.believed import BelievedToken, actor_of
from identity.claims import TokenKind, check_claims
from identity.compact import CompactToken, take_apart
from identity.digest import digest_of
from identity.errors import IdentityRefused, IssuersNotKnown, TokenRefused
from identity.key_sets import PublicKey
from identity.linked import Links
from identity.logout_tokens import LOGOUT_TYPES, LogoutToken, read_logout
from identity.own_issuers import AGENTS_ISSUER
from identity.profiles import capabilities_of, groups_of
from identity.revoked import REVOKED, Revocations
from identity.signatures import is_valid
from identity.signed_here import SignedHere, text_digest
from schemas.instants import MICROSECONDS
from schemas.records import replace
from schemas.types import TrustedIssuer

REMEMBERED_MAX = 10_000
REMEMBERED_SECONDS = 600.0


class Keys(Protocol):
    """Where keys come from."""

    def key(self, issuer: TrustedIssuer, kid: str | None) -> PublicKey:
        """The key that `issuer` names `kid`; raises TokenRefused, and KeyNotKnown when it is worth fetching them."""
        ...


@dataclass(frozen=True, slots=True)
class _Remembered:
    """A token that was accepted, by which key, and until when it need not be judged again (seconds since 1970)."""

    until: float
    believed: BelievedToken
    key_id: str | None
    thumbprint: str


class Verifier:
    """Checks tokens against the rows of trusted issuers; remembers what it accepted."""

    def __init__(
        self,
        issuers: Sequence[TrustedIssuer] | None,
        keys: Keys,
        clock: Callable[[], float] = time.time,
        signed_here: SignedHere | None = None,
    ) -> None:
        """issuers: None where they are not known yet; until `trust` is called no token is believed.

        signed_here: which tokens the private keys of this process signed.
        """
        self._keys = keys
        self._clock = clock
        self._signed_here = signed_here or SignedHere()
        self._remembered: OrderedDict[bytes, _Remembered] = OrderedDict()
        self._issuers: Mapping[str, TrustedIssuer] = {}
        self.revocations = Revocations()
        #: Which groups give which roles, and what roles may do: as set last.
        self.access = AccessRules()
        self.links = Links()
        self.knows_issuers = False
        if issuers is not None:
            self.trust(issuers)

    def trust(self, issuers: Sequence[TrustedIssuer]) -> None:
        """Believe `issuers` from now on, and no others; what was accepted before is judged again."""
        self._issuers = {_bare(row.issuer): row for row in issuers}
        self._remembered.clear()
        self.knows_issuers = True

    def believe_no_one(self) -> None:
        """Believe no token until the next `trust`."""
        self.knows_issuers = False

    @property
    def issuers(self) -> Sequence[TrustedIssuer]:
        """Who is believed."""
        return tuple(self._issuers.values())

    def issuer_named(self, name: str) -> TrustedIssuer | None:
        """The row of the issuer `name`; a trailing slash is forgiven, nothing else."""
        return self._issuers.get(_bare(name))

    def believe(self, token: str) -> BelievedToken:
        """What `token` proves; raises TokenRefused. KeyNotKnown of those: ask again once its issuer's keys were fetched.

        Raises IssuersNotKnown before the first `trust`.
        """
        believed = self._believed(token)
        self._check_not_revoked(believed)
        return believed

    def believe_login(self, token: str, issuer: TrustedIssuer, client_id: str) -> BelievedToken:
        """What the ID token `token` proves that ends a login of `client_id` at `issuer`; raises TokenRefused, KeyNotKnown.

        It need not be for us as access tokens are, nor does the row have to take ID tokens for those.
        """
        self._check_knows_issuers()
        taken = replace(issuer, id_tokens=True, audiences=(client_id,), any_audience=False)
        apart = take_apart(token)
        if self._issuer_of(apart).issuer != issuer.issuer:
            raise TokenRefused("the ID token is of another issuer than the login was begun at", "iss")
        self._check_signature(apart, taken, text_digest(token))
        believed = self._check_claims(apart, taken, self._clock())
        if believed.kind is not TokenKind.ID:
            raise TokenRefused("the provider sent another token in the place of an ID token", "kind")
        self._check_not_revoked(believed)
        return believed

    def believe_logout(self, token: str) -> LogoutToken:
        """Whose sessions `token` of a provider ends; raises TokenRefused, KeyNotKnown."""
        self._check_knows_issuers()
        apart = take_apart(token, LOGOUT_TYPES)
        issuer = self._issuer_of(apart)
        self._check_signature(apart, issuer, text_digest(token))
        return read_logout(apart.claims, issuer, self._clock())

    def refuses_person(self, actor: str) -> bool:
        """True when the person `actor` was revoked, by any of its ids: who has one of them may use what the others own."""
        return any(self.revocations.refuses(one) for one in self.links.person(actor))

    def refuses_as_revoked(self, token: str) -> bool:
        """True when `token` would be believed, were it not revoked."""
        try:
            self.believe(token)
        except TokenRefused as problem:
            return problem.rule == "revoked"
        except IdentityRefused:
            return False
        return False

    def _believed(self, token: str) -> BelievedToken:
        self._check_knows_issuers()
        digest = text_digest(token)
        now = self._clock()
        known = self._remembered.get(digest)
        if known is not None and now < known.until and self._is_of_same_key(known):
            return known.believed
        self._remembered.pop(digest, None)
        apart = take_apart(token)
        issuer = self._issuer_of(apart)
        key = self._check_signature(apart, issuer, digest)
        believed = self._check_claims(apart, issuer, now)
        until = min(now + REMEMBERED_SECONDS, float(believed.claims["exp"]))
        self._remembered[digest] = _Remembered(until, believed, apart.key_id, key.thumbprint)
        while len(self._remembered) > REMEMBERED_MAX:
            self._remembered.popitem(last=False)
        return believed

    def _is_of_same_key(self, known: _Remembered) -> bool:
        """Whether the issuer still publishes the key that signed `known`; raises TokenRefused, KeyNotKnown without one."""
        return self._keys.key(known.believed.issuer, known.key_id).thumbprint == known.thumbprint

    def _check_not_revoked(self, believed: BelievedToken) -> None:
        problem = self.revocations.problem_of(believed) or (REVOKED if self.refuses_person(believed.actor) else "")
        problem = problem or self._problem_of_exchanged(believed)
        if problem:
            raise TokenRefused(problem, "revoked", believed.actor, problem)

    def _problem_of_exchanged(self, believed: BelievedToken) -> str:
        """Why the token of a provider is refused for which `believed` was given; empty where it is not, or there was none."""
        agent = agent_of(believed.claims) if believed.issuer.issuer == AGENTS_ISSUER and "act" in believed.claims else None
        if agent is None or agent.exchanged is None:
            return ""
        found = agent.exchanged
        if self.issuer_named(found.issuer) is None or self.refuses_person(found.actor):
            return REVOKED
        return self.revocations.problem_of_login(found.actor, found.issuer, found.issued_at * MICROSECONDS, ())

    def _check_knows_issuers(self) -> None:
        if not self.knows_issuers:
            raise IssuersNotKnown("which issuers of tokens are believed is not known yet; try again in a moment")

    def _check_claims(self, token: CompactToken, issuer: TrustedIssuer, now: float) -> BelievedToken:
        kind = check_claims(token.claims, token.type, issuer, now)
        return BelievedToken(
            issuer=issuer,
            kind=kind,
            actor=actor_of(issuer, token.claims["sub"]),
            groups=tuple(group for group in groups_of(token.claims, issuer.profile) if _vo(group) in issuer.vos),
            capabilities=capabilities_of(token.claims),
            claims=token.claims,
            digest=digest_of(token.text, issuer.issuer, token.claims),
        )

    def _check_signature(self, token: CompactToken, issuer: TrustedIssuer, digest: bytes) -> PublicKey:
        """The key of `issuer` that signed `token`; raises TokenRefused, KeyNotKnown."""
        if token.algorithm not in issuer.algorithms:
            raise TokenRefused(f"the token is not signed with {' or '.join(issuer.algorithms)}", "alg")
        key = self._keys.key(issuer, token.key_id)
        if token.algorithm != key.algorithm.value:
            raise TokenRefused(f"the token says that its key is for {token.algorithm[:20]!r}, it is not", "alg")
        if not self._signed_here.is_signed(token.text, digest, key.thumbprint):
            _check_signature(token, key)
        return key

    def _issuer_of(self, token: CompactToken) -> TrustedIssuer:
        """The row of whom the token claims to be from, not yet believed; raises TokenRefused for a stranger."""
        claimed = token.claims.get("iss")
        issuer = self.issuer_named(claimed) if isinstance(claimed, str) else None
        if issuer is None:
            raise TokenRefused(f"the token's issuer {str(claimed)[:100]!r} is not trusted here", "iss")
        return issuer


def _check_signature(token: CompactToken, key: PublicKey) -> None:
    if not is_valid(token.text, key.key, key.algorithm):
        raise TokenRefused("the signature of the token is not valid", "signature")


def _vo(group: str) -> str:
    return group.partition("/")[0]


def _bare(issuer: str) -> str:
    """`issuer` without a trailing slash, which providers add and drop."""
    return issuer.removesuffix("/")
