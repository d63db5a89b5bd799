"""A Culm that is a stand-in, and agents that are real."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.agents.culm_stand_in import CulmStandIn
from tests.agents.processes import Agent
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
    """Starts agents by module name and variables; ends them after the test."""
    agents: list[Agent] = []

    def start(module: str = "agents.pilot", **variables: str) -> Agent:
        agents.append(Agent(module, culm, tmp_path, **variables))
        return agents[-1]

    yield start
    for agent in agents:
        agent.close()
    for ledger in tmp_path.glob("run/harvester-*.json"):  # pilots that outlived their harvester
        for entry in json.loads(ledger.read_text())["pilots"].values():
            with suppress(psutil.NoSuchProcess):
                pilot = psutil.Process(entry["pid"])
                if abs(pilot.create_time() - entry["born"]) < 2:
                    pilot.kill()
