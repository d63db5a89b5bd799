"""A site whose network to Culm is away: `python -m tests.systems.network_away --system slurm_stand_in --seconds 300`, as root.

Culm's stand-in listens in a network namespace of its own; harvester and batch system are in another, and a pair of virtual links
joins the two, of which one end is taken down. The namespace of the host is not touched. While the network is away a worker ends
and another begins; afterwards log and batch system must agree. The last line is `orphans 0, doubles 0`, and the exit code 0.
"""

import argparse
import ctypes
import importlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from check.report import judge_log
from check.workers import WorkersAreIntended
from schemas.worker import WorkerEnded
from tests.agents.culm_stand_in import CulmStandIn, eventually
from tests.check.test_workers_law import seen_of
from tests.systems.kit import Outcome
from tests.systems.test_kills import LISTING_SECONDS, KilledSite

CLONE_NEWNET = 0x40000000
CULM_ADDRESS, SITE_ADDRESS, CULM_END, SITE_END = "192.0.2.1", "192.0.2.2", "culm0", "site0"
#: A question that was under way when the network went is given up after so long, and asked again.
CONVERGED_SECONDS = 120.0


class JoinedNamespaces:
    """Culm's namespace, in which this process is first, and the site's, into which it goes."""

    def __init__(self) -> None:
        _unshare()
        _ip("link", "set", "lo", "up")
        _ip("link", "add", CULM_END, "type", "veth", "peer", "name", SITE_END)
        _ip("addr", "add", f"{CULM_ADDRESS}/24", "dev", CULM_END)
        _ip("link", "set", CULM_END, "up")
        self._of_culm = os.open("/proc/thread-self/ns/net", os.O_RDONLY)

    def go_to_site(self) -> None:
        """What this process starts from now on is at the site; its sockets stay where they were made."""
        _unshare()
        _ip("link", "set", "lo", "up")
        self._at_culm("link", "set", SITE_END, "netns", str(os.getpid()))
        _ip("addr", "add", f"{SITE_ADDRESS}/24", "dev", SITE_END)
        _ip("link", "set", SITE_END, "up")

    def cut(self) -> None:
        """The network is away."""
        self._at_culm("link", "set", CULM_END, "down")

    def join(self) -> None:
        """It is back."""
        self._at_culm("link", "set", CULM_END, "up")

    def _at_culm(self, *arguments: str) -> None:
        subprocess.run(["nsenter", f"--net=/proc/{os.getpid()}/fd/{self._of_culm}", "ip", *arguments], check=True)


def _unshare() -> None:
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "no network namespace can be made")


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def through_an_outage(site: KilledSite, network: JoinedNamespaces, seconds: float) -> str:
    """What is wrong in the end, empty if nothing."""
    culm, adapter, agent = site.culm, site.adapter, site.harvester()
    culm.want(2)
    ends, runs = eventually(site.two)
    network.cut()
    began, intended = time.monotonic(), site.intended()
    adapter.start(ends)
    adapter.end(ends, Outcome.FINISHED)
    adapter.start(runs)
    culm.want(3)  # which the site does not learn
    time.sleep(seconds)
    asked_meanwhile = site.intended() - intended
    said_meanwhile = _ended(site)
    network.join()
    print(f"{site.system}: the network was away for {time.monotonic() - began:.0f} s", flush=True)
    back = time.monotonic()
    eventually(lambda: _agrees(site, ends, 3), CONVERGED_SECONDS)
    print(f"{site.system}: log and batch system agree {time.monotonic() - back:.1f} s after it is back", flush=True)
    culm.want(0)
    for tag in sorted(culm.tags_alive()):
        adapter.start(tag)
        adapter.end(tag, Outcome.FINISHED)
    eventually(site.all_over, CONVERGED_SECONDS)
    agent.send(signal.SIGTERM)
    code = agent.ended()
    (law,) = judge_log(seen_of(culm.log), [WorkersAreIntended()])
    found = {
        "workers were intended while the network was away": asked_meanwhile,
        "ends reached Culm while the network was away": said_meanwhile,
        "the harvester ended with another code than 0": code,
        "the law of workers is broken": law.first,
        "a worker was there twice": site.most > 1,
    }
    return "; ".join(f"{what}: {seen}" for what, seen in found.items() if seen)


def _ended(site: KilledSite) -> set[str]:
    return {event.worker_id for event, _ in list(site.culm.log.events) if isinstance(event, WorkerEnded)}


def _agrees(site: KilledSite, over: str, number: int) -> bool:
    """Whether the log has the end that it missed, and as many workers as are wanted, each of them there once."""
    site.adapter.settle()
    tags = site.culm.tags_alive()
    copies = [site.adapter.copies(tag) for tag in tags]
    site.most = max([site.most, *copies])
    states = site.culm.states_alive()
    return over not in tags and copies == [1] * number and "INTENDED" not in states and "RUNNING" in states


def run(system: str, seconds: float) -> str:
    """What is wrong in the end with a system of tests/systems, empty if nothing."""
    module: Any = importlib.import_module(f"tests.systems.{system}")
    if reason := getattr(module, "missing", str)():
        return f"{system} cannot run here: {reason}"
    network = JoinedNamespaces()
    with tempfile.TemporaryDirectory(prefix="culm-away-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        culm = CulmStandIn(folder / "storage", CULM_ADDRESS)
        culm.listing_seconds = LISTING_SECONDS
        network.go_to_site()
        (folder / "case").mkdir()
        with module.serve(folder) as make, make(folder / "case") as adapter:
            site = KilledSite(culm, adapter, folder / "case")
            try:
                return through_an_outage(site, network, seconds)
            finally:
                if site.agent is not None:
                    site.agent.close()
                culm.close()


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="tests.systems.network_away")
    parser.add_argument("--system", default="slurm_stand_in", help="of tests/systems; one that needs nothing outside the site")
    parser.add_argument("--seconds", type=float, default=300.0, help="so long the network is away")
    options = parser.parse_args(arguments)
    problem = run(options.system, options.seconds)
    print(problem or "orphans 0, doubles 0", flush=True)
    return int(bool(problem))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
