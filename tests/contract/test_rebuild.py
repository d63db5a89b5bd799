"""The read models dropped as a whole and rebuilt from the log are equal byte for byte, and reads go on meanwhile."""

import os
import subprocess
import sys
import threading

import pytest

from deploy.stack import Stack
from eventlog.lag import lags
from process.kafka_security import environment_of
from tests.conformance.client import a_client

pytestmark = pytest.mark.stack

#: Without these nothing is written to the log while the read models are compared.
QUIETENED = ("harvester", "processors", "timers")


def run(stack: Stack, *command: str) -> str:
    """What a command of Culm prints; it must succeed."""
    environ = {
        **os.environ,
        **environment_of(stack.config.kafka),
        "CULM_REGISTRY": stack.config.registry,
        "CULM_POSTGRES": stack.config.postgres,
        "CULM_HOME": str(stack.config.home),
        "PYTHONWARNINGS": "ignore",
    }
    done = subprocess.run([sys.executable, "-m", *command], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_rebuild_of_everything_is_equal_while_reads_go_on(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> None:
    client = a_client(stack, tmp_path_factory.mktemp("rebuild"))
    task = client.prun("user.jdoe.rebuild", "--nJobs", "3", "--outputs", "out.txt", payload="echo 1 > out.txt").task_id
    assert client.ended(task)["status"] == "done"
    for name in QUIETENED:
        stack.supervisor.stop(name)
    before = at_rest(stack)
    ending, failures = threading.Event(), []

    def read_on() -> None:
        while not ending.is_set():
            try:
                assert client.task(task)["status"] == "done"
            except Exception as problem:  # noqa: BLE001 - the test reports any exception
                failures.append(repr(problem))

    reader = threading.Thread(target=read_on)
    reader.start()
    try:
        said = run(stack, "cli.main", "rebuild", "--all")
        after = run(stack, "projections", "checksum")  # before the harvester is back and says so
    finally:
        ending.set()
        reader.join()
        for name in reversed(QUIETENED):
            stack.supervisor.start(name)

    assert said
    assert failures == []
    assert after == before


def at_rest(stack: Stack) -> str:
    """The checksums of all tables once every command is decided, every event folded, and they do not change any more."""
    before = ""
    while True:
        behind = lags(stack.config.kafka, stack.config.postgres)
        now = run(stack, "projections", "checksum")
        if now == before and behind["decider"] == behind["projector"] == 0:
            return now
        before = now
