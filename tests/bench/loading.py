"""Live jobs in the log: tasks whose jobs wait for pilots that do not come."""

import asyncio
import time

import psycopg2
import uvloop

from deploy.local_queue import LocalQueue
from deploy.stack import Stack
from tests.load.pilot_load import QUEUE, PilotLoad
from tests.load.queue import configure_queue

JOBS_PER_TASK = 500
PATIENCE_SECONDS = 1200.0


def fill(stack: Stack, jobs: int) -> int:
    """Submit tasks of `jobs` jobs in all and wait until they are dispatchable; how many live jobs there are then."""
    configure_queue(stack, LocalQueue(QUEUE, 1), lease_seconds=600)
    uvloop.run(_submit(stack, jobs))
    end = time.monotonic() + PATIENCE_SECONDS
    while (live := _live(stack)) < jobs:
        if time.monotonic() > end:
            raise TimeoutError(f"{live} of {jobs} jobs are dispatchable after {PATIENCE_SECONDS:.0f} s")
        time.sleep(0.5)
    return live


async def _submit(stack: Stack, jobs: int) -> None:
    pilot_load = PilotLoad("127.0.0.1", stack.config.ports.api, stack.config.home)
    connection = pilot_load.connection()
    for start in range(0, jobs, JOBS_PER_TASK):
        await pilot_load.submit(connection, min(JOBS_PER_TASK, jobs - start))
    connection.close()
    await asyncio.sleep(0)


def _live(stack: Stack) -> int:
    with psycopg2.connect(stack.config.postgres) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM job WHERE queue = %s AND status = 'activated'", (QUEUE,))
        row = cursor.fetchone()
        assert row is not None
        return int(row[0])
