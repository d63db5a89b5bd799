"""Everyone who acts in single cases."""

import contextlib
from collections.abc import Iterator

import pytest

from deploy.stack import Stack
from tests.hostile.cases import Cases


@pytest.fixture(scope="module")
def cases(stack: Stack) -> Iterator[Cases]:
    """Everyone who acts here."""
    with contextlib.closing(Cases(stack)) as found:
        yield found
