"""A user, a shifter, a stranger and a pilot by hand, on a queue that only these tests use."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from deploy.stack import Stack
from identity.issuer import make_token

QUEUE = "PAGES"
#: A name as a malicious user would choose it.
HOSTILE = "<script>document.title='taken'</script>"


def token_of(stack: Stack, user: str, *groups: str, vo: str = "wlcg", name: str = "") -> str:
    """A token of the development issuer."""
    return make_token(stack.config.home, user=user, name=name or f"{user} Person", groups=[vo, *groups], audience_hours=1)


def client_of(stack: Stack, user: str, *groups: str, name: str = "") -> httpx.Client:
    """Requests of a member."""
    headers = {"Authorization": f"Bearer {token_of(stack, user, *groups, name=name)}", "Origin": "wlcg"}
    return httpx.Client(base_url=stack.config.api, headers=headers, timeout=70)


def until(holds: Any, seconds: float = 30.0) -> Any:
    """What `holds` gives once it is true."""
    waited, end = threading.Event(), time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, "it did not come true in time"
        waited.wait(0.05)
    return found


def actors_on(stack: Stack) -> Iterator["ManualActors"]:
    """All actors, and a queue that no harvester serves."""
    settings = {"name": QUEUE, "site": "HAND", "status": "BROKEROFF", "workdir_mb_max": 20_000}
    with (
        client_of(stack, "pages") as user,
        client_of(stack, "pagespilot", "wlcg/pilot") as pilot,
        client_of(stack, "pagesop", "wlcg/operator", "wlcg/production") as operator,
    ):
        answer = operator.post(
            "/v1/commands/ConfigureQueue",
            json={"aggregate_id": f"queue.{QUEUE}", "settings": settings},
            headers={"Prefer": "wait=30"},
        )
        assert answer.json()["accepted"], answer.text
        until(lambda: operator.get(f"/v1/queues/{QUEUE}").status_code == 200)
        yield ManualActors(user, pilot, operator)


@dataclass(frozen=True)
class ManualActors:
    """All who act in these tests."""

    user: httpx.Client
    pilot: httpx.Client
    operator: httpx.Client

    def submit(self, jobs: int = 1, name: str = "", queue: str = QUEUE, **headers: str) -> int:
        """Id of a new task without input."""
        name = name or f"user.pages.{uuid4()}"
        log = f"{name}.log"
        parameters = {
            "taskName": f"{name}/", "uniqueTaskName": True, "vo": "wlcg", "architecture": "", "transUses": "", "transHome": None,
            "processingType": "panda-client-2.2.0-jedi-run", "prodSourceLabel": "user", "site": queue, "nEvents": jobs,
            "nEventsPerJob": 1, "noInput": True, "nMaxFilesPerJob": 200, "cliParams": "prun", "sourceURL": "http://127.0.0.1",
            "log": {"dataset": f"{log}/", "container": f"{log}/", "type": "template", "param_type": "log",
                    "value": f"{log}.$JEDITASKID.${{SN}}.log.tgz"},
            "jobParameters": [{"type": "constant", "value": "-p echo"}],
        }  # fmt: skip
        answer = self.user.post("/v1/tasks", json={"parameters": parameters}, headers=headers)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["task_id"])

    def lease(self, task_id: int, queue: str = QUEUE, node: str = "n1") -> dict[str, Any]:
        """A job of the task, in the pilot's hands; jobs that earlier tests left are done on the way."""
        body = {"siteName": queue, "computingElement": queue, "prodSourceLabel": "user", "node": node, "mem": 24105}
        while (job := until(lambda: self._job(body)))["taskID"] != task_id:
            self.finish(job)
        found: dict[str, Any] = job
        return found

    def report(self, job: dict[str, Any], state: str, **more: Any) -> None:
        """Say where the job is."""
        body = {"jobId": str(job["PandaID"]), "state": state, "attemptNr": job["attemptNr"], "siteName": QUEUE, "node": "n1"}
        answer = self.pilot.post("/server/panda/updateJob", json=body | more)
        assert answer.status_code == 200, answer.text

    def finish(self, job: dict[str, Any]) -> None:
        """End the job well, with its log."""
        self.report(job, "running", maxRSS=1_000_000, cpuConsumptionTime=3)
        log = {"fsize": 6, "adler32": "084b021f", "guid": "", "surl": "", "endpoint": "LOCAL_DISK"}
        self.report(job, "finished", xml={job["logFile"]: log}, pilotErrorCode=0, transExitCode=0)

    def _job(self, body: dict[str, Any]) -> dict[str, Any] | None:
        reply: dict[str, Any] = self.pilot.post("/server/panda/getJob", json=body).json()
        return reply if reply["StatusCode"] == 0 else None
