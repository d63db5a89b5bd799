"""A job as pilots read it: aligned lists, the log where it belongs."""

from api.pilots.job_dict import job_dict
from api.pilots.queue_cache import queue_document, storage_documents
from schemas.records import replace
from schemas.types import DatasetRole, JobInput
from tests.api.builders import a_job, an_output

SERVER = "http://jobs.example:25080"


def an_input(lfn: str) -> JobInput:
    return JobInput(
        lfn=lfn, dataset="user.t.in", scope="user.t", guid=f"g-{lfn}", size_bytes=6, checksum="ad:084b021f", endpoint="D"
    )


def test_outputs_are_aligned_and_the_log_is_not_in_scope_out() -> None:
    job = job_dict(a_job(), "LOCAL_DISK", SERVER)

    assert job["outFiles"] == "out.txt,job.log.tgz"
    assert job["realDatasets"] == job["destinationDblock"] == "user.jdoe.out,user.jdoe.log"
    assert job["ddmEndPointOut"] == "LOCAL_DISK,LOCAL_DISK"
    assert (job["scopeOut"], job["scopeLog"], job["logFile"]) == ("user.jdoe", "user.jdoe", "job.log.tgz")
    assert len(job["logGUID"]) == 36


def test_inputs_are_aligned() -> None:
    job = job_dict(a_job(inputs=(an_input("a"), an_input("b"))), "D", SERVER)

    assert (job["inFiles"], job["scopeIn"], job["GUID"]) == ("a,b", "user.t,user.t", "g-a,g-b")
    assert (job["fsize"], job["checksum"]) == ("6,6", "ad:084b021f,ad:084b021f")
    assert (job["ddmEndPointIn"], job["prodDBlockToken"]) == ("D,D", "NULL,NULL")
    assert job["realDatasetsIn"] == "user.t.in,user.t.in"


def test_input_is_staged_in_when_the_task_says_so() -> None:
    assert job_dict(a_job(inputs=(an_input("a"),), use_local_io=True), "D", SERVER)["prodDBlockToken"] == "local"


def test_a_job_without_input_or_log_has_empty_lists() -> None:
    job = job_dict(a_job(outputs=(an_output("out.txt"),)), "D", SERVER)

    assert (job["inFiles"], job["outFiles"], job["scopeOut"]) == ("", "out.txt", "user.jdoe")
    assert "logFile" not in job


def test_an_output_with_an_endpoint_of_its_own_keeps_it() -> None:
    outputs = (an_output("out.txt", endpoint="FAR"), an_output("l.tgz", role=DatasetRole.LOG))

    assert job_dict(a_job(outputs=outputs), "NEAR", SERVER)["ddmEndPointOut"] == "FAR,NEAR"


def test_multi_step_members_stand_at_the_top() -> None:
    steps = '{"preprocess":{"command":"a"},"containerOptions":{"containerImage":"x"},"other":1}'

    job = job_dict(a_job(multi_step_json=steps), "D", SERVER)

    assert (job["preprocess"], job["containerOptions"]) == ({"command": "a"}, {"containerImage": "x"})
    assert "other" not in job


def test_wrapper_and_parameters_are_put_into_the_steps() -> None:
    steps = '{"preprocess":{"command":"${TRF}","args":"--preprocess ${TRF_ARGS}"},"containerOptions":{"a":["${TRF} x"]}}'

    job = job_dict(a_job(multi_step_json=steps, parameters="-p ${TRF}"), "D", SERVER)

    assert job["preprocess"] == {"command": job["transformation"], "args": "--preprocess -p ${TRF}"}
    assert job["containerOptions"] == {"a": [f"{job['transformation']} x"]}


def test_encoded_parameters_are_base64_and_steps_are_plain() -> None:
    steps = '{"preprocess": {"args": "${TRF_ARGS}"}}'
    spec = a_job(encoded_parameters=True, parameters="echo 'é' > out.txt", multi_step_json=steps)

    job = job_dict(spec, "D", SERVER)

    assert job["jobPars"] == "ZWNobyAnw6knID4gb3V0LnR4dA=="
    assert job["preprocess"] == {"args": "echo 'é' > out.txt"}


def test_steps_that_name_the_parameters_again_and_again_are_left_out() -> None:
    steps = f'{{"preprocess":{{"args":"{"${TRF_ARGS}" * 10_000}"}}}}'

    assert "preprocess" not in job_dict(a_job(multi_step_json=steps), "D", SERVER)


def test_a_queue_says_which_container_runtime_it_has() -> None:
    assert queue_document({"name": "Q", "site": "S", "container_type": "podman:pilot"})["container_type"] == "podman:pilot"
    assert queue_document({"name": "Q", "site": "S"})["container_type"] == ""


def test_nothing_is_null() -> None:
    job = job_dict(a_job(looping_check=False, container_name="docker://x"), "D", SERVER)

    assert None not in job.values()
    assert (job["StatusCode"], job["PandaID"], job["loopingCheck"]) == (0, 100000000000001, False)


def test_every_endpoint_of_a_queue_is_in_the_storage_document() -> None:
    settings = {"name": "Q", "site": "S", "status": "BROKEROFF", "storage": "FAR", "workdir_mb_max": 0}
    queue = queue_document(settings)
    from pathlib import Path

    storages = storage_documents({"Q": settings}, Path("/home"))

    assert set(storages) == {"LOCAL_DISK", "FAR"}
    assert {name for names in queue["astorages"].values() for name in names} == {"FAR"}
    assert storages["LOCAL_DISK"]["arprotocols"]["write_lan"][0]["path"] == "/home/storage/"
    assert (queue["state"], queue["status"], queue["maxwdir"]) == ("ACTIVE", "brokeroff", 1)
    # Without a limit there is no number to ask workers of.
    assert (queue["maxrss"], queue["pilot_manager"], queue["harvester"]) == (0, "", "")
    assert "mv_final_destination" in queue["catchall"]


def test_a_job_that_merges_logs_counts_the_merged_ones_among_its_outputs() -> None:
    """As `--mergeOutput --mergeLog` has it: the pilot takes `scopeOut` for every file but its own log."""
    log, own = an_output("merged.log.tgz", role=DatasetRole.LOG), an_output("merge.log.tgz", role=DatasetRole.LOG)

    job = job_dict(a_job(outputs=(an_output("out.txt"), log, own)), "D", SERVER)

    assert job["outFiles"] == "out.txt,merged.log.tgz,merge.log.tgz"
    assert (job["scopeOut"], job["logFile"]) == ("user.jdoe,user.jdoe", "merge.log.tgz")


def test_an_output_of_two_datasets_is_written_once() -> None:
    outputs = (an_output("out.txt"), replace(an_output("out.txt"), dataset="user.jdoe.copy"))

    job = job_dict(a_job(outputs=outputs), "D", SERVER)

    assert (job["outFiles"], job["realDatasets"], job["scopeOut"]) == ("out.txt", "user.jdoe.out", "user.jdoe")
