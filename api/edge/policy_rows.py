"""People and authorities of certificates as the access policy says, read from the log.

In: the log. Out: rows, as of now. Guards: until the log was read, when reading fails, and where the policy cannot be read, no
authority counts for any VO: no person whom a row took something from goes on having it.
"""

from api.log.issuer_policy import IssuerPolicy
from eventlog.registry import codec_from
from identity.access_policy import NOTHING_GRANTED
from identity.errors import TokenRefused
from identity.key_sets import PublicKey
from identity.verify import Verifier
from identity.x509.rights import CertificateRows
from schemas.types import AccessPolicy, TrustedIssuer

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

    def close(self) -> None:
        """Stop."""
        self._policy.close()

    def now(self) -> CertificateRows:
        """What holds now."""
        return rows_in(self._verifier.access.policy) if self._verifier.knows_issuers else CLOSED


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


def both(file: CertificateRows, policy: CertificateRows) -> CertificateRows:
    """The rows of the file and of the policy; of one person or authority those of the policy."""
    if policy is CLOSED:
        return CLOSED
    return CertificateRows({**file.persons, **policy.persons}, {**file.authorities, **policy.authorities})
