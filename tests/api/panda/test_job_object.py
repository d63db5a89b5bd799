"""A job and its files as panda-client reads them."""

from typing import Any

from api.panda.job_object import JOB_ATTRIBUTES, job_object
from tests.api.panda.builders import a_job_row, a_spec


def test_a_job_has_every_attribute_of_the_reference_in_its_order() -> None:
    job = job_object(a_job_row())

    assert len(JOB_ATTRIBUTES) == 126
    assert list(job)[:126] == list(JOB_ATTRIBUTES)
    assert (JOB_ATTRIBUTES[0], JOB_ATTRIBUTES[-1]) == ("PandaID", "outputFileType")


def test_facts_of_a_finished_job() -> None:
    job = job_object(a_job_row())

    assert (job["PandaID"], job["jediTaskID"], job["jobStatus"]) == (100_000_010_000_001, 10_000_001, "finished")
    assert job["creationTime"] == {"__datetime__": "2026-01-31T12:00:00"}
    assert job["endTime"] == {"__datetime__": "2026-01-31T12:01:15"}
    assert (job["computingSite"], job["modificationHost"], job["cpuConsumptionTime"]) == ("LOCAL", "worker1", 12)
    assert (job["pilotErrorCode"], job["pilotErrorDiag"]) == (0, None)


def test_errors_go_to_the_family_of_their_source() -> None:
    errors = [
        {"source": "pilot", "code": 1305, "diagnostic": "payload ended with exit code 1"},
        {"source": "trans", "code": 1, "diagnostic": "payload exit code 1"},
    ]

    job = job_object(a_job_row(status="failed", errors=errors, exit_code=1))

    assert (job["pilotErrorCode"], job["pilotErrorDiag"]) == (1305, "payload ended with exit code 1")
    assert job["transExitCode"] == 1
    assert job["ddmErrorCode"] == 0


def test_a_job_without_input_has_a_pseudo_file_and_its_outputs() -> None:
    files: list[dict[str, Any]] = job_object(a_job_row())["Files"]

    assert [(file["lfn"], file["type"], file["status"]) for file in files] == [
        ("pseudo_lfn", "pseudo_input", "ready"),
        ("out.txt", "output", "ready"),
        ("job.log.tgz", "log", "ready"),
    ]
    assert (files[1]["fsize"], files[1]["checksum"], files[1]["GUID"]) == (12, "ad:1", "g1")


def test_input_files_come_with_their_dataset() -> None:
    image = {"lfn": "a.fits", "dataset": "user.jdoe.sky", "scope": "user.jdoe", "guid": "", "size_bytes": 7, "checksum": "ad:2"}

    job = job_object(a_job_row(spec=a_spec(inputs=[image])))

    assert (job["nInputDataFiles"], job["inputFileBytes"], job["prodDBlock"]) == (1, 7, "user.jdoe.sky")
    assert (job["Files"][0]["type"], job["Files"][0]["dataset"]) == ("input", "user.jdoe.sky")


def test_outputs_of_a_job_at_work_are_defined() -> None:
    job = job_object(a_job_row(status="running", outputs=None))

    assert {file["status"] for file in job["Files"] if file["type"] != "pseudo_input"} == {"defined"}
