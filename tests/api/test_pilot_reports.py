"""Pilots' reports in their dialects become the same commands."""

import json
from typing import Any

import pytest

from api.errors import BadRequest
from api.pilots.offers import LEGACY_OF_V1 as OFFER_NAMES
from api.pilots.offers import legacy_names, offer_from
from api.pilots.reports import LEGACY_OF_V1, end_of, errors_of, outputs_of, progress_of, report_from, usage_of
from schemas.types import DatasetRole, JobError, ReportedState
from tests.api.builders import an_identity

FINAL: dict[str, Any] = {
    "jobId": "1001",
    "state": "finished",
    "timestamp": "2026-11-23T22:12:48+00:00",
    "siteName": "TESTQ",
    "node": "vm",
    "attemptNr": 1,
    "schedulerID": "unknown",
    "pilotID": "unknown|PR|3.11.5.1",
    "startTime": 1795471966.08,
    "xml": json.dumps(
        {
            "out.txt": {"guid": "537FAD91", "fsize": 6, "adler32": "084b021f", "surl": "file://x", "endpoint": "DISK"},
            "job.log.tgz": {"guid": "", "fsize": "12", "md5sum": "d41d8cd9"},
        }
    ),
    "coreCount": 1,
    "cpuConsumptionTime": 3,
    "cpuConsumptionUnit": "s+Intel",
    "pilotTiming": "0|0|0|0|0|0",
    "pilotLog": "",
    "endTime": 1795471968.16,
    "pilotErrorCode": 0,
    "pilotErrorDiag": "",
    "transExitCode": 0,
}


def test_a_final_report_of_a_real_pilot_is_read() -> None:
    report = report_from(FINAL)

    end = end_of(report, 1, "LOCAL_DISK")

    assert report.is_final
    assert (report.job_id, report.attempt, report.queue) == (1001, 1, "TESTQ")
    assert (end.succeeded, end.exit_code, end.errors) == (True, 0, ())
    assert (end.started_at, end.ended_at) == (1795471966080000, 1795471968160000)


def test_outputs_are_left_for_the_decider_to_place() -> None:
    outputs = outputs_of(FINAL, "LOCAL_DISK")

    assert [(o.lfn, o.size_bytes, o.checksum, o.endpoint, o.guid) for o in outputs] == [
        ("out.txt", 6, "ad:084b021f", "DISK", "537FAD91"),
        ("job.log.tgz", 12, "md:d41d8cd9", "LOCAL_DISK", ""),
    ]
    assert {(o.dataset, o.scope, o.role) for o in outputs} == {("", "", DatasetRole.UNKNOWN)}


def test_a_form_with_every_value_as_text_means_the_same() -> None:
    form = {name: str(value) for name, value in FINAL.items()}

    assert end_of(report_from(form), 1, "LOCAL_DISK") == end_of(report_from(FINAL), 1, "LOCAL_DISK")


def test_the_v1_dialect_means_the_same() -> None:
    old_of = {new: old for new, old in LEGACY_OF_V1.items() if old in FINAL and new != "jobStatus"}
    new = {name: FINAL[old] for name, old in old_of.items()} | {"node": "vm"}
    new |= {"start_time": "2026-11-23 22:12:46.080000", "end_time": "2026-11-23 22:12:48.160000"}

    end = end_of(report_from(legacy_names(new, LEGACY_OF_V1)), 1, "LOCAL_DISK")

    assert (end.outputs, end.usage, end.exit_code) == (
        outputs_of(FINAL, "LOCAL_DISK"),
        usage_of(FINAL),
        0,
    )
    assert end.ended_at is not None


@pytest.mark.parametrize("xml", ["", "NULL", None, "<POOLFILECATALOG/>", "[1]", "{", {"a": 1}])
def test_an_output_report_that_cannot_be_read_loses_the_files_and_not_the_report(xml: object) -> None:
    assert end_of(report_from(FINAL | {"xml": xml}), 1, "").outputs == ()


def test_a_negative_pilot_code_is_taken_by_its_amount() -> None:
    body = {"pilotErrorCode": -1137, "pilotErrorDiag": "stage-out failed", "transExitCode": 0}

    assert errors_of(body) == (JobError(source="pilot", code=1137, diagnostic="stage-out failed"),)


@pytest.mark.parametrize("exit_code", [2, 3, 251])
def test_renamed_exit_codes_are_told_by_the_payloads_own_code(exit_code: int) -> None:
    body = {"pilotErrorCode": 1368, "pilotErrorDiag": "remote file open timed out", "transExitCode": str(exit_code)}

    assert errors_of(body) == (JobError(source="trans", code=exit_code, diagnostic="remote file open timed out"),)


def test_the_pilots_code_comes_before_the_payloads() -> None:
    body = {"pilotErrorCode": 1305, "pilotErrorDiag": "boom", "transExitCode": 77, "exeErrorCode": 77, "exeErrorDiag": "x"}

    assert [(error.source, error.code) for error in errors_of(body)] == [("pilot", 1305), ("trans", 77), ("exe", 77)]


def test_long_texts_are_cut_and_not_refused() -> None:
    body = FINAL | {
        "state": "failed",
        "pilotErrorCode": 1305,
        "pilotErrorDiag": "d" * 9_000,
        "metaData": "m" * 200_000,
        "node": "n" * 900,
        "pilotID": "p" * 900,
    }

    end = end_of(report_from(body), 1, "")

    assert len(end.errors[0].diagnostic) == 500
    assert end.metadata_json == '"' + "m" * 200_000 + '"'
    assert (len(end.node), len(end.pilot_id)) == (128, 200)


def test_a_live_report_says_where_the_job_is() -> None:
    body = {"jobId": 7, "state": "running", "attemptNr": "2", "batchID": "123", "maxRSS": "2048", "maxPSS": -1}
    report = report_from(body)

    progress = progress_of(report, 2)

    assert (progress.state, progress.batch_id, progress.attempt) == (ReportedState.RUNNING, "123", 2)
    assert progress.usage is not None
    assert (progress.usage.rss_kb_max, progress.usage.pss_kb_max) == (2048, None)


@pytest.mark.parametrize("changes", [{"jobId": None}, {"jobId": "x"}, {"jobId": -1}, {"state": "done"}, {"state": None}])
def test_a_report_without_job_or_with_an_unknown_state_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BadRequest, match="expected"):
        report_from(FINAL | changes)


def test_the_verified_request_of_a_real_pilot_is_an_offer() -> None:
    body = {
        "siteName": "TESTQ", "computingElement": "TESTQ", "prodSourceLabel": "user", "diskSpace": 20000,
        "workingGroup": "", "cpu": 2600.0, "mem": 24105.13, "node": "vm", "allowOtherCountry": False,
    }  # fmt: skip

    queue, offer = offer_from(body, an_identity())

    assert queue == "TESTQ"
    assert (offer.pilot, offer.memory_mb, offer.disk_mb, offer.label) == ("vm", 24105, 20000, "user")
    assert (offer.owner, offer.task_id, offer.lease_seconds) == (None, None, None)


def test_a_later_request_names_the_task_as_text() -> None:
    _, offer = offer_from({"siteName": "Q", "taskID": "11", "harvester_id": "h", "worker_id": "w1"}, an_identity())

    assert (offer.task_id, offer.harvester_id, offer.worker_id, offer.pilot) == (11, "h", "w1", "w1")


@pytest.mark.parametrize(("heartbeat", "lease"), [(None, None), ("10", 60), (1, 6), (0.2, 3), (1e9, 86_400), ("x", None)])
def test_a_lease_is_six_heartbeats_long(heartbeat: object, lease: int | None) -> None:
    _, offer = offer_from({"siteName": "Q", "heartbeat_seconds": heartbeat}, an_identity())

    assert offer.lease_seconds == lease


def test_the_v1_names_make_the_same_offer() -> None:
    new = {"site_name": "Q", "memory": 4000, "disk_space": 100, "prod_source_label": "managed", "scheduler_id": "h"}

    queue, offer = offer_from(legacy_names(new, OFFER_NAMES), an_identity())

    assert (queue, offer.memory_mb, offer.disk_mb, offer.label, offer.harvester_id) == ("Q", 4000, 100, "managed", "h")


def test_a_pilot_for_itself_gets_its_owners_jobs_only() -> None:
    _, offer = offer_from({"siteName": "Q", "prodSourceLabel": "self", "prodUserID": "me"}, an_identity())

    assert (offer.label, offer.owner) == ("user", "subject-jane")


def test_an_offer_for_no_queue_is_refused() -> None:
    with pytest.raises(BadRequest, match="siteName"):
        offer_from({"node": "vm"}, an_identity())
