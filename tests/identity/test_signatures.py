"""Signatures by the primitives and by the library of tokens are the same, and what either refuses the other refuses."""

from base64 import urlsafe_b64decode
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from identity.signatures import encoded, is_valid, with_signature, would_sign
from schemas.types import SignatureAlgorithm

ES256, RS256 = SignatureAlgorithm.ES256, SignatureAlgorithm.RS256
EC, OTHER_EC = (ECKey.generate_key("P-256") for _ in range(2))
RSA = RSAKey.generate_key(2048)
HEAD, PAYLOAD = b'{"alg":"ES256"}', b'{"sub":"jane"}'


def of_library(key: Any, algorithm: str) -> str:
    return jws.serialize_compact({"alg": algorithm}, PAYLOAD, key, algorithms=[algorithm])


def with_last(token: str, last: bytes) -> str:
    return f"{token.rpartition('.')[0]}.{encoded(last)}"


def last_of(token: str) -> bytes:
    return urlsafe_b64decode(token.rpartition(".")[2] + "==")


def test_what_is_signed_here_the_library_believes() -> None:
    token = with_signature(encoded(HEAD), PAYLOAD, EC.private_key)  # type: ignore[arg-type]

    assert jws.deserialize_compact(token, EC, algorithms=["ES256"]).payload == PAYLOAD
    assert is_valid(token, EC.public_key, ES256)


@pytest.mark.parametrize(("key", "algorithm"), [(EC, ES256), (RSA, RS256)])
def test_what_the_library_signs_is_believed_here(key: Any, algorithm: SignatureAlgorithm) -> None:
    assert is_valid(of_library(key, algorithm.value), key.public_key, algorithm)


@pytest.mark.parametrize("number", range(64))
def test_each_byte_of_a_signature_counts(number: int) -> None:
    token = of_library(EC, "ES256")
    last = bytearray(last_of(token))
    last[number] ^= 1

    assert not is_valid(with_last(token, bytes(last)), EC.public_key, ES256)


@pytest.mark.parametrize("last", [b"", b"\0" * 64, b"\0" * 63, b"\xff" * 64, b"\0" * 65, b"\0" * 32 + b"\1" * 32])
def test_numbers_that_are_no_signature_are_refused(last: bytes) -> None:
    assert not is_valid(with_last(of_library(EC, "ES256"), last), EC.public_key, ES256)


@pytest.mark.parametrize("number", range(64))
def test_a_key_would_sign_what_it_signed_to_the_last_byte(number: int) -> None:
    private: Any = EC.private_key
    token = with_signature(encoded(HEAD), PAYLOAD, private)
    last = bytearray(last_of(token))
    last[number] ^= 1

    assert with_signature(encoded(HEAD), PAYLOAD, private) == token
    assert would_sign(token, private)
    assert not would_sign(with_last(token, bytes(last)), private)


def test_a_key_would_not_sign_what_another_signed_or_what_is_spelled_otherwise() -> None:
    private: Any = EC.private_key
    token = with_signature(encoded(HEAD), PAYLOAD, private)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spelled = token[:-1] + alphabet[alphabet.index(token[-1]) + 1]  # bits that base64 leaves out
    assert is_valid(spelled, EC.public_key, ES256)

    other: Any = OTHER_EC.private_key
    found = [would_sign(one, private) for one in (spelled, f"{token}=", of_library(EC, "ES256"), of_library(RSA, "RS256"))]
    assert found == [False] * 4
    assert not would_sign(token, other)


def test_a_signature_with_bytes_before_or_after_it_is_refused() -> None:
    token = of_library(EC, "ES256")
    last = last_of(token)

    assert not is_valid(with_last(token, last + b"\0"), EC.public_key, ES256)
    assert not is_valid(with_last(token, b"\0" + last), EC.public_key, ES256)
    assert not is_valid(with_last(token, last[:-1]), EC.public_key, ES256)


def test_a_key_checks_with_its_own_algorithm_alone() -> None:
    by_ec, by_rsa = of_library(EC, "ES256"), of_library(RSA, "RS256")

    found = [
        is_valid(by_ec, OTHER_EC.public_key, ES256),
        is_valid(by_ec, EC.public_key, RS256),
        is_valid(by_rsa, RSA.public_key, ES256),
        is_valid(by_rsa, EC.public_key, ES256),
        is_valid(by_ec, RSA.public_key, RS256),
    ]

    assert found == [False] * 5


def test_what_was_signed_counts_to_the_last_character() -> None:
    head, _, last = of_library(EC, "ES256").split(".")

    assert not is_valid(f"{head}.{encoded(b'{}')}.{last}", EC.public_key, ES256)
    assert not is_valid(f"{encoded(b'{}')}.{encoded(PAYLOAD)}.{last}", EC.public_key, ES256)
