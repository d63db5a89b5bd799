"""From where keys are fetched, and what a provider may answer. The provider is a real HTTP server on loopback."""

from collections.abc import Iterator

import pytest

from identity.errors import KeysRefused
from identity.key_fetching import fetch_keys, problem_of_address
from identity.key_sets import read_key_set
from tests.identity.builders import an_issuer, key_set
from tests.identity.keys import an_rsa_key
from tests.identity.provider import WELL_KNOWN, Provider, a_provider

KEY = an_rsa_key(0, kid="rsa-1")


@pytest.fixture
def provider() -> Iterator[Provider]:
    yield from a_provider(KEY)


def test_keys_are_fetched_from_where_the_discovery_document_says(provider: Provider) -> None:
    assert read_key_set(fetch_keys(provider.issuer())).keys() == {"rsa-1"}


def test_keys_are_fetched_from_the_address_of_the_row(provider: Provider) -> None:
    provider.answers.pop(WELL_KNOWN)

    assert read_key_set(fetch_keys(provider.issuer(jwks_url=f"{provider.address}/jwks"))).keys() == {"rsa-1"}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{", "is not JSON"),
        (b"[]", "is no JSON object"),
        (b"{}", "is of another issuer"),
        (b'{"issuer": "https://other.example"}', "is of another issuer"),
        (b'{"issuer": "ADDRESS"}', "names no jwks_uri"),
        (b'{"issuer": "ADDRESS", "jwks_uri": 5}', "names no jwks_uri"),
        (b'{"issuer": "ADDRESS", "jwks_uri": "file:///etc/passwd"}', "is no address of a server"),
        (b'{"issuer": "ADDRESS", "jwks_uri": "http://169.254.169.254/latest"}', "is not safe, expected https"),
        (b'{"issuer": "ADDRESS", "jwks_uri": "https://u:p@iam.example.org/jwks"}', "is no address of a server"),
        (b'{"issuer": "ADDRESS", "jwks_uri": "ADDRESS/none"}', "answered 404, expected 200"),
    ],
)
def test_a_discovery_document_that_is_not_sound_is_refused(provider: Provider, body: bytes, why: str) -> None:
    provider.says(WELL_KNOWN, body.replace(b"ADDRESS", provider.address.encode()))

    with pytest.raises(KeysRefused, match=why):
        fetch_keys(provider.issuer())


def test_a_redirect_is_not_followed(provider: Provider) -> None:
    provider.says("/jwks", b"", 302, Location=f"{provider.address}/inner")
    provider.says("/inner", key_set(KEY))

    with pytest.raises(KeysRefused, match="answered 302, expected 200"):
        fetch_keys(provider.issuer())


def test_a_key_set_of_ten_megabytes_is_refused_before_it_is_read(provider: Provider) -> None:
    provider.says("/jwks", b" " * 10_000_000)

    with pytest.raises(KeysRefused, match="has more than 262144 bytes"):
        fetch_keys(provider.issuer())


def test_a_provider_that_does_not_answer_is_named() -> None:
    with pytest.raises(KeysRefused, match=r"http://127\.0\.0\.1:1/jwks did not answer with the keys: ConnectError"):
        fetch_keys(an_issuer(jwks_url="http://127.0.0.1:1/jwks"))


@pytest.mark.parametrize("url", ["https://iam.example.org/jwks", "http://127.0.0.1:8080/realms/lab", "http://[::1]:8080/", "http://localhost/x"])
def test_addresses_that_keys_may_be_fetched_from(url: str) -> None:
    assert problem_of_address(url) == ""


@pytest.mark.parametrize("url", ["http://iam.example.org/", "ftp://iam.example.org/", "iam.example.org", "https://", "https://u@iam.example.org/",
                                 "http://127.0.0.1.example.org/", "http://10.0.0.1/", "", "https://[::1"])  # fmt: skip
def test_addresses_that_keys_may_not_be_fetched_from(url: str) -> None:
    assert problem_of_address(url) != ""
