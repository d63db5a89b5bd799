"""Requests of the front, decided by the real deciders in memory: what was sent becomes a sealed workflow, once, and obeys."""

import json
from pathlib import Path
from typing import Any

import pytest

from identity.identity import Identity
from schemas.answer import CommandAnswered
from schemas.workflow import WorkflowSealed, WorkflowSubmitted
from tests.api.idds.builders import IddsFront, QuietGateway, error_of
from tests.api.idds.test_submission import REQUEST, a_flow
from tests.api.idds.test_workflow_commands import DONE
from tests.commands.in_memory import Culm, a_culm
from tests.streams.idds_requests import a_job, a_work


class DecidingGateway(QuietGateway):
    """Every command is decided at once."""

    culm: Culm

    async def submit(
        self, command: Any, aggregate_id: str, identity: Identity, *, role: str | None = None, **how: Any
    ) -> CommandAnswered | None:
        """The answer of the decider."""
        self.sent.append((command, aggregate_id))
        return self.culm.send(
            command,
            aggregate_id,
            actor=identity.subject,
            vo=identity.vo,
            role=role or identity.role,
            command_id=how.get("command_id"),
        )


@pytest.fixture(scope="module")
def shared_front(api_home: Path) -> IddsFront:
    return IddsFront(api_home, gateway=DecidingGateway())


@pytest.fixture
def front(shared_front: IddsFront) -> IddsFront:
    shared_front.begin_again()
    shared_front.gateway.culm = a_culm()  # type: ignore[attr-defined]  # it is a DecidingGateway
    return shared_front


def events(front: IddsFront, kind: type) -> list[Any]:
    """Events of a kind, in order."""
    culm: Culm = front.gateway.culm  # type: ignore[attr-defined]  # as above
    return [event for event, _ in culm.events if isinstance(event, kind)]


def test_a_request_becomes_a_sealed_workflow_with_the_first_number(front: IddsFront) -> None:
    answer = front.ask("POST", "/request", json.dumps(REQUEST).encode())

    assert answer.json() == {"request_id": 1}
    assert events(front, WorkflowSealed) == [WorkflowSealed(works=2, nodes=3, edges=2)]


def test_the_same_bytes_are_one_workflow_and_other_bytes_are_another(front: IddsFront) -> None:
    body = json.dumps(REQUEST).encode()

    numbers = [front.ask("POST", "/request", one).json()["request_id"] for one in (body, body, body + b" ", body)]

    assert numbers[0] == numbers[1] == numbers[3] != numbers[2]
    assert len(events(front, WorkflowSubmitted)) == len(events(front, WorkflowSealed)) == 2


def test_what_another_person_sends_with_the_same_bytes_is_theirs(front: IddsFront) -> None:
    body = json.dumps(REQUEST).encode()

    mine = front.ask("POST", "/request", body).json()["request_id"]
    theirs = front.ask("POST", "/request", body, front.headers("bob")).json()["request_id"]

    assert mine != theirs


def test_a_graph_of_many_parts_is_taken(front: IddsFront) -> None:
    first = a_work("a", [a_job(f"a{number}") for number in range(6_000)])
    parents = [("a", f"a{number}") for number in range(0, 6_000, 7)]
    second = a_work("b", [a_job(f"b{number}", *parents[number : number + 3]) for number in range(500)])

    answer = front.ask("POST", "/request", json.dumps(a_flow(first, second)).encode())

    assert answer.status_code == 200, answer.headers
    (sealed,) = events(front, WorkflowSealed)
    assert (sealed.works, sealed.nodes, sealed.edges) == (2, 6_500, 1_500)


def test_orders_are_for_the_owner_and_a_second_abort_is_no_error(front: IddsFront) -> None:
    number = front.ask("POST", "/request", json.dumps(REQUEST).encode()).json()["request_id"]
    path = f"/request/abort/{number}/null"

    of_bob = front.ask("PUT", path, b"null", front.headers("bob")).json()
    of_juno = front.ask("PUT", path, b"null", front.headers("eve", "juno", "juno/production")).json()
    mine = [front.ask("PUT", path, b"null").json() for _ in range(2)]

    assert of_bob == [[-1, {"status": -1, "message": f"User Bob Doe has no permission to update request {number}"}]]
    assert of_juno == [[-1, {"status": -1, "message": "No match requests"}]]
    assert mine == [DONE, DONE]


def test_a_workflow_that_is_not_there_matches_nothing(front: IddsFront) -> None:
    assert front.ask("PUT", "/request/abort/77/null", b"null").json() == [[-1, {"status": -1, "message": "No match requests"}]]
    assert error_of(front.ask("PUT", "/request/77", b'{"status": 7}'))[:2] == (404, "NoObject")
