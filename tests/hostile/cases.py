"""A user, a pilot and an operator who send single hostile messages, and a bystander who must be able to go on."""

from typing import Any
from uuid import uuid4

import httpx

from deploy.stack import Stack
from tests.hostile.actors import client_of, target_of
from tests.hostile.bystander import Bystander
from tests.hostile.message import Message, Outcome, Request, Sender
from tests.hostile.naughty import json_text
from tests.hostile.sending import Sending
from tests.load.pilot_load import parameters
from tests.monitor.manual_actors import until

QUEUE = "CASES"
ENDED = ("done", "finished", "failed", "broken", "aborted", "exhausted")
FILE = {"guid": "", "fsize": 5, "adler32": "062c0215", "surl": "", "endpoint": "LOCAL_DISK"}


class Cases:
    """A user, a pilot and an operator who send what they should not, beside a bystander who does not."""

    def __init__(self, stack: Stack) -> None:
        self.user = client_of(stack, "hostile")
        self.pilot = client_of(stack, "hostilepilot", "pilot")
        self.operator = client_of(stack, "hostileop", "operator")
        self.bystander = Bystander.on(stack)
        self.target = target_of(stack)
        settings = {"name": QUEUE, "site": QUEUE, "status": "BROKEROFF", "workdir_mb_max": 20_000, "lease_seconds": 600}
        self.command("ConfigureQueue", f"queue.{QUEUE}", self.operator, settings=settings)

    def close(self) -> None:
        """Hang up."""
        self.bystander.close()
        for client in (self.user, self.pilot, self.operator):
            client.close()

    def lives_on(self) -> None:
        """Raise unless the bystander can live in every partition."""
        lives = [self.bystander.live(number) for number in range(len(self.bystander.queues))]
        assert [life.problem for life in lives if life.problem] == []

    def command(self, name: str, key: str, client: httpx.Client | None = None, /, **fields: Any) -> dict[str, Any]:
        """The answer to a command."""
        body = {"aggregate_id": key, **fields}
        reply = (client or self.user).post(f"/v1/commands/{name}", content=json_text(body), headers={"Prefer": "wait=20"})
        return {"status": reply.status_code, **reply.json()}

    def submit(self, **changes: Any) -> tuple[int, Any]:
        """Status and answer of a submission by panda-client's front; keys of None are left out."""
        given = {**parameters(f"user.hostile.{uuid4()}/", 1), "site": QUEUE, **changes}
        text = json_text({"task_parameters": {name: value for name, value in given.items() if value is not ...}})
        answer = self.user.post("/api/v1/task/submit", content=text, headers={"Content-Type": "application/json"})
        return answer.status_code, answer.json()

    def task(self, **changes: Any) -> int:
        """Id of a task."""
        _, answer = self.submit(**changes)
        assert answer["success"], answer
        return int(answer["data"])

    def ended(self, task: int) -> dict[str, Any]:
        """The task once it has ended."""
        return dict(until(lambda: (found := self.seen(task))["status"] in ENDED and found, 60))

    def seen(self, task: int) -> dict[str, Any]:
        """The task as the API shows it."""
        return dict(self.user.get(f"/v1/tasks/{task}").json())

    def leased(self, task: int) -> dict[str, Any]:
        """A job of the task in the pilot's hands; tasks that other cases left on the queue are killed on the way."""
        ask = {"siteName": QUEUE, "node": "n", "prodSourceLabel": "user", "mem": 24_000, "diskSpace": 20_000}
        while True:
            job = until(lambda: self._offered(ask), 60)
            if int(job["taskID"]) == task:
                return dict(job)
            # Its job alone would come back as long as it has attempts, before what was never tried.
            self.report(job, "failed", pilotErrorCode=1305)
            self.command("KillTask", str(job["taskID"]), self.operator)

    def _offered(self, ask: dict[str, Any]) -> dict[str, Any] | None:
        answer = self.pilot.post("/server/panda/getJob", json=ask).json()
        return dict(answer) if answer["StatusCode"] == 0 else None

    def report(self, job: dict[str, Any], state: str, dialect: str = "legacy", **more: Any) -> httpx.Response:
        """A report with values as a careless pilot writes them."""
        legacy = dialect == "legacy"
        names = ("jobId", "state", "attemptNr") if legacy else ("job_id", "job_status", "attempt_nr")
        body = dict(zip(names, (job["PandaID"], state, job["attemptNr"]), strict=True)) | more
        path = "/server/panda/updateJob" if legacy else "/api/v1/pilot/update_job"
        return self.pilot.post(path, content=json_text(body), headers={"Content-Type": "application/json"})

    def stored(self, job: dict[str, Any]) -> dict[str, Any]:
        """The report of all files of a job."""
        return dict.fromkeys(job["outFiles"].split(","), FILE)

    def status_of(self, job: dict[str, Any]) -> str:
        """Status of a job as the API shows it."""
        return str(self.user.get(f"/v1/jobs/{job['PandaID']}").json().get("status"))

    def raw(self, method: str, target: str, body: bytes = b"", sender: Sender = Sender.USER, kind: str = "") -> Outcome:
        """The outcome of a request as it stands; kind: of its content."""
        headers = {"Content-Type": kind} if kind else {}
        sending = Sending(self.target, 100.0)
        sending.send_all([Message("case", 0, Request(method, target, sender, body, headers), "")])
        return sending.outcomes[0]
