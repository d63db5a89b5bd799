"""`python -m tests.bench.brokerage [--queues N] [--orders N]`: what the answer to one order costs, in CPU milliseconds and bytes.

One order of 20 units on 500 queues. Rows: the decision alone; an answer that makes its decision; an answer that cites one. All in
one run, so that the rows can be compared; absolute figures belong to one machine and hour.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace as with_fields
from typing import Any

from schemas.instants import MICROSECONDS
from schemas.task import JobsOrdered
from schemas.types import JobKind
from streams.engine.record_size import bytes_of
from streams.facts.snapshot import Snapshot
from streams.jedi.brokerage import broker
from streams.jedi.reactions import Generation
from tests.streams.builders import SEED, a_definition, a_queue, asked, files, record_read

NOON = 1_700_000_000_000_000


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.brokerage", description=__doc__)
    parser.add_argument("--queues", type=int, default=500)
    parser.add_argument("--orders", type=int, default=200)
    given = parser.parse_args()
    facts = a_grid(given.queues)
    print(f"{'':>24} {'CPU ms':>8} {'bytes':>9}")
    for name, milliseconds, size in rows(facts, given.orders):
        print(f"{name:>24} {milliseconds:>8.3f} {size:>9,}")


def a_grid(queues: int) -> Snapshot:
    """Queues of which every third is dropped for its memory."""
    names = [f"SITE_{number:03d}_QUEUE" for number in range(queues)]
    known = {
        name: a_queue(name, waiting=100 + number, leased=500, rss_mb_max=0 if number % 3 else 1000)
        for number, name in enumerate(names)
    }
    return Snapshot(known, position="culm.policy.events.v1:0:900")


def rows(facts: Snapshot, orders: int) -> list[tuple[str, float, int]]:
    """Name, CPU milliseconds an order, bytes of the command."""
    generation = Generation()
    queues = tuple(facts.queues.values())
    alone = cost(lambda _: broker(asked(), queues, (), SEED), orders)
    made = cost(lambda number: answer(generation, facts, number), orders)
    first = answer(generation, facts, 1)
    decision = with_fields(record_read(1, event_id=first.brokerage.cited[0].decision), logged_at=NOON)
    list(generation.choose([decision], facts))
    cited = cost(lambda number: answer(generation, facts, number), orders)
    last = answer(generation, facts, 2)
    assert (len(first.decided), len(last.decided)) == (1, 0), "the last order was to cite what the first one decided"
    return [
        ("decision alone", alone, 0),
        ("answer with decision", made, bytes_of(first.to_avro())),
        ("answer that cites", cited, bytes_of(last.to_avro())),
    ]


def answer(generation: Generation, facts: Snapshot, number: int) -> Any:
    """The command that answers order `number`."""
    order = JobsOrdered(
        order=number,
        kind=JobKind.NORMAL,
        units=tuple(files(20)),
        definition=a_definition(files_per_job=1),
        task_id=10_000_001,
        priority=1000,
    )
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
