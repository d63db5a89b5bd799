"""Watches of a cluster: what wakes the harvester, half a line, versions that the server has forgotten, a restart."""

import itertools
import json
import selectors
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agents.harvester.systems.kubernetes_watch import LINE_BYTES_MAX, Watches, WatchLost, whole_lines
from tests.systems.kit import submitted
from tests.systems.kubernetes_emulator import status
from tests.systems.kubernetes_stand_in import KubernetesStandIn

WOKEN_SECONDS_MAX = 30.0
NUMBERS = itertools.count(1)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[KubernetesStandIn]:
    """An emulated cluster behind a front."""
    adapter = KubernetesStandIn(tmp_path, f"watch{next(NUMBERS)}")
    yield adapter
    adapter.close()


@pytest.fixture
def events(cluster: KubernetesStandIn) -> Iterator[Watches]:
    """What wakes the harvester; the first words of both watches are taken as seen."""
    watches = cluster.plugin().events()
    assert watches is not None
    until(watches, lambda: _watched(cluster) >= {"jobs", "pods"})
    yield watches
    watches.close()


def until(watches: Watches, holds: Callable[[], bool]) -> None:
    """Wait for what the watches tell, until it holds."""
    with selectors.DefaultSelector() as selector:
        selector.register(watches, selectors.EVENT_READ)
        while not holds():
            selector.select(0.02)
            watches.drain()


def woken(watches: Watches) -> bool:
    """Whether the watches say that something changed."""
    with selectors.DefaultSelector() as selector:
        selector.register(watches, selectors.EVENT_READ)
        return bool(selector.select(WOKEN_SECONDS_MAX))


def _watched(cluster: KubernetesStandIn) -> set[str]:
    return {path.partition("?")[0].rpartition("/")[2] for _, path in cluster.front.requests if "watch=1" in path}


def watches_of(cluster: KubernetesStandIn, kind: str) -> list[str]:
    """Versions from which a kind was watched, in order."""
    found = [path for _, path in cluster.front.requests if "watch=1" in path and f"/{kind}?" in path]
    return [path.partition("resourceVersion=")[2].partition("&")[0] for path in found]


def test_a_change_wakes_the_harvester(cluster: KubernetesStandIn, events: Watches) -> None:
    submitted(cluster, cluster.plugin())

    assert woken(events)


def test_a_watch_goes_on_after_half_a_line_where_it_was(cluster: KubernetesStandIn) -> None:
    plugin = cluster.plugin()
    submitted(cluster, plugin)
    job = cluster.emulator.objects["jobs"][f"{cluster.stack}-w1"]
    newer = {**job, "metadata": {**job["metadata"], "resourceVersion": "5001"}}
    whole = json.dumps({"type": "MODIFIED", "object": newer}).encode()
    half = json.dumps({"type": "MODIFIED", "object": {"metadata": {"resourceVersion": "6000"}}}).encode()[:-10]
    cluster.front.plan("GET", "/jobs?watch=1", 200, whole + b"\n" + half)

    watches = plugin.events()
    assert watches is not None
    until(watches, lambda: len(watches_of(cluster, "jobs")) >= 2)
    watches.close()

    assert watches_of(cluster, "jobs")[1] == "5001"


@pytest.mark.parametrize("way", ["status", "event"])
def test_a_watch_from_a_forgotten_version_begins_at_the_present(cluster: KubernetesStandIn, way: str) -> None:
    expired = status(410, "Expired", "too old resource version: 7 (1000)")[1]
    if way == "status":
        cluster.front.plan("GET", "/jobs?watch=1", 410, expired)
    else:
        cluster.front.plan("GET", "/jobs?watch=1", 200, json.dumps({"type": "ERROR", "object": expired}).encode() + b"\n")

    watches = cluster.plugin().events()
    assert watches is not None
    until(watches, lambda: len(watches_of(cluster, "jobs")) >= 2)
    lists = [path for _, path in cluster.front.requests if "/jobs?" in path and "limit=1" in path]
    watches.close()

    assert len(lists) == 2


def test_a_watch_waits_as_long_as_the_server_asks(cluster: KubernetesStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    usual = threading.Event.wait

    def wait(self: threading.Event, timeout: float | None = None) -> bool:
        waited.append(timeout or 0)
        return usual(self, min(timeout or 0, 0.01))

    monkeypatch.setattr("agents.harvester.systems.kubernetes_watch.threading.Event.wait", wait)
    cluster.front.plan("GET", "/jobs?watch=1", 429, status(429, "TooManyRequests", "slow down")[1], Retry_After="17")

    watches = cluster.plugin().events()
    assert watches is not None
    until(watches, lambda: len(watches_of(cluster, "jobs")) >= 2)
    watches.close()

    assert 17 in waited


def test_a_watch_outlives_a_restart_of_the_server(cluster: KubernetesStandIn, events: Watches) -> None:
    cluster.restart(cold=False)
    until(events, lambda: len(watches_of(cluster, "jobs")) >= 2)

    submitted(cluster, cluster.plugin())

    assert woken(events)


def test_lines_come_whole_from_pieces_of_any_size() -> None:
    assert list(whole_lines(iter([b'{"a"', b":1}\n{", b'"b":2}\n\n', b'{"c"']))) == [b'{"a":1}', b'{"b":2}']


def test_a_line_without_an_end_is_given_up() -> None:
    with pytest.raises(WatchLost, match="more than"):
        list(whole_lines(b"x" * 1_000_000 for _ in range(LINE_BYTES_MAX // 1_000_000 + 1)))
