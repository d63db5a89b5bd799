"""Agents of a whole Culm: codes, tokens of workers and jobs, theft and lateness, and a payload that looks for secrets."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.enrolment import new_code, offer_of
from deploy.stack import Stack
from identity.agents import code_digest_of
from identity.issuer import make_token
from identity.own_issuers import OWN_ISSUER
from identity.refusals import caller_of_token
from schemas.ids import enrolment_key
from tests.api.test_stack import QUEUE, _until, a_client, submit
from tests.api.test_stack import jane as jane
from tests.api.test_stack import pilot as pilot
from tests.conformance.client import a_client as a_panda_client

pytestmark = pytest.mark.stack
#: A revocation is in force everywhere within this time, of which docs/identity/revoking.md speaks.
EVERYWHERE_SECONDS = 5.0
LOOK = """
import glob, os
home = {home!r}
paths = [os.path.join(home, name) for name in ("identity/key.json", "identity/agent_keys.json", "run/stack.json")]
paths += glob.glob(home + "/tokens/*") + glob.glob(home + "/work/*/token*") + glob.glob(home + "/**/*pass*", recursive=True)
for path in paths:
    try:
        print("READ", path, open(path).read()[:10])
    except OSError as problem:
        print(type(problem).__name__, path)
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        text = open("/proc/" + pid + "/environ").read()
    except OSError:
        continue
    if "CULM_POSTGRES" in text or "CULM_ENROLMENT_FILE" in text:
        print("READ environ of", pid)
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        if open("/proc/" + pid + "/cmdline").read().rstrip(chr(0)).endswith("agents.pilot"):
            print("a pilot", pid)
            print("READ memory of", pid, open("/proc/" + pid + "/mem", "rb").fileno())
    except OSError:
        continue
"""


#: Of the test that runs.
AGENTS: list[httpx.Client] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while AGENTS:
        AGENTS.pop().close()


@pytest.fixture(scope="module")
def operator(stack: Stack) -> Iterator[httpx.Client]:
    """An operator of wlcg who may also see refusals."""
    with a_client(stack, "operator", "wlcg/operator") as client:
        yield client


def offered(operator: httpx.Client, queue: str = QUEUE, worker_id: str | None = None) -> str:
    code = new_code()
    body = {
        "aggregate_id": enrolment_key(code_digest_of(code)),
        **offer_of(code, [queue], worker_id, int(time.time()), 600, 86_400),
    }
    answer = operator.post("/v1/commands/OfferEnrolment", json=body, headers={"Prefer": "wait=30"})
    assert answer.json()["accepted"], answer.text
    return code


def enrol(stack: Stack, code: str, redeemer: str) -> httpx.Response:
    return httpx.post(f"{stack.config.api}/v1/agents/enrol", json={"code": code, "redeemer": redeemer}, timeout=30)


def enrolled(stack: Stack, code: str, redeemer: str = "the first one of them") -> dict[str, Any]:
    """What the one who uses the code gets, once the API has read the offer."""
    answer: httpx.Response = _until(lambda: (found := enrol(stack, code, redeemer)).status_code == 200 and found)
    document: dict[str, Any] = answer.json()
    return document


def as_agent(stack: Stack, token: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}", "Origin": "wlcg"}
    client = httpx.Client(base_url=stack.config.api, headers=headers, timeout=70)
    AGENTS.append(client)
    return client


def lease(agent: httpx.Client, worker_id: str) -> dict[str, Any]:
    body = {"siteName": QUEUE, "prodSourceLabel": "user", "node": "n1", "worker_id": worker_id, "wants_job_token": True}
    job: dict[str, Any] = _until(
        lambda: (found := agent.post("/server/panda/getJob", json=body).json())["StatusCode"] == 0 and found
    )
    return job


def report(agent: httpx.Client, job: dict[str, Any], state: str = "running") -> httpx.Response:
    body = {"jobId": job["PandaID"], "state": state, "attemptNr": job["attemptNr"], "siteName": QUEUE, "node": "n1"}
    return agent.post("/server/panda/updateJob", json=body)


def administrator(stack: Stack) -> httpx.Client:
    groups = ["wlcg", "wlcg/administrator"]
    return as_agent(stack, make_token(stack.config.home, user="root", name="Root", groups=groups, issuer=OWN_ISSUER))


def rules_of(operator: httpx.Client, caller: str) -> set[str]:
    rows = operator.get("/v1/refusals", params={"limit": 1000}).json()["refusals"]
    return {row["rule"] for row in rows if row["caller"] == caller}


def test_what_a_worker_leased_no_other_worker_and_no_other_token_reports(
    stack: Stack, jane: httpx.Client, pilot: httpx.Client, operator: httpx.Client
) -> None:
    harvester = as_agent(stack, enrolled(stack, offered(operator))["token"])
    first, second = (harvester.post("/v1/agents/workers", json={"worker_id": name}).json() for name in ("w1", "w2"))
    submit(jane, jobs=2)
    w1, w2 = as_agent(stack, first["token"]), as_agent(stack, second["token"])
    job, other = lease(w1, "w1"), lease(w2, "w2")
    holder, thief = as_agent(stack, job["job_token"]), as_agent(stack, other["job_token"])

    assert report(holder, job).json()["command"] == "NULL"
    for stranger in (w2, harvester, pilot):
        assert report(stranger, job, "failed").json()["command"] == "tobekilled"
    assert report(thief, job, "failed").status_code == 403
    assert thief.get("/v1/tasks").status_code == holder.get("/v1/jobs").status_code == 403
    assert report(w1, job).json()["command"] == "NULL"
    assert report(holder, job, "failed").json()["StatusCode"] == 0

    _until(lambda: report(holder, job).json()["command"] == "tobekilled")
    assert report(thief, other, "failed").json()["StatusCode"] == 0
    _until(lambda: {"job", "agent"} <= rules_of(operator, second["subject"]))


def test_a_token_is_renewed_as_an_unmodified_pilot_does_it_and_the_pilot_works_on(
    stack: Stack, jane: httpx.Client, pilot: httpx.Client, operator: httpx.Client
) -> None:
    mine = enrolled(stack, offered(operator, worker_id="solo"))
    agent = as_agent(stack, mine["token"])
    submit(jane)
    job = lease(agent, "solo")

    query = {"client_name": "pilot_server", "token_key": mine["token_key"]}
    renewed = agent.get("/server/panda/get_access_token", params=query).json()

    assert renewed["StatusCode"] == 0
    assert renewed["userProxy"] != mine["token"]
    assert report(as_agent(stack, renewed["userProxy"]), job, "failed").json()["command"] == "NULL"


def test_a_code_that_is_used_twice_ends_both_with_an_alarm_and_a_record(
    stack: Stack, jane: httpx.Client, pilot: httpx.Client, operator: httpx.Client
) -> None:
    code = offered(operator)
    mine = enrolled(stack, code)
    harvester = as_agent(stack, mine["token"])
    worker = harvester.post("/v1/agents/workers", json={"worker_id": "w9"}).json()
    submit(jane)
    job = lease(as_agent(stack, worker["token"]), "w9")
    again = enrol(stack, code, "the first one of them").status_code

    stolen = enrol(stack, code, "someone else altogether")

    tokens = (mine["token"], worker["token"], job["job_token"])
    dead = [
        _until(lambda token=token: report(as_agent(stack, token), job).status_code == 403, EVERYWHERE_SECONDS) for token in tokens
    ]
    log = (stack.config.logs / "api.log").read_text()
    alarms = [json.loads(line) for line in log.splitlines() if "enrolment_code_used_twice" in line]
    assert (again, stolen.status_code, dead) == (200, 403, [True] * 3)
    assert code_digest_of(code)[:16] in {alarm["code_digest"] for alarm in alarms}
    assert enrol(stack, code, "the first one of them").status_code == 403
    lost = _until(lambda: (found := jane.get(f"/v1/jobs/{job['PandaID']}").json())["status"] == "failed" and found)
    assert [error["diagnostic"] for error in lost["errors"]] == ["taken from its pilot, which is believed no more"]
    _until(lambda: "code" in rules_of(operator, caller_of_token(code)))
    _until(lambda: "revoked" in rules_of(administrator(stack), worker["subject"]))
    assert code not in log


def test_a_payload_finds_no_key_and_no_token_of_others(stack: Stack, jane: httpx.Client, tmp_path: Path) -> None:
    log = (stack.config.logs / "harvester.log").read_text()
    if "pilots_not_isolated" in log:
        pytest.skip("this machine isolates no processes")
    client = a_panda_client(stack, tmp_path)
    (client.folder / "look.py").write_text(LOOK.format(home=str(stack.config.home)))
    name = f"user.jdoe.look{uuid4().hex[:8]}"

    task = client.prun(name, "--nJobs", "2", "--outputs", "found.txt", payload="python3 look.py > found.txt").task_id
    status = _until(lambda: (found := client.task(task))["status"] in ("done", "failed", "finished") and found, 120)["status"]

    found = [path.read_text() for path in (stack.config.home / "storage").rglob(f"*{task}*found.txt")]
    assert (status, len(found)) == ("done", 2)
    assert [line for text in found for line in text.splitlines() if line.startswith("READ")] == []
    assert all("FileNotFoundError" in text and "a pilot" in text for text in found)
