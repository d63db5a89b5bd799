"""(a) Whole life cycles a second, through HTTP, counted when the job is final in the read model; with the cost of each process.

In the measured time tasks are submitted, jobs made, leased, reported running and finished, accounted for and projected. Broker,
database, services and load share the machine.
"""

import asyncio
import time
from dataclasses import dataclass

import uvloop

from deploy.local_queue import LocalQueue
from deploy.stack import Stack
from tests.load.accounts import CpuAccounts, ReadModel
from tests.load.pilot_load import QUEUE, PilotLoad, quantile
from tests.load.queue import configure_queue

JOBS_PER_TASK = 500
AHEAD = 1500


@dataclass(frozen=True, slots=True)
class LifeCycles:
    """A measurement. `costs`: microseconds of CPU per finished job by process; `cores`: of which share each used."""

    seconds: float
    finished: int
    per_second: float
    get_job_p50_ms: float
    get_job_p99_ms: float
    trouble: int
    costs: dict[str, float]
    cores: dict[str, float]


def measure(stack: Stack, seconds: float, pilots: int, warm_up_seconds: float = 8.0) -> LifeCycles:
    """Run the load for `seconds` after a warm-up."""
    configure_queue(stack, LocalQueue(QUEUE, pilots), lease_seconds=600)
    return uvloop.run(_measure(stack, seconds, pilots, warm_up_seconds))


async def _measure(stack: Stack, seconds: float, pilots: int, warm_up_seconds: float) -> LifeCycles:
    pilot_load = PilotLoad("127.0.0.1", stack.config.ports.api, stack.config.home)
    rows = ReadModel(stack.config.postgres, QUEUE)
    work = [asyncio.create_task(pilot_load.feed(JOBS_PER_TASK, AHEAD))]
    work += [asyncio.create_task(pilot_load.pilot(number)) for number in range(pilots)]
    await asyncio.sleep(warm_up_seconds)
    for task in work:
        if task.done():
            task.result()
    for kind in pilot_load.counts.seconds.values():
        kind.clear()
    accounts, began, before = CpuAccounts(stack), time.monotonic(), await asyncio.to_thread(rows.finished)
    await asyncio.sleep(seconds)
    after, elapsed = await asyncio.to_thread(rows.finished), time.monotonic() - began
    spent = accounts.seconds()
    latency = list(pilot_load.counts.seconds["getJob"])
    work[0].cancel()
    await pilot_load.drain()
    await asyncio.gather(*work, return_exceptions=True)
    rows.close()
    finished = after - before
    return LifeCycles(
        seconds=round(elapsed, 1),
        finished=finished,
        per_second=round(finished / elapsed, 1),
        get_job_p50_ms=quantile(latency, 0.5),
        get_job_p99_ms=quantile(latency, 0.99),
        trouble=pilot_load.counts.trouble,
        costs={name: round(1e6 * one / max(finished, 1)) for name, one in sorted(spent.items())},
        cores={name: round(one / elapsed, 3) for name, one in sorted(spent.items())},
    )
