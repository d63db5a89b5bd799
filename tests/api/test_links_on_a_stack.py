"""Two logins of one person on a whole Culm: what the one submitted, the other sees as own and kills, while they are linked."""

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from deploy.stack import Stack
from tests.api.test_stack import _until, a_client, submit

pytestmark = pytest.mark.stack


@pytest.fixture
def logins(stack: Stack) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """Two logins that no test linked before."""
    name = f"linked{uuid4().hex[:8]}"
    with a_client(stack, name) as first, a_client(stack, f"{name}b") as second:
        yield first, second


def token_of(client: httpx.Client) -> str:
    return client.headers["authorization"].removeprefix("Bearer ")


def link(first: httpx.Client, second: httpx.Client) -> str:
    """Link them: the id of the second, once the first is known to have it."""
    answer = first.post("/v1/links", json={"token": token_of(second)})
    assert answer.status_code == 200, answer.text
    other = str(second.get("/v1/whoami").json()["subject"])
    _until(lambda: first.get("/v1/whoami").json()["linked"] == [other])
    return other


def submit_as(client: httpx.Client) -> int:
    """A task whose files have the name of the login itself."""
    return submit(client, nickname=client.get("/v1/whoami").json()["nickname"])


def own_tasks(client: httpx.Client) -> list[int]:
    return [row["task_id"] for row in client.get("/v1/tasks", params={"owner": "me"}).json()["tasks"]]


def kill(client: httpx.Client, task_id: int) -> tuple[int, bool]:
    answer = client.post("/v1/commands/KillTask", json={"aggregate_id": str(task_id)}, headers={"Prefer": "wait=30"})
    return answer.status_code, bool(answer.json().get("accepted"))


def test_a_linked_login_sees_and_kills_what_the_other_submitted(logins: tuple[httpx.Client, httpx.Client]) -> None:
    first, second = logins
    task_id = submit_as(second)
    assert (own_tasks(first), kill(first, task_id)) == ([], (403, False))

    link(first, second)

    assert (own_tasks(first), own_tasks(second)) == ([task_id], [task_id])
    assert kill(first, task_id) == (200, True)


def test_a_link_that_is_taken_back_gives_each_what_is_its_own(logins: tuple[httpx.Client, httpx.Client]) -> None:
    first, second = logins
    task_id = submit_as(second)
    other = link(first, second)

    assert first.post("/v1/links/remove", json={"other": other}).status_code == 200

    _until(lambda: first.get("/v1/whoami").json()["linked"] == [])
    assert (own_tasks(first), own_tasks(second), kill(first, task_id)) == ([], [task_id], (403, False))
    again = first.post("/v1/links/remove", json={"other": other})
    assert (again.status_code, again.json()["reason"]) == (422, "NOT_LINKED")


def test_a_person_sees_the_links_by_which_the_ids_hang_together(logins: tuple[httpx.Client, httpx.Client]) -> None:
    first, second = logins
    link(first, second)

    pairs = first.get("/v1/links").json()["links"]

    ids = sorted(client.get("/v1/whoami").json()["subject"] for client in logins)
    assert pairs == [{"actor": ids[0], "other": ids[1]}]
