"""What tests of the simulator share."""

from collections.abc import Iterator

import pytest
import structlog

from tests.sim.seeds import quiet


@pytest.fixture(scope="module")
def no_logs() -> Iterator[None]:
    """The processes in memory log nothing: thousands of lines, each formatted, are most of a run."""
    before = structlog.get_config()
    quiet()
    yield
    structlog.configure(**before)
