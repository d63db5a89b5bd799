"""A real supervisor around harmless processes: restarts, orderly ends, and what is left when it is killed itself."""

import configparser
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from deploy.config import CHECKOUT, MARK, StackConfig
from deploy.errors import DidNotStart, NotUp
from deploy.leftovers import end_leftovers, leftovers
from deploy.processes import Program
from deploy.supervision import Supervisor, configuration
from deploy.waiting import wait_until
from process.supervised import socket_path
from tests.starting import starts_processes

PATIENCE_SECONDS = 20.0
SLEEPER = Program("api", (sys.executable, "-c", "import time; time.sleep(600)"))
MORTAL = Program("decider", (sys.executable, "-c", "raise SystemExit('no configuration')"))
LAUNCH = """
import os, signal, sys
from pathlib import Path
from deploy.config import StackConfig
from deploy.supervision import Supervisor

Supervisor(StackConfig.from_environ({}, home=Path(sys.argv[1]))).launch((), {})
os.kill(os.getpid(), signal.SIGKILL)
"""


def eventually(condition: Callable[[], bool]) -> None:
    """Return when `condition` holds; fail when it does not in time."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def config(tmp_path: Path) -> StackConfig:
    return StackConfig.from_environ({}, home=tmp_path)


@pytest.fixture
@starts_processes
def supervisor(config: StackConfig) -> Iterator[Supervisor]:
    """A supervisor of one process that sleeps and one that cannot start."""
    one = Supervisor(config)
    one.launch((SLEEPER, MORTAL), {MARK: str(config.home), "PATH": os.environ["PATH"]})
    yield one
    if one.is_up():
        one.shut_down()
    end_leftovers(config.home)


def started(supervisor: Supervisor, *, instead_of: int | None = None) -> int:
    """Pid of the sleeper once it sleeps: between fork and exec it would still be a copy of the supervisor."""
    found: list[int] = []

    def sleeps() -> bool:
        pid = next(state.pid for state in supervisor.states() if state.name == SLEEPER.name)
        if pid is None or pid == instead_of or not psutil.pid_exists(pid):
            return False
        found[:] = [pid]
        return psutil.Process(pid).cmdline()[-1:] == [SLEEPER.command[-1]]

    eventually(sleeps)
    return found[0]


def test_nothing_starts_by_itself(supervisor: Supervisor) -> None:
    assert {state.name: (state.state, state.pid, state.restarts) for state in supervisor.states()} == {
        "decider": ("stopped", None, 0),
        "api": ("stopped", None, 0),
    }


def test_a_killed_process_is_started_again_and_counted(supervisor: Supervisor) -> None:
    supervisor.start("api")
    first = started(supervisor)

    os.kill(first, signal.SIGKILL)

    started(supervisor, instead_of=first)
    assert supervisor.restarts("api") == 1


def test_a_process_sees_no_variable_of_the_caller_that_it_was_not_given(supervisor: Supervisor) -> None:
    assert "PYTEST_CURRENT_TEST" in os.environ
    supervisor.start("api")

    seen = psutil.Process(started(supervisor)).environ()

    assert MARK in seen
    assert "PYTEST_CURRENT_TEST" not in seen


def test_a_process_that_cannot_start_is_tried_again_after_pauses(supervisor: Supervisor) -> None:
    supervisor.start("decider")

    eventually(lambda: supervisor.restarts("decider") >= 2)

    states = {state.name: state.state for state in supervisor.states()}
    assert states["decider"] in ("backoff", "starting")


def test_waiting_for_a_process_that_dies_ends_early_with_its_last_words(supervisor: Supervisor, config: StackConfig) -> None:
    supervisor.start("decider")
    log = config.logs / "decider.log"

    with pytest.raises(DidNotStart, match=r"decider died 3 times .*\n.*no configuration"):
        wait_until(lambda: False, "decider", log, seconds=60, deaths=lambda: supervisor.restarts("decider"))


def test_a_process_is_stopped_for_good(supervisor: Supervisor) -> None:
    supervisor.start("api")
    pid = started(supervisor)

    supervisor.stop("api")

    assert not psutil.pid_exists(pid)
    assert supervisor.restarts("api") == 0


def test_what_a_killed_supervisor_leaves_is_found_and_ended(supervisor: Supervisor, config: StackConfig) -> None:
    supervisor.start("api")
    pid = started(supervisor)

    os.kill(int((config.run / "supervisord.pid").read_text()), signal.SIGKILL)
    eventually(lambda: not supervisor.is_up())
    eventually(lambda: [process.pid for process in leftovers(config.home)] == [pid])

    assert leftovers(config.home / "another") == []
    assert end_leftovers(config.home) == 1
    assert not psutil.pid_exists(pid)


@pytest.mark.stack
def test_a_supervisor_outlives_the_shell_that_launched_it(config: StackConfig) -> None:
    command = [sys.executable, "-W", "ignore", "-c", LAUNCH, str(config.home)]

    launched = subprocess.run(command, cwd=CHECKOUT, start_new_session=True, check=False)

    assert launched.returncode == -signal.SIGKILL
    assert Supervisor(config).is_up()
    Supervisor(config).shut_down()


def test_asking_a_supervisor_that_is_not_there_names_the_remedy(config: StackConfig) -> None:
    with pytest.raises(NotUp, match="start one with `culm up`"):
        Supervisor(config).states()


def test_commands_and_variables_reach_the_process_as_they_are(config: StackConfig) -> None:
    odd = Program("api", ("/bin/echo", "50%", 'a "b" c'), {"CULM_POSTGRES": "postgresql://u:p%40,;x@h/d"}, stop_signal="INT")

    text = configuration(config, (odd,), {"PATH": "/bin"})

    parsed = configparser.RawConfigParser(inline_comment_prefixes=(" ;",))
    parsed.read_string(text)
    program = parsed["program:api"]
    assert program["command"] == '"/bin/echo" "50%%" "a \\"b\\" c"'
    assert program["environment"] == 'CULM_POSTGRES="postgresql://u:p%%40,;x@h/d",PATH="/bin"'
    assert (program["autostart"], program["autorestart"], program["stopsignal"]) == ("false", "true", "INT")
    assert parsed["unix_http_server"]["chmod"] == "0600"


def test_a_home_too_deep_for_a_socket_gets_one_elsewhere(tmp_path: Path) -> None:
    deep = StackConfig.from_environ({}, home=tmp_path / ("d" * 120))

    assert len(str(socket_path(deep.home))) <= 100
    assert socket_path(deep.home) != socket_path(tmp_path / ("e" * 120))
