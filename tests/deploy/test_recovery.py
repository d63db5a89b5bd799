"""A running Culm: what `culm up` and `culm status` say of it, and that each process that is killed restarts by itself."""

import os
import signal
import time
from dataclasses import asdict

import httpx
import psutil
import pytest

from deploy.local_queue import LocalQueue, configure
from deploy.stack import Stack

pytestmark = pytest.mark.stack
PATIENCE_SECONDS = 60.0
NAMES = ["kafka", "registry", "postgres", "decider", "processors", "timers", "projector", "notary", "api", "harvester"]


def health(stack: Stack) -> dict[str, str]:
    return {row["name"]: row["health"] for row in stack.status()["processes"]}


def wait_until_whole(stack: Stack) -> None:
    """Return when every process runs and answers."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not stack.status()["up"]:
        assert time.monotonic() < end, f"not whole: {health(stack)}"
        time.sleep(0.1)


def test_status_names_every_process_with_pid_health_and_lag(stack: Stack) -> None:
    wait_until_whole(stack)

    document = stack.status()

    assert [row["name"] for row in document["processes"]] == NAMES
    assert {row["health"] for row in document["processes"]} == {"running"}
    assert all(row["pid"] > 0 for row in document["processes"])
    assert {row["name"] for row in document["processes"] if row["lag"] is not None} >= {"decider", "processors", "projector"}
    assert set(document["addresses"]) == {"api", "kafka", "registry", "postgres"}


def test_bringing_up_what_is_up_changes_nothing(stack: Stack) -> None:
    wait_until_whole(stack)
    before = {row["name"]: row["pid"] for row in stack.status()["processes"] if row["name"] in NAMES[:3]}

    stack.up()

    after = {row["name"]: row["pid"] for row in stack.status()["processes"] if row["name"] in NAMES[:3]}
    assert after == before


def test_all_listen_on_loopback_alone(stack: Stack) -> None:
    wanted = {port for name, port in asdict(stack.config.ports).items() if name != "x509" or stack.config.edge}

    heard = [tuple(one.laddr) for one in psutil.net_connections("tcp") if one.status == psutil.CONN_LISTEN]

    ours = {(port, str(ip).removeprefix("::ffff:")) for ip, port in heard if port in wanted}
    assert ours == {(port, "127.0.0.1") for port in wanted}


@pytest.mark.parametrize("name", NAMES)
def test_each_process_that_is_killed_restarts_and_commands_are_answered(stack: Stack, name: str) -> None:
    wait_until_whole(stack)
    restarts = stack.supervisor.restarts(name)

    os.kill(stack.process_pid(name), signal.SIGKILL)

    end = time.monotonic() + PATIENCE_SECONDS
    while stack.supervisor.restarts(name) == restarts:
        assert time.monotonic() < end, f"{name} was not started again"
        time.sleep(0.05)
    wait_until_whole(stack)
    configure(stack.config.api, stack.config.home, LocalQueue())
    assert httpx.get(f"{stack.config.api}/api/v1/system/is_alive", timeout=5).status_code == 200
