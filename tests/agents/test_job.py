"""What the pilot reads out of a job object."""

from typing import Any

import pytest

from agents.pilot.job import BadJob, InputFile, StageOutFile, parse_job


def an_object(**changes: Any) -> dict[str, Any]:
    """The smallest object that a pilot accepts (docs/reference/pilot.md, "The job object")."""
    smallest = {
        "PandaID": 3033,
        "taskID": 11,
        "transformation": "http://h/trf/user/runGen",
        "jobPars": "-p 'echo hello > out.txt'",
        "outFiles": "out.txt",
        "scopeOut": "user.t",
        "ddmEndPointOut": "DISK",
    }
    return smallest | changes


def an_output(
    lfn: str, scope: str, endpoint: str, guid: str = "", is_log: bool = False, optional: bool = False
) -> StageOutFile:
    """A file to deliver."""
    return StageOutFile(lfn, scope, endpoint, guid, is_log, optional)


def test_the_smallest_object_is_a_job_without_limits_log_and_inputs() -> None:
    job = parse_job(an_object())

    assert (job.job_id, job.task_id, job.attempt, job.wrapper) == (3033, 11, None, "runGen")
    assert job.outputs == (an_output("out.txt", "user.t", "DISK"),)
    assert (job.inputs, job.core_count, job.ram_mb, job.walltime_seconds) == ((), 1, 0, 0)


def test_columns_belong_to_files_by_their_place() -> None:
    columns = {
        "inFiles": "a,b,a",
        "scopeIn": "user.x,user.y,user.x",
        "fsize": "6,NULL,6",
        "checksum": "ad:084b021f,md:00ff,ad:084b021f",
        "ddmEndPointIn": "ONE,TWO,ONE",
    }

    assert parse_job(an_object(**columns)).inputs == (
        InputFile("a", "user.x", 6, "ad:084b021f", "ONE"),
        InputFile("b", "user.y", None, "md:00ff", "TWO"),
    )


def test_scopes_of_outputs_do_not_count_the_log_wherever_it_stands() -> None:
    columns = {
        "outFiles": "a,log.tgz,b",
        "scopeOut": "user.x,user.y",
        "ddmEndPointOut": "ONE,LOGS,TWO",
        "logFile": "log.tgz",
        "scopeLog": "user.l",
        "logGUID": "g",
        "allowNoOutput": "b",
    }

    assert parse_job(an_object(**columns)).outputs == (
        an_output("a", "user.x", "ONE"),
        an_output("log.tgz", "user.l", "LOGS", guid="g", is_log=True),
        an_output("b", "user.y", "TWO", optional=True),
    )


def test_numbers_may_be_text_and_null_is_nothing() -> None:
    texts = {"PandaID": "3033", "attemptNr": "0", "minRamCount": "NULL", "maxWalltime": "60", "container_name": "NULL"}

    job = parse_job(an_object(**texts))

    assert (job.job_id, job.attempt, job.ram_mb, job.walltime_seconds, job.unsupported) == (3033, 0, 0, 60, ())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"inFiles": "a,b", "scopeIn": "x,y,z"}, "scopeIn has 3 entries, expected 2"),
        ({"inFiles": "a,a", "scopeIn": "x,y"}, "inFiles has 'a' of two scopes, expected one file of a name"),
        ({"outFiles": "../up"}, "file name: found '../up', expected a plain file name"),
        ({"transformation": "http://h/.."}, "transformation: found '..', expected a plain file name"),
    ],
)
def test_a_job_that_makes_no_sense_is_refused_by_what_is_wrong(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(BadJob, match=said.replace(".", r"\.")) as refusal:
        parse_job(an_object(**changes))

    assert refusal.value.job is not None
    assert refusal.value.job.job_id == 3033


def test_an_object_without_a_number_is_nobodys_job() -> None:
    with pytest.raises(BadJob) as refusal:
        parse_job(an_object(PandaID="NULL"))

    assert refusal.value.job is None


def test_job_parameters_do_not_show_when_a_job_is_printed() -> None:
    assert "echo hello" not in repr(parse_job(an_object()))

