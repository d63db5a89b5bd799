"""RS256 and ES256 (RFC 7515, RFC 7518) with keys that are prepared once. Pure.

In: a token in its compact form, or what is to be signed. Out: whether a signature is valid, or a token. The library of tokens
(joserfc) reads the keys; the same primitives of `cryptography` that it calls are called here directly, because it takes each
token apart and encodes it once more, which costs as much as the check. Guards: the algorithm is the key's, never the token's; a
signature of ES256 has exactly 64 bytes. Signatures are made without chance (RFC 6979), so that one who has the private key
knows them by making them again, which costs a third of the check.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from schemas.types import SignatureAlgorithm

#: Bytes of each of the two numbers of a signature by P-256.
HALF = 32
_HASH, _PADDING = SHA256(), PKCS1v15()
_ECDSA = ECDSA(_HASH)
_WITHOUT_CHANCE = ECDSA(_HASH, deterministic_signing=True)


def is_valid(text: str, key: RSAPublicKey | EllipticCurvePublicKey, algorithm: SignatureAlgorithm) -> bool:
    """Whether the last of the three parts of `text` signs the others. text: of the form that `compact.py` takes."""
    message, _, last = text.rpartition(".")
    try:
        signature = urlsafe_b64decode(last + "=" * (-len(last) % 4))
        match algorithm, key:
            case SignatureAlgorithm.RS256, RSAPublicKey():
                key.verify(signature, message.encode("ascii"), _PADDING, _HASH)
            case SignatureAlgorithm.ES256, EllipticCurvePublicKey():
                if len(signature) != 2 * HALF:
                    return False
                halves = int.from_bytes(signature[:HALF]), int.from_bytes(signature[HALF:])
                key.verify(encode_dss_signature(*halves), message.encode("ascii"), _ECDSA)
            case _:
                return False
    except (InvalidSignature, ValueError):
        return False
    return True


def with_signature(head: str, payload: bytes, key: EllipticCurvePrivateKey) -> str:
    """The token with the encoded header `head` and `payload`, signed with ES256."""
    message = f"{head}.{encoded(payload)}"
    return f"{message}.{_last_part(message, key)}"


def would_sign(text: str, key: EllipticCurvePrivateKey) -> bool:
    """Whether `with_signature` with `key` gives exactly `text`, which has the form that `compact.py` takes.

    False says nothing: the signature may be one that was made with chance, or be spelled otherwise.
    """
    message, _, last = text.rpartition(".")
    return hmac.compare_digest(last, _last_part(message, key))


def _last_part(message: str, key: EllipticCurvePrivateKey) -> str:
    first, second = decode_dss_signature(key.sign(message.encode("ascii"), _WITHOUT_CHANCE))
    return encoded(first.to_bytes(HALF) + second.to_bytes(HALF))


def encoded(raw: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
