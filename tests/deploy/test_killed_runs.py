"""A test run that is killed leaves nothing running: real servers, and processes with an environment of their own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from deploy.config import CHECKOUT, MARK
from deploy.leftovers import leftovers
from tests.lane import LANE, OFFSET, WORKER, Lane
from tests.starting import starts_processes

#: Between two stacks of this lane that are not up while these tests run.
INNER = Lane(LANE.offset + 250)
PATIENCE_SECONDS = 120.0
LISTENS = """
import socket, time
heard = socket.create_server(("127.0.0.1", 0))
print(heard.getsockname()[1], flush=True)
time.sleep(600)
"""
ON_SERVERS = """
import json, signal
from pathlib import Path

def test_that_is_killed(servers):
    pids = [state.pid for state in servers.supervisor.states() if state.pid]
    ports = [servers.config.ports.kafka, servers.config.ports.registry, servers.config.ports.postgres]
    Path(__file__).with_name("began").write_text(json.dumps([pids, ports]))
    signal.pause()
"""
WITH_A_PROCESS = f"""
import json, signal, subprocess, sys
from pathlib import Path
import pytest
from tests.starting import starts_processes

@pytest.fixture
@starts_processes
def process():
    return subprocess.Popen([sys.executable, "-c", {LISTENS!r}], env={{}}, stdout=subprocess.PIPE, text=True)

def test_that_is_killed(process):
    port = int(process.stdout.readline())
    Path(__file__).with_name("began").write_text(json.dumps([[process.pid], [port]]))
    signal.pause()
"""


class Run:
    """A test run of its own, in a lane of its own."""

    def __init__(self, folder: Path, text: str, *options: str) -> None:
        (folder / "test_inner.py").write_text(text)
        self._began = folder / "began"
        environ = {name: value for name, value in os.environ.items() if name != WORKER} | {OFFSET: str(INNER.offset)}
        self._said = folder / "said"
        command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "--rootdir", str(CHECKOUT), "-c",
                   str(CHECKOUT / "pyproject.toml"), "-o", f"cache_dir={folder}/cache", *options, str(folder)]  # fmt: skip
        with self._said.open("w") as said:
            self.process = subprocess.Popen(command, cwd=CHECKOUT, env=environ, stdout=said, stderr=said)

    def began(self) -> tuple[list[int], list[int]]:
        """Process ids and ports of what it has started, once all of it runs."""

        def told() -> Any:
            assert self.process.poll() is None, self._said.read_text()
            return self._began.exists() and self._began.read_text()

        pids, ports = json.loads(until(told, "the inner test"))
        return pids, ports

    def killed(self) -> None:
        """SIGKILL to the process that was started."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)


StartRun = Callable[..., Run]


@pytest.fixture
@starts_processes
def start_run(tmp_path: Path) -> Iterator[StartRun]:
    """Starts runs; what they leave is ended after the test."""
    runs: list[Run] = []

    def start(text: str, *options: str) -> Run:
        runs.append(Run(tmp_path, text, *options))
        return runs[-1]

    yield start
    for run in runs:
        run.process.kill()
        run.process.wait(30)


def until(holds: Callable[[], Any], what: str) -> Any:
    """What `holds` gives once it is true."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not (found := holds()):
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.05)
    return found


def taken(port: int) -> bool:
    """True while a process listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize(
    ("text", "options"),
    [
        pytest.param(ON_SERVERS, (), id="with servers"),
        pytest.param(WITH_A_PROCESS, (), id="with a process"),
        pytest.param(WITH_A_PROCESS, ("--numprocesses", "1"), id="whose controller is killed"),
    ],
)
def test_a_run_that_is_killed_leaves_nothing_running(start_run: StartRun, text: str, options: tuple[str, ...]) -> None:
    run = start_run(text, *options)
    pids, ports = run.began()
    assert all(taken(port) for port in ports)
    assert {process.pid for process in leftovers(INNER.folder, below=True)} >= set(pids)

    run.killed()

    until(lambda: not leftovers(INNER.folder, below=True), "the end of all that the run had started")
    until(lambda: not any(taken(port) for port in ports), "the ports")
    assert [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE] == []


def test_two_runs_cannot_have_the_same_lane(start_run: StartRun, tmp_path: Path) -> None:
    first = start_run(WITH_A_PROCESS)
    first.began()
    (tmp_path / "second").mkdir()

    second = Run(tmp_path / "second", WITH_A_PROCESS)

    assert second.process.wait(PATIENCE_SECONDS) == 1
    said = (tmp_path / "second" / "said").read_text()
    assert f"process {first.process.pid} runs tests on the same ports, {INNER.offset:+} from the usual ones" in said
    assert "set CULM_TEST_PORTS_OFFSET to another number, in steps of 1000" in said
    assert first.process.poll() is None


def test_a_run_ends_what_a_run_before_left_that_was_killed_with_its_reaper(start_run: StartRun, tmp_path: Path) -> None:
    first = start_run(WITH_A_PROCESS)
    pids, _ = first.began()
    reapers = [one for one in leftovers(INNER.folder, below=True) if "tests.reaper" in one.cmdline()]
    for reaper in reapers:
        reaper.kill()
    first.killed()
    assert len(reapers) == 1
    assert {one.pid for one in leftovers(INNER.folder, below=True)} >= set(pids)
    (tmp_path / "began").unlink()

    second = start_run(WITH_A_PROCESS)
    second.began()

    assert not any(psutil.pid_exists(pid) for pid in pids)


@pytest.mark.stack
def test_a_lane_that_was_left_is_free_and_nothing_of_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MARK, os.environ.get(MARK, ""))  # taking a lane sets it
    lane = Lane(INNER.offset)
    lane.take()
    reapers = leftovers(INNER.folder, below=True)

    lane.leave()

    assert (len(reapers), lane.taken, leftovers(INNER.folder, below=True)) == (1, False, [])
    other = Lane(INNER.offset)
    other.take()
    assert other.taken
    other.leave()
