"""Orders to a workflow: the aggregate's commands, its refusals in iDDS's words, ids as text or number."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from schemas.workflow import (
    AbortWorkflow,
    CloseWorkflow,
    FinishWorkflow,
    ResumeWorkflow,
    RetryWorkflow,
    SuspendWorkflow,
)
from tests.api.builders import an_answer
from tests.api.idds.builders import IddsFront, error_of

DONE = [[0, {"status": 0, "message": "Command registered successfully"}]]
NO_MATCH = [[-1, {"status": -1, "message": "No match requests"}]]
REFUSALS = (
    ("UNKNOWN_WORKFLOW", "no such workflow was submitted", "No match requests"),
    ("NOT_PERMITTED", "workflow 101 belongs to another organisation", "No match requests"),
    ("NOT_PERMITTED", "not the workflow owner or no production role",
     "User Jane Doe has no permission to update request 101"),
    ("WRONG_STATUS", "the retry command is not accepted", "WRONG_STATUS: the retry command is not accepted"),
)  # fmt: skip


@pytest.fixture(scope="module")
def shared_front(api_home: Path) -> IddsFront:
    return IddsFront(api_home)


@pytest.fixture
def front(shared_front: IddsFront) -> IddsFront:
    shared_front.begin_again()
    return shared_front


def refuse(front: IddsFront, reason: str, message: str) -> None:
    """From now on deciders refuse."""
    front.gateway.answer = lambda command, key: an_answer(accepted=False, reason=reason, message=message)


def executed(front: IddsFront, name: str, request_id: object) -> Any:
    """The answer to a command of pbook."""
    headers = {"Authorization": f"Bearer {front.headers()['X-IDDS-Auth-Token']}", "Origin": "wlcg",
               "Content-Type": "application/x-www-form-urlencoded"}  # fmt: skip
    body = urlencode({"command_name": name, "kwargs": json.dumps({"request_id": request_id})}).encode()
    return front.ask("POST", "/server/panda/execute_idds_workflow_command", body, headers, prefix="").json()


@pytest.mark.parametrize(
    ("path", "command"),
    [
        ("/request/abort/101/null", AbortWorkflow()),
        ("/request/abort/101/None", AbortWorkflow()),
        ("/request/close/101/null", CloseWorkflow()),
        ("/request/retry/101/null", RetryWorkflow()),
    ],
)
def test_an_order_by_rest_becomes_the_command_of_the_aggregate(front: IddsFront, path: str, command: Any) -> None:
    assert front.ask("PUT", path, b"null").json() == DONE
    assert front.gateway.sent == [(command, "101")]


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("abort", AbortWorkflow()), ("suspend", SuspendWorkflow()), ("resume", ResumeWorkflow()), ("retry", RetryWorkflow()),
        ("finish", FinishWorkflow()),
    ],
)  # fmt: skip
@pytest.mark.parametrize("request_id", [101, "101"])
def test_an_order_of_pbook_has_a_code_and_a_sentence(
    front: IddsFront, name: str, command: Any, request_id: object
) -> None:
    assert executed(front, name, request_id) == [True, [[0, "Command registered successfully"]]]
    assert front.gateway.sent == [(command, "101")]


@pytest.mark.parametrize(("reason", "message", "said"), REFUSALS)
def test_a_refusal_is_said_as_the_reference_says_it(front: IddsFront, reason: str, message: str, said: str) -> None:
    refuse(front, reason, message)

    assert front.ask("PUT", "/request/abort/101/null", b"null").json() == [[-1, {"status": -1, "message": said}]]


def test_what_is_not_there_is_not_found_by_pbook(front: IddsFront) -> None:
    refuse(front, "UNKNOWN_WORKFLOW", "no such workflow was submitted")

    assert executed(front, "abort", 101) == [False, "request 101 is not found"]


@pytest.mark.parametrize("request_id", ["0", "900000000", "999999999999"])
def test_a_number_that_no_request_has_matches_nothing(front: IddsFront, request_id: str) -> None:
    assert front.ask("PUT", f"/request/abort/{request_id}/null", b"null").json() == NO_MATCH
    assert front.gateway.sent == []


@pytest.mark.parametrize("request_id", ["x", "-1", "1.5", "9" * 30, "null"])
def test_what_is_no_number_is_a_bad_request(front: IddsFront, request_id: str) -> None:
    status, name, message = error_of(front.ask("PUT", f"/request/retry/{request_id}/null", b"null"))

    assert (status, name) == (400, "BadRequest")
    assert message.startswith("request_id: found")


def test_a_task_that_is_no_work_of_a_workflow_matches_nothing(front: IddsFront) -> None:
    assert front.ask("PUT", "/request/abort/null/7000", b"null").json() == NO_MATCH
    assert front.gateway.sent == []


@pytest.mark.parametrize(
    ("status", "command"),
    [
        (7, AbortWorkflow()),
        (10, SuspendWorkflow()),
        (13, ResumeWorkflow()),
        (18, FinishWorkflow()),
        ({"class": "RequestStatus", "module": "idds.common.constants", "attributes": {"_value_": 7}}, AbortWorkflow()),
    ],
)
def test_an_update_of_the_status_is_the_command_that_it_means(front: IddsFront, status: Any, command: Any) -> None:
    answer = front.ask("PUT", "/request/101", json.dumps({"status": status}).encode())

    assert answer.json() == {"status": 0, "message": "update successfully"}
    assert front.gateway.sent == [(command, "101")]


def test_to_resume_what_is_not_suspended_is_to_try_again(front: IddsFront) -> None:
    front.gateway.answer = lambda command, key: an_answer(
        accepted=isinstance(command, RetryWorkflow), reason="WRONG_STATUS", message="failed"
    )

    assert front.ask("PUT", "/request/101", b'{"status": 13}').status_code == 200
    assert [command for command, _ in front.gateway.sent] == [ResumeWorkflow(), RetryWorkflow()]


@pytest.mark.parametrize("body", [b"null", b'{"status": 3}', b'{"status": true}', b'{"status": {}}', b'{"priority": 5}', b"[]"])
def test_an_update_that_means_no_command_is_refused(front: IddsFront, body: bytes) -> None:
    status, _, message = error_of(front.ask("PUT", "/request/101", body))

    assert status == 400
    assert message.startswith("status: found")
    assert front.gateway.sent == []


@pytest.mark.parametrize(
    ("reason", "message", "expected"),
    [
        ("UNKNOWN_WORKFLOW", "no such workflow was submitted", (404, "NoObject")),
        ("NOT_PERMITTED", "not the workflow owner or no production role", (403, "AuthenticationNoPermission")),
        ("WRONG_STATUS", "is finished", (409, "DuplicatedObject")),
    ],
)
def test_a_refused_update_is_an_error(front: IddsFront, reason: str, message: str, expected: tuple[int, str]) -> None:
    refuse(front, reason, message)

    assert error_of(front.ask("PUT", "/request/101", b'{"status": 7}'))[:2] == expected
