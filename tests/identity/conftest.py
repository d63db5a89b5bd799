"""Tests of identities sign with the key that the tests of the API share."""

from tests.api.conftest import _issuer, shared_key

__all__ = ["_issuer", "shared_key"]
