"""A user who does nothing wrong: submits a task of one job, works it off by hand, and waits until the task is done.

His queues lie in every partition and his task ids go round them, so that a partition that stands is felt. What is measured
is the time from the submission until the API says that the task is done: every process has its part in it.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from deploy.stack import Stack
from schemas.partition import partition_of
from schemas.topics import declared_topics
from tests.hostile.actors import client_of
from tests.load.pilot_load import parameters

AT_ONCE = 8
LOOK_SECONDS = 0.05
LIFE_SECONDS_MAX = 90.0
FILE = {"fsize": 6, "adler32": "084b021f", "guid": "", "surl": "", "endpoint": "LOCAL_DISK"}


@dataclass(frozen=True, slots=True)
class Life:
    """One task from its submission to its end. problem: why it did not end done, empty when it did."""

    began: float
    seconds: float
    problem: str = ""


@dataclass
class Bystander:
    """Lives one after the other or side by side."""

    user: httpx.Client
    pilot: httpx.Client
    operator: httpx.Client
    queues: tuple[str, ...] = ()
    lives: list[Life] = field(default_factory=list)
    tasks: list[int] = field(default_factory=list)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def on(cls, stack: Stack) -> "Bystander":
        """With queues of his own, one in each partition."""
        partitions = declared_topics()[0].partitions
        one = cls(
            client_of(stack, "bystander"),
            client_of(stack, "bystanderpilot", "pilot"),
            client_of(stack, "bystanderop", "operator"),
        )
        one.queues = queues_in_each(partitions)
        for queue in one.queues:
            one.configure(queue)
        return one

    def close(self) -> None:
        """Hang up."""
        for client in (self.user, self.pilot, self.operator):
            client.close()

    def configure(self, queue: str) -> None:
        """A queue that no harvester serves."""
        settings = {"name": queue, "site": "BYSTANDER", "status": "BROKEROFF", "workdir_mb_max": 20_000, "lease_seconds": 600}
        body = {"aggregate_id": f"queue.{queue}", "settings": settings}
        answer = self.operator.post("/v1/commands/ConfigureQueue", json=body, headers={"Prefer": "wait=30"})
        assert answer.json()["accepted"], answer.text

    def live(self, number: int) -> Life:
        """One life, noted; its problem says what went wrong."""
        began, at, problem = time.monotonic(), time.time(), ""
        try:
            self._live(self.queues[number % len(self.queues)], began + LIFE_SECONDS_MAX)
        except (httpx.HTTPError, AssertionError, KeyError, ValueError) as trouble:
            problem = f"{type(trouble).__name__}: {str(trouble)[:200]}"
        life = Life(at, time.monotonic() - began, problem)
        with self._guard:
            self.lives.append(life)
        return life

    def live_along(self, number: int, share_done: Callable[[], float], stopped: Callable[[], bool]) -> list[Life]:
        """`number` lives, each begun when its share of something else is done; fewer when `stopped`."""
        first = len(self.lives)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for place in range(number):
                while share_done() < place / number and not stopped():
                    time.sleep(LOOK_SECONDS)
                if stopped():
                    break
                pool.submit(self.live, place)
        return self.lives[first:]

    def _live(self, queue: str, end: float) -> None:
        name = f"user.bystander.{uuid4()}/"
        answer = self.user.post("/v1/tasks", json={"parameters": {**parameters(name, 1), "site": queue}})
        assert answer.status_code == 201, f"submission: {answer.status_code} {answer.text[:150]}"
        task = int(answer.json()["task_id"])
        self.tasks.append(task)
        ask = {"siteName": queue, "node": "b", "prodSourceLabel": "user", "mem": 24_000, "diskSpace": 20_000}
        while self.user.get(f"/v1/tasks/{task}").json().get("status") != "done":
            assert time.monotonic() < end, f"waited {LIFE_SECONDS_MAX:.0f} s for the end of task {task}"
            if not self._worked(ask):
                time.sleep(LOOK_SECONDS)

    def _worked(self, ask: dict[str, Any]) -> bool:
        """True after a job was worked off: of this life, or of another one on the same queue."""
        job: dict[str, Any] = self.pilot.post("/server/panda/getJob", json=ask).json()
        if job.get("StatusCode") != 0:
            return False
        self._report(job, "running")
        self._report(job, "finished", xml=dict.fromkeys(job["outFiles"].split(","), FILE), transExitCode=0)
        return True

    def _report(self, job: dict[str, Any], state: str, **more: Any) -> None:
        body = {"jobId": job["PandaID"], "attemptNr": job["attemptNr"], "state": state, "node": "b", **more}
        answer = self.pilot.post("/server/panda/updateJob", json=body)
        assert answer.status_code == 200, f"{state}: {answer.status_code} {answer.text[:150]}"
        assert answer.json()["StatusCode"] == 0, f"{state}: {answer.text[:150]}"


def queues_in_each(partitions: int) -> tuple[str, ...]:
    """Names of queues, one whose key falls into each partition."""
    found: dict[int, str] = {}
    number = 0
    while len(found) < partitions:
        name = f"BYSTANDER_{number}"
        found.setdefault(partition_of(name, partitions), name)
        number += 1
    return tuple(found[place] for place in sorted(found))
