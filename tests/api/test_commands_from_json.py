"""Commands from JSON: what is taken, what is refused and how it is said."""

import pytest

from api.http.errors import BadRequest, NotFound
from api.native.command_body import COMMANDS, command_from, entry_of_command, json_schema
from identity.rights import class_of_command, right_in_words
from identity.ruling import EndpointClass
from schemas.dataset import RegisterFiles
from schemas.policy import ConfigureQueue
from schemas.task import KillTask
from schemas.types import DatasetFile, QueueStatus
from tests.schemas.within_bounds import a_message


def test_defaults_are_filled_in() -> None:
    assert command_from(entry_of_command("KillTask"), {}) == KillTask(reason=None)


def test_nested_records_enums_and_lists_are_read() -> None:
    settings = {"name": "Q", "site": "S", "status": "OFFLINE", "corepower": 12, "labels": ["user"]}
    queue = command_from(entry_of_command("ConfigureQueue"), {"settings": settings})
    files = command_from(
        entry_of_command("RegisterFiles"),
        {"files": [{"lfn": "a", "scope": "s", "size_bytes": 1, "checksum": "ad:1", "endpoint": "D"}]},
    )

    assert isinstance(queue, ConfigureQueue)
    assert (queue.settings.status, queue.settings.corepower, queue.settings.labels) == (QueueStatus.OFFLINE, 12.0, ("user",))
    assert files == RegisterFiles(files=(DatasetFile(lfn="a", scope="s", size_bytes=1, checksum="ad:1", endpoint="D"),))


@pytest.mark.parametrize(
    ("name", "body", "field", "expected"),
    [
        ("KillTask", {"reason": 5}, "reason", "text"),
        ("FinishTask", {"soft": 1}, "soft", "true or false"),
        ("IncreaseAttempts", {}, "increase", "a whole number"),
        ("IncreaseAttempts", {"increase": True}, "increase", "a whole number"),
        ("IncreaseAttempts", {"increase": 2**31}, "increase", "a whole number"),
        ("IncreaseAttempts", {"increase": 1.5}, "increase", "a whole number"),
        ("RegisterFiles", {"files": {}}, "files", "a list of an object (DatasetFile)"),
        ("RegisterFiles", {"files": [3]}, "files[0]", "an object (DatasetFile)"),
        ("RegisterFiles", {"role": "input"}, "role", "one of UNKNOWN, INPUT, PSEUDO_INPUT, OUTPUT, LOG"),
        ("ConfigureQueue", {"settings": {"name": "Q"}}, "settings.site", "text"),
        ("KillTask", {"why": "x"}, "why", "no such field; KillTask has reason"),
    ],
)
def test_what_is_wrong_is_named_with_what_was_expected(name: str, body: object, field: str, expected: str) -> None:
    assert isinstance(body, dict)

    with pytest.raises(BadRequest) as refused:
        command_from(entry_of_command(name), body)

    assert [(p["field"], p["expected"]) for p in refused.value.members["errors"]] == [(field, expected)]  # type: ignore[attr-defined]


def test_an_unknown_command_is_not_found() -> None:
    with pytest.raises(NotFound):
        entry_of_command("TaskSubmitted")


def test_every_command_of_the_vocabulary_comes_through_json_unchanged() -> None:
    for entry in COMMANDS.values():
        for seed in range(5):
            command = a_message(entry, seed)

            assert command_from(entry, command.to_avro()) == command
        assert json_schema(entry)["type"] == "object"


def test_what_is_not_named_is_for_culm_alone() -> None:
    of = {name: class_of_command(name) for name in COMMANDS}

    assert {name for name in COMMANDS if of[name] is EndpointClass.PILOT} == {
        "BindJob", "LeaseJob", "ReportWorker", "ClaimService", "IntendWorker", "WithdrawWorker", "ReconcileWorkers",
        "AcknowledgeHarvesterCommands", "AcquireHarvesterCommands", "AddHarvesterDialogs",
        "ReportHarvester", "ReportServiceMetrics", "ReportWorkerCounts",
    }  # fmt: skip
    assert {name for name in COMMANDS if of[name] is EndpointClass.REPORT} == {
        "AcquireRanges", "ReadSecrets", "ReportJobEnd", "ReportJobProgress", "ReportRanges",
    }  # fmt: skip
    assert of["KillTask"] is of["RegisterFiles"] is EndpointClass.USER
    assert of["GenerateJobs"] is of["RefineTask"] is of["EndLease"] is class_of_command("None") is EndpointClass.SYSTEM
    assert {name for name in COMMANDS if of[name] is EndpointClass.OPERATOR} == {
        "ConfigureQueue", "SetShares", "SetRetryRules", "SetResourceTypes", "ChangeTaskPriority", "AssignShare",
        "ChangeTaskAttribute", "ChangeSplitRule", "WakeTask", "OfferEnrolment", "TakeSource", "SetOutsideFact", "SetClocks",
        "EndEnrolment", "CancelWorker", "ConfirmWorkers", "OrderHarvester", "ReleaseHarvester", "SetTargetSlots",
    }  # fmt: skip
    assert {name for name in COMMANDS if of[name] is EndpointClass.INTERNAL} == {
        "SubmitTask", "ClaimTaskName", "ClaimScope", "GiveNumbers", "RedeemEnrolment", "SetSecret", "DeleteSecrets",
        "ShowSecrets", "LinkIdentities", "UnlinkIdentities", "SubmitWorkflow", "AddWorks", "AddEdges", "SealWorkflow",
    }  # fmt: skip
    assert {name for name in COMMANDS if of[name] is EndpointClass.USER} == {
        "AddInputNames", "KillTask", "FinishTask", "RetryTask", "ReloadTask", "PauseTask",
        "ResumeTask", "IncreaseAttempts", "ReassignTask", "ReleaseInput", "HoldInput", "DropInput", "ForceAvalanche",
        "RevertRequirements",
        "AbortWorkflow", "CloseWorkflow", "FinishWorkflow", "ResumeWorkflow", "RetryWorkflow", "SuspendWorkflow",
        "ScheduleTaskCommand", "CancelScheduled", "KillJob", "RegisterFiles", "CloseDataset", "EndLogin",
    }  # fmt: skip


def test_a_right_is_explained_in_words() -> None:
    words = [right_in_words(name) for name in ("KillTask", "RegisterFiles", "LeaseJob", "EndLease", "SubmitTask")]

    own = ["Sent by Culm itself alone.", "Sent by Culm itself on behalf of its users."]
    assert words == ["For users: own task.", "For users: own dataset.", "For pilots.", *own]
