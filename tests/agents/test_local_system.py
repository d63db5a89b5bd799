"""Processes of this host as a batch system: started once for a tag, found again without what was remembered, told from others."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agents.harvester.systems.contract import CancelOutcome, NativeState, NativeWorker, Refused, Submitted, Unknown, WorkerSpec
from agents.harvester.systems.local import VARIABLE, LocalProcesses
from tests.agents.culm_stand_in import eventually
from tests.starting import starts_processes

PROGRAM = """#!/bin/sh
here=$(dirname "$0")
touch "$here/began"
while [ ! -e "$here/go" ]; do sleep 0.05; done
exit $(cat "$here/go")
"""


@pytest.fixture
@starts_processes
def folder(tmp_path: Path) -> Path:
    (tmp_path / "program").write_text(PROGRAM)
    (tmp_path / "secret").write_text("s3cret")
    return tmp_path


def a_system(folder: Path) -> LocalProcesses:
    """As each harvester makes it."""
    return LocalProcesses("stack", {"node": "n1"}, folder / "work")


def a_spec(folder: Path, tag: str = "stack-w1") -> WorkerSpec:
    environment = {"PATH": os.environ["PATH"]}
    return WorkerSpec(tag, "Q", 1, 100, 0, 60, folder / "program", (folder / "secret",), environment)


def go(folder: Path, code: int, tag: str = "stack-w1") -> None:
    eventually(lambda: (folder / "work" / tag / "began").exists())
    (folder / "work" / tag / "go").write_text(str(code))


def the_worker(system: LocalProcesses, tag: str = "stack-w1") -> NativeWorker | None:
    listing = system.listing()
    assert listing.complete
    found = [worker for worker in listing.workers if worker.tag == tag]
    assert len(found) <= 1
    return found[0] if found else None


def ended(system: LocalProcesses) -> NativeWorker:
    worker: NativeWorker = eventually(lambda: (one := the_worker(system)) is not None and one.state.is_end and one)
    return worker


@pytest.mark.parametrize(("code", "state"), [(0, NativeState.FINISHED), (7, NativeState.FAILED)])
def test_a_worker_runs_and_its_end_is_seen_until_it_is_swept(folder: Path, code: int, state: NativeState) -> None:
    system = a_system(folder)

    (outcome,) = system.submit([a_spec(folder)])
    running = the_worker(system)
    secret = folder / "work" / "stack-w1" / "secret"
    assert (secret.read_text(), secret.stat().st_mode & 0o777) == ("s3cret", 0o600)
    go(folder, code)

    assert isinstance(outcome, Submitted)
    assert running is not None
    assert (running.state, running.batch_id, running.node) == (NativeState.RUNNING, outcome.batch_id, "n1")
    end = ended(system)
    assert (end.state, end.exit_code) == (state, code)
    assert (ended(a_system(folder)).state, system.sweep(lambda tag: True)) == (state, 1 if code == 0 else 0)


def test_a_tag_is_started_once(folder: Path) -> None:
    system = a_system(folder)
    (first,) = system.submit([a_spec(folder)])

    (again,) = a_system(folder).submit([a_spec(folder)])
    go(folder, 0)
    ended(system)
    (after_its_end,) = a_system(folder).submit([a_spec(folder)])

    assert first == again
    assert isinstance(after_its_end, Unknown)


def test_a_worker_is_found_by_its_environment_when_what_was_remembered_is_gone(folder: Path) -> None:
    system = a_system(folder)
    (outcome,) = system.submit([a_spec(folder)])
    eventually(lambda: (folder / "work" / "stack-w1" / "began").exists())
    (folder / "work" / ".workers" / "stack-w1").unlink()

    worker = the_worker(a_system(folder))

    assert isinstance(outcome, Submitted)
    assert worker is not None
    assert worker.batch_id == outcome.batch_id
    go(folder, 0)
    eventually(lambda: the_worker(system) is None)


def test_a_process_that_calls_itself_a_worker_does_not_take_the_place_of_one_that_is_recorded(folder: Path) -> None:
    system = a_system(folder)
    system.submit([a_spec(folder)])
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"],
        env={VARIABLE: "stack-w1"},
        stdin=subprocess.PIPE,
        start_new_session=True,
    ):
        worker = the_worker(system)
        record = json.loads((folder / "work" / ".workers" / "stack-w1").read_text())

    assert worker is not None
    assert worker.batch_id == f"{record['pid']}.{record['born']}"
    go(folder, 0)
    ended(system)


def test_a_cancelled_worker_ends_as_cancelled_and_another_with_its_number_is_not_touched(folder: Path) -> None:
    system = a_system(folder)
    system.submit([a_spec(folder)])
    eventually(lambda: (folder / "work" / "stack-w1" / "began").exists())
    worker = the_worker(system)
    assert worker is not None

    (wrong,) = system.cancel([NativeWorker("stack-w2", f"{worker.batch_id.partition('.')[0]}.1", worker.state, "")])
    (ordered,) = a_system(folder).cancel([worker])

    assert (wrong, ordered) == (CancelOutcome.GONE, CancelOutcome.ORDERED)
    assert ended(system).state is NativeState.CANCELLED


def test_a_worker_that_retires_before_it_listens_has_ended_well(folder: Path) -> None:
    system = a_system(folder)
    system.submit([a_spec(folder)])
    worker = eventually(lambda: the_worker(system))

    system.retire([worker])

    over = ended(system)
    assert (over.state, over.signal) == (NativeState.FINISHED, 10)


def test_a_worker_that_the_same_signal_ends_unasked_has_failed(folder: Path) -> None:
    system = a_system(folder)
    (folder / "program").write_text("#!/bin/sh\nkill -USR1 $$\n")
    system.submit([a_spec(folder)])

    over = ended(system)
    assert (over.state, over.signal) == (NativeState.FAILED, 10)


@pytest.mark.parametrize("tag", ["other-w1", "stack_w1", "stack-", "Stack-w1", "stack-../w1"])
def test_a_tag_of_another_stack_is_refused_for_good(folder: Path, tag: str) -> None:
    (outcome,) = a_system(folder).submit([a_spec(folder, tag)])

    assert isinstance(outcome, Refused)
    assert outcome.permanent


def test_a_program_that_cannot_be_started_is_refused_and_leaves_nothing(folder: Path) -> None:
    (folder / "program").write_text("#!/no/such/interpreter\n")
    system = a_system(folder)

    (outcome,) = system.submit([a_spec(folder)])

    assert isinstance(outcome, Refused)
    assert (outcome.permanent, the_worker(system), list((folder / "work" / ".workers").iterdir())) == (False, None, [])
