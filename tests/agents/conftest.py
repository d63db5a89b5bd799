"""A Culm that is a stand-in, and agents that are real."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.agents.culm_stand_in import CulmStandIn
from tests.agents.processes import Agent, living_workers
from tests.starting import starts_processes

StartAgent = Callable[..., Agent]


@pytest.fixture
def culm(tmp_path: Path) -> Iterator[CulmStandIn]:
    """A stand-in of the server with its own storage."""
    stand_in = CulmStandIn(tmp_path / "storage")
    yield stand_in
    stand_in.close()


@pytest.fixture
@starts_processes
def start_agent(culm: CulmStandIn, tmp_path: Path) -> Iterator[StartAgent]:
    """Starts agents by module name, arguments and variables; ends them after the test."""
    agents: list[Agent] = []

    def start(module: str = "agents.pilot", *arguments: str, **variables: str) -> Agent:
        agents.append(Agent(module, culm, tmp_path, arguments, **variables))
        return agents[-1]

    yield start
    for agent in agents:
        agent.close()
    for pid in living_workers(tmp_path).values():  # pilots that outlived their harvester
        with suppress(psutil.NoSuchProcess):
            psutil.Process(pid).kill()
