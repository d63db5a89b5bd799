"""What was loaded for the tests stays until their end, so the collector of garbage does not look through it again and again.

Some thousand tests and all of Culm are a million objects. They are made with the collector at rest, and left out of its work
afterwards; what a test makes is collected as ever.
"""

import gc
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collects tests without collecting garbage."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
