"""Commands on tasks: what reaches the decider, and how its answer is worded for pbook."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from api.http.errors import ReadModelsUnavailable
from api.log.positions import Position
from api.panda import task_commands
from api.panda.calls import Call
from api.panda.envelope import Reply
from schemas.answer import CommandAnswered
from schemas.task import FinishTask, ForceAvalanche, IncreaseAttempts, KillTask, ReassignTask, ReleaseInput, RetryTask
from schemas.types import UnitRange
from tests.api.builders import GatewayStandIn, ReadModelsStandIn, an_answer, run
from tests.api.panda.builders import RecordingReadModels, a_call, a_task_row

TASK = 10_000_001
Function = Callable[[Call], Awaitable[Reply]]


def answered(function: Function, gateway: GatewayStandIn, home: Path, task: Any = None, **arguments: Any) -> Reply:
    """The reply to a call on TASK, whose row is `task`."""
    read_models: ReadModelsStandIn = RecordingReadModels({"from task where": [a_task_row() if task is None else task]})
    if task == "nothing":
        read_models = RecordingReadModels()
    call = a_call(home, {"task_id": TASK} | arguments, gateway=gateway, read_models=read_models)
    reply: Reply = run(function(call))
    return reply


def refusing(reason: str, message: str) -> GatewayStandIn:
    """A gateway whose decider refuses."""
    return GatewayStandIn(lambda command, _: an_answer(accepted=False, reason=reason, message=message))


def test_a_kill_is_registered_in_the_words_of_the_reference(tmp_path: Path) -> None:
    gateway = GatewayStandIn()

    reply = answered(task_commands.kill, gateway, tmp_path)

    message = "command=kill is registered for task ID 10000001. will be executed in a few minutes"
    assert reply == Reply(True, message, 0)
    assert gateway.sent == [(KillTask(), "10000001")]


def test_a_soft_finish_is_passed_on(tmp_path: Path) -> None:
    gateway = GatewayStandIn()

    assert answered(task_commands.finish, gateway, tmp_path, soft=True).data == 0
    assert gateway.sent == [(FinishTask(soft=True), "10000001")]


def test_a_wrong_status_is_code_four(tmp_path: Path) -> None:
    gateway = refusing("WRONG_STATUS", "the kill command is not accepted if the task is in done status")

    reply = answered(task_commands.kill, gateway, tmp_path)

    assert reply == Reply(False, "Command rejected: the kill command is not accepted if the task is in done status ", 4)


def test_the_task_of_another_user_is_code_three(tmp_path: Path) -> None:
    reply = answered(task_commands.kill, refusing("NOT_PERMITTED", "not the task owner or no production role"), tmp_path)

    assert reply == Reply(False, "not the task owner or no production role", 3)


@pytest.mark.parametrize("reason", ["UNKNOWN_TASK", "NOT_PERMITTED"])
def test_an_unknown_task_and_one_of_another_vo_are_the_same(tmp_path: Path, reason: str) -> None:
    reply = answered(task_commands.kill, refusing(reason, "?"), tmp_path, task="nothing")

    assert reply == Reply(False, "Task 10000001 is not found", 2)


def test_no_answer_in_time_is_code_one(tmp_path: Path) -> None:
    reply = answered(task_commands.kill, GatewayStandIn(lambda command, _: None), tmp_path)

    assert (reply.success, reply.data) == (False, 1)
    assert "may still be carried out" in reply.message


def test_a_decision_is_answered_even_when_no_reader_can_see_it(tmp_path: Path) -> None:
    class Blind(GatewayStandIn):
        async def readable(self, aggregate: str, aggregate_id: str, seconds: float) -> Position:
            raise ReadModelsUnavailable("away")

    assert answered(task_commands.kill, Blind(), tmp_path).data == 0


def retried(gateway: GatewayStandIn, tmp_path: Path, new: Any, *rows: Any) -> Any:
    """The reply to a retry, as pbook sends it: within the limits."""
    return answered(task_commands.retry, gateway, tmp_path, *rows, new_parameters=new, ignore_hard_exhausted=False)


def test_a_retry_of_an_ended_task_answers_nought(tmp_path: Path) -> None:
    gateway = GatewayStandIn()

    reply = retried(gateway, tmp_path, None, a_task_row(status="failed"))

    assert (reply.data, reply.message.startswith("command=retry is registered")) == (0, True)
    assert gateway.sent == [(RetryTask(), "10000001")]


@pytest.mark.parametrize("new", [None, {}])
def test_a_retry_may_pass_by_the_limits(tmp_path: Path, new: Any) -> None:
    gateway = GatewayStandIn()

    answered(
        task_commands.retry, gateway, tmp_path, a_task_row(status="failed"), new_parameters=new, ignore_hard_exhausted=True
    )

    ((command, _),) = gateway.sent
    assert isinstance(command, RetryTask)
    assert command.beyond_limits


def test_a_retry_with_new_parameters_answers_three(tmp_path: Path) -> None:
    gateway = GatewayStandIn()
    new = {"excludedSite": "A,B", "nFilesPerJob": 2, "loopingCheck": False}

    reply = retried(gateway, tmp_path, new, a_task_row(status="failed"))

    assert (reply.success, reply.data) == (True, 3)
    assert "jediTaskID=10000001" in reply.message
    sent = gateway.sent[0][0]
    assert orjson.loads(sent.parameters_json) == {"excludedSite": ["A", "B"], "nFilesPerJob": 2, "noLoopingCheck": True}


@pytest.mark.parametrize("status", ["running", "scouting", "ready", "pending"])
def test_a_retry_of_a_task_at_work_gives_it_more_attempts(tmp_path: Path, status: str) -> None:
    gateway = GatewayStandIn()

    reply = retried(gateway, tmp_path, None, a_task_row(status=status))

    assert reply == Reply(True, f"retry has been triggered for failed jobs while the task is still {status}", 0)
    assert gateway.sent == [(IncreaseAttempts(increase=5), "10000001")]


def test_a_retry_of_a_task_that_just_ended_is_a_retry(tmp_path: Path) -> None:
    def ended(command: Any, _: str) -> CommandAnswered:
        return an_answer(accepted=isinstance(command, RetryTask), reason="WRONG_STATUS", message="ended")

    gateway = GatewayStandIn(ended)

    assert retried(gateway, tmp_path, None).data == 0
    assert [type(command) for command, _ in gateway.sent] == [IncreaseAttempts, RetryTask]


@pytest.mark.parametrize("new", [None, {"nFiles": 1}])
def test_pbook_cannot_take_a_refused_retry_for_success(tmp_path: Path, new: Any) -> None:
    stranger = refusing("NOT_PERMITTED", "not the task owner or no production role")
    silent = GatewayStandIn(lambda command, _: None)

    for gateway in (stranger, silent):
        reply = retried(gateway, tmp_path, new, a_task_row(status="failed"))

        taken_for_success = reply.data == 3 if new else reply.data in (0, True)
        assert not reply.success
        assert not taken_for_success


def test_a_release_is_of_all_input(tmp_path: Path) -> None:
    gateway = GatewayStandIn()

    reply = answered(task_commands.release, gateway, tmp_path)

    assert (reply.data, reply.message.startswith("command=release is registered")) == (0, True)
    assert gateway.sent == [(ReleaseInput(units=(UnitRange(first=1, last=1_000_000),)), "10000001")]


def test_an_avalanche_is_ordered_and_refused_in_the_words_of_the_reference(tmp_path: Path) -> None:
    gateway = GatewayStandIn()
    wrong = refusing("WRONG_STATUS", "the avalanche command is not accepted if the task is in running status")

    reply = answered(task_commands.avalanche, gateway, tmp_path)
    late = answered(task_commands.avalanche, wrong, tmp_path)

    assert (reply.data, gateway.sent) == (0, [(ForceAvalanche(), "10000001")])
    assert (late.success, late.data) == (False, 4)
    assert late.message == "Command rejected: the avalanche command is not accepted if the task is in running status "


def test_more_attempts_have_codes_of_their_own(tmp_path: Path) -> None:
    done = answered(task_commands.increase_attempts, GatewayStandIn(), tmp_path, increase=3)
    unknown = answered(task_commands.increase_attempts, refusing("UNKNOWN_TASK", "?"), tmp_path, increase=3)
    wrong = answered(task_commands.increase_attempts, refusing("WRONG_STATUS", "the task is done"), tmp_path, increase=3)

    assert (done.success, done.data) == (True, 0)
    assert (unknown.success, unknown.data) == (False, 1)
    assert (wrong.success, wrong.data, wrong.message) == (False, 2, "the task is done")


def test_a_reassignment_kills_unless_told_otherwise(tmp_path: Path) -> None:
    gateway = GatewayStandIn()

    reply = answered(task_commands.reassign, gateway, tmp_path, site="B", cloud=None, nucleus=None, mode=None)

    assert reply.data == 0
    assert gateway.sent == [(ReassignTask(site="B", cloud=None, mode="kill"), "10000001")]


def test_a_submission_says_the_id_in_its_message(tmp_path: Path) -> None:
    parameters = {"taskName": "user.jdoe.t1/", "vo": "wlcg", "prodSourceLabel": "user", "uniqueTaskName": True}
    call = a_call(tmp_path, {"task_parameters": parameters, "parent_tid": None})

    reply: Reply = run(task_commands.submit(call))

    assert reply == Reply(True, "succeeded. new jediTaskID=10000005", 10_000_005)


def test_a_submission_without_a_name_is_code_four(tmp_path: Path) -> None:
    reply: Reply = run(task_commands.submit(a_call(tmp_path, {"task_parameters": {"vo": "wlcg"}, "parent_tid": None})))

    assert (reply.success, reply.data) == (False, 4)
    assert reply.message.startswith("failed to register task")
