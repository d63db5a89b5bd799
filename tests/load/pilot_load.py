"""Users and pilots as a load: tasks that make jobs, and pilot connections in a closed loop of getJob, running, finished.

A pilot does what the protocol asks of one whose payload takes no time; each job has an output and a log, which it reports.
"""

import asyncio
import itertools
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from identity.issuer import make_token
from tests.load.wire import Answer, Connection

QUEUE = "BENCH"
FILE = {"fsize": 6, "adler32": "084b021f", "guid": "", "surl": "", "endpoint": "LOCAL_DISK"}
IDLE_SECONDS = 0.05
AGAIN_SECONDS = 0.2
PATIENCE_SECONDS = 600.0
OK = 200
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def parameters(name: str, jobs: int) -> dict[str, Any]:
    """A task without input that makes `jobs` jobs with an output and a log each, as `prun --nJobs` does."""
    return {
        "taskName": name,
        "vo": "wlcg",
        "site": QUEUE,
        "prodSourceLabel": "user",
        "architecture": None,
        "transUses": "",
        "transHome": None,
        "processingType": "bench",
        "noInput": True,
        "nEvents": jobs,
        "nEventsPerJob": 1,
        "skipScout": True,
        "log": {
            "dataset": f"{name}log/",
            "container": f"{name}log/",
            "type": "template",
            "param_type": "log",
            "value": f"{name.strip('/')}.log.$JEDITASKID.${{SN}}.log.tgz",
        },
        "jobParameters": [
            {"type": "constant", "value": '-r . -p "true"'},
            {
                "type": "template",
                "value": f"{name.strip('/')}.$JEDITASKID._${{SN/P}}.out.txt",
                "param_type": "output",
                "dataset": f"{name}out/",
                "container": f"{name}out/",
                "hidden": True,
            },
        ],
    }


@dataclass(slots=True)
class Counts:
    """What the pilots did, and how long calls took (seconds, by kind of call)."""

    submitted: int = 0
    leased: int = 0
    finished: int = 0
    empty: int = 0
    trouble: int = 0
    finished_at: list[float] = field(default_factory=list)
    submitted_at: dict[int, float] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=lambda: {"submit": [], "getJob": [], "running": [], "finished": []})


class PilotLoad:
    """Submits to and works for one stack. `home` holds the issuer of tokens."""

    def __init__(self, host: str, port: int, home: Path) -> None:
        self._host, self._port = host, port
        user = make_token(home, user="bench", name="Bench", groups=["wlcg", "wlcg/production"], audience_hours=4)
        pilot = make_token(home, user="pilot", name="Pilot", groups=["wlcg", "wlcg/pilot"], audience_hours=4)
        self._user = {"Authorization": f"Bearer {user}", "Origin": "wlcg"}
        self._pilot = {"Authorization": f"Bearer {pilot}", "Origin": "wlcg"}
        self.counts = Counts()
        self._names = itertools.count(time.time_ns() // 1000)
        self.stopped = False

    def connection(self) -> Connection:
        """A new connection of the user."""
        return Connection(self._host, self._port, self._user)

    async def submit(self, connection: Connection, jobs: int, **changes: object) -> int:
        """Id of a new task of `jobs` jobs. changes: other parameters of it."""
        body = orjson.dumps({"parameters": {**parameters(f"user.bench.{next(self._names)}/", jobs), **changes}})
        began = time.perf_counter()
        answer = await connection.post("/v1/tasks", body)
        self.counts.seconds["submit"].append(time.perf_counter() - began)
        if answer.status not in (200, 201, 202):
            raise RuntimeError(f"a task was refused: {answer.status} {answer.body[:300]!r}")
        self.counts.submitted += jobs
        task = int(orjson.loads(answer.body)["task_id"])
        self.counts.submitted_at[task] = began
        return task

    async def feed(self, jobs: int, ahead: int) -> None:
        """Keep about `ahead` jobs waiting for pilots, in tasks of `jobs` jobs."""
        with closing(self.connection()) as connection:
            while not self.stopped:
                if self.counts.submitted - self.counts.leased >= ahead:
                    await asyncio.sleep(IDLE_SECONDS)
                    continue
                try:
                    await self.submit(connection, jobs)
                except (OSError, RuntimeError):
                    self.counts.trouble += 1
                    await asyncio.sleep(AGAIN_SECONDS)

    async def feed_at(self, rate: Callable[[], float], jobs: int) -> None:
        """Submit `rate()` jobs a second in tasks of `jobs` jobs, without waiting for them; a refused submission is trouble."""
        due = time.monotonic()
        with closing(self.connection()) as connection:
            while not self.stopped:
                due = max(due, time.monotonic() - 1.0) + jobs / rate()
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                try:
                    await self.submit(connection, jobs)
                except (OSError, RuntimeError):
                    self.counts.trouble += 1

    async def drain(self) -> None:
        """Stop the pilots when they have taken everything that was submitted."""
        while self.counts.leased < self.counts.submitted:  # noqa: ASYNC110 - no event says when a count is reached
            await asyncio.sleep(AGAIN_SECONDS)
        self.stopped = True

    async def pilot(self, number: int, interval: Callable[[], float] = lambda: 0.0, memory_mb: int = 4000) -> None:
        """One pilot in a slot of so much memory, until stopped; it begins a job every `interval()` seconds at most."""
        ask = f"siteName={QUEUE}&node=node{number}&prodSourceLabel=unified&mem={memory_mb}&diskSpace=20000".encode()
        with closing(Connection(self._host, self._port, self._pilot)) as connection:
            while not self.stopped:
                began = time.monotonic()
                try:
                    await self._one_job(connection, ask)
                except OSError:
                    self.counts.trouble += 1
                    await asyncio.sleep(IDLE_SECONDS)
                await asyncio.sleep(max(0.0, began + interval() - time.monotonic()))

    async def _one_job(self, connection: Connection, ask: bytes) -> None:
        told = await self._timed(connection, "getJob", "getJob", ask)
        if told.status != OK:
            raise ConnectionError(f"getJob: {told.status}")
        answer = orjson.loads(told.body)
        if str(answer.get("StatusCode")) != "0":
            self.counts.empty += 1
            self.counts.seconds["getJob"].pop()
            await asyncio.sleep(IDLE_SECONDS)
            return
        self.counts.leased += 1
        job = answer["PandaID"]
        who = f"jobId={job}&attemptNr={answer['attemptNr']}&siteName={QUEUE}&node=node"
        await self._said(connection, "running", f"{who}&state=running".encode(), FORM)
        report = dict.fromkeys(answer["outFiles"].split(","), FILE)
        last = {"jobId": job, "attemptNr": answer["attemptNr"], "state": "finished", "xml": report, "transExitCode": 0}
        await self._said(connection, "finished", orjson.dumps(last), JSON)
        self.counts.finished += 1
        self.counts.finished_at.append(time.monotonic())

    async def _said(self, connection: Connection, kind: str, body: bytes, form: str) -> None:
        """Say it until the server took it, as pilots do, stopped or not: what was leased is brought to its end."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            try:
                answer = await self._timed(connection, kind, "updateJob", body, form)
                if answer.status == OK and str(orjson.loads(answer.body).get("StatusCode")) == "0":
                    return
            except OSError:
                pass
            self.counts.trouble += 1
            await asyncio.sleep(AGAIN_SECONDS)

    async def _timed(self, connection: Connection, kind: str, call: str, body: bytes, form: str = FORM) -> Answer:
        began = time.perf_counter()
        answer = await connection.post(f"/server/panda/{call}", body, form)
        self.counts.seconds[kind].append(time.perf_counter() - began)
        return answer


def quantile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie, in milliseconds; nan without values."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)
