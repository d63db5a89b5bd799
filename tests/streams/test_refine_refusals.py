"""What a task may not ask for is refused, with key, value and what was expected."""

from typing import Any

import pytest

from streams.jedi.refine import refine
from streams.jedi.task_parameters import MANDATORY, Refusal
from tests.streams.builders import a_submission, a_submission_with_input, an_output

API = "http://127.0.0.1:25080"


def refusal(parameters: dict[str, Any]) -> Refusal:
    """The refusal; fails when there is none."""
    outcome = refine(parameters, API)
    assert isinstance(outcome, Refusal), outcome
    return outcome


@pytest.mark.parametrize("key", MANDATORY)
def test_a_missing_mandatory_key_is_named(key: str) -> None:
    given = a_submission()
    del given[key]

    assert refusal(given) == Refusal("BAD_PARAMETERS", f"{key} is missing")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"taskName": None}, "taskName is null, expected a value"),
        ({"nFilesPerJob": "many"}, "nFilesPerJob is 'many', expected a number"),
        ({"nFilesPerJob": 1.5}, "nFilesPerJob is 1.5, expected a whole number of at least 1"),
        ({"coreCount": True}, "coreCount is True, expected a number"),
        ({"noLoopingCheck": "yes"}, "noLoopingCheck is 'yes', expected true or false"),
        ({"excludedSite": 3}, "excludedSite is 3, expected a list of texts or a comma list"),
        ({"ramCount": 1, "ramCountUnit": "GB"}, "ramCountUnit is 'GB', expected MB, MBPerCore or MBPerCoreFixed"),
        ({"goal": 200}, "goal is 200, expected a percentage from 0 to 100"),
        ({"nGBPerJob": -1}, "nGBPerJob is -1, expected more than 0"),
        ({"jobParameters": "x"}, "jobParameters is 'x', expected a list of objects"),
        ({"jobParameters": [{"type": "constant"}]}, "jobParameters[0].value is missing"),
        ({"jobParameters": [{"type": "x", "value": ""}]}, "jobParameters[0].type is 'x', expected constant or template"),
        ({"mergeOutput": True}, "mergeSpec is missing, expected an object beside mergeOutput"),
        ({"buildSpec": []}, "buildSpec is [], expected an object"),
        ({"noInput": False}, "noInput is absent and no input dataset is named, expected one of the two"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(changes: dict[str, Any], message: str) -> None:
    assert refusal(a_submission(**changes)) == Refusal("BAD_PARAMETERS", message)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"nEsConsumers": 2}, "nEsConsumers"),
        ({"hpoWorkflow": True}, "hpoWorkflow"),
        ({"preproSpec": {"jobParameters": ""}}, "preproSpec"),
        ({"skipFilesUsedBy": "3"}, "skipFilesUsedBy"),
        ({"nEventsPerJob": 10, "nEventsPerFile": 100}, "nEventsPerJob"),
    ],
)
def test_what_culm_cannot_do_is_refused_and_named(changes: dict[str, Any], named: str) -> None:
    found = refusal(a_submission_with_input(**changes))

    assert found.reason == "NOT_SUPPORTED"
    assert found.message.startswith(named)


@pytest.mark.parametrize(
    ("more", "reason", "message"),
    [
        ({"eventRatio": 2}, "NOT_SUPPORTED", "jobParameters[3].eventRatio: a forced ratio of events is not supported; found 2, "),
        ({"random": True}, "NOT_SUPPORTED", "jobParameters[3].random: input in random order is not supported; found True, "),
        ({"indexConsistent": True}, "NOT_SUPPORTED", "jobParameters[3].indexConsistent: input that is joined by number is not "),
        ({"ratio": -1}, "BAD_PARAMETERS", "jobParameters[3].ratio is -1, expected a whole number of at least 0"),
        ({"ratio": 0.5}, "BAD_PARAMETERS", "jobParameters[3].ratio is 0.5, expected a whole number of at least 0"),
        ({"nFilesPerJob": 901}, "BAD_PARAMETERS", "jobParameters[3].nFilesPerJob is 901, expected a whole number of at most 900"),
        ({"attributes": "nosplit,x"}, "BAD_PARAMETERS", "jobParameters[3].attributes holds 'x', expected nosplit or repeat"),
        ({"value": "text"}, "BAD_PARAMETERS", "jobParameters[3].value is 'text', expected the name of a stream as in ${IN2}"),
        ({"value": "${IN}"}, "BAD_PARAMETERS", "jobParameters[3] feeds the stream IN, which another input feeds too"),
        ({"dataset": "a,,b"}, "BAD_PARAMETERS", "jobParameters[3].dataset names 3 datasets, expected 1 to 50 names"),
        ({"include": "("}, "BAD_PARAMETERS", "jobParameters[3].include: "),
    ],
)
def test_what_a_second_input_stream_cannot_have_is_named(more: dict[str, Any], reason: str, message: str) -> None:
    given = a_submission_with_input()
    item = {"type": "template", "param_type": "input", "value": "${IN2}", "dataset": "user.jdoe.b", "hidden": True}
    given["jobParameters"].append(item | more)

    found = refusal(given)
    assert found.reason == reason
    assert found.message.startswith(message)


def test_outputs_found_by_pattern_are_refused() -> None:
    item = an_output("x") | {"value": r"regex|.*\.root"}

    assert refusal(a_submission(jobParameters=[item])).reason == "NOT_SUPPORTED"
