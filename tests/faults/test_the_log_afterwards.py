"""After all that the suite did to the shared stack, kills included: the checker finds its log and its rows in order."""

import json
import os
import subprocess
import sys

import pytest

from deploy.stack import Stack
from tests.conformance.client import a_client

pytestmark = pytest.mark.stack


def test_the_checker_finds_nothing_in_the_log_of_the_suite(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> None:
    client = a_client(stack, tmp_path_factory.mktemp("checked"))
    task = client.prun("user.jdoe.checked", "--nJobs", "3", "--outputs", "out.txt", payload="echo 1 > out.txt").task_id
    assert client.ended(task)["status"] == "done"
    addresses = {
        "CULM_KAFKA": stack.config.kafka,
        "CULM_REGISTRY": stack.config.registry,
        "CULM_POSTGRES": stack.config.postgres,
    }

    done = subprocess.run(
        [sys.executable, "-m", "check", "--json"], env={**os.environ, **addresses}, capture_output=True, text=True, check=False
    )

    laws = json.loads(done.stdout)["laws"]
    assert [law for law in laws if law["violations"]] == []
    assert done.returncode == 0
    assert {law["law"] for law in laws if not law["checked"]} <= {"rows of lease equal the events"}
