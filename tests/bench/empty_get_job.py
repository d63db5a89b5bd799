"""`python -m tests.bench.empty_get_job`: what a request that gets no job costs, asked of the log and answered from what is known.

The API's code and the decider's in memory, without HTTP and broker. Columns: CPU microseconds a request, records that the log
has of it (the command and its answer; the row of the answer in the read models is one more). Absolute figures belong to one
machine and hour; the broker, the projector and the database, which are spared, too, are not in it.
"""

import asyncio
import time

from tests.api.builders import an_identity
from tests.api.queue_in_memory import PilotsInMemory
from tests.bench.yardstick import yardstick_ms
from tests.commands.builders import QUEUE

REQUESTS, UNFIT_JOBS = 2_000, 100
PILOT = an_identity(subject="pilot", roles=frozenset({"pilot"}))


def main() -> None:
    """Print the table."""
    print(f"{REQUESTS:,} requests each, yardstick {yardstick_ms():.1f} ms")
    print(f"{'what waits':>12} {'answered':>12} {'CPU us':>8} {'records':>8}")
    for waits, jobs in (("nothing", 0), ("too large", UNFIT_JOBS)):
        for how, is_kept in (("by the log", False), ("by the API", True)):
            print("{:>12} {:>12} {:>8.0f} {:>8.3f}".format(waits, how, *figures(jobs, is_kept=is_kept)))


def figures(jobs: int, *, is_kept: bool) -> tuple[float, float]:
    """CPU microseconds and records of a request while so many jobs wait that are too large. is_kept: answers are kept."""
    pilots = PilotsInMemory()
    for _ in range(jobs):
        pilots.enqueue(ram_mb_min=9_000)
    pilots.ask(mem=4_000)
    asked = pilots.asked
    began = time.process_time()
    asyncio.run(ask_often(pilots, is_kept=is_kept))
    spent = (time.process_time() - began) * 1e6 / REQUESTS
    return spent, 2 * (pilots.asked - asked) / REQUESTS


async def ask_often(pilots: PilotsInMemory, *, is_kept: bool) -> None:
    """Requests one after the other in one event loop."""
    for _ in range(REQUESTS):
        if not is_kept:
            pilots.dispatch.empty_queues.forget_all()
        await pilots.dispatch.lease({"siteName": QUEUE, "prodSourceLabel": "unified", "mem": 4_000}, PILOT)


if __name__ == "__main__":
    main()
