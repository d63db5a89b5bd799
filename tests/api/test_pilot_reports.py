"""Pilots' reports in their dialects become the same commands."""

import json
from dataclasses import replace
from typing import Any

import pytest

from api.http.errors import BadRequest
from api.pilots.offers import LEGACY_OF_V1 as OFFER_NAMES
from api.pilots.offers import legacy_names, offer_from
from api.pilots.output_report import outputs_of
from api.pilots.reports import LEGACY_OF_V1, end_of, errors_of, progress_of, report_from, usage_of
from identity.agents import Agent
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


def test_a_negative_pilot_code_keeps_the_sign_by_which_it_asks_for_another_attempt() -> None:
    body = {"pilotErrorCode": -1137, "pilotErrorDiag": "stage-out failed", "transExitCode": 0}

    assert errors_of(body) == (JobError(source="pilot", code=-1137, diagnostic="stage-out failed"),)


@pytest.mark.parametrize("exit_code", [2, 3, 251])
def test_renamed_exit_codes_are_known_by_the_payloads_own_code(exit_code: int) -> None:
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


@pytest.mark.parametrize(
    ("metrics", "size", "leak"),
    [
        ("actualCoreCount=1 workDirSize=2000000 leak=-1.5 chi2=0.1", 2_000_000, -1.5),
        ("workDirSize=-1 leak=nan", None, None),
        ("workDirSize leak=" + "9" * 400, None, None),
        (["workDirSize=5"], None, None),
        ("x" * 600 + " workDirSize=5", None, None),
    ],
)
def test_the_metrics_of_a_pilot_tell_of_disk_and_memory(metrics: object, size: int | None, leak: float | None) -> None:
    usage = usage_of({"jobMetrics": metrics, "maxPSS": 5})

    assert usage is not None
    assert (usage.work_dir_bytes, usage.leak_kb_per_second) == (size, leak)


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


@pytest.mark.parametrize(("says", "slot", "offered"), [(24_105.13, 4_000, 4_000), (3_000, 4_000, 3_000), (0, 4_000, 4_000)])
def test_a_pilot_that_says_what_its_host_has_offers_what_its_slot_has(says: float, slot: int, offered: int) -> None:
    agent = Agent("e" * 64, "wlcg", ("Q",), "w1", 2_000_000_000, memory_mb=slot)

    _, offer = offer_from({"siteName": "Q", "mem": says}, replace(an_identity(), agent=agent))

    assert offer.memory_mb == offered


def test_a_later_request_names_the_task_as_text() -> None:
    _, offer = offer_from({"siteName": "Q", "taskID": "11", "harvester_id": "h", "worker_id": "w1"}, an_identity())

    assert (offer.task_id, offer.harvester_id, offer.worker_id, offer.pilot) == (11, "h", "w1", "w1")


@pytest.mark.parametrize("nothing", [None, "", "NULL", 0, "0"])
def test_a_request_without_a_task_is_for_jobs_of_any(nothing: object) -> None:
    _, offer = offer_from({"siteName": "Q", "taskID": nothing}, an_identity())

    assert offer.task_id is None


@pytest.mark.parametrize("odd", ["abc", "-1", 10**15, "9" * 30, float("nan"), "11; drop", "1\ud800", {"a": 1}, [11], True])
def test_a_task_that_cannot_be_is_refused_and_not_taken_for_any(odd: object) -> None:
    with pytest.raises(BadRequest, match=r"taskID: found .*, expected the number of a task"):
        offer_from({"siteName": "Q", "taskID": odd}, an_identity())


@pytest.mark.parametrize(("heartbeat", "lease"), [(None, None), ("10", 60), (1, 6), (0.2, 3), (1e9, 86_400), ("x", None)])
def test_a_lease_is_six_heartbeats_long(heartbeat: object, lease: int | None) -> None:
    _, offer = offer_from({"siteName": "Q", "heartbeat_seconds": heartbeat}, an_identity())

    assert offer.lease_seconds == lease


def test_the_v1_names_make_the_same_offer() -> None:
    new = {"site_name": "Q", "memory": 4000, "disk_space": 100, "prod_source_label": "managed", "scheduler_id": "h"}

    queue, offer = offer_from(legacy_names(new, OFFER_NAMES), an_identity())

    assert (queue, offer.memory_mb, offer.disk_mb, offer.label, offer.harvester_id) == ("Q", 4000, 100, "managed", "h")


def test_the_site_is_asked_for_jobs_and_not_the_host_of_a_harvester() -> None:
    queue, offer = offer_from({"siteName": "Q", "computingElement": "host", "schedulerID": "harvester-h"}, an_identity())

    assert (queue, offer.harvester_id) == ("Q", "h")


def test_a_numbered_worker_has_its_harvester_in_front() -> None:
    _, offer = offer_from({"siteName": "Q", "harvester_id": "h", "worker_id": "2"}, an_identity())

    assert (offer.worker_id, offer.pilot) == ("h:2", "h:2")


def test_a_pilot_for_itself_gets_its_owners_jobs_only() -> None:
    _, offer = offer_from({"siteName": "Q", "prodSourceLabel": "self", "prodUserID": "me"}, an_identity())

    assert (offer.label, offer.owner) == ("user", "subject-jane")


def test_an_offer_for_no_queue_is_refused() -> None:
    with pytest.raises(BadRequest, match="siteName"):
        offer_from({"node": "vm"}, an_identity())


@pytest.mark.parametrize(
    "time", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", 1e30, -5, 0, "1989-12-31", 4102444801, "NaN", "never"]
)
def test_a_time_that_no_clock_shows_is_no_time(time: object) -> None:
    end = end_of(report_from(FINAL | {"startTime": time, "endTime": time}), 1, "")

    assert (end.started_at, end.ended_at) == (None, None)


def test_odd_characters_are_replaced_by_what_each_field_holds() -> None:
    body = FINAL | {"node": "n\0o de", "pilotID": "p\0\n|PR", "pilotErrorDiag": "a\0b", "state": "failed", "pilotErrorCode": 1}

    end = end_of(report_from(body), 1, "")

    # An id with characters that no pilot has says nothing about which pilot this is.
    assert (end.node, end.pilot_id, end.errors[0].diagnostic) == ("n_o_de", "", "a\ufffdb")


@pytest.mark.parametrize("attempt", [-1, 10**12, "99999999999"])
def test_a_report_of_an_absurd_attempt_is_refused(attempt: object) -> None:
    with pytest.raises(BadRequest, match="attemptNr"):
        report_from(FINAL | {"attemptNr": attempt})


def test_error_codes_beyond_32_bits_still_tell_of_an_error() -> None:
    body = {"pilotErrorCode": 10**15, "transExitCode": -(10**15), "ddmErrorCode": "9" * 18}

    assert [(error.source, error.code) for error in errors_of(body)] == [
        ("pilot", 2147483647),
        ("trans", -2147483647),
        ("ddm", 2147483647),
    ]


def test_files_that_no_job_can_make_are_left_out_and_absurd_facts_are_none() -> None:
    odd: dict[str, Any] = {"a b": {}, "../x": {}, "$(x)": {}, "x" * 2_000: {}, "": {}, "n\0": {}, "list": []}
    good: dict[str, Any] = {
        "ok.root": {"fsize": -5, "guid": "g g", "adler32": "ad:1;2", "events": 10**15},
        "big.root": {"fsize": 1 << 62},
    }

    outputs = outputs_of({"xml": odd | good}, "DISK")

    assert [(file.lfn, file.size_bytes, file.guid, file.checksum, file.events) for file in outputs] == [
        ("ok.root", 0, "g_g", "ad:1_2", None),
        ("big.root", 0, "", "", None),
    ]


def test_an_output_report_with_numbers_that_are_none_is_read() -> None:
    assert [file.size_bytes for file in outputs_of({"xml": '{"a": {"fsize": NaN}, "b": {"fsize": 7}}'}, "")] == [0, 7]


def test_usage_that_no_host_has_is_left_out() -> None:
    usage = usage_of({"maxRSS": 1 << 62, "meanCoreCount": -1, "cpuConsumptionTime": 1e300, "totRBYTES": "9" * 30, "maxPSS": 5})

    assert usage is not None
    assert (usage.rss_kb_max, usage.core_count, usage.cpu_seconds, usage.read_bytes, usage.pss_kb_max) == (
        None,
        None,
        None,
        None,
        5,
    )


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ('{"a": NaN, "b": [Infinity]}', {"a": None, "b": [None]}),
        ({"a": "x\ufffd"}, {"a": "x\ufffd"}),
        ("no JSON", "no JSON"),
        ('{"k": "' + "v" * 300_000 + '"}', {"k": "v" * 300_000}),
        ('{"k": "' + "v" * 500_000 + '"}', {"left_out": "metaData", "bytes": 500_009, "bytes_max": 400_000}),
        ('{"k": "' + "\u00fc" * 300_000 + '"}', {"left_out": "metaData", "bytes": 600_009, "bytes_max": 400_000}),
    ],
)
def test_a_job_report_is_kept_whole_or_named_as_left_out(given: object, kept: object) -> None:
    metadata = end_of(report_from(FINAL | {"metaData": given}), 1, "").metadata_json

    assert json.loads(metadata or "") == kept


def test_a_job_report_leaves_room_for_very_many_outputs() -> None:
    files = {f"user.jdoe.{number:06d}.root": {"guid": "g" * 36, "fsize": 1} for number in range(1_500)}

    end = end_of(report_from(FINAL | {"xml": files, "metaData": '"' + "m" * 399_000 + '"'}), 1, "DISK")

    assert len(end.outputs) == 1_500
    assert json.loads(end.metadata_json or "")["left_out"] == "metaData"


def test_a_pilots_log_ends_with_a_whole_line() -> None:
    lines = "".join(f"line {number}\n" for number in range(1_000))

    log = end_of(report_from(FINAL | {"pilotLog": lines}), 1, "").log_extract

    assert log is not None
    assert 3_900 < len(log) <= 4_000
    assert lines.startswith(log + "\n")
