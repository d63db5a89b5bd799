"""Tokens with which the edge tells the API whom a client certificate proves.

In: a member. Out: a token of five minutes at most, signed with a key of the edge's own, and the row by which the API believes
it. The API believes it only on the socket on which the edge hands requests on (`api/http/edge_door.py`): at its port the issuer
is not trusted. No role of the whole installation comes this way, because that role is of another issuer.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import RSAKey

from identity.compact import TOKEN_LENGTH_MAX
from identity.issuer import ALGORITHM
from identity.own_issuers import AUDIENCE, EDGE_ISSUER
from identity.x509.chains import ProvenPerson
from identity.x509.errors import CertificateRefused
from identity.x509.names import last_common_name
from identity.x509.rights import CertifiedMember

LIFETIME_SECONDS = 300
FQANS_SHOWN_MAX = 50


def edge_home(home: Path) -> Path:
    """The folder of the edge's key."""
    return home / "edge"


def edge_token(key: RSAKey, person: ProvenPerson, member: CertifiedMember, now: float) -> tuple[str, float]:
    """A token for `member`, signed with `key`, and when it ends, seconds since 1970.

    Raises CertificateRefused when it would be too large. The name is in it as a hash, besides what people are called by.
    """
    ends = int(min(now + LIFETIME_SECONDS, member.ends))
    claims: dict[str, Any] = {
        "iss": EDGE_ISSUER,
        "aud": AUDIENCE,
        "sub": member.subject,
        "iat": int(now),
        "exp": ends,
        "jti": str(uuid4()),
        "name": last_common_name(person.dn),
        "amr": ["x509"],
        "dn_hash": dn_hash(person),
        "groups": list(member.groups),
        "fqans": _some(member.fqans),
    }
    token = jwt.encode({"alg": ALGORITHM, "typ": "JWT", "kid": key.kid}, claims, key, algorithms=[ALGORITHM])
    if len(token) > TOKEN_LENGTH_MAX:
        raise CertificateRefused(f"its owner has {len(member.groups)} groups, which no token holds", "size")
    return token, float(ends)


def dn_hash(person: ProvenPerson) -> str:
    """What logs name a person by: SHA-256 of authority and name, 64 hexadecimal digits."""
    return hashlib.sha256(f"{person.authority}|{person.dn}".encode()).hexdigest()


def _some(fqans: Sequence[str]) -> list[str]:
    return list(fqans[:FQANS_SHOWN_MAX])
