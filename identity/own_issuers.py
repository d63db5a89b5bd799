"""Culm's own issuers as rows: the one of development, and the one of its agents and of who works on its host. Pure."""

from collections.abc import Sequence

from identity.agents import JOB_AUDIENCE, WORKER_AUDIENCE, WORKER_SECONDS
from schemas.types import IssuerProfile, SignatureAlgorithm, TrustedIssuer

ISSUER = "urn:culm:development-issuer"
#: Issues to Culm's own agents and to who works on the host: believed also where the development issuer is not.
OWN_ISSUER = "urn:culm:issuer"
#: The edge for X.509; believed only where it hands requests on, and in no list of issuers.
EDGE_ISSUER = "urn:culm:edge"
#: Workers, harvesters and single jobs (agent_issuer.py): believed always, of keys of its own.
AGENTS_ISSUER = "urn:culm:agents"
AUDIENCE = "culm"
#: Agents of the local stack have tokens of a year (deploy/local_queue.py).
LIFETIME_SECONDS_MAX = 400 * 24 * 3600


def own_issuers(vos: Sequence[str], *, development: bool = True) -> tuple[TrustedIssuer, ...]:
    """The rows that need no policy, for all of `vos`; without `development` tokens of people are not among them."""
    return (*(_row(name, vos) for name in ((ISSUER, OWN_ISSUER) if development else (OWN_ISSUER,))), agents_issuer(vos))


def agents_issuer(vos: Sequence[str]) -> TrustedIssuer:
    """The row of the issuer for agents."""
    return TrustedIssuer(
        issuer=AGENTS_ISSUER,
        vos=tuple(vos),
        audiences=(WORKER_AUDIENCE, JOB_AUDIENCE),
        profile=IssuerProfile.CULM,
        algorithms=(SignatureAlgorithm.ES256,),
        lifetime_seconds_max=WORKER_SECONDS,
    )


def edge_issuer(vos: Sequence[str], lifetime_seconds_max: int = 300) -> TrustedIssuer:
    """The row of the edge."""
    return _row(EDGE_ISSUER, vos, lifetime_seconds_max)


def _row(name: str, vos: Sequence[str], lifetime_seconds_max: int = LIFETIME_SECONDS_MAX) -> TrustedIssuer:
    return TrustedIssuer(
        issuer=name,
        vos=tuple(vos),
        audiences=(AUDIENCE,),
        profile=IssuerProfile.CULM,
        algorithms=(SignatureAlgorithm.RS256,),
        lifetime_seconds_max=lifetime_seconds_max,
    )
