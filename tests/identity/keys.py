"""Keys for tests that need some and do not care which: making one takes longer than most tests."""

from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import KeyParameters, RSAKey


@cache
def a_private_key(number: int) -> rsa.RSAPrivateKey:
    """The key with this number, from 0: another number is another key, in one process always the same."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def an_rsa_key(number: int, **parameters: str) -> RSAKey:
    """The key with this number as a JWK; parameters: such as `kid`."""
    named: KeyParameters = {}
    named.update(parameters)  # type: ignore[typeddict-item]  # names come from the caller
    return RSAKey.import_key(a_private_key(number), named)
