"""The API over a whole Culm: commands, answers, read-your-writes, live events, a pilot by hand."""

import gzip
import json
import threading
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.stack import Stack
from identity.issuer import make_token

pytestmark = pytest.mark.stack
QUEUE = "BYHAND"


def a_client(stack: Stack, user: str, *groups: str) -> httpx.Client:
    token = make_token(stack.config.home, user=user, name=f"{user} Person", groups=["wlcg", *groups], audience_hours=1)
    headers = {"Authorization": f"Bearer {token}", "Origin": "wlcg"}
    return httpx.Client(base_url=stack.config.api, headers=headers, timeout=70)


@pytest.fixture(scope="module")
def jane(stack: Stack) -> Iterator[httpx.Client]:
    """A user."""
    with a_client(stack, "jane") as client:
        yield client


@pytest.fixture(scope="module")
def bob(stack: Stack) -> Iterator[httpx.Client]:
    """Another user."""
    with a_client(stack, "bob") as client:
        yield client


@pytest.fixture(scope="module")
def pilot(stack: Stack) -> Iterator[httpx.Client]:
    """A pilot, on a queue that no harvester serves."""
    settings = {"name": QUEUE, "site": "HAND", "status": "BROKEROFF", "workdir_mb_max": 20_000}
    with a_client(stack, "operator", "wlcg/operator") as operator:
        answer = operator.post(
            "/v1/commands/ConfigureQueue",
            json={"aggregate_id": f"queue.{QUEUE}", "settings": settings},
            headers={"Prefer": "wait=30"},
        )
        assert answer.json()["accepted"], answer.text
        _until(lambda: operator.get(f"/v1/queues/{QUEUE}").status_code == 200)
    with a_client(stack, "byhand", "wlcg/pilot") as client:
        yield client


def parameters(name: str, jobs: int = 1) -> dict[str, Any]:
    """A task whose jobs are all made at once, however many."""
    log = f"{name}.log"
    return {
        "taskName": f"{name}/", "uniqueTaskName": True, "vo": "wlcg", "architecture": "", "transUses": "", "transHome": None,
        "processingType": "panda-client-2.2.0-jedi-run", "prodSourceLabel": "user", "site": QUEUE, "nEvents": jobs,
        "nEventsPerJob": 1, "noInput": True, "nMaxFilesPerJob": 200, "skipScout": True, "cliParams": "prun", "sourceURL": "http://127.0.0.1",
        "log": {"dataset": f"{log}/", "container": f"{log}/", "type": "template", "param_type": "log",
                "value": f"{log}.$JEDITASKID.${{SN}}.log.tgz"},
        "jobParameters": [{"type": "constant", "value": "-p echo"}],
    }  # fmt: skip


def submit(client: httpx.Client, jobs: int = 1, nickname: str = "jane", **headers: str) -> int:
    """A new task; nickname: of the client, since names of a person's files belong to the one who was first to use them."""
    answer = client.post("/v1/tasks", json={"parameters": parameters(f"user.{nickname}.{uuid4()}", jobs)}, headers=headers)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["task_id"])


def _until(holds: Any, seconds: float = 30.0) -> Any:
    """What `holds` gives once it is true."""
    waited = threading.Event()
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, "it did not come true in time"
        waited.wait(0.05)
    return found


def take_job(pilot: httpx.Client, jane: httpx.Client, task_id: int) -> dict[str, Any]:
    """A job of the task in the pilot's hands; jobs that other tests left behind are failed."""
    _until(lambda: jane.get(f"/v1/tasks/{task_id}").json()["jobs"].get("activated"))
    while (job := lease(pilot))["taskID"] != task_id:
        report(pilot, job, "failed", pilotErrorCode=1305)
    return job


def lease(pilot: httpx.Client) -> dict[str, Any]:
    body = {"siteName": QUEUE, "computingElement": QUEUE, "prodSourceLabel": "user", "node": "n1", "mem": 24105.13}
    answer = pilot.post(
        "/server/panda/getJob",
        content=gzip.compress(json.dumps(body).encode()),
        headers={"Content-Type": "application/json"},
    )
    job: dict[str, Any] = answer.json()
    assert job["StatusCode"] == 0, job
    assert not answer.content.endswith(b"\n")
    return job


def report(pilot: httpx.Client, job: dict[str, Any], state: str, **changes: Any) -> dict[str, Any]:
    body = {"jobId": str(job["PandaID"]), "state": state, "attemptNr": job["attemptNr"], "siteName": QUEUE, "node": "n1"}
    reply: dict[str, Any] = pilot.post("/server/panda/updateJob", json=body | changes).json()
    return reply


def test_a_submitted_task_is_there_for_its_first_reader(jane: httpx.Client, pilot: httpx.Client) -> None:
    task_id = submit(jane)

    task = jane.get(f"/v1/tasks/{task_id}")

    assert task.status_code == 200
    assert {"task_id", "name", "status", "super_status", "files_total", "files_finished", "files_failed", "jobs",
            "message"} <= set(task.json())  # fmt: skip


def test_the_same_key_submits_once(jane: httpx.Client, pilot: httpx.Client) -> None:
    key, body = str(uuid4()), {"parameters": parameters(f"user.jane.{uuid4()}")}

    first = jane.post("/v1/tasks", json=body, headers={"Idempotency-Key": key})
    again = jane.post("/v1/tasks", json=body, headers={"Idempotency-Key": key})
    other = jane.post("/v1/tasks", json={"parameters": parameters("user.jane.x")}, headers={"Idempotency-Key": key})

    assert first.json()["task_id"] == again.json()["task_id"]
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 409)


def test_a_name_at_work_is_a_conflict(jane: httpx.Client, pilot: httpx.Client) -> None:
    body = {"parameters": parameters(f"user.jane.{uuid4()}")}
    first = jane.post("/v1/tasks", json=body)

    second = jane.post("/v1/tasks", json=body)

    assert second.status_code == 409
    assert second.json()["task_id"] == first.json()["task_id"]


def test_a_read_that_names_a_position_sees_what_was_written(jane: httpx.Client) -> None:
    name = f"user.jane.{uuid4()}"
    body = {
        "aggregate_id": name,
        "files": [{"lfn": "a", "scope": "user.jane", "size_bytes": 1, "checksum": "ad:1", "endpoint": "LOCAL_DISK"}],
    }
    written = jane.post("/v1/commands/RegisterFiles", json=body, headers={"Prefer": "wait=30"})

    read = jane.get(f"/v1/datasets/{name}/files", headers={"Culm-Min-Position": written.headers["Culm-Position"]})

    assert [row["lfn"] for row in read.json()["files"]] == ["a"]


def test_a_position_that_is_far_away_is_not_waited_for_for_ever(jane: httpx.Client) -> None:
    from api.log.positions import Position

    far = Position("culm.task.events.v1", 0, 10**12).token()

    answer = jane.get("/v1/tasks", headers={"Culm-Min-Position": far, "Culm-Wait": "0.5"})

    assert answer.status_code == 503
    assert answer.headers["Retry-After"].isdecimal()


def test_no_user_commands_the_task_of_another(jane: httpx.Client, bob: httpx.Client, pilot: httpx.Client) -> None:
    task_id = submit(jane)

    answer = bob.post("/v1/commands/KillTask", json={"aggregate_id": str(task_id)}, headers={"Prefer": "wait=10"})

    assert answer.status_code == 403
    assert jane.get(f"/v1/tasks/{task_id}").json()["status"] != "aborted"


def test_without_waiting_the_answer_is_found_under_its_id(jane: httpx.Client, pilot: httpx.Client) -> None:
    task_id = submit(jane)

    accepted = jane.post("/v1/commands/KillTask", json={"aggregate_id": str(task_id)})
    place = f"/v1/commands/{accepted.json()['command_id']}"
    answer = jane.get(place, headers={"Prefer": "wait=30"})

    # On a busy machine the answer may be there before the log has acknowledged the command; then it is the response.
    assert (accepted.status_code, accepted.headers.get("Location")) in ((202, place), (200, None))
    assert (answer.status_code, answer.json()["accepted"]) == (200, True)


def test_a_pilot_runs_a_job_from_lease_to_end(jane: httpx.Client, pilot: httpx.Client) -> None:
    task_id = submit(jane)
    job = take_job(pilot, jane, task_id)
    stored = {job["logFile"]: {"guid": "g", "fsize": 6, "adler32": "084b021f", "endpoint": "LOCAL_DISK"}}

    live = [report(pilot, job, state) for state in ("starting", "running", "running")]
    end = report(pilot, job, "finished", xml=json.dumps(stored), pilotErrorCode=0, transExitCode=0)
    again = report(pilot, job, "finished", xml=json.dumps(stored), pilotErrorCode=0, transExitCode=0)

    assert live == [{"StatusCode": 0, "command": "NULL"}] * 3
    assert (end["StatusCode"], end["command"], again["StatusCode"], again["command"]) == (0, "NULL", 0, "NULL")
    _until(lambda: jane.get(f"/v1/tasks/{task_id}").json()["status"] == "done")
    outputs = jane.get(f"/v1/jobs/{job['PandaID']}").json()["outputs"]
    assert [(file["lfn"], file["dataset"] != "") for file in outputs] == [(job["logFile"], True)]


def test_a_killed_job_is_stopped_at_the_next_report(jane: httpx.Client, pilot: httpx.Client) -> None:
    task_id = submit(jane)
    job = take_job(pilot, jane, task_id)
    report(pilot, job, "running")
    jane.post("/v1/commands/KillTask", json={"aggregate_id": str(task_id)}, headers={"Prefer": "wait=30"})

    _until(lambda: report(pilot, job, "running")["command"] == "tobekilled")
    report(pilot, job, "failed", pilotErrorCode=1144)

    _until(lambda: jane.get(f"/v1/tasks/{task_id}").json()["status"] == "aborted")


def test_reports_of_the_wrong_attempt_or_of_no_job_stop_the_pilot(jane: httpx.Client, pilot: httpx.Client) -> None:
    job = take_job(pilot, jane, submit(jane))

    wrong = report(pilot, job, "running", attemptNr=9)
    nowhere = report(pilot, {"PandaID": 77, "attemptNr": 1}, "running")

    assert (wrong["command"], nowhere["command"]) == ("tobekilled", "tobekilled")
    assert report(pilot, job, "failed", pilotErrorCode=1305, transExitCode=1)["StatusCode"] == 0


def test_events_are_followed_live_and_resumed(jane: httpx.Client, pilot: httpx.Client) -> None:
    task_id = submit(jane)
    _until(lambda: jane.get(f"/v1/tasks/{task_id}").json()["jobs"].get("activated"))
    seen: list[tuple[str, str]] = []

    def follow(until: str, **headers: str) -> None:
        accept = {"Accept": "text/event-stream", **headers}
        with jane.stream("GET", "/v1/events", params={"task_id": task_id}, headers=accept) as stream:
            place = ""
            for line in stream.iter_lines():
                name, _, value = line.partition(": ")
                if name == "id":
                    place = value
                if name == "event":
                    seen.append((place, value))
                    if value == until:
                        return

    follower = threading.Thread(target=follow, args=("TaskFinalized",), daemon=True)
    follower.start()
    _until(lambda: "JobDefined" in {event for _, event in seen})
    jane.post("/v1/commands/KillTask", json={"aggregate_id": str(task_id)}, headers={"Prefer": "wait=30"})
    follower.join(30)

    assert not follower.is_alive()
    assert {"TaskSubmitted", "JobDefined", "TaskFinalized"} <= {event for _, event in seen}
    assert len(set(seen)) == len(seen)
    first_half = list(seen)
    seen.clear()
    follow("TaskFinalized", **{"Last-Event-ID": first_half[-1][0]})
    assert set(seen) <= set(first_half)


def test_a_harvester_gets_demand_when_it_comes(jane: httpx.Client, pilot: httpx.Client) -> None:
    now = pilot.get(f"/v1/queues/{QUEUE}/wanted").json()
    heard: list[dict[str, Any]] = []

    def listen() -> None:
        answer = pilot.get(f"/v1/queues/{QUEUE}/wanted", params={"after": now["sequence"], "wait": 40})
        heard.append(answer.json())

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    task_id = submit(jane, jobs=2)
    _until(lambda: jane.get(f"/v1/tasks/{task_id}").json()["jobs"].get("activated"))
    jane.post("/v1/commands/KillTask", json={"aggregate_id": str(task_id)}, headers={"Prefer": "wait=30"})
    listener.join(45)

    assert heard
    assert heard[0]["sequence"] > now["sequence"]


def test_documents_for_pilots_need_no_token(stack: Stack, pilot: httpx.Client) -> None:
    queue = httpx.get(f"{stack.config.api}/cache/schedconfig/{QUEUE}.all.json").json()
    storages = httpx.get(f"{stack.config.api}/cache/ddmendpoints.json").json()

    assert (queue["nickname"], queue["state"], queue["maxwdir"]) == (QUEUE, "ACTIVE", 20_000)
    assert {name for names in queue["astorages"].values() for name in names} <= set(storages)


def test_a_pilot_that_did_not_lease_a_job_neither_ends_it_nor_keeps_it_alive(
    jane: httpx.Client, pilot: httpx.Client, stack: Stack
) -> None:
    task_id = submit(jane)
    job = take_job(pilot, jane, task_id)
    command, queue = {"aggregate_id": str(job["PandaID"]), "attempt": 1, "succeeded": False}, {"aggregate_id": QUEUE}
    at_once = {"Prefer": "wait=30"}

    with a_client(stack, "stranger", "wlcg/pilot", "wlcg/operator") as stranger:
        replies = [
            report(stranger, job, state, **more)["command"]
            for state in ("running", "failed", "finished")
            for more in ({}, {"attemptNr": None})
        ]
        ended = stranger.post("/v1/commands/ReportJobEnd", json=command, headers=at_once).json()
        of_the_engine = stranger.post("/v1/commands/EndLeases", json={**queue, "job_ids": [job["PandaID"]]}).status_code

    assert set(replies) == {"tobekilled"}
    assert (ended["accepted"], ended["reason"], of_the_engine) == (False, "NOT_PERMITTED", 403)
    assert report(pilot, job, "running")["command"] == "NULL"
    _until(lambda: jane.get(f"/v1/jobs/{job['PandaID']}").json()["status"] == "running")
    assert report(pilot, job, "running", attemptNr=None)["command"] == "NULL"
    assert report(pilot, job, "failed", pilotErrorCode=1305)["command"] == "NULL"
    jane.post("/v1/commands/KillTask", json={"aggregate_id": str(task_id)}, headers=at_once)


def test_files_of_another_person_cannot_be_named_in_a_dataset_of_ones_own(jane: httpx.Client, bob: httpx.Client) -> None:
    file = {"lfn": "secret", "scope": "user.jane", "size_bytes": 1, "checksum": "ad:00000001", "endpoint": "LOCAL_DISK"}
    wait = {"Prefer": "wait=30"}
    body = {"files": [file], "role": "INPUT"}
    hers = jane.post("/v1/commands/RegisterFiles", json={"aggregate_id": f"user.jane.{uuid4()}", **body}, headers=wait)
    assert hers.json()["accepted"], hers.text

    his = bob.post("/v1/commands/RegisterFiles", json={"aggregate_id": f"user.bob.{uuid4()}", **body}, headers=wait)
    named = bob.post("/v1/commands/RegisterFiles", json={"aggregate_id": f"user.jane.{uuid4()}", "files": []}, headers=wait)
    sent = bob.post("/v1/commands/ClaimScope", json={"aggregate_id": "user.bob2"}, headers=wait)

    for refused in (his, named):
        assert (refused.status_code, refused.json()["detail"]) == (
            403, "scope user.jane belongs to another user; choose another name",
        ), refused.text  # fmt: skip
    assert sent.status_code == 403


def test_a_task_that_would_write_into_the_scope_of_another_breaks_and_says_so(jane: httpx.Client, bob: httpx.Client) -> None:
    submit(jane)

    answer = bob.post("/v1/tasks", json={"parameters": parameters(f"user.jane.{uuid4()}")})

    task = answer.json()["task_id"]
    broken = _until(lambda: (row := bob.get(f"/v1/tasks/{task}").json())["status"] == "broken" and row)
    assert broken["message"] == (
        "the task cannot write its outputs: scope user.jane belongs to another user; choose another name"
    )
