"""The stack that tests share: a whole Culm of its own, beside any stack of the user, brought up once."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import structlog
from hypothesis import HealthCheck, settings

from deploy.config import Ports, StackConfig
from deploy.stack import Stack
from tests.doses import FAST, WHOLE
from tests.faults.afterwards import payload_result_of
from tests.lane import LANE, WORKER
from tests.monitor.manual_actors import ManualActors, actors_on
from tests.starting import starts_processes

pytest_plugins = (
    "tests.collected_once", "tests.counted_reports", "tests.guard", "tests.quiet_worker", "tests.side_by_side",
    "tests.systems.choosing",
)  # fmt: skip
#: Ports of the tests' stacks lie this far above the usual ones.
PORTS_OFFSET = LANE.offset
# How long an example takes says how busy the machine is. `make fast` asks for fewer examples of each property.
settings.register_profile(WHOLE, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(FAST, settings.get_profile(WHOLE), max_examples=10)
settings.load_profile(WHOLE)
# The usual traceback of a log line has colours and the values of every frame, and takes half a second.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)
QUICK = {
    "CULM_HEARTBEAT_SECONDS": "1",
    "CULM_PILOT_IDLE_SECONDS": "5",
    # A third of what a Kafka of three minutes costs is Java's second compiler, most of it while the stack starts.
    "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1",
}


def stack_for_tests(name: str, offset: int) -> Stack:
    """A stack in the folder of this run's lane, on ports `offset` above the usual ones."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("CULM_") or key == "CULM_LIB"}
    environ |= QUICK
    config = StackConfig.from_environ(environ, home=LANE.folder / name, ports=Ports.from_environ({}).shifted(offset))
    return Stack(config, environ)


def brought_up(one: Stack, *, only_servers: bool) -> Iterator[Stack]:
    """`one`, up and empty; all that came up goes down again, also when the rest did not."""
    one.reset()
    began = time.monotonic()
    try:
        one.up(only_servers=only_servers)
        print(f"\n{one.config.home.name} was up after {time.monotonic() - began:.1f} s at {one.config.kafka}")
        yield one
    finally:
        if one.supervisor.is_up():
            one.down()


@pytest.fixture(scope="session")
@starts_processes
def stack() -> Iterator[Stack]:
    """A whole Culm, empty at the start of the run; in lanes, the log and the rows of each must be in order at the end."""
    with contextmanager(brought_up)(stack_for_tests(f"stack-{PORTS_OFFSET}", PORTS_OFFSET), only_servers=False) as one:
        yield one
        if WORKER in os.environ:
            assert payload_result_of(one).broken == []


@pytest.fixture(scope="session")
@starts_processes
def servers() -> Iterator[Stack]:
    """Kafka, registry and Postgres alone, for tests that run Culm's processes themselves."""
    yield from brought_up(stack_for_tests(f"servers-{PORTS_OFFSET}", PORTS_OFFSET + 500), only_servers=True)


@pytest.fixture(scope="session")
def kafka(servers: Stack) -> str:
    """Bootstrap address of a real broker."""
    return servers.config.kafka


@pytest.fixture(scope="session")
def registry(servers: Stack) -> str:
    """Address of a real schema registry."""
    return servers.config.registry


@pytest.fixture(scope="session")
def postgres(servers: Stack) -> str:
    """Address of a real, empty database."""
    return servers.config.postgres


@pytest.fixture(scope="session")
def actors(stack: Stack) -> Iterator[ManualActors]:
    """A user, a pilot and an operator who act by hand, on a queue of their own."""
    yield from actors_on(stack)
