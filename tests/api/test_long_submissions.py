"""Lists of names that are too long for one record travel after the submission, in chunks."""

import json
from typing import Any

import pytest

from api.log.long_lists import LongList, chunks_of, put_back, taken_out
from schemas.answer import CommandAnswered
from schemas.task import AddInputNames, ReloadTask, SubmitTask
from schemas.task_name import ClaimTaskName
from tests.api.builders import GatewayStandIn, an_answer
from tests.api.test_submission import submit

PFNS = [f"root://se.example.org//data/f{number}.root" for number in range(1_200)]


def sent_names(gateway: GatewayStandIn) -> list[tuple[int, str, int]]:
    return [(one.chunk, one.list, len(one.names)) for one, _ in gateway.sent if isinstance(one, AddInputNames)]


def test_a_long_list_travels_in_chunks_after_the_submission() -> None:
    gateway = GatewayStandIn()
    files = [f"f{number}" for number in range(501)]

    done = submit(gateway, parameters={"pfnList": PFNS, "jobParameters": [{"value": "x"}, {"files": files, "type": "template"}]})

    (command,) = [one for one, _ in gateway.sent if isinstance(one, SubmitTask)]
    stored = json.loads(command.parameters_json)
    assert (done.code, stored["pfnList"], stored["jobParameters"][1]) == (0, [], {"files": [], "type": "template"})
    assert [(one.list, one.count) for one in command.lists] == [("pfnList", 1_200), ("jobParameters[1].files", 501)]
    assert sent_names(gateway) == [
        (0, "pfnList", 500),
        (1, "pfnList", 500),
        (2, "pfnList", 200),
        (3, "jobParameters[1].files", 500),
        (4, "jobParameters[1].files", 1),
    ]
    assert {key for one, key in gateway.sent if isinstance(one, AddInputNames)} == {"10000005"}


def test_names_are_whole_again_where_parameters_are_read() -> None:
    parameters = {"a": 1, "pfnList": PFNS, "jobParameters": [{"files": PFNS, "x": 2}]}
    stored, lists = taken_out(parameters)

    assert parameters["pfnList"] == PFNS
    assert put_back(stored, {one.place: list(one.names) for one in lists}) == parameters


def test_a_short_list_stays_in_the_parameters() -> None:
    gateway = GatewayStandIn()

    submit(gateway, parameters={"pfnList": PFNS[:500]})

    assert sent_names(gateway) == []
    assert json.loads(gateway.sent[-1][0].parameters_json)["pfnList"] == PFNS[:500]


def test_chunks_of_long_names_are_cut_by_their_size() -> None:
    long_list = LongList("pfnList", tuple("x" * 1_000 for _ in range(1_000)))

    assert [len(chunk.names) for chunk in chunks_of([long_list])] == [400, 400, 200]


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        ("a b", "pfnList[700]: found 'a b', expected a name or URL"),
        ("", "pfnList[700]: found 0 characters, expected 1 to 1,024"),
        ("x" * 1_025, "pfnList[700]: found 1,025 characters, expected 1 to 1,024"),
    ],
)
def test_a_bad_name_of_a_long_list_is_named_before_anything_is_sent(bad: str, named: str) -> None:
    gateway = GatewayStandIn()

    done = submit(gateway, parameters={"pfnList": [*PFNS[:700], bad]})

    assert named in done.message
    assert gateway.sent == []


def test_a_refused_chunk_fails_the_submission_and_the_rest_is_not_sent() -> None:
    def answer(command: Any, _: str) -> CommandAnswered:
        refused = isinstance(command, AddInputNames)
        return an_answer(accepted=not refused, reason="OUT_OF_ORDER" if refused else None, message="chunk 0" if refused else None)

    gateway = GatewayStandIn(answer)

    done = submit(gateway, parameters={"pfnList": PFNS * 20})

    assert (done.code, done.message) == (4, "failed to register task: chunk 0")
    assert len(sent_names(gateway)) <= 9


def test_a_task_that_ends_while_its_names_arrive_was_submitted() -> None:
    def answer(command: Any, _: str) -> CommandAnswered:
        refused = isinstance(command, AddInputNames) and command.chunk > 0
        return an_answer(accepted=not refused, reason="WRONG_STATUS" if refused else None)

    assert submit(GatewayStandIn(answer), parameters={"pfnList": PFNS}).code == 0


@pytest.mark.parametrize("status", ["broken", "aborted"])
def test_the_name_of_an_unfinished_submission_goes_to_the_next_one(status: str) -> None:
    def answer(command: Any, _: str) -> CommandAnswered:
        match command:
            case ClaimTaskName(replaces_task_id=None):
                return an_answer(accepted=False, reason="NAME_IN_USE", message="10000001")
            case ReloadTask():
                return an_answer(accepted=False, reason="SUBMISSION_UNFINISHED")
            case _:
                return an_answer()

    gateway = GatewayStandIn(answer)
    done = submit(gateway, {"select status": [{"status": status}]}, parameters={"pfnList": PFNS})

    assert (done.code, done.task_id) == (0, 10_000_005)
    claims = [(one.task_id, one.replaces_task_id) for one, _ in gateway.sent if isinstance(one, ClaimTaskName)]
    assert claims == [(10_000_005, None), (10_000_005, 10_000_001)]
    assert len(sent_names(gateway)) == 3
