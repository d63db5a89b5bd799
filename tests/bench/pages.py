"""(g) The monitor over a million jobs: how long each page takes, and what 200 open pages cost while the stack works.

The million is made up, in a database of its own beside the stack's, behind an API of its own: pages read rows and nothing
else, and the stack's own read models stay what the log says.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit, urlunsplit

import httpx
import psycopg2
import uvloop

from deploy.config import CHECKOUT
from deploy.local_queue import LocalQueue
from deploy.stack import Stack
from identity.issuer import make_token
from process.kafka_security import environment_of
from projections.engine.migrate import migrate
from tests.load.accounts import CpuAccounts
from tests.load.pilot_load import QUEUE, PilotLoad, quantile
from tests.load.queue import configure_queue

DATABASE = "bench_pages"
JOBS, JOBS_PER_TASK = 1_000_000, 500
FIRST_TASK = 20_000_000
LOOKS = 15
OPEN_PAGES, LIVE_SECONDS, LIVE_RATE = 200, 20.0, 100.0
FILL = Path(__file__).with_name("pages.sql")
NUMBERS = {":jobs_per_task": JOBS_PER_TASK, ":jobs": JOBS, ":tasks": JOBS // JOBS_PER_TASK, ":first_task": FIRST_TASK}


@dataclass(frozen=True, slots=True)
class Pages:
    """Milliseconds by page (p50, p95), jobs that were there, and cores that the API used without and with open pages."""

    jobs: int
    milliseconds: dict[str, tuple[float, float]]
    p95_of_the_slowest_ms: float
    cores_without_pages: float
    cores_with_pages: float
    news_received: int


def measure(stack: Stack) -> Pages:
    """Fill, look, and hold pages open under load."""
    address = _filled(stack.config.postgres)
    with _an_api(stack, address) as api:
        milliseconds = {path: _looked_at(stack, api, path) for path in _paths()}
    configure_queue(stack, LocalQueue(QUEUE, 40), lease_seconds=600)
    without, _ = uvloop.run(_under_load(stack, 0))
    with_pages, news = uvloop.run(_under_load(stack, OPEN_PAGES))
    slowest = max(slow for _, slow in milliseconds.values())
    return Pages(JOBS, milliseconds, slowest, without, with_pages, news)


def _paths() -> tuple[str, ...]:
    task = FIRST_TASK + 7
    return (
        "/", "/now/", "/tasks/", "/tasks/?status=running&username=User 7", "/tasks/?taskname=*up.77*", f"/task/{task}/", "/jobs/",
        "/jobs/?jobstatus=failed", "/jobs/?computingsite=QUEUE_3&hours=2", f"/jobs/?jeditaskid={task}",
        f"/job/{task * 10_000_000 + 9}/", f"/compare/?pandaid={task * 10_000_000 + 9}|{task * 10_000_000 + 10}",
        "/search/?q=up.77", "/search/?q=zanzibar", "/search/?q=node77",
        "/queues/", "/queue/QUEUE_3/", "/workers/", "/harvesters/", "/users/", "/errors/", "/shares/", "/health/",
    )  # fmt: skip


def _filled(postgres: str) -> str:
    """Address of a database with the made-up rows; it is made again."""
    with closing(psycopg2.connect(postgres)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {DATABASE}")
    address = urlunsplit(urlsplit(postgres)._replace(path=f"/{DATABASE}"))
    migrate(address)
    with closing(psycopg2.connect(address, options="-c synchronous_commit=off")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT tables_in FROM projection_live WHERE projection IN ('tasks', 'jobs', 'queues')")
            schemas = ", ".join(name for (name,) in cursor.fetchall())
            cursor.execute(f"SET search_path = {schemas}, public")
            text = FILL.read_text(encoding="utf-8")
            for name, number in NUMBERS.items():
                text = text.replace(name, str(number))
            cursor.execute(text)
            cursor.execute("VACUUM ANALYZE")
    return address


@contextmanager
def _an_api(stack: Stack, postgres: str) -> Iterator[str]:
    """Address of an API over `postgres`."""
    address = f"http://127.0.0.1:{stack.config.ports.api + 7}"
    config = stack.config
    environ = {**os.environ, **environment_of(config.kafka), "CULM_REGISTRY": config.registry, "CULM_HOME": str(config.home),
               "CULM_POSTGRES": postgres, "CULM_API": address, "PYTHONWARNINGS": "ignore"}  # fmt: skip
    environ.pop("CULM_METRICS", None)
    with subprocess.Popen([sys.executable, "-m", "api"], cwd=CHECKOUT, env=environ, stderr=subprocess.DEVNULL) as process:
        try:
            end = time.monotonic() + 60
            while not _answers(address):
                if time.monotonic() > end:
                    raise TimeoutError(f"the API at {address} did not come up")
                time.sleep(0.2)
            yield address
        finally:
            process.terminate()


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/v1/health").status_code < 600
    except httpx.TransportError:
        return False


def _headers(stack: Stack) -> dict[str, str]:
    token = make_token(stack.config.home, user="looker", name="Looker", groups=["wlcg"], audience_hours=1)
    return {"Authorization": f"Bearer {token}", "Origin": "wlcg", "Accept": "text/html"}


def _looked_at(stack: Stack, api: str, path: str) -> tuple[float, float]:
    """p50 and p95 of a page in milliseconds; the first look, which warms the caches of the database, is left out."""
    times = []
    with httpx.Client(base_url=api, headers=_headers(stack), timeout=120) as client:
        for _ in range(LOOKS + 1):
            began = time.perf_counter()
            answer = client.get(path)
            times.append(time.perf_counter() - began)
            answer.raise_for_status()
    return round(quantile(times[1:], 0.5), 1), round(quantile(times[1:], 0.95), 1)


async def _under_load(stack: Stack, pages: int) -> tuple[float, int]:
    """Cores that the API used while jobs went through at a fixed rate and `pages` pages were open; news that these got."""
    pilot_load = PilotLoad("127.0.0.1", stack.config.ports.api, stack.config.home)
    work = [asyncio.create_task(pilot_load.feed(20, int(LIVE_RATE * 5)))]
    work += [asyncio.create_task(pilot_load.pilot(number, lambda: 40 / LIVE_RATE)) for number in range(40)]
    news = [0]
    limits = httpx.Limits(max_connections=pages + 1)
    async with httpx.AsyncClient(base_url=stack.config.api, headers=_headers(stack), timeout=60, limits=limits) as client:
        open_pages = [asyncio.create_task(_follow(client, number, news)) for number in range(pages)]
        await asyncio.sleep(8)
        accounts, began = CpuAccounts(stack), time.monotonic()
        await asyncio.sleep(LIVE_SECONDS)
        cores = accounts.seconds()["api"] / (time.monotonic() - began)
        for task in open_pages:
            task.cancel()
        await asyncio.gather(*open_pages, return_exceptions=True)
    work[0].cancel()
    await pilot_load.drain()
    pilot_load.stopped = True
    await asyncio.gather(*work, return_exceptions=True)
    return round(cores, 3), news[0]


async def _follow(client: httpx.AsyncClient, number: int, news: list[int]) -> None:
    """One open page: of 200 windows, a quarter each on the home page, lists with their own filters, queues, and errors."""
    paths = ("/now/", f"/tasks/?limit={100 + number}", f"/queue/{QUEUE}/", f"/jobs/?limit={100 + number}")
    async with client.stream("GET", f"/monitor/live?{urlencode({'path': paths[number % 4]})}") as answer:
        async for line in answer.aiter_lines():
            news[0] += line.startswith("event:")
