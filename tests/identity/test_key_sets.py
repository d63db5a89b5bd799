"""What is taken of the keys that an issuer publishes."""

import json
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from identity.errors import KeysRefused
from identity.key_sets import read_key_set
from tests.identity.builders import key_set
from tests.identity.keys import an_rsa_key

RSA = an_rsa_key(0, kid="rsa-1", use="sig", alg="RS256")
EC = ECKey.generate_key("P-256", {"kid": "ec-1"})


def of(*entries: dict[str, Any]) -> bytes:
    return json.dumps({"keys": entries}).encode()


def public(key: RSAKey | ECKey, **changes: Any) -> dict[str, Any]:
    found = {**key.as_dict(private=False), **changes}
    return {name: value for name, value in found.items() if value is not None}


def test_each_key_has_the_algorithm_of_its_kind() -> None:
    keys = read_key_set(key_set(RSA, EC))

    assert {kid: key.algorithm for kid, key in keys.items()} == {"rsa-1": "RS256", "ec-1": "ES256"}


def test_keys_that_sign_nothing_here_are_left_out() -> None:
    encryption = public(RSA, kid="enc", use="enc", alg="RSA-OAEP")
    other_curve = public(ECKey.generate_key("P-521", {"kid": "ec-2"}))
    other_algorithm = public(RSA, kid="rsa-2", alg="PS256")
    unknown = {"kty": "OKP", "crv": "Ed25519", "x": "AA", "kid": "okp"}

    assert read_key_set(of(public(RSA), encryption, other_curve, other_algorithm, unknown)).keys() == {"rsa-1"}


BROKEN: list[tuple[bytes, str]] = [
    (b"", "not JSON"),
    (b"{", "not JSON"),
    (b"[]", "no list of keys"),
    (b'{"keys": {}}', "no list of keys"),
    (b'{"keys": [1]}', "no list of keys"),
    (b'{"keys": []}', "no key to check RS256 or ES256 with"),
    (b'{"keys": [' + b" " * 300_000 + b"]}", "at most 262144 are read"),
    (of(*[public(RSA, kid=str(number)) for number in range(101)]), "at most 100 are read"),
    (of(public(RSA, kid=None)), "key 0 of the key set has no kid"),
    (of(public(RSA, kid=7)), "key 0 of the key set has no kid"),
    (of(public(RSA), public(RSA)), "key 1 of the key set has a kid that another key has"),
    (of(RSA.as_dict(private=True)), "holds a private or shared key"),
    (of(OctKey.generate_key(256, {"kid": "k"}).as_dict(private=True)), "holds a private or shared key"),
    (of(public(RSA, n="_" * 171)), "has 1024 bits, expected 2048 to 8192"),
    (of(public(RSA, n="AQAB")), "has 17 bits, expected 2048 to 8192"),
    (of(public(RSA, n=5)), "cannot be read"),
    (of(public(EC, x="AA", y="AA")), "cannot be read"),
]


@pytest.mark.parametrize(("raw", "why"), BROKEN, ids=range(len(BROKEN)))
def test_a_key_set_that_is_not_sound_is_refused_with_the_reason(raw: bytes, why: str) -> None:
    with pytest.raises(KeysRefused, match=why):
        read_key_set(raw)
