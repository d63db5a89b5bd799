"""(j) A full queue: jobs of many users and sizes wait, pilots with slots of as many sizes ask at a fixed rate.

(k) Others' waits while one task with very many names is fed.

`waiting` jobs of `USERS` users and `CLASSES` sizes of memory; `PILOTS` pilots, each of which begins a job every ten seconds at
most, so that about a hundred leases a second are asked for. The bar of the first is a p99 of getJob of 250 ms.
"""

import asyncio
import itertools
import time
from dataclasses import dataclass

import httpx
import psycopg2
import uvloop

from deploy.local_queue import LocalQueue
from deploy.stack import Stack
from identity.issuer import make_token
from tests.bench import latency
from tests.bench.latency import Latency
from tests.bench.long_list import a_task
from tests.load.pilot_load import QUEUE, PilotLoad, quantile
from tests.load.queue import configure_queue
from tests.load.wire import Connection

USERS, CLASSES, PILOTS = 1_000, 8, 1_000
CLASS_MB = 500
INTERVAL_SECONDS = 10.0
WARM_UP_SECONDS = 15.0
FILL_SECONDS_MAX = 3_600.0
CONNECTIONS = 8


@dataclass(frozen=True, slots=True)
class FullQueue:
    """At `waiting_before` to `waiting_after` waiting jobs; milliseconds of getJob. filled_seconds: to make the jobs."""

    waiting_before: int
    waiting_after: int
    users: int
    sizes: int
    pilots: int
    filled_seconds: float
    leases_per_second: float
    get_job_p50_ms: float
    get_job_p99_ms: float


def measure(stack: Stack, waiting: int, seconds: float) -> FullQueue:
    """Fill the queue with `waiting` jobs, then let the pilots work for `seconds`."""
    configure_queue(stack, LocalQueue(QUEUE, PILOTS), lease_seconds=600)
    return uvloop.run(_measure(stack, waiting, seconds))


def beside_a_large_task(stack: Stack, names: int, rate: float, seconds: float) -> tuple[Latency, Latency]:
    """Waits at `rate` jobs a second alone, and while a task of `names` names is fed and its first orders are made."""
    alone = latency.measure(stack, rate, seconds)
    token = make_token(stack.config.home, user="bench", name="Bench", groups=["wlcg"], audience_hours=1)
    headers = {"Authorization": f"Bearer {token}", "Origin": "wlcg"}
    # On a queue that no pilot serves: its jobs are made, and stay.
    configure_queue(stack, LocalQueue("LARGE", 1), lease_seconds=600)
    given = {**a_task(f"user.bench.beside.{time.time_ns() // 1000}/", names), "site": "LARGE"}
    with httpx.Client(base_url=stack.config.api, headers=headers, timeout=300) as api:
        answer = api.post("/api/v1/task/submit", json={"task_parameters": given}).json()
        assert answer["success"], answer
    return alone, latency.measure(stack, rate, seconds)


async def _measure(stack: Stack, waiting: int, seconds: float) -> FullQueue:
    load = PilotLoad("127.0.0.1", stack.config.ports.api, stack.config.home)
    began = time.monotonic()
    await _fill(stack, load, waiting - _waiting(stack))
    while (before := _waiting(stack)) < waiting:
        if time.monotonic() - began > FILL_SECONDS_MAX:
            raise TimeoutError(f"{before} of {waiting} jobs wait after {FILL_SECONDS_MAX:.0f} s")
        await asyncio.sleep(1)
    filled = time.monotonic() - began
    pilots = [
        asyncio.create_task(_pilot(load, number, number / PILOTS * INTERVAL_SECONDS)) for number in range(PILOTS)
    ]
    await asyncio.sleep(WARM_UP_SECONDS)
    load.counts.seconds["getJob"].clear()
    start, leased = time.monotonic(), load.counts.leased
    await asyncio.sleep(seconds)
    elapsed, got = time.monotonic() - start, load.counts.leased - leased
    waits = list(load.counts.seconds["getJob"])
    load.stopped = True
    await asyncio.gather(*pilots)
    after = await asyncio.to_thread(_waiting, stack)
    rate = round(got / elapsed, 1)
    p50, p99 = quantile(waits, 0.5), quantile(waits, 0.99)
    return FullQueue(before, after, USERS, CLASSES, PILOTS, round(filled, 1), rate, p50, p99)


async def _pilot(load: PilotLoad, number: int, after_seconds: float) -> None:
    await asyncio.sleep(after_seconds)
    await load.pilot(number, lambda: INTERVAL_SECONDS, memory_mb=CLASS_MB * (1 + number % CLASSES) + CLASS_MB)


async def _fill(stack: Stack, load: PilotLoad, jobs: int) -> None:
    """A task of each user, in turn over the sizes, `CONNECTIONS` at once."""
    each = max(1, jobs // USERS)
    numbers = itertools.takewhile(lambda number: number * each < jobs, itertools.count())

    async def submit() -> None:
        for number in numbers:
            user = f"bench{number % USERS}"
            token = make_token(stack.config.home, user=user, name=user, groups=["wlcg"], audience_hours=4)
            headers = {"Authorization": f"Bearer {token}", "Origin": "wlcg"}
            connection = Connection("127.0.0.1", stack.config.ports.api, headers)
            wish = {"ramCount": CLASS_MB * (1 + number % CLASSES), "ramUnit": "MBPerCore"}
            await load.submit(connection, each, **wish)
            connection.close()

    await asyncio.gather(*(submit() for _ in range(CONNECTIONS)))


def _waiting(stack: Stack) -> int:
    with psycopg2.connect(stack.config.postgres) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT waiting FROM queue WHERE name = %s", (QUEUE,))
        row = cursor.fetchone()
        return int(row[0]) if row else 0
