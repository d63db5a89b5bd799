"""The network between a site and Culm is away: workers go on, nothing is started, and all agrees afterwards."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.agents.processes import ROOT
from tests.starting import starts_processes

#: Longer than the claim of the queue lives in this test, as 300 s are for one of a site.
AWAY_SECONDS = "6"
Outage = Callable[[str], "subprocess.CompletedProcess[str]"]


@pytest.fixture
@starts_processes
def outage() -> Outage:
    """Runs an outage of one batch system in network namespaces of its own."""

    def run(system: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "tests.systems.network_away", "--system", system, "--seconds", AWAY_SECONDS]
        variables = {**os.environ, "CULM_HARVESTER_SERVICE_SECONDS": "5"}
        return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False, timeout=240)

    return run


@pytest.mark.skipif(
    os.getuid() != 0 or not shutil.which("ip") or not shutil.which("nsenter"), reason="root, ip and nsenter make namespaces"
)
@pytest.mark.parametrize("system", ["slurm_stand_in", "real_local"])
def test_a_site_whose_network_is_away_longer_than_its_claim_agrees_with_the_log_afterwards(outage: Outage, system: str) -> None:
    done = outage(system)

    assert done.stdout.splitlines()[-1:] == ["orphans 0, doubles 0"], done.stdout + done.stderr[-2000:]
    assert done.returncode == 0
