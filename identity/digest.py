"""By what the log names a token that it must not hold. Pure.

Of issuer and `jti` where the token has one, so that the provider's own records lead to it; else of what its signature signs.
Not of the whole text: a signature can be spelled in more than one way (ECDSA knows two of each), the signed part cannot.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

JTI_LENGTH_MAX = 255


def digest_of_id(issuer: str, jti: str) -> str:
    """The digest of the token that `issuer` numbered `jti`: 64 hexadecimal digits."""
    return sha256(f"jti|{issuer.removesuffix('/')}|{jti}".encode("utf-8", "surrogatepass")).hexdigest()


def digest_of(text: str, issuer: str, claims: Mapping[str, Any]) -> str:
    """The digest of the signed token `text` of `issuer`, which has these claims."""
    jti = claims.get("jti")
    if isinstance(jti, str) and 0 < len(jti) <= JTI_LENGTH_MAX:
        return digest_of_id(issuer, jti)
    return sha256(b"signed|" + text.rpartition(".")[0].encode()).hexdigest()
