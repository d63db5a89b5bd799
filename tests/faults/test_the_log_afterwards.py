"""After all that the suite did to the shared stack, kills included: the checker finds its log and its rows in order.

In lanes, the stacks of the other lanes are judged before they go down (tests/conftest.py).
"""

import pytest

from check.conditions import ConditionsTaken
from check.followed import FollowedFilesTakenOnce
from check.links import LinksCarried
from check.ranges import RangesCountedOnce
from check.senders import RevokedHoldNothing
from check.throttles import ThrottledForCause
from check.workflows import NodesReleasedOnce
from deploy.stack import Stack
from tests.api.test_stack import parameters
from tests.conformance.client import a_client
from tests.faults.afterwards import payload_result_of

pytestmark = pytest.mark.alone


def test_the_checker_finds_nothing_in_the_log_of_the_suite(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> None:
    client = a_client(stack, tmp_path_factory.mktemp("checked"))
    task = client.prun("user.jdoe.checked", "--nJobs", "3", "--outputs", "out.txt", payload="echo 1 > out.txt").task_id
    assert client.ended(task)["status"] == "done"
    # So that the law about lists has work, whichever tests ran on this stack.
    names = [f"root://se.example.org//data/f{number}.root" for number in range(600)]
    listed = parameters("user.jdoe.listed", 1) | {"pfnList": names, "site": "NOWHERE"}
    assert client.ask("POST", "/v1/tasks", json={"parameters": listed}).status_code == 201

    verdict = payload_result_of(stack)

    assert verdict.broken == []
    assert verdict.code == 0
    # Whether someone who held a lease was revoked on this stack, and whether a task followed input or was throttled, depends on
    # which tests ran on it; no job of event service and no workflow runs.
    quiet = (RevokedHoldNothing, FollowedFilesTakenOnce, ThrottledForCause, RangesCountedOnce, NodesReleasedOnce)
    elsewhere = {law.name for law in (*quiet, ConditionsTaken, LinksCarried)}
    assert verdict.idle <= {"rows of lease equal the events", *elsewhere}
