"""Run by the peers' environment: `peer_worker.py POSTGRES SECONDS CONCURRENCY AHEAD` prints what Procrastinate did, as JSON.

The same closed loop as Culm's part a, as far as the peer has it: a submitter keeps jobs waiting, workers take, begin and finish
them, counted when the database says that they succeeded. No payload, no HTTP, no files, no audit: the peer has none of these.
"""

import asyncio
import json
import os
import sys
import time

import procrastinate  # type: ignore[import-not-found]  # in an environment of its own

WARM_UP_SECONDS = 5.0
BATCH = 500


async def main(postgres: str, seconds: float, concurrency: int, ahead: int) -> None:
    """Measure."""
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=postgres, max_size=20))

    @app.task(queue="bench", name="nothing")
    async def nothing(number: int) -> None:
        return

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        worker = asyncio.create_task(
            app.run_worker_async(queues=["bench"], concurrency=concurrency, wait=True, install_signal_handlers=False)
        )
        feeding = asyncio.create_task(feed(app, nothing, ahead))
        await asyncio.sleep(WARM_UP_SECONDS)
        before, began, cpu = await succeeded(app), time.monotonic(), sum(os.times()[:2])
        await asyncio.sleep(seconds)
        after, elapsed, spent = await succeeded(app), time.monotonic() - began, sum(os.times()[:2]) - cpu
        feeding.cancel()
        worker.cancel()
        await asyncio.gather(worker, feeding, return_exceptions=True)
    done = after - before
    cost = round(1e6 * spent / max(done, 1))
    figures = {"per_second": round(done / elapsed, 1), "finished": done, "worker_cpu_us_per_job": cost}
    sys.stdout.write(json.dumps(figures) + "\n")


async def feed(app: procrastinate.App, task: procrastinate.tasks.Task, ahead: int) -> None:
    """Keep about `ahead` jobs waiting."""
    while True:
        row = await app.connector.execute_query_one_async("SELECT count(*) AS n FROM procrastinate_jobs WHERE status = 'todo'")
        if row["n"] < ahead:
            await task.batch_defer_async(*({"number": number} for number in range(BATCH)))
        else:
            await asyncio.sleep(0.05)


async def succeeded(app: procrastinate.App) -> int:
    """Jobs that are done."""
    row = await app.connector.execute_query_one_async("SELECT count(*) AS n FROM procrastinate_jobs WHERE status = 'succeeded'")
    return int(row["n"])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
