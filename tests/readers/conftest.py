"""A database of its own, as the tests of the projections have."""

from tests.projections.conftest import database

__all__ = ["database"]
