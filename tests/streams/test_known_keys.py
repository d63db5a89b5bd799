"""KnownKeys of task parameters: followed, without effect, or refused by name. None is accepted and left aside."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.records import replace
from schemas.split_rule_codes import KEPT
from schemas.types import TaskDefinition
from streams.jedi.known_keys import BUILD, ITEM, MERGE, STEPS, TASK, KnownKeys
from streams.jedi.refine import refine
from streams.jedi.task_parameters import Refusal
from tests.streams.builders import a_submission, a_submission_with_input, an_output

API = "http://127.0.0.1:25080"
RECORDED = json.loads((Path(__file__).parent / "recorded" / "doma-task-parameters.json").read_text(encoding="utf-8"))
#: Read when a task is submitted, or shown as it stands: refinement has no use for it.
OF_SUBMISSION = {
    "cliParams", "currentPriority", "fixedSandbox", "official", "parentTaskName", "reqID", "taskPriority", "taskType",
    "uniqueTaskName", "userName", "workingGroup",
}  # fmt: skip


class Noted(dict[str, Any]):
    """Parameters that note which of their keys were read."""

    def __init__(self, given: dict[str, Any]) -> None:
        super().__init__({key: Noted(value) if isinstance(value, dict) else value for key, value in given.items()})
        self.read: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.read.add(key)
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self.read.add(str(key))
        return super().__contains__(key)

    def items(self) -> Any:
        """The check of the keys looks at all; that is no reading."""
        return super().items()


def message_of(given: dict[str, Any]) -> str:
    """Why the parameters are refused."""
    outcome = refine(given, API)
    assert isinstance(outcome, Refusal), outcome
    assert outcome.reason == "NOT_SUPPORTED"
    return outcome.message


def read_in(given: dict[str, Any]) -> Iterator[str]:
    noted = Noted(given)
    refine(noted, API)
    yield from noted.read


def test_the_keys_that_are_called_followed_are_those_that_are_read() -> None:
    steps = {"jobParameters": "-o ${OUT}", "archiveName": "sources.1.tar.gz"}
    more = {"buildSpec": steps, "mergeOutput": True, "mergeSpec": {"jobParameters": "${TRN_OUTPUT:OUTPUT}"}}

    read = {*read_in(a_submission(**more)), *read_in(a_submission_with_input(**more)), *read_in(a_submission(pfnList=["a"]))}

    unread = {"vo", "transUses", "transHome"}  # mandatory, and read by no one
    of_shares = {"gshare", "campaign"}  # read where the tree of shares is known (streams/jedi/share_choice.py)
    assert TASK.followed - OF_SUBMISSION - of_shares - unread <= read
    assert read - TASK.followed - set(KEPT.values()) - {"architecture"} == set()


@pytest.mark.parametrize("keys", [TASK, ITEM, BUILD, MERGE, STEPS])
def test_a_key_stands_in_one_place_of_the_table(keys: KnownKeys) -> None:
    every = [*keys.followed, *keys.harmless, *keys.only, *keys.unsupported]

    assert len(every) == len(set(every))


@pytest.mark.parametrize("key", sorted(TASK.unsupported))
def test_an_unsupported_key_is_refused_by_name_and_taken_where_it_asks_for_nothing(key: str) -> None:
    assert message_of(a_submission(**{key: 1})).startswith(f"{key}: {TASK.unsupported[key]} is not supported; found 1, expected ")

    asking_for_nothing: tuple[Any, ...] = (None, False, 0, "", [], {})
    for nothing in asking_for_nothing:
        assert isinstance(refine(a_submission(**{key: nothing}), API), TaskDefinition)


@pytest.mark.parametrize("key", sorted(TASK.harmless))
def test_a_harmless_key_changes_nothing(key: str) -> None:
    outcome = refine(a_submission(**{key: 7}), API)

    assert isinstance(outcome, TaskDefinition)
    assert replace(outcome, rules=replace(outcome.rules, kept=())) == refine(a_submission(), API)
    assert [(KEPT[one.code], one.value) for one in outcome.rules.kept] == [(key, 7)] * (key in KEPT.values())


@pytest.mark.parametrize(("key", "good"), [(key, value) for key, (values, _) in TASK.only.items() for value in values])
def test_a_key_with_one_harmless_value_is_refused_for_others(key: str, good: object) -> None:
    assert refine(a_submission(**{key: good}), API) == refine(a_submission(), API)
    assert message_of(a_submission(**{key: "other"})).startswith(f"{key}: {TASK.only[key][1]} is not supported; found 'other'")


def test_a_key_that_no_one_knows_is_refused_with_the_one_that_is_close_to_it() -> None:
    assert message_of(a_submission(nFilePerJob=3)) == (
        "nFilePerJob: no such key is known; found 3, expected a key of the task parameters (nFilesPerJob?)"
    )
    assert isinstance(refine(a_submission(nFilePerJob=None), API), TaskDefinition)


def test_all_keys_that_cannot_be_followed_are_named_at_once() -> None:
    message = message_of(a_submission(segmentedWork=True, pushJob=1))

    assert message == (
        "segmentedWork: segmented work, a form of hyperparameter optimisation, is not supported; found True, "
        "expected no such key; "
        "pushJob: jobs pushed to workers by the task; the queue decides is not supported; found 1, expected no such key"
    )


def test_thousands_of_unknown_keys_give_a_short_message() -> None:
    assert message_of(a_submission(**{f"k{number}": 1 for number in range(20_000)})).count("no such key is known") == 10


@pytest.mark.parametrize(
    ("attribute", "value", "named"),
    [
        ("ratio", 2, "ratio: a forced ratio of files is not supported; found 2, expected 1, or no such key"),
        ("nFilesPerJob", 3, "nFilesPerJob: "),
        ("reusable", True, "reusable: "),
        ("attributes", "nosplit,repeat", "attributes: "),
        ("eventRatio", 0.5, "eventRatio: "),
        ("colour", "red", "colour: no such key is known"),
    ],
)
def test_attributes_of_an_input_are_followed_or_refused(attribute: str, value: object, named: str) -> None:
    given = a_submission_with_input()
    place = next(place for place, item in enumerate(given["jobParameters"]) if item.get("param_type") == "input")
    given["jobParameters"][place][attribute] = value

    assert message_of(given).startswith(f"jobParameters[{place}].{named}")


def test_what_makes_one_input_of_several_datasets_is_taken() -> None:
    given = a_submission_with_input()
    next(item for item in given["jobParameters"] if item.get("param_type") == "input")["consolidate"] = "user.jdoe.c/"

    assert isinstance(refine(given, API), TaskDefinition)


def test_outputs_go_where_the_queue_stores_and_nowhere_else() -> None:
    assert message_of(a_submission(log=a_submission()["log"] | {"destination": "CERN"})).startswith("log.destination: ")
    assert isinstance(refine(a_submission(log=a_submission()["log"] | {"destination": "local"}), API), TaskDefinition)
    assert message_of(a_submission(jobParameters=[an_output("a") | {"token": "T"}])).startswith("jobParameters[0].token: ")


@pytest.mark.parametrize(
    "architecture", ["&nvidia", "#x86_64-.*-avx2", "x86_64-el9@centos7#&nvidia:model!=.*P100.*", '[{"gpu_spec": {}}]']
)
def test_hardware_that_queues_do_not_name_is_refused(architecture: str) -> None:
    assert message_of(a_submission(architecture=architecture)).startswith("architecture: ")


def test_a_kind_of_item_that_no_one_makes_is_refused() -> None:
    item = {"type": "template", "param_type": "pp_input", "value": "${IN}", "dataset": "a"}

    message = message_of(a_submission(jobParameters=[item]))
    assert message.startswith("jobParameters[0].param_type: found 'pp_input', expected one of input, output, ")


def test_steps_of_unknown_names_are_refused() -> None:
    assert message_of(a_submission(multiStepExec={"a": {}})).startswith("multiStepExec.a: no such key is known; found {}")
    other = {"preprocess": {"command": "rm", "args": "-r"}, "containerOptions": {"containerImage": "i", "execArgs": "--nohome"}}
    assert message_of(a_submission(multiStepExec=other)) == (
        "multiStepExec.preprocess.command: a step of another program is not supported; found 'rm', expected '${TRF}', "
        "or no such key; "
        "multiStepExec.containerOptions.execArgs: options of a container launcher is not supported; "
        "found '--nohome', expected no such key"
    )
    assert message_of(a_submission(multiStepExec={"coprocess": {"command": "${TRF}"}})).startswith("multiStepExec.coprocess: ")
    assert message_of(a_submission(mergeSpec={"jobParameters": "", "nFiles": 3})).startswith("mergeSpec.nFiles: ")


def test_containers_that_the_wrapper_would_start_are_refused() -> None:
    assert message_of(a_submission(processingType="panda-client-2.2.0-jedi-cont")).startswith(
        "processingType: containers that the wrapper starts are not supported; found 'panda-client-2.2.0-jedi-cont', expected "
    )


@pytest.mark.parametrize(
    ("changes", "container"),
    [({}, False), ({"container_name": "i"}, True), ({"multiStepExec": {"containerOptions": {"containerImage": "i"}}}, True)],
)
def test_a_task_in_a_container_asks_its_queue_for_a_runtime(changes: dict[str, Any], container: bool) -> None:
    outcome = refine(a_submission(**changes), API)

    assert isinstance(outcome, TaskDefinition)
    assert outcome.requirements.container is container


def test_what_idds_sends_is_refused_for_what_it_really_asks() -> None:
    outcomes = [refine(given, API) for given in RECORDED]

    staged = (
        "inputPreStaging: input from tape, which needs storage that stages, is not supported; found True, expected no such key"
    )
    assert {one.message for one in outcomes if isinstance(one, Refusal)} == {staged}
    assert {one.encoded_parameters for one in outcomes if isinstance(one, TaskDefinition)} == {True}


def test_a_payload_may_be_longer_than_a_command_line() -> None:
    given = a_submission()
    given["jobParameters"][7]["value"] = "x" * 390_000

    outcome = refine(given, API)

    assert isinstance(outcome, TaskDefinition)
    assert len(outcome.parameters) > 390_000
    given["jobParameters"][7]["value"] = "x" * 400_001
    assert isinstance(refine(given, API), Refusal)
