"""`make sites`: many workers through real batch systems, then each system's own books against what its plugin said.

In: names of systems (`real_NAME.py` beside this file), how many workers each. Out: a line for each system; the last line is
`orphans 0, doubles 0` when all agrees, and the exit code 0. A tenth of the submissions loses its answer after it was accepted, so
that those workers are found by their tags alone.
"""

import argparse
import importlib
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.harvester.systems.contract import NativeState, NativeWorker, Unknown
from tests.systems.kit import Fault, a_spec
from tests.systems.sites_report import say

LOST_ANSWERS = 10
SECONDS_MAX = 540.0


@dataclass(frozen=True, slots=True)
class Tally:
    """What was found on one system."""

    orphans: int
    doubles: int
    differences: tuple[str, ...] = ()


def on_real_system(name: str, work: Callable[[Any, Path], Tally], say: Callable[[str], None]) -> Tally:
    """What `work` finds with an adapter of the real system `name` and a folder of its own."""
    module: Any = importlib.import_module(f"tests.systems.real_{name.replace('-', '_')}")
    if reason := getattr(module, "missing", str)():
        say(f"{name}: cannot run here: {reason}")
        return Tally(0, 0, (reason,))
    # What a killed node leaves mounted is not worth more than the figures.
    made = tempfile.TemporaryDirectory(prefix=f"culm-sites-{name}-", ignore_cleanup_errors=True)
    with made as folder, module.serve(Path(folder)) as make:
        case = Path(folder) / "sites"
        case.mkdir()
        with make(case) as adapter:
            return work(adapter, Path(folder))


def verdict(tallies: Sequence[Tally], say: Callable[[str], None] = say) -> int:
    """Say the last line; 0 when all agrees."""
    say(f"orphans {sum(tally.orphans for tally in tallies)}, doubles {sum(tally.doubles for tally in tallies)}")
    return int(any(tally.orphans or tally.doubles or tally.differences for tally in tallies))


def run(name: str, count: int, say: Callable[[str], None] = say) -> Tally:
    """`count` workers of 1 to 11 GB through the real system `name`."""
    return on_real_system(name, lambda adapter, _: _through(name, adapter, count, say), say)


def _through(name: str, adapter: Any, count: int, say: Callable[[str], None]) -> Tally:
    adapter.program.write_text("#!/bin/sh\nsleep 1\n")
    plugin = adapter.plugin()
    specs = [a_spec(adapter, f"w{number}", memory_mb=1000 + number % 11 * 1000) for number in range(count)]
    asked = {spec.tag: spec.memory_mb for spec in specs}
    began, bulk, unknown = time.monotonic(), plugin.describe().bulk_max, 0
    lost = 0 if Fault.SUBMIT_DIES_AFTER_ACCEPTING in adapter.lacks else count // LOST_ANSWERS
    heard, unheard = specs[lost:], specs[:lost]
    if unheard:
        adapter.inject(Fault.SUBMIT_DIES_AFTER_ACCEPTING)
        unknown += sum(isinstance(outcome, Unknown) for outcome in plugin.submit(unheard))
        adapter.heal()
    for first in range(0, len(heard), bulk):
        unknown += sum(isinstance(outcome, Unknown) for outcome in plugin.submit(heard[first : first + bulk]))
    submitted = time.monotonic()
    # Where no node runs the workers, the adapter says what a node would.
    with getattr(adapter, "nodes_at_work", nullcontext)():
        workers = _ended(plugin, set(asked), submitted + SECONDS_MAX)
    ended = time.monotonic()
    tally = compared(asked, workers, adapter.books())
    say(
        f"{name}: {count} workers submitted in {submitted - began:.1f} s ({unknown} without an answer), ended after "
        f"{ended - began:.1f} s: {dict(Counter(worker.state.value for worker in workers))}; "
        f"orphans {tally.orphans}, doubles {tally.doubles}"
    )
    for difference in tally.differences:
        say(f"{name}: {difference}")
    return tally


def _ended(plugin: Any, tags: set[str], until: float) -> Sequence[NativeWorker]:
    """The workers as the plugin shows them once all are over, or what it shows when the time is over."""
    while True:
        listing = plugin.listing()
        over = {worker.tag for worker in listing.workers if worker.state.is_end}
        if (listing.complete and over >= tags) or time.monotonic() > until:
            return tuple(listing.workers)
        time.sleep(0.5)


def compared(asked: dict[str, int], workers: Sequence[NativeWorker], books: Sequence[tuple[str, int, NativeState]]) -> Tally:
    """What was asked, what the plugin showed and what the system's own books hold: (tag, memory_mb, state) of each job."""
    jobs = Counter(tag for tag, _, _ in books)
    shown = {worker.tag: worker for worker in workers}
    orphans = [tag for tag, _, state in books if tag not in asked or not state.is_end]
    doubles = [tag for tag, number in jobs.items() if number > 1]
    differences = [f"{tag} is in no book of the system" for tag in asked if tag not in jobs]
    for tag, memory_mb, state in books:
        if tag in asked and memory_mb != asked[tag]:
            differences.append(f"{tag} was given {memory_mb} MB, asked {asked[tag]}")
        if tag in shown and shown[tag].state is not state:
            differences.append(f"{tag} is {shown[tag].state} by the plugin, {state} by the system")
    return Tally(len(orphans), len(doubles), tuple(differences))


#: Ends as the log has them, of which the system's books know no finer word than that the worker is over.
UNSUCCESSFUL = frozenset({"failed", "cancelled", "timeout", "out_of_memory", "node_failed", "preempted", "lost"})


def compared_with_log(workers: Sequence[tuple[str, str, int]], books: Sequence[tuple[str, int, NativeState]]) -> Tally:
    """What the log has of workers (tag, state, memory_mb) and what the system's own books hold (tag, memory_mb, state)."""
    logged = {tag: (state, memory_mb) for tag, state, memory_mb in workers}
    jobs = Counter(tag for tag, _, _ in books)
    orphans = [tag for tag, _, state in books if tag not in logged or not state.is_end]
    doubles = [tag for tag, number in jobs.items() if number > 1]
    absent = [(tag, state) for tag, state, _ in workers if tag not in jobs and state != "missed"]
    differences = [f"{tag} is {state} in the log and in no book" for tag, state in absent]
    for tag, memory_mb, state in books:
        found, asked = logged.get(tag, ("", memory_mb))
        if asked != memory_mb:
            differences.append(f"{tag} was given {memory_mb} MB, asked {asked}")
        if found and (found == "finished") != (state is NativeState.FINISHED):
            differences.append(f"{tag} is {found} in the log, {state} by the system")
        if found and found != "finished" and found not in UNSUCCESSFUL:
            differences.append(f"{tag} is {found} in the log, expected an end that the system may have")
    return Tally(len(orphans), len(doubles), tuple(differences))


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="tests.systems.sites")
    parser.add_argument("--systems", default="slurm", help="names, with commas between them")
    parser.add_argument("--workers", type=int, default=200, help="on each system")
    options = parser.parse_args(arguments)
    return verdict([run(name, options.workers) for name in options.systems.split(",")])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
