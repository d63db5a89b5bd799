"""What a person with a certificate alone has by a link: the groups that a token of the other id proved, for some days. Pure.

In: policy events `IdentityLinked` with a membership, and `IdentityUnlinked`. Out: the memberships of an id, and which of those
that a token proved are due to be recorded again. Guards: groups of pilots are never had this way; a membership is had while its
link stands; one that is not recorded again ends by itself. Source: docs/decisions/0050-groups-by-a-link.md.
One thread takes, others ask: every step puts a new dictionary in the place of an old one.
"""

from collections.abc import Iterator, Sequence

from identity.believed import BelievedToken
from identity.profiles import CAPABILITIES
from identity.ruling import PILOT
from schemas.characters import SUBJECT
from schemas.instants import DAY, MICROSECONDS
from schemas.policy import IdentityLinked
from schemas.types import LinkedMembership

#: As a member of an organisation is shown again to be one by each attribute certificate, which servers of VOMS give for as long.
LIFETIME = 7 * DAY
#: A membership is recorded again when so much of its life is over, or after a day where the groups are others by then: one or two
#: events a week for a person, and seven at most.
RENEWED_AFTER = LIFETIME // 2
CHANGED_AFTER = DAY
GROUPS_MAX = 100
GROUP_LENGTH_MAX = 255


class LinkedMemberships:
    """Folds memberships and answers about ids."""

    def __init__(self) -> None:
        #: By the id that has it, then by the one whose token proved it; and the other way round.
        self._of: dict[str, dict[str, LinkedMembership]] = {}
        self._by: dict[str, dict[str, LinkedMembership]] = {}

    def take(self, event: IdentityLinked) -> None:
        """The link of `event` stands; of one without a membership nothing follows."""
        found = event.membership
        if found is None or found.prover not in (event.actor, event.other):
            return
        holder = event.other if found.prover == event.actor else event.actor
        self._of[holder] = {**self._of.get(holder, {}), found.prover: found}
        self._by[found.prover] = {**self._by.get(found.prover, {}), holder: found}

    def drop(self, one: str, other: str) -> None:
        """The link between `one` and `other` stands no more."""
        for first, second in ((one, other), (other, one)):
            for index in (self._of, self._by):
                left = {actor: found for actor, found in index.get(first, {}).items() if actor != second}
                if left:
                    index[first] = left
                else:
                    index.pop(first, None)

    def holders(self) -> tuple[str, ...]:
        """Every id that has a membership."""
        return tuple(self._of)

    def of(self, holder: str) -> tuple[LinkedMembership, ...]:
        """What `holder` has, also what has ended."""
        return tuple(self._of.get(holder, {}).values())

    def due(self, prover: str, groups: Sequence[str], now: int) -> Iterator[str]:
        """Who has from `prover` what is to be recorded again at `now` (microseconds), as its token has `groups` now."""
        for holder in self._by.get(prover, {}):
            if self.is_due(prover, holder, groups, now):
                yield holder

    def is_due(self, prover: str, holder: str, groups: Sequence[str], now: int) -> bool:
        """Whether what `holder` has from `prover` is to be recorded, for the first time or again; as `due`."""
        found = self._by.get(prover, {}).get(holder)
        if found is None:
            return True
        age = now - (found.until - LIFETIME)
        return age >= RENEWED_AFTER or (age >= CHANGED_AFTER and found.groups != tuple(groups))


def membership_by(token: BelievedToken, now: int) -> LinkedMembership | None:
    """What `token`, believed at `now` (microseconds), proves for the other id of a link; None where that is nothing.

    A token that was made for some capabilities proves nothing of its owner's groups.
    """
    if token.capabilities and not token.capabilities.issuperset(CAPABILITIES):
        return None
    of_scope = token.issuer.vos if token.capabilities and not token.groups and len(token.issuer.vos) == 1 else ()
    groups = groups_by_link((*token.groups, *of_scope))
    if not groups or token.claims["sub"] in token.issuer.robots:
        return None
    issued_at = int(token.claims["iat"]) * MICROSECONDS
    return LinkedMembership(
        prover=token.actor, issuer=token.issuer.issuer, issued_at=issued_at, groups=groups, until=now + LIFETIME
    )


def groups_by_link(groups: Sequence[str]) -> tuple[str, ...]:
    """Those of a token's `groups` (`vo`, `vo/name`) that the other id has: organisations first, at most `GROUPS_MAX`."""
    fitting = [group for group in groups if len(group) <= GROUP_LENGTH_MAX and SUBJECT.takes(group) and not _is_of_pilots(group)]
    return tuple(dict.fromkeys(sorted(fitting, key=lambda group: "/" in group)))[:GROUPS_MAX]


def _is_of_pilots(group: str) -> bool:
    name = group.partition("/")[2]
    return name == PILOT or name.startswith(f"{PILOT}/")
