"""One task with a long list of physical names on a running stack: submitted as panda-client does, read back whole, some jobs run.

`python -m tests.bench.long_list [--names 200000] [--finish 300]`. Prints seconds of each step; exits 1 when a name is missing.
"""

import argparse
import asyncio
import sys
import time
from typing import Any

import httpx

from deploy.local_queue import LocalQueue
from deploy.stack import Stack
from identity.issuer import make_token
from tests.load.pilot_load import QUEUE, PilotLoad, parameters
from tests.load.queue import configure_queue

PILOTS = 8
PATIENCE_SECONDS = 900


def a_task(name: str, names: int) -> dict[str, Any]:
    """Parameters of `prun --pfnList` with so many names and one file a job."""
    pfns = [f"root://se.example.org:1094//data/run{number // 1000:05d}/file.{number:07d}.root" for number in range(names)]
    changes = {"nEvents": None, "nEventsPerJob": None, "nFilesPerJob": 1, "pfnList": pfns}
    return {**parameters(name, 1), **changes, "uniqueTaskName": True}


async def run_jobs(load: PilotLoad, finish: int) -> None:
    """Pilots work until so many jobs have finished, or for `PATIENCE_SECONDS`."""
    end = time.monotonic() + PATIENCE_SECONDS
    pilots = [asyncio.create_task(load.pilot(number)) for number in range(PILOTS)]
    while load.counts.finished < finish and time.monotonic() < end:  # noqa: ASYNC110 - no event says when a count is reached
        await asyncio.sleep(0.2)
    load.stopped = True
    await asyncio.gather(*pilots)


def main() -> int:
    """Measure on the stack of this checkout."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.long_list", description=__doc__)
    parser.add_argument("--names", type=int, default=200_000)
    parser.add_argument("--finish", type=int, default=300)
    asked = parser.parse_args()
    stack = Stack.here()
    configure_queue(stack, LocalQueue(QUEUE, PILOTS), 600)
    token = make_token(stack.config.home, user="bench", name="Bench", groups=["wlcg"], audience_hours=1)
    headers = {"Authorization": f"Bearer {token}", "Origin": "wlcg"}
    given = a_task(f"user.bench.long.{time.time_ns() // 1000}/", asked.names)
    with httpx.Client(base_url=stack.config.api, headers=headers, timeout=300) as api:
        began = time.monotonic()
        told = api.post("/api/v1/task/submit", json={"task_parameters": given}).json()
        print(f"submitted in {time.monotonic() - began:.1f} s: {told}", flush=True)
        if not told["success"]:
            return 1
        task = int(told["data"])
        began = time.monotonic()
        read = api.get("/api/v1/task/get_task_parameters", params={"task_id": task}).json()["data"]
        same = read["pfnList"] == given["pfnList"]
        print(f"parameters read in {time.monotonic() - began:.1f} s: {len(read['pfnList']):,} names, as sent: {same}", flush=True)
        load = PilotLoad("127.0.0.1", stack.config.ports.api, stack.config.home)
        began = time.monotonic()
        asyncio.run(run_jobs(load, asked.finish))
        print(f"{load.counts.finished} jobs finished in {time.monotonic() - began:.1f} s", flush=True)
        row = api.get(f"/v1/tasks/{task}").json()
        shown = ("status", "files_total", "files_finished", "jobs_total", "jobs_live", "lists")
        print({key: row[key] for key in shown}, flush=True)
    return 0 if same and load.counts.finished >= asked.finish else 1


if __name__ == "__main__":
    sys.exit(main())
