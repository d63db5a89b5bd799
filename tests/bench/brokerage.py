"""`python -m tests.bench.brokerage [--queues N] [--orders N]`: what the answer to one order costs, in CPU milliseconds and bytes.

One order of 20 units on 500 queues. Rows: the decision alone, of the generic broker and of that of production with 50 shares, a
nucleus and what sources outside say; an answer that makes its decision; an answer that cites one, with how many of these a second
of CPU has. All in one run, so that the rows can be compared; absolute figures belong to one machine and hour.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace as with_fields
from typing import Any

from schemas.instants import MICROSECONDS
from schemas.records import replace
from schemas.task import JobsOrdered
from schemas.types import BrokerKind, BrokerRule, ComputingSite, JobGroupLoad, JobKind, NetworkLink, Requirements, StorageElement
from streams.engine.record_size import bytes_of
from streams.facts.outside import OutsideFacts
from streams.facts.snapshot import Snapshot
from streams.jedi.brokerage import FILTERS
from streams.jedi.generate import brokered_apart, decide
from streams.jedi.reactions import Generation
from streams.jedi.weights import IN_FORCE
from tests.streams.builders import SEED, a_definition, a_queue, files, record_read

NOON = 1_700_000_000_000_000
GENERIC, PRODUCTION = BrokerKind.GENERIC, BrokerKind.PRODUCTION


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.brokerage", description=__doc__)
    parser.add_argument("--queues", type=int, default=500)
    parser.add_argument("--orders", type=int, default=200)
    given = parser.parse_args()
    facts = a_grid(given.queues)
    print(f"{given.queues} queues; filters: generic {len(FILTERS[GENERIC])}, production {len(FILTERS[PRODUCTION])}")
    print(f"{'':>32} {'CPU ms':>8} {'a second':>9} {'bytes':>9}")
    grid = a_production_grid(given.queues)
    for name, milliseconds, size in (*rows(facts, given.orders), *rows(grid, given.orders, "production: ")):
        print(f"{name:>32} {milliseconds:>8.3f} {1e3 / milliseconds:>9,.0f} {size:>9,}")


def a_grid(queues: int) -> Snapshot:
    """Queues of which every third is dropped for its memory."""
    names = [f"SITE_{number:03d}_QUEUE" for number in range(queues)]
    known = {
        name: a_queue(name, waiting=100 + number, leased=500, rss_mb_max=0 if number % 3 else 1000)
        for number, name in enumerate(names)
    }
    return Snapshot(known, position="culm.policy.events.v1:0:900")


def a_production_grid(queues: int) -> Snapshot:
    """The same with the broker of production, 50 shares, and facts of storages, sites and links, so that every filter looks."""
    grid = a_grid(queues)
    known, storages, sites, links = {}, {}, {}, {}
    for number, (name, facts) in enumerate(grid.queues.items()):
        site, storage = f"SITE_{number:03d}", f"DISK_{number:03d}"
        groups = tuple(
            JobGroupLoad(share=f"S{share}", resource_type="SCORE", vo="wlcg", owner="ada", waiting=2, leased=10, cores=10)
            for share in range(50)
        )
        settings = replace(facts.settings, site=site, storage=storage)
        known[name] = with_fields(facts, settings=settings, groups=groups)
        storages[storage] = StorageElement(name=storage, space_usable_gb=500_000, space_total_gb=900_000)
        sites[site] = ComputingSite(name=site, storages=(storage,))
        links[site, "SITE_000"] = NetworkLink(source=site, destination="SITE_000", files_queued=number % 20)
    outside = OutsideFacts(storages=storages, sites=sites, links=links)
    rules = (BrokerRule(broker=PRODUCTION),)
    return with_fields(grid, queues=known, outside=outside, broker_rules=rules)


def rows(facts: Snapshot, orders: int, prefix: str = "") -> list[tuple[str, float, int]]:
    """Name, CPU milliseconds an order, bytes of the command."""
    generation = Generation()
    first_order = an_order(0)
    (piece, _), *_ = brokered_apart(first_order, "wlcg", NOON)
    alone = cost(lambda _: decide(first_order, piece, facts, SEED, IN_FORCE, "d"), orders)
    made = cost(lambda number: answer(generation, facts, number), orders)
    first = answer(generation, facts, 1)
    decision = with_fields(record_read(1, event_id=first.brokerage.cited[0].decision), logged_at=NOON)
    list(generation.choose([decision], facts))
    cited = cost(lambda number: answer(generation, facts, number), orders)
    last = answer(generation, facts, 2)
    assert (len(first.decided), len(last.decided)) == (1, 0), "the last order was to cite what the first one decided"
    return [
        (f"{prefix}decision alone", alone, 0),
        (f"{prefix}answer with decision", made, bytes_of(first.to_avro())),
        (f"{prefix}answer that cites", cited, bytes_of(last.to_avro())),
    ]


def an_order(number: int) -> JobsOrdered:
    """Order `number` of the task, which has a nucleus."""
    required = Requirements(walltime_seconds=3600, nucleus="SITE_000", io_intensity_kbps=50.0, disk_io_kbps=50.0)
    return JobsOrdered(
        order=max(1, number),
        kind=JobKind.NORMAL,
        units=tuple(files(20)),
        definition=replace(a_definition(requirements=required, files_per_job=1), share="S7"),
        task_id=10_000_001,
        priority=1000,
        owner="ada",
    )


def answer(generation: Generation, facts: Snapshot, number: int) -> Any:
    """The command that answers order `number`."""
    order = an_order(number)
    (made,) = generation.choose([with_fields(record_read(order, number=number), logged_at=NOON + MICROSECONDS)], facts)
    return made.command


def cost(work: Callable[[int], object], count: int) -> float:
    """CPU milliseconds of `work`, once."""
    began = time.process_time()
    for number in range(1, count + 1):
        work(number)
    return (time.process_time() - began) * 1e3 / count


if __name__ == "__main__":
    main()
