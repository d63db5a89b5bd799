"""Tests on several workers of pytest-xdist, each a lane of its own: what stays together, what comes first, what runs alone.

Tests of a file share its fixtures and stay together; so do those that share servers. First comes what needs no server, then the
stack tests, those that take longest first, then what must have the machine for itself. With a quiet worker
(tests/quiet_worker.py) the stack tests come first, and what needs no server runs beside them. Where the kit runs alone
(`--system`), each batch system is a group: they know nothing of each other. With one process, none of this applies.
"""

import fcntl
import os
from collections import OrderedDict
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from deploy.stack import home_for_tests
from tests.lane import WORKER
from tests.quiet_worker import STAGES_OF_LANES, STAGES_OF_QUIET, is_wanted, leave_stages, name_of_quiet, stages_left

#: Folders that stay together as a whole, by the name of their group.
TOGETHER = {
    "tests/projections": "servers",  # Kafka, registry and Postgres without Culm, once
    "tests/streams": "servers",
    "tests/faults": "faults",  # the checker comes after the kills
}
#: Groups that take minutes, the longest first: begun late, one of them would run while the other lanes are done.
LONG = (
    "tests/sim/test_simulation.py",
    "servers",
    "tests/hostile/test_dose.py",
    "tests/audit/test_on_a_stack.py",
    "tests/commands/test_deciders_share.py",
    "tests/deploy/test_recovery.py",
    "tests/conformance/test_real_pilot.py",
    "tests/keycloak/test_browser_login.py",
    "tests/monitor/test_in_a_browser.py",
    "tests/conformance/test_pbook.py",
)
#: Held by tests that may have company, and by one that may not.
COMPANY = home_for_tests("company.lock")


def group_of(nodeid: str, systems: Collection[str] = ()) -> str:
    """The group of a test: by its folder when that stays together, else its file.

    systems: batch systems of a run of the conformance kit alone; then the cases of each stay together.
    """
    system = nodeid.partition("[")[2].rstrip("]").partition("-")[0]
    if system in systems:
        return system
    file = nodeid.partition("::")[0]
    return TOGETHER.get(file.rpartition("/")[0], file)


class Lanes(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist has no types
    """Gives a lane one group after the other, in the order of collection within a stage."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        self.workqueue: OrderedDict[str, dict[str, bool]]
        self._systems = [name.rpartition(".")[2] for name in config.getoption("--system")]
        self._quiet = name_of_quiet(self.numnodes) if is_wanted(config) else ""
        self._stages: dict[str, int] = {}
        self._places: dict[Any, dict[str, int]] = {}

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid, self._systems)

    def schedule(self) -> None:
        """As pytest-xdist: all have collected, now and whenever a worker was replaced."""
        if self._quiet and self.collection is None:
            self._stages = stages_left()
            # Of more workers than groups the last are sent home: the quiet one before any lane, which could take all.
            for node in [one for one in self.assigned_work if one.gateway.id == self._quiet]:
                self.assigned_work[node] = self.assigned_work.pop(node)
        super().schedule()

    def _assign_work_unit(self, node: Any) -> None:
        group = self._next_for(node)
        if group is None:
            node.shutdown()
            return
        unit = self.assigned_work.setdefault(node, {})[group] = self.workqueue.pop(group)
        if node not in self._places:
            self._places[node] = {nodeid: place for place, nodeid in enumerate(self.registered_collections[node])}
        places = self._places[node]
        node.send_runtest_some([places[nodeid] for nodeid, done in unit.items() if not done])

    def _next_for(self, node: Any) -> str | None:
        """The first group of the first stage of which the node may have one; None when none is left for it."""
        if not self._quiet:
            return next(iter(self.workqueue), None)
        return next_group(self.workqueue, self._stages, STAGES_OF_QUIET if node.gateway.id == self._quiet else STAGES_OF_LANES)


def next_group(waiting: Iterable[str], stages: Mapping[str, int], allowed: Sequence[int]) -> str | None:
    """The first that waits of the first stage in `allowed` that has any; None when no stage has."""
    first: dict[int, str] = {}
    for group in waiting:
        first.setdefault(stages[group], group)
    return next((first[stage] for stage in allowed if stage in first), None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """`--dist loadscope` is by our groups; other ways are as pytest-xdist has them."""
    return Lanes(config, log) if config.getoption("dist") == "loadscope" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Order the groups; within a group everything stays as it is."""
    if WORKER not in os.environ:
        return
    places: dict[str, tuple[int, int]] = {}
    for item in items:
        group = group_of(item.nodeid)
        stage = 2 if item.get_closest_marker("alone") else 1 if item.get_closest_marker("stack") else 0
        rank = LONG.index(group) if group in LONG else len(LONG)
        places[group] = max(places.get(group, (0, 0)), (stage, rank))
    items.sort(key=lambda item: places[group_of(item.nodeid)])
    if is_wanted(config):
        leave_stages({group: stage for group, (stage, _) in places.items()})


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Wait until a test that runs alone is over, and with such a test until the others are."""
    if WORKER not in os.environ:
        return (yield)
    with locked(COMPANY, fcntl.LOCK_EX if item.get_closest_marker("alone") else fcntl.LOCK_SH):
        return (yield)


@contextmanager
def locked(file: Path, how: int) -> Iterator[None]:
    """Hold the lock on `file`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as opened:
        fcntl.flock(opened, how)
        yield
