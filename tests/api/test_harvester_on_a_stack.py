"""A Harvester by hand over a whole Culm: the calls of a real one, workers ordered from demand, push to the end of a job."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.stack import Stack
from tests.api.test_harvester_calls import RECORDED, path_of
from tests.monitor.manual_actors import ManualActors, token_of, until

pytestmark = pytest.mark.stack
WORKFLOWS = {"HARV_PULL": "pull", "HARV_PUSH": "push", "HARV_SLAVE": "pull_ups", "HARV_ORDERED": "pull_ups"}
ONE, TWO = "client_harvester", "second_harvester"


def a_client(stack: Stack, user: str, *groups: str) -> httpx.Client:
    token = token_of(stack, user, *groups, vo="wlcg", name=f"{user} Person")
    headers = {"Authorization": f"Bearer {token}", "Origin": "wlcg"}
    return httpx.Client(base_url=stack.config.api, headers=headers, timeout=70)


@pytest.fixture(scope="module")
def actors(stack: Stack) -> Iterator[ManualActors]:
    """A user, a Harvester, an operator; and the queues of the Harvester."""
    with (
        a_client(stack, "harvuser") as user,
        a_client(stack, "harv", "wlcg/pilot") as harvester,
        a_client(stack, "harvop", "wlcg/operator", "wlcg/production") as operator,
    ):
        for queue, workflow in WORKFLOWS.items():
            settings = {
                "name": queue, "site": "HARV", "rss_mb_max": 2000, "workdir_mb_max": 20_000, "status": "BROKEROFF",
                "harvester": TWO if queue == "HARV_ORDERED" else ONE, "harvester_workflow": workflow, "pilots_max": 5,
            }  # fmt: skip
            body = {"aggregate_id": f"queue.{queue}", "settings": settings}
            answer = operator.post("/v1/commands/ConfigureQueue", json=body, headers={"Prefer": "wait=30"})
            assert answer.json()["accepted"], answer.text
            until(lambda queue=queue: user.get(f"/v1/queues/{queue}").status_code == 200)
        yield ManualActors(user, harvester, operator)


def said(client: httpx.Client, call: str, **body: Any) -> Any:
    """The data of the answer to a call that succeeds."""
    answer = client.post(f"/api/v1/{call}", json={"harvester_id": ONE} | body).json()
    assert answer["success"], answer
    return answer["data"]


def read(client: httpx.Client, path: str) -> Any:
    answer = client.get(f"/api/v1/{path}").json()
    assert answer["success"], answer
    return answer["data"]


def test_every_recorded_call_is_answered_twice(actors: ManualActors) -> None:
    for call in [one for one in RECORDED for _ in range(2)]:
        body = (call["body"] or {}).get("json")
        send = {"url": path_of(call)} if body is None else {"url": path_of(call), "json": body}
        answer = actors.pilot.request(call["method"], **send)
        assert answer.status_code == 200, (call["path"], answer.text)
        if call["path"].startswith("/api/v1/") and not call["path"].endswith(("acquire_jobs", "get_key_pair")):
            assert answer.json()["success"] is True, (call["path"], answer.text)

    assert read(actors.pilot, f"harvester/get_current_worker_id?harvester_id={ONE}") >= 2
    until(lambda: "HARV_PULL" in read(actors.pilot, "statistics/active_job_stats_by_site"))


def test_what_a_queue_wants_is_ordered_of_its_harvester(actors: ManualActors) -> None:
    actors.submit(jobs=2, name=f"user.harv.{uuid4()}", queue="HARV_ORDERED")
    until(lambda: actors.user.get("/v1/queues/HARV_ORDERED").json()["workers"]["wanted"] >= 2)
    wanted = actors.user.get("/v1/queues/HARV_ORDERED").json()["workers"]

    found = said(actors.pilot, "harvester/acquire_commands", harvester_id=TWO, n_commands=20)
    again = said(actors.pilot, "harvester/acquire_commands", harvester_id=TWO, n_commands=20)

    (command,) = [one for one in found if one["command"] == "SET_N_WORKERS_JOBTYPE:HARV_ORDERED"]
    assert command["params"] == {"managed": {"SCORE": wanted["wanted"] - wanted["live"]}}
    assert [one for one in again if one["command"] == command["command"]] == []


def test_jobs_are_pushed_and_reported_in_bulk_and_carry_their_harvester(actors: ManualActors) -> None:
    actors.submit(jobs=2, name=f"user.harv.{uuid4()}", queue="HARV_PUSH")
    until(lambda: read(actors.pilot, "statistics/active_job_stats_by_site")["HARV_PUSH"]["activated"] == 2)

    ask = {"site_name": "HARV_PUSH", "node": "vm", "computing_element": "vm", "prod_source_label": "unified", "n_jobs": 2}
    jobs = said(actors.pilot, "pilot/acquire_jobs", scheduler_id=f"harvester-{ONE}", **ask)["jobs"]
    ids = [job["PandaID"] for job in jobs]
    for state in ("starting", "running", "finished", "finished"):
        reports = [
            {"job_id": job_id, "site_name": "HARV_PUSH", "job_status": state, "attempt_nr": 1, "new_key": 1} for job_id in ids
        ]
        replies = said(actors.pilot, "pilot/update_jobs_bulk", job_list=reports)
        assert [one["data"]["StatusCode"] for one in replies] == [0, 0], (state, replies)

    assert len(ids) == 2
    needed = {"PandaID", "taskID", "attemptNr", "currentPriority", "coreCount", "minRamCount", "maxDiskCount", "maxWalltime",
              "resource_type", "prodSourceLabel", "transformation", "jobPars", "inFiles", "GUID", "fsize", "checksum", "scopeIn",
              "realDatasetsIn", "ddmEndPointIn", "outFiles", "scopeOut", "scopeLog", "logFile", "logGUID", "realDatasets",
              "ddmEndPointOut", "jobsetID"}  # fmt: skip
    assert needed - set(jobs[0]) == set()
    statuses = f"job/get_status?job_ids={ids[0]}&job_ids={ids[1]}"
    until(lambda: {row["status"] for row in read(actors.pilot, statuses)} == {"finished"})
    shown = read(actors.user, f"job/get_description?job_ids={ids[0]}")[0]
    assert shown["schedulerID"] == f"harvester-{ONE}"


def test_a_sweep_is_in_the_history_of_the_harvester(actors: ManualActors) -> None:
    answer = actors.operator.post("/api/v1/harvester/add_sweep_command", json={"panda_queue": "HARV_PULL"}).json()
    assert answer["success"], answer

    found = said(actors.pilot, "harvester/acquire_commands", n_commands=20)
    (sweep,) = [one for one in found if one["command"] == "KILL_WORKERS"]
    assert sweep["ack_requested"]

    def kinds() -> list[str]:
        said(actors.pilot, "harvester/acknowledge_commands", command_ids=[sweep["command_id"]])
        steps = actors.operator.get(f"/v1/history/harvester/wlcg/{ONE}?limit=500").json()["history"]
        return [step["event_type"] for step in steps]

    # The read model that says which Harvesters there are may be a moment behind.
    until(lambda: "HarvesterCommandsAcknowledged" in kinds())
    assert {"HarvesterStarted", "HarvesterCommandOrdered", "HarvesterCommandsHandedOut"} <= set(kinds())


def test_the_recording_is_of_a_real_client() -> None:
    text = (Path(__file__).parent / "recordings" / "harvester.jsonl").read_text()

    assert len({(json.loads(line)["method"], json.loads(line)["path"]) for line in text.splitlines()}) == 20
