"""A campaign: load, one fault after the other, a wait until work goes on; at the end everything must come to its end in order.

`stalled` is the longest time without a finished job, from the beginning of a fault to `calm` seconds after its end. Violations
are those of the independent checker, plus what is left over: live jobs, leases, tasks that did not end.
"""

import asyncio
import itertools
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg2
import uvloop

from deploy.local_queue import LocalQueue
from deploy.stack import Stack
from process.kafka_security import environment_of
from tests.chaos.faults import Fault, begun, healed
from tests.load.pilot_load import QUEUE, PilotLoad
from tests.load.queue import configure_queue

PILOTS = 40
JOBS_PER_TASK = 20
LEASE_SECONDS = 20
CALM_SECONDS = 5.0
#: Jobs that wait are enough for so long: while no one can submit, pilots must have work.
AHEAD_SECONDS = 30.0
PATIENCE_SECONDS = 120.0
DRAIN_SECONDS_MAX = 300.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one fault: how long it lasted, the longest time without a finished job, whether work went on within the patience."""

    fault: str
    seconds: float
    stalled_seconds: float
    went_on: bool


@dataclass(frozen=True, slots=True)
class Report:
    """Of a campaign."""

    outcomes: tuple[Outcome, ...]
    jobs_finished: int
    trouble: int
    drain_seconds: float
    left_over: tuple[str, ...]
    violations: tuple[str, ...]
    checked: int


def run(stack: Stack, chosen: Sequence[Fault], rate: float, *, seed: int, burst_seconds: float = 0.0) -> Report:
    """Do `chosen` to `stack` in an order by `seed`, under `rate` jobs a second; then ten times that for `burst_seconds`."""
    configure_queue(stack, LocalQueue(QUEUE, PILOTS), lease_seconds=LEASE_SECONDS)
    order = list(chosen)
    random.Random(seed).shuffle(order)
    return uvloop.run(_Campaign(stack, rate).run(order, burst_seconds))


class _Campaign:
    def __init__(self, stack: Stack, rate: float) -> None:
        self._stack, self._rate = stack, rate
        self._pilot_load = PilotLoad("127.0.0.1", stack.config.ports.api, stack.config.home)

    async def run(self, order: Sequence[Fault], burst_seconds: float) -> Report:
        feeding = asyncio.create_task(self._pilot_load.feed(JOBS_PER_TASK, int(AHEAD_SECONDS * self._rate)))
        pilots = [asyncio.create_task(self._pilot_load.pilot(number, lambda: PILOTS / self._rate)) for number in range(PILOTS)]
        outcomes = [await self._calm("nothing", CALM_SECONDS)]
        outcomes += [await self._suffer(fault) for fault in order]
        if burst_seconds:
            self._rate *= 10
            outcomes.append(await self._calm("ten times the load", burst_seconds))
            self._rate /= 10
        feeding.cancel()
        began = time.monotonic()
        left = await self._drained()
        self._pilot_load.stopped = True
        await asyncio.gather(*pilots)
        violations, checked = await asyncio.to_thread(self._checked)
        counts = self._pilot_load.counts
        drain = round(time.monotonic() - began, 1)
        return Report(tuple(outcomes), counts.finished, counts.trouble, drain, tuple(left), tuple(violations), checked)

    async def _calm(self, name: str, seconds: float) -> Outcome:
        began = time.monotonic()
        await asyncio.sleep(seconds)
        return self._outcome(name, began, seconds)

    async def _suffer(self, fault: Fault) -> Outcome:
        began = time.monotonic()
        lasting = await asyncio.to_thread(begun, fault, self._stack)
        struck = time.monotonic()
        while time.monotonic() < struck + PATIENCE_SECONDS:
            await asyncio.sleep(0.2)
            now = time.monotonic()
            recent = [at for at in self._pilot_load.counts.finished_at[-1:] if at > struck]
            if now > struck + CALM_SECONDS and recent and recent[-1] > now - 1.0:
                break
        await asyncio.to_thread(healed, lasting)
        return self._outcome(fault.name, began, struck - began)

    def _outcome(self, name: str, began: float, seconds: float) -> Outcome:
        now = time.monotonic()
        times = [began, *(at for at in self._pilot_load.counts.finished_at if at >= began), now]
        stalled = max(after - before for before, after in itertools.pairwise(times))
        outcome = Outcome(name, round(seconds, 1), round(stalled, 1), len(times) > 2 and now - times[-2] < CALM_SECONDS)
        print(f"{name}: lasted {seconds:.1f} s, stalled {stalled:.1f} s, {len(times) - 2} jobs meanwhile", flush=True)
        return outcome

    async def _drained(self) -> list[str]:
        """Wait until every task ended; what did not."""
        end = time.monotonic() + DRAIN_SECONDS_MAX
        while True:
            left = await asyncio.to_thread(self._left)
            if not left or time.monotonic() > end:
                return await asyncio.to_thread(lambda: self._left(ended=True))
            await asyncio.sleep(1.0)

    def _left(self, *, ended: bool = False) -> list[str]:
        questions = {
            "tasks not ended": "SELECT count(*) FROM task WHERE site = %s AND status NOT IN"
            " ('done', 'finished', 'failed', 'broken', 'aborted')",
            "jobs not ended": "SELECT count(*) FROM job WHERE queue = %s AND status NOT IN"
            " ('finished', 'failed', 'cancelled', 'closed')",
            "leases": "SELECT count(*) FROM lease WHERE queue = %s",
        }
        if ended:
            questions["tasks that did not end done"] = "SELECT count(*) FROM task WHERE site = %s AND status <> 'done'"
        try:
            with psycopg2.connect(self._stack.config.postgres) as connection, connection.cursor() as cursor:
                found = []
                for what, question in questions.items():
                    cursor.execute(question, (QUEUE,))
                    row = cursor.fetchone()
                    assert row is not None
                    if row[0]:
                        found.append(f"{row[0]} {what}")
                return found
        except psycopg2.Error as problem:
            return [f"the read model cannot be asked: {problem}"]

    def _checked(self) -> tuple[list[str], int]:
        """Violations that the checker found, and how much it looked at."""
        config = self._stack.config
        addresses = {**environment_of(config.kafka), "CULM_REGISTRY": config.registry, "CULM_POSTGRES": config.postgres}
        command = [sys.executable, "-W", "ignore", "-m", "check", "--json"]
        done = subprocess.run(command, env={**os.environ, **addresses}, capture_output=True, text=True, check=False)
        laws = json.loads(done.stdout)["laws"]
        broken = [f"{one['law']}: {one['violations']}, first {one['first']}" for one in laws if one["violations"]]
        return broken, sum(one["checked"] for one in laws)
