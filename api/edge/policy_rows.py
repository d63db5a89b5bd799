"""People and authorities of certificates as the access policy says, and what people linked, read from the log.

In: the log. Out: rows, as of now. What a link gives counts while the token that proved it would be believed: its issuer is
trusted and speaks for the organisation, neither of the two ids is revoked, and it is not older than what was revoked of its
issuer. Guards: until the log was read, when reading fails, and where the policy cannot be read, no authority counts for any VO:
no person whom a row took something from goes on having it.
"""

from dataclasses import replace

from api.log.issuer_policy import IssuerPolicy
from eventlog.registry import codec_from
from identity.access_policy import NOTHING_GRANTED
from identity.errors import TokenRefused
from identity.key_sets import PublicKey
from identity.linked_memberships import groups_by_link
from identity.verify import Verifier
from identity.x509.rights import CertificateRows, LinkedGroups
from schemas.instants import MICROSECONDS
from schemas.types import AccessPolicy, LinkedMembership, TrustedIssuer

#: No authority has this name.
CLOSED = CertificateRows({}, {"": frozenset()})


class PolicyRows:
    """Follows the policy; `start` from the event loop."""

    def __init__(self, kafka: str, registry: str) -> None:
        self._verifier = Verifier(None, _NoKeys())
        self._policy = IssuerPolicy(kafka, codec_from(registry), self._verifier, None, ())

    def start(self) -> None:
        """Begin to read."""
        self._policy.start()

    async def known(self, seconds: float) -> bool:
        """True as soon as the log was read; false when it was not after `seconds`."""
        return await self._policy.known(seconds)

    def close(self) -> None:
        """Stop."""
        self._policy.close()

    def now(self) -> CertificateRows:
        """What holds now."""
        if not self._verifier.knows_issuers:
            return CLOSED
        rows = rows_in(self._verifier.access.policy)
        return rows if rows is CLOSED else replace(rows, linked=linked_in(self._verifier))


class _NoKeys:
    """The edge judges no tokens."""

    def key(self, issuer: TrustedIssuer, kid: str | None) -> PublicKey:
        """None of anyone."""
        raise TokenRefused("the edge believes no tokens", "iss")


def rows_in(policy: AccessPolicy) -> CertificateRows:
    """The rows of `policy`."""
    if policy is NOTHING_GRANTED:
        return CLOSED
    persons = {(row.authority, row.name): row.groups for row in policy.persons}
    return CertificateRows(persons, {row.name: frozenset(row.vos) for row in policy.authorities})


def linked_in(verifier: Verifier) -> dict[str, LinkedGroups]:
    """What links give, by the id that has it; of several the one that ends last. What has ended stands there, too."""
    memberships = verifier.links.memberships
    found: dict[str, LinkedGroups] = {}
    for holder in memberships.holders():
        if verifier.refuses_person(holder):
            continue
        for one in sorted(memberships.of(holder), key=lambda membership: membership.until):
            groups = _groups_in_force(verifier, one)
            if groups:
                found[holder] = LinkedGroups(groups, one.until / MICROSECONDS)
    return found


def _groups_in_force(verifier: Verifier, membership: LinkedMembership) -> tuple[str, ...]:
    row = verifier.issuer_named(membership.issuer)
    if row is None or verifier.revocations.problem_of_login(membership.prover, row.issuer, membership.issued_at, ()):
        return ()
    # The rows of Culm's own issuers name no organisations here; which there are is known to the API, which asks again.
    return tuple(group for group in groups_by_link(membership.groups) if not row.vos or group.partition("/")[0] in row.vos)


def both(file: CertificateRows, policy: CertificateRows) -> CertificateRows:
    """The rows of the file and of the policy; of one person or authority those of the policy."""
    if policy is CLOSED:
        return CLOSED
    return CertificateRows({**file.persons, **policy.persons}, {**file.authorities, **policy.authorities}, policy.linked)
