"""What a token proves, once it is believed, and whom the log knows its owner as. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from identity.claims import TokenKind
from schemas.ids import CULM
from schemas.types import IssuerProfile, TrustedIssuer

ACTORS: UUID = uuid5(CULM, "actors")


@dataclass(frozen=True, slots=True)
class BelievedToken:
    """What a token proves.

    actor: whom the log knows its owner as. groups: `vo` or `vo/name`, of the issuer's VOs alone. capabilities: of its scope.
    digest: by what the log names the token (digest.py).
    """

    issuer: TrustedIssuer
    kind: TokenKind
    actor: str
    groups: tuple[str, ...]
    capabilities: frozenset[str]
    claims: Mapping[str, Any]
    digest: str


def actor_of(issuer: TrustedIssuer, subject: str) -> str:
    """Whom the log knows `subject` of `issuer` as: opaque, and of one issuer alone.

    Culm's own issuers name their subjects by an opaque id already; logs hold those.
    """
    return subject if issuer.profile is IssuerProfile.CULM else str(uuid5(ACTORS, f"{issuer.issuer.rstrip('/')}|{subject}"))
