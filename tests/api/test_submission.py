"""Submitting a task: names, ids, codes."""

from typing import Any, cast

import orjson
import pytest

from api.log.dataset_patterns import with_dataset_names
from api.log.gateway import CommandGateway
from api.log.stored_parameters import parameters_of_reexecution, stored_parameters
from api.log.submission import Submission, submit_task
from api.log.task_numbers import TaskNumbers
from api.queries.read_models import ReadModels
from schemas.answer import CommandAnswered
from schemas.task import ReloadTask, SubmitTask
from schemas.task_name import ClaimTaskName
from tests.api.builders import GatewayStandIn, ReadModelsStandIn, an_answer, an_identity, run
from tests.api.panda.builders import RecordingReadModels

PARAMETERS: dict[str, Any] = {
    "taskName": "user.jdoe.t1/",
    "uniqueTaskName": True,
    "vo": "wlcg",
    "prodSourceLabel": "user",
    "cliParams": "prun",
}


def submit(gateway: GatewayStandIn, tables: dict[str, Any] | None = None, **changes: Any) -> Submission:
    read_models = ReadModelsStandIn(tables or {})
    done: Submission = run(
        submit_task(
            cast(CommandGateway, gateway),
            cast(ReadModels, read_models),
            TaskNumbers(cast(CommandGateway, gateway), cast(ReadModels, read_models)),
            changes.pop("identity", an_identity()),
            PARAMETERS | changes.pop("parameters", {}),
            **changes,
        )
    )
    return done


def name_taken_by(task_id: int, reload_accepted: bool = True) -> GatewayStandIn:
    def answer(command: Any, _: str) -> CommandAnswered:
        match command:
            case ClaimTaskName():
                return an_answer(accepted=False, reason="NAME_IN_USE", message=str(task_id))
            case ReloadTask():
                return an_answer(accepted=reload_accepted)
            case _:
                return an_answer(accepted=False, reason="ALREADY_EXISTS")

    return GatewayStandIn(answer)


def test_a_new_task_claims_its_name_and_is_registered() -> None:
    gateway = GatewayStandIn()

    done = submit(gateway)

    assert (done.code, done.message) == (0, "succeeded. new jediTaskID=10000005")
    assert [type(command) for command, _ in gateway.sent] == [ClaimTaskName, SubmitTask]
    assert gateway.sent[0][1] == "wlcg/user/subject-jane/user.jdoe.t1/"
    assert gateway.sent[1][1] == "10000005"
    assert gateway.sent[1][0].user_name == "Jane Doe"


def test_a_name_that_need_not_be_unique_is_not_claimed() -> None:
    gateway = GatewayStandIn()

    submit(gateway, parameters={"uniqueTaskName": False})

    assert [type(command) for command, _ in gateway.sent] == [SubmitTask]


def test_a_name_at_work_is_refused_with_its_state() -> None:
    done = submit(name_taken_by(10_000_001), {"select status": [{"status": "running"}]})

    assert (done.code, done.accepted, done.task_id) == (2, False, 10_000_001)
    assert done.message.startswith("jediTaskID=10000001 is in the running state for outDS=user.jdoe.t1/.")


def test_a_name_whose_task_has_ended_is_executed_again() -> None:
    gateway = name_taken_by(10_000_001)

    done = submit(gateway, {"select status": [{"status": "done"}]}, parameters={"nFiles": 5})

    assert (done.code, done.accepted) == (3, True)
    assert done.message == (
        "reactivation accepted. jediTaskID=10000001 (currently in done state) will be re-executed with old and/or new input"
    )
    assert gateway.sent[-1] == (ReloadTask(parameters_json='{"cliParams":"prun","nFiles":5}'), "10000001")


def test_a_name_that_no_one_can_see_yet_is_queued() -> None:
    assert submit(name_taken_by(10_000_001)).code == 1


def test_the_same_key_finds_the_same_task() -> None:
    claims: dict[str, int] = {}

    def answer(command: Any, key: str) -> CommandAnswered:
        if isinstance(command, ClaimTaskName):
            owner = claims.setdefault(key, command.task_id)
            taken = owner != command.task_id
            return an_answer(accepted=not taken, message=str(owner))
        return an_answer()

    key = "7b0c5ac4-8f4e-4f2c-9df6-9d8f5e0d1a11"
    first = submit(GatewayStandIn(answer), command_id=key)
    again = submit(GatewayStandIn(answer, numbers_from=10_000_009), command_id=key)

    assert (first.task_id, again.task_id) == (10_000_005, 10_000_005)
    assert again.accepted


@pytest.mark.parametrize("missing", ["taskName", "vo", "prodSourceLabel"])
def test_a_mandatory_parameter_that_is_missing_is_named(missing: str) -> None:
    gateway = GatewayStandIn()

    done = submit(gateway, parameters={missing: None})

    assert done.code == 4
    assert missing in done.message
    assert gateway.sent == []


def test_a_user_cannot_set_name_type_or_priority() -> None:
    submitted = {"userName": "Another", "taskType": "prod", "taskPriority": 9999}

    assert stored_parameters(submitted, an_identity()) == {"userName": "Jane Doe", "taskType": "anal", "taskPriority": 1000}
    assert stored_parameters(submitted, an_identity(role="production")) == submitted


def test_a_second_submission_changes_only_what_it_may() -> None:
    new = {"nFiles": 1, "dsForIN": "x", "taskName": "y", "jobParameters": [], "loopingCheck": True, "sourceURL": "z"}

    assert parameters_of_reexecution(new) == {"nFiles": 1, "dsForIN": "x", "noLoopingCheck": False}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"taskName": "user.jdoe." + "x" * 3_000}, "taskName: found 3,010 characters, expected at most 512"),
        ({"taskName": "user.jdoe.a b"}, "taskName: found 'user.jdoe.a b', expected a name of"),
        ({"taskName": ["x"]}, "taskName: found a list, expected text"),
        ({"workingGroup": ["a"]}, "workingGroup: found a list, expected text"),
        ({"vo": {"a": 1}}, "vo: found an object, expected text"),
        ({"prodSourceLabel": 5}, "prodSourceLabel: found 5, expected text"),
        ({"parentTaskName": ["a"]}, "parentTaskName: found a list, expected text"),
        ({"cliParams": "a\0b"}, "'cliParams': found 'a\\x00b', expected text without NUL"),
        ({"jobParameters": [{"value": "x\x1b"}]}, "'jobParameters[0].value': found 'x\\x1b'"),
        ({"pfnList": ["\ud800"]}, "cannot be stored as JSON"),
        ({"nFiles": 1 << 70}, "cannot be stored as JSON"),
        ({"jobParameters": [{}] * 2_001}, "jobParameters: found 2,001 items, expected at most 2,000"),
        ({"cliParams": "x" * 900_000}, "at most 890,000 are taken"),
        ({"log": {"type": "template", "dataset": "user.jdoe.a'b/", "value": "x"}}, "log.dataset: found "),
        (
            {"jobParameters": [{"type": "template", "param_type": "output", "dataset": "d/", "value": "--out=$(touch x).root"}]},
            "jobParameters[0].value: found 'x).root', expected a file name",
        ),
    ],
)
def test_what_cannot_be_registered_is_refused_by_name(changes: dict[str, Any], named: str) -> None:
    gateway = GatewayStandIn()

    done = submit(gateway, parameters=changes)

    assert (done.code, gateway.sent) == (4, [])
    assert named in done.message


@pytest.mark.parametrize("unique", [True, False])
def test_a_task_out_of_bounds_claims_neither_name_nor_key(unique: bool) -> None:
    gateway = GatewayStandIn()
    talkative = an_identity(nickname="x" * 1_000)
    key = "7b0c5ac4-8f4e-4f2c-9df6-9d8f5e0d1a11"

    done = submit(gateway, parameters={"uniqueTaskName": unique}, identity=talkative, command_id=key)

    assert (done.code, gateway.sent) == (4, [])
    assert "SubmitTask: nickname: found " in done.message


def test_parameters_are_measured_in_the_bytes_that_a_record_has_room_for() -> None:
    gateway = GatewayStandIn()

    done = submit(gateway, parameters={"cliParams": "\u00e9" * 500_000})

    assert (done.code, gateway.sent) == (4, [])
    assert "at most 890,000 are taken" in done.message


@pytest.mark.parametrize(("asked", "meant"), [(900, 900), (1100, 1100), ("950", 950), (899, 1000), (1101, 1000), (None, 1000)])
def test_a_user_may_ask_for_a_priority_near_the_usual_one(asked: object, meant: int) -> None:
    gateway = GatewayStandIn()

    submit(gateway, parameters={"currentPriority": asked})

    assert gateway.sent[-1][0].priority == meant


def test_a_priority_that_a_user_asks_for_is_a_number() -> None:
    done = submit(GatewayStandIn(), parameters={"currentPriority": "high"})

    assert (done.code, "currentPriority: found 'high', expected a whole number" in done.message) == (4, True)


@pytest.mark.parametrize("priority", ["high", [1], {"a": 1}, 1.5, 1 << 31, "99999999999", True])
def test_a_priority_that_is_none_is_refused_from_production(priority: object) -> None:
    changes = {"taskType": "prod", "taskPriority": priority, "userName": "Prod"}

    done = submit(GatewayStandIn(), parameters=changes, identity=an_identity(role="production"))

    assert done.code == 4
    assert "taskPriority: found " in done.message


@pytest.mark.parametrize(("priority", "meant"), [(900, 900), ("900", 900), (900.0, 900), (None, 1000), (-5, -5)])
def test_a_priority_of_production_is_taken_as_number_or_text(priority: object, meant: int) -> None:
    gateway = GatewayStandIn()
    changes = {"taskType": "prod", "taskPriority": priority, "userName": "Prod", "uniqueTaskName": False}

    submit(gateway, parameters=changes, identity=an_identity(role="production"))

    assert gateway.sent[0][0].priority == meant


def test_names_of_other_clients_are_taken() -> None:
    log = {"type": "template", "param_type": "log", "dataset": "PandaJob_#{pandaid}/", "value": "log.tgz"}
    name = "user.jdoe.$JEDITASKID._${SN/P}.out.txt"
    items = [
        {"type": "template", "param_type": "output", "dataset": "user.jdoe.x_out.txt/", "value": name},
        {"type": "template", "param_type": "input", "dataset": "mc:mc.1/,mc.2", "value": '-i "${IN/T}"'},
        {"type": "template", "param_type": "output", "dataset": "user.jdoe.x_0/", "value": "regex|.*root"},
    ]  # fmt: skip
    gateway = GatewayStandIn()

    done = submit(gateway, parameters={"taskName": "hc869568_a_101_None", "log": log, "jobParameters": items})

    assert done.accepted, done.message


def test_a_claim_that_was_not_decided_is_no_other_task() -> None:
    gateway = GatewayStandIn(lambda *_: an_answer(accepted=False, reason="OUT_OF_BOUNDS", message="name: found ..."))

    done = submit(gateway)

    assert (done.code, done.message) == (
        4,
        "failed to register task: the name 'user.jdoe.t1/' cannot be claimed: OUT_OF_BOUNDS: name: found ...",
    )


def test_a_name_whose_submission_is_under_way_is_queued() -> None:
    done = submit(name_taken_by(10_000_001), {"select status": [{"status": "waiting"}]})

    assert (done.code, done.task_id) == (1, 10_000_001)
    assert "jediTaskID=10000001 is waiting for names of its input" in done.message


def with_input(dataset: str) -> dict[str, Any]:
    """Parameters of a task over a dataset, as `prun --inDS` makes them."""
    item = {"type": "template", "param_type": "input", "value": '-i "${IN/T}"', "dataset": dataset, "expand": True}
    return {"dsForIN": dataset, "jobParameters": [{"type": "constant", "value": "-r ."}, item]}


def test_a_pattern_of_input_datasets_becomes_the_names_that_match() -> None:
    gateway = GatewayStandIn()
    tables = {"name like": [{"name": "user.jdoe.a.1"}, {"name": "user.jdoe.a.2"}]}

    done = submit(gateway, tables, parameters=with_input("user.jdoe:user.jdoe.a.*/,user.jdoe.b"))

    assert done.code == 0
    kept = orjson.loads(gateway.sent[-1][0].parameters_json)
    assert kept["jobParameters"][1]["dataset"] == "user.jdoe.a.1,user.jdoe.a.2,user.jdoe.b"
    assert kept["dsForIN"] == "user.jdoe.a.1,user.jdoe.a.2,user.jdoe.b"


def test_names_without_a_pattern_need_no_read_models() -> None:
    gateway = GatewayStandIn()

    done = submit(gateway, {"name like": [{"name": "other"}]}, parameters=with_input("user.jdoe.a,user.jdoe.b"))

    assert done.code == 0
    assert orjson.loads(gateway.sent[-1][0].parameters_json)["dsForIN"] == "user.jdoe.a,user.jdoe.b"


@pytest.mark.parametrize(
    ("pattern", "rows", "said"),
    [
        ("user.jdoe.x*", 0, "dsForIN: no registered dataset matches 'user.jdoe.x*'"),
        ("user.jdoe.*", 501, "dsForIN: 'user.jdoe.*' matches more than 500 datasets, expected at most that"),
        ("*", 1, "dsForIN: found '*', expected at most 600 characters and 10 *, 3 characters before the first"),
        ("abc" + "*a" * 11, 1, "dsForIN: found 'abc*a*a*a"),
        ("us*" + "e" * 600, 1, "dsForIN: found 'us*eee"),
        (",".join(f"abc{number}*" for number in range(21)), 1, "dsForIN: more than 20 patterns, expected at most that"),
        (",".join(f"n{number}" for number in range(500)) + ",abc*", 1, "dsForIN: the patterns match 501 datasets"),
    ],
)
def test_a_pattern_that_stands_for_no_input_is_refused(pattern: str, rows: int, said: str) -> None:
    gateway = GatewayStandIn()
    tables = {"name like": [{"name": f"user.jdoe.{number}"} for number in range(rows)]}

    done = submit(gateway, tables, parameters=with_input(pattern))

    assert (done.code, gateway.sent) == (4, [])
    assert done.message.startswith(f"failed to register task: {said}")


def test_signs_of_sql_in_a_pattern_stand_for_themselves() -> None:
    read_models = RecordingReadModels({"name like": [{"name": "a"}]})

    run(with_dataset_names(cast(ReadModels, read_models), "wlcg", with_input("user.j_doe%.\\*")))

    assert read_models.asked[0][1]["like"] == "user.j\\_doe\\%.\\\\%"
    assert (read_models.asked[0][1]["vo"], len(read_models.asked)) == ("wlcg", 1)
