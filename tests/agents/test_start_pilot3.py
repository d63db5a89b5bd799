"""What signals to the program that starts an unmodified pilot3 do to the pilot."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.config import CHECKOUT
from tests.starting import starts_processes

#: A pilot that writes down each signal, ends by SIGTERM with 5, and with 7 once its work is done.
PILOT = """
import pathlib, signal, sys, time
folder = pathlib.Path({folder!r})
def note(number, frame):
    with (folder / "signals").open("a") as file:
        file.write(signal.Signals(number).name + " ")
    if number == signal.SIGTERM:
        sys.exit(5)
for one in (signal.SIGUSR1, signal.SIGTERM):
    signal.signal(one, note)
print("ready", flush=True)
while not (folder / "done").exists():
    time.sleep(0.02)
sys.exit(7)
"""


@pytest.fixture
@starts_processes
def started_pilot(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The program with the pilot above, once that listens."""
    folder = tmp_path
    source = folder / "source"
    source.mkdir()
    (source / "pilot.py").write_text(PILOT.format(folder=str(folder)))
    program = folder / "start_pilot3"
    program.write_text((CHECKOUT / "agents" / "harvester" / "start_pilot3").read_text(encoding="utf-8"))
    program.chmod(0o755)
    environment = {
        "PATH": "/usr/bin:/bin", "CULM_PILOT_SOURCE": str(source), "CULM_PILOT_PYTHON": sys.executable, "CULM_QUEUE": "Q",
        "CULM_API": "http://127.0.0.1:1", "HARVESTER_WORKER_ID": "w1",
    }  # fmt: skip
    with subprocess.Popen([str(program)], env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            (folder / "done").touch()


def test_a_worker_that_shall_take_no_more_jobs_ends_the_job_that_it_has(
    started_pilot: subprocess.Popen[str], tmp_path: Path
) -> None:
    started_pilot.send_signal(signal.SIGUSR1)
    started_pilot.send_signal(signal.SIGUSR1)
    (tmp_path / "done").touch()

    assert started_pilot.wait(60) == 7
    assert not (tmp_path / "signals").exists()


def test_an_order_to_end_reaches_the_pilot_and_its_exit_code_is_the_workers(
    started_pilot: subprocess.Popen[str], tmp_path: Path
) -> None:
    started_pilot.send_signal(signal.SIGTERM)

    assert started_pilot.wait(60) == 5
    assert (tmp_path / "signals").read_text() == "SIGTERM "


@pytest.mark.parametrize("missing", ["CULM_PILOT_SOURCE", "CULM_API", "CULM_QUEUE"])
def test_what_it_needs_is_named(tmp_path: Path, missing: str) -> None:
    environment = {"PATH": "/usr/bin:/bin", "CULM_PILOT_SOURCE": str(tmp_path), "CULM_API": "http://h:1", "CULM_QUEUE": "Q"}
    del environment[missing]

    program = CHECKOUT / "agents" / "harvester" / "start_pilot3"
    done = subprocess.run(["sh", str(program)], env=environment, capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert missing in done.stderr
