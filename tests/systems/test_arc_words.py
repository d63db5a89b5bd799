"""What A-REX says of jobs, read as workers."""

import json
from typing import Any

import pytest

from agents.harvester.systems.arc_words import AnswerBroken, files_listed, listed_ids, name_in_local, replies, versions, worker
from agents.harvester.systems.contract import NativeState, NativeWorker


def shown_as(state: str, **document: Any) -> NativeWorker:
    """The worker of a job whose document says `state`."""
    found = worker("kit-w1", "abc", {"State": ["emies:terminal", f"arcrest:{state}"], **document})
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("native", "state"),
    [
        ("ACCEPTING", NativeState.PENDING),
        ("ACCEPTED", NativeState.PENDING),
        ("PREPARING", NativeState.PENDING),
        ("PREPARED", NativeState.PENDING),
        ("SUBMITTING", NativeState.PENDING),
        ("QUEUING", NativeState.PENDING),
        ("HELD", NativeState.HELD),
        ("RUNNING", NativeState.RUNNING),
        ("EXITINGLRMS", NativeState.RUNNING),
        ("OTHER", NativeState.RUNNING),
        ("EXECUTED", NativeState.RUNNING),
        ("FINISHING", NativeState.RUNNING),
        ("FINISHED", NativeState.FINISHED),
        ("FAILED", NativeState.FAILED),
        ("KILLED", NativeState.CANCELLED),
        ("KILLING", NativeState.PENDING),
        ("None", NativeState.RUNNING),
        ("A-STATE-OF-LATER", NativeState.RUNNING),
    ],
)
def test_each_state_of_the_interface_is_one_of_ours_and_an_unknown_one_is_no_end(native: str, state: NativeState) -> None:
    found = shown_as(native)

    assert found.state is state
    assert found.native_state == native


def test_a_job_that_is_killed_while_it_has_a_node_still_runs() -> None:
    assert shown_as("KILLING", ExecutionNode="node7").state is NativeState.RUNNING


def test_a_job_that_was_cleaned_is_not_shown() -> None:
    assert worker("kit-w1", "abc", {"State": "arcrest:WIPED"}) is None


@pytest.mark.parametrize(
    ("error", "state"),
    [
        ("LRMS error: (271) Job timeout", NativeState.TIMEOUT),
        ("LRMS error: (-1) Job exceeded its requested wall clock time", NativeState.TIMEOUT),
        ("LRMS error: (271) job killed: vmem 2097152kb exceeded limit", NativeState.OUT_OF_MEMORY),
        ("LRMS error: (265) slurmstepd: Exceeded job memory limit", NativeState.OUT_OF_MEMORY),
        ("LRMS error: (9) oom-kill event", NativeState.OUT_OF_MEMORY),
        ("LRMS error: (15) Node fail", NativeState.NODE_FAILED),
        ("LRMS error: (15) Job was cancelled by SLURM", NativeState.CANCELLED),
        ("LRMS error: (15) Job preempted", NativeState.PREEMPTED),
        ("Job is canceled by external request", NativeState.CANCELLED),
        ("User has NOT uploaded a file: timeout", NativeState.FAILED),
        ("Failed in data staging: out of memory of the transfer", NativeState.FAILED),
        ("", NativeState.FAILED),
    ],
)
def test_why_a_job_failed_is_what_the_batch_system_below_says(error: str, state: NativeState) -> None:
    found = shown_as("FAILED", Error=[error])

    assert found.state is state
    assert found.reason == error


def test_a_job_that_finished_with_an_exit_code_failed() -> None:
    found = shown_as("FINISHED", ExitCode="7")

    assert (found.state, found.exit_code) == (NativeState.FAILED, 7)


def test_an_exit_code_above_256_is_a_signal() -> None:
    found = shown_as("FAILED", ExitCode="267")

    assert (found.exit_code, found.signal) == (None, 11)


def test_a_living_job_has_no_exit_code() -> None:
    assert shown_as("RUNNING", ExitCode="0").exit_code is None


@pytest.mark.parametrize("code", ["-1", "x", "", "9" * 30])
def test_an_exit_code_that_is_none_is_not_shown(code: str) -> None:
    assert shown_as("FAILED", ExitCode=code).exit_code is None


def test_a_hostile_error_is_cut() -> None:
    assert len(shown_as("FAILED", Error=["x" * 5000]).reason) == 1000


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"job": "x"}',
        b'{"job": [1]}',
        b'{"job": [{"id": "a"}]}',
        b'{"job": [{"status-code": 200}]}',
        b'{"job": [{"status-code": "2000"}]}',
        b"\xff\xfe",
    ],
)
def test_an_answer_that_is_no_list_of_jobs_with_a_status_is_broken(content: bytes) -> None:
    with pytest.raises(AnswerBroken):
        replies(content)


def test_an_info_document_of_another_shape_is_a_job_without_a_name() -> None:
    documents: tuple[object, ...] = ("", [], {"ComputingActivity": ""})
    for document in documents:
        (found,) = replies(json.dumps({"job": {"status-code": "200", "id": "a", "info_document": document}}).encode())
        assert dict(found.activity) == {}


@pytest.mark.parametrize("job_id", ["", "../jobs", "a b", "-x", "a" * 201])
def test_an_id_that_cannot_stand_in_a_path_breaks_the_list(job_id: str) -> None:
    with pytest.raises(AnswerBroken):
        listed_ids(json.dumps({"job": [{"id": job_id}]}).encode(), may_be_empty=False)


def test_no_text_at_all_is_an_empty_list_in_the_older_interface_alone() -> None:
    assert listed_ids(b" ", may_be_empty=True) == []
    with pytest.raises(AnswerBroken):
        listed_ids(b" ", may_be_empty=False)


def test_files_of_a_job_are_known_only_from_a_whole_list() -> None:
    assert files_listed(b'{"file": ["run", "program"], "dir": []}') == frozenset({"run", "program"})
    assert files_listed(b'{"file": "run"}') == frozenset({"run"})
    assert files_listed(b'{"file": []}') == frozenset()
    for content in (b"", b"{", b"{}", b"[]", b'{"file": [1]}'):
        assert files_listed(content) is None


def test_the_name_in_the_ces_record_is_the_value_of_jobname() -> None:
    assert name_in_local(b"globalid=abc\njobname=kit-w1\nqueue=main\n") == "kit-w1"
    assert name_in_local(b"globalid=abc\nxjobname=kit-w1\n") == ""


def test_versions_are_one_or_several_texts() -> None:
    assert versions(b'{"version": ["1.0", "1.1"]}') == ("1.0", "1.1")
    assert versions(b'{"version": "1.0"}') == ("1.0",)
    assert versions(b"<versions/>") == ()
