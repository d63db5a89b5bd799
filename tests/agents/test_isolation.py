"""What a pilot and its payload cannot see: run as they are, as another user or in namespaces, whichever the machine has."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agents.harvester.systems.local_isolation import PilotIsolation, PilotUser
from agents.isolation import GROUP, USER_FIRST, Plan

ROOT = Path(__file__).parent.parent.parent
LOOK = """
import json, os, sys
home = sys.argv[1]
def seen(path):
    try:
        return open(path).read()
    except OSError as problem:
        return type(problem).__name__
paths = [os.path.join(home, name) for name in ("identity/key.json", "run/stack.json", "tokens/harvester", "work/other/token")]
pids = [name for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
told = {
    "files": [seen(path) for path in paths],
    "own": seen(os.path.join(home, "work/mine/token")),
    "around": [text for pid in pids if "CULM_SECRET" in (text := seen(f"/proc/{pid}/environ"))],
    "through": [pid for pid in pids if os.access(f"/proc/{pid}/root/" + home + "/identity", os.R_OK)],
    "user": [os.getuid(), os.getgid(), os.getgroups()],
    "listed": sorted(os.listdir(home)),
}
open(os.path.join(home, "storage/left"), "w").write("output")
print(json.dumps(told))
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder of a stack with secrets in it."""
    home = tmp_path / "culm"
    secrets = ("identity/key.json", "run/stack.json", "tokens/harvester", "work/other/token", "work/mine/token")
    for name in secrets:
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"secret of {name}")
    return home


def looked(home: Path, isolation: PilotIsolation, user: PilotUser) -> dict[str, Any]:
    if user.user is not None:
        for path in (home / "work/mine", home / "work/mine/token"):
            os.chown(path, user.user, GROUP)
    (home / "work/mine/token").chmod(0o600)
    beside = subprocess.Popen(["sleep", "60"], env={**os.environ, "CULM_SECRET": "1"})
    try:
        command = [*isolation.command(home / "work/mine", user), sys.executable, "-c", LOOK, str(home)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=60)
    finally:
        beside.kill()
        beside.wait()
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
def isolation(home: Path) -> PilotIsolation:
    """That of this machine."""
    found = PilotIsolation(home, "/nonexistent")
    found.prepare_storage()
    problem = found.problem()
    if problem:
        pytest.skip(f"this machine isolates no processes: {problem}")
    return found


@pytest.mark.stack  # another process stands beside it
def test_a_payload_sees_its_own_folder_and_the_storage_alone(home: Path, isolation: PilotIsolation) -> None:
    user = PilotUser(USER_FIRST, GROUP) if os.getuid() == 0 else PilotUser()

    found = looked(home, isolation, user)

    assert found["files"] == ["FileNotFoundError"] * 4
    assert found["own"] == "secret of work/mine/token"
    assert (found["around"], found["through"]) == ([], [])
    assert found["listed"] == ["storage", "storages", "work"]
    assert (home / "storage/left").read_text() == "output"
    if user.user is not None:
        assert found["user"] == [USER_FIRST, GROUP, []]


@pytest.mark.stack  # another process stands beside it
def test_what_is_hidden_is_hidden_for_that_process_alone(home: Path, isolation: PilotIsolation) -> None:
    looked(home, isolation, PilotUser(USER_FIRST, GROUP) if os.getuid() == 0 else PilotUser())

    assert (home / "identity/key.json").read_text() == "secret of identity/key.json"


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives processes to other users")
def test_two_pilots_that_live_are_two_users_and_write_into_one_storage(home: Path, isolation: PilotIsolation) -> None:
    folder = home / "work/mine"
    made = isolation.user_for(folder, [])
    assert (folder.stat().st_uid, folder.stat().st_mode & 0o777) == (made.user, 0o700)

    for number in (1, 2):
        script = f"import os; os.makedirs('{home}/storage/scope', exist_ok=True); open('{home}/storage/scope/{number}', 'w')"
        command = [*isolation.command(folder, PilotUser(USER_FIRST + number, GROUP)), sys.executable, "-c", script]
        os.chown(folder, USER_FIRST + number, GROUP)
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=60)
        assert done.returncode == 0, done.stderr

    owners = [(home / f"storage/scope/{number}").stat().st_uid for number in (1, 2)]
    assert owners == [USER_FIRST + 1, USER_FIRST + 2]


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives processes to other users")
def test_a_pilot_writes_into_a_folder_of_the_storage_that_root_made(home: Path, isolation: PilotIsolation) -> None:
    made = subprocess.run(["mkdir", "-p", str(home / "storage/scope/ab")], umask=0o022, check=False)
    os.chown(home / "work/mine", USER_FIRST, GROUP)

    script = f"import os; os.mkdir('{home}/storage/scope/ab/cd'); open('{home}/storage/scope/ab/cd/file', 'w').write('x')"
    command = [*isolation.command(home / "work/mine", PilotUser(USER_FIRST, GROUP)), sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=60)

    assert (made.returncode, done.returncode, done.stderr) == (0, 0, "")


def test_a_command_is_not_run_when_a_step_of_its_isolation_fails(tmp_path: Path) -> None:
    left = tmp_path / "left"
    plan = Plan(("/proc/self/nothing",), (str(tmp_path / "missing"),), USER_FIRST if os.getuid() == 0 else None)
    broken = plan.text().replace(str(tmp_path / "missing"), "/nowhere/at/all") if os.getuid() == 0 else plan.text()
    command = [sys.executable, "-m", "agents.isolation", broken, sys.executable, "-c", f"open({str(left)!r}, 'w')"]

    if os.getuid() != 0:
        pytest.skip("in a user namespace a folder that is not there hides nothing")
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=60)

    assert done.returncode == 78
    assert done.stderr.startswith("not isolated, so not started: ")
    assert not left.exists()
