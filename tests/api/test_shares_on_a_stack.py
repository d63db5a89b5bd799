"""Shares over a whole Culm: a tree is set, a job is leased, and its usage is back in the next requests."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.stack import Stack
from tests.api.test_stack import parameters
from tests.monitor.manual_actors import client_of, until

pytestmark = pytest.mark.stack
QUEUE = "BYSHARE"
WAIT = {"Prefer": "wait=30"}
SHARES = [
    {"name": "First", "percent": 50.0, "campaign_pattern": "DP1"},
    {"name": "Second", "percent": 50.0, "campaign_pattern": "DP2"},
]


@pytest.fixture
def operator(stack: Stack) -> Iterator[httpx.Client]:
    """Has set the tree; takes it away in the end, as other tests know none."""
    with client_of(stack, "shareop", "wlcg/operator", "wlcg/production") as client:
        settings = {"name": QUEUE, "site": QUEUE, "status": "BROKEROFF", "workdir_mb_max": 20_000, "corepower": 10.0}
        send(client, "ConfigureQueue", f"queue.{QUEUE}", settings=settings)
        send(client, "SetShares", "shares", shares=SHARES)
        until(lambda: client.get(f"/v1/queues/{QUEUE}").status_code == 200)
        yield client
        send(client, "SetShares", "shares", shares=[])


def send(client: httpx.Client, name: str, key: str, **fields: Any) -> None:
    answer = client.post(f"/v1/commands/{name}", json={"aggregate_id": key, **fields}, headers=WAIT)
    assert answer.json().get("accepted"), answer.text


def submit(client: httpx.Client, campaign: str) -> int:
    asked = parameters(f"user.shareop.{uuid4()}", 3) | {"site": QUEUE, "campaign": campaign}
    answer = client.post("/v1/tasks", json={"parameters": asked})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["task_id"])


def shares(client: httpx.Client) -> dict[str, Any]:
    rows = client.get("/v1/shares").json()["shares"]
    return {row["name"]: (row["used_hs23"], row["rank"]) for row in rows}


def lease(pilot: httpx.Client) -> int:
    body = {"siteName": QUEUE, "computingElement": QUEUE, "prodSourceLabel": "user", "node": "n1", "mem": 24_000}
    job = pilot.post("/server/panda/getJob", json=body).json()
    assert job["StatusCode"] == 0, job
    return int(job["taskID"])


def test_what_a_lease_uses_is_known_to_the_api_with_the_order_that_follows(stack: Stack, operator: httpx.Client) -> None:
    tasks = {submit(operator, "DP1"): "First", submit(operator, "DP2"): "Second"}
    for task in tasks:
        until(lambda task=task: operator.get(f"/v1/tasks/{task}").json()["jobs"].get("activated") == 3)

    with client_of(stack, "sharepilot", "wlcg/pilot") as pilot:
        share = tasks[lease(pilot)]
        other = next(one for one in tasks.values() if one != share)
        until(lambda: shares(operator) == {share: (10.0, 2), other: (0.0, 1)})
        # Which of them comes when is not tested here: a request in ten goes by age.
        leased = {lease(pilot) for _ in range(5)}

    assert leased == tasks.keys()
    until(lambda: {used for used, _ in shares(operator).values()} == {30.0})
