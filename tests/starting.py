"""Fixtures that start processes say so here; the marker `stack` of every test that uses one follows from it (tests/guard.py)."""

from collections.abc import Callable
from typing import TypeVar

import pytest

Fixture = TypeVar("Fixture", bound=Callable[..., object])
DECLARED = "starts_processes"


def starts_processes(fixture: Fixture) -> Fixture:
    """Declare that a fixture starts servers, browsers or agents; stands below `@pytest.fixture`."""
    setattr(fixture, DECLARED, True)
    return fixture


def is_declared(item: pytest.Item) -> bool:
    """True when a fixture of the test, or one that a fixture of it uses, is declared."""
    if not isinstance(item, pytest.Function):
        return False
    fixtures = item._fixtureinfo.name2fixturedefs.values()  # pytest has the closure with its functions nowhere else
    return any(getattr(fixture.func, DECLARED, False) for found in fixtures for fixture in found)
