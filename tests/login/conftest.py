"""Tests of logins sign with the key that the tests of the API share."""

from tests.api.conftest import _issuer, api_home, shared_key

__all__ = ["_issuer", "api_home", "shared_key"]
