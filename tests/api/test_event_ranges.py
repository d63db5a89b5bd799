"""Ranges of events over HTTP, in both dialects, answered by real deciders in memory."""

import json
from pathlib import Path
from typing import Any

import pytest

from api.native import commands
from identity.issuer import make_token
from schemas.types import OutcomeKind
from tests.api.harvester_stage import Stage
from tests.api.test_routes import headers
from tests.commands.builders import QUEUE, TASK, account, job, lease, run_all, spec_of
from tests.commands.test_event_service import an_event_service, outcomes

V1, LEGACY = "/api/v1/event", "/server/panda"


@pytest.fixture(scope="module")
def shared_stage(api_home: Path) -> Stage:
    """To make an application takes longer than to ask it."""
    return Stage(api_home)


@pytest.fixture
def stage(shared_stage: Stage) -> Stage:
    """An application before a task with a file of 95 events and one of 20, 10 to a range, none of whose jobs is taken."""
    shared_stage.begin_again()
    shared_stage.culm = shared_stage.gateway.culm = an_event_service({"a.root": 95, "b.root": 20})
    shared_stage.rows.tables["select status, vo, holder, lease_id"] = []
    return shared_stage


def a_job(stage: Stage) -> dict[str, Any]:
    """The next job, as its pilot gets it."""
    found = stage.ask(f"{LEGACY}/getJob", {"siteName": QUEUE, "prodSourceLabel": "unified", "node": "n1"})
    assert isinstance(found, dict)
    assert found["StatusCode"] == 0, found
    return found


def acquire(stage: Stage, job_id: int, count: int = 10) -> list[dict[str, Any]]:
    answer = stage.ask(f"{LEGACY}/getEventRanges", {"pandaID": job_id, "jobsetID": TASK, "taskID": TASK, "nRanges": count})
    assert answer["StatusCode"] == 0, answer
    found = answer["eventRanges"]
    assert isinstance(found, list)
    return found


def update(stage: Stage, rows: object, **more: object) -> dict[str, Any]:
    found = stage.ask(f"{LEGACY}/updateEventRanges", {"eventRanges": json.dumps(rows), "version": 0, **more})
    assert isinstance(found, dict)
    return found


def ids(ranges: list[dict[str, Any]], status: str = "finished") -> list[dict[str, str]]:
    return [{"eventRangeID": one["eventRangeID"], "eventStatus": status} for one in ranges]


def test_a_pilot_gets_the_ranges_of_its_job_as_the_reference_names_them(stage: Stage) -> None:
    given = a_job(stage)

    ranges = acquire(stage, given["PandaID"], 100)

    assert (given["eventService"], given["jobsetID"], given["inFiles"]) == ("True", TASK, "a.root")
    assert len(ranges) == 10
    assert ranges[0] == {
        "eventRangeID": f"{TASK}-{job(1)}-1-1-1",
        "startEvent": 1,
        "lastEvent": 10,
        "LFN": "a.root",
        "GUID": "",
        "scope": "user.jdoe",
    }
    assert (ranges[9]["startEvent"], ranges[9]["lastEvent"]) == (91, 95)
    assert acquire(stage, given["PandaID"]) == []


def test_the_newer_dialect_says_the_same_in_its_envelope(stage: Stage) -> None:
    job_id = a_job(stage)["PandaID"]

    left = stage.ask(f"{V1}/get_available_event_range_count?job_id={job_id}&jobset_id={TASK}&task_id={TASK}")
    answer = stage.ask(f"{V1}/acquire_event_ranges", {"job_id": job_id, "jobset_id": TASK, "task_id": TASK, "n_ranges": 4})
    rows = ids(answer["data"]["eventRanges"])
    updated = stage.ask(f"{V1}/update_event_ranges", {"event_ranges": json.dumps(rows[:3]), "version": 0})
    as_a_list = stage.ask(f"{V1}/update_event_ranges", {"event_ranges": rows[2:]})
    after = stage.ask(f"{V1}/get_available_event_range_count?job_id={job_id}&jobset_id={TASK}&task_id={TASK}")

    assert (left["data"], after["data"]) == (10, 6)
    assert (answer["success"], answer["data"]["StatusCode"], len(rows)) == (True, 0, 4)
    assert updated == {"success": True, "message": "", "data": {"StatusCode": 0, "Returns": [True] * 3, "Commands": {}}}
    assert as_a_list["data"]["Returns"] == [True, True]
    assert stage.culm.state("ranges", TASK).done == ((1, 4),)


def test_one_range_is_reported_by_a_call_of_its_own(stage: Stage) -> None:
    job_id = a_job(stage)["PandaID"]
    first, second, *_ = acquire(stage, job_id)

    answers = [
        stage.ask(
            f"{V1}/update_single_event_range",
            {"event_range_id": first["eventRangeID"], "event_range_status": "finished", "core_count": 1},
        ),
        stage.ask(f"{LEGACY}/updateEventRange", {"eventRangeID": second["eventRangeID"], "eventStatus": "failed"}),
        stage.ask(f"{LEGACY}/updateEventRange", {"eventRangeID": f"{TASK}-{job(1)}-1-99-1", "eventStatus": "finished"}),
    ]

    assert answers[0] == {"success": True, "message": "", "data": {"StatusCode": 0, "Command": None}}
    assert answers[1:] == [{"StatusCode": 0, "Command": None}, {"StatusCode": 30, "Command": None}]
    assert stage.culm.state("ranges", TASK).tries == (((2, 2),),)


def test_files_of_ranges_are_what_the_merge_job_reads(stage: Stage) -> None:
    given = a_job(stage)
    ranges = acquire(stage, given["PandaID"], 100)
    zipped = {"lfn": "out.zip", "objstoreID": 117, "adler32": "0a1b2c3d", "fsize": 9, "numEvents": 95, "pathConvention": 1000}

    answer = update(stage, [{"zipFile": zipped, "eventRanges": ids(ranges)}], version=1)
    end = {"jobId": given["PandaID"], "state": "finished", "attemptNr": 1, "node": "n1", "xml": log_of(given)}
    ended = stage.ask(f"{LEGACY}/updateJob", end)
    account(stage.culm, job(1), OutcomeKind.FINISHED)

    assert answer == {"StatusCode": 0, "Returns": [True] * 10, "Commands": {}}
    assert ended["StatusCode"] == 0
    assert outcomes(stage.culm) == [(job(1), OutcomeKind.MERGING, None)]
    (made,) = stage.culm.state("ranges", TASK).outputs[1]
    assert (made.lfn, made.checksum, made.size_bytes, made.endpoint) == ("out.zip", "ad:0a1b2c3d", 9, "117")


def log_of(given: dict[str, Any]) -> str:
    """The report of a job's log file, as pilots write it."""
    made = {"guid": given["logGUID"], "fsize": 1, "adler32": "00000001", "surl": "x"}
    return json.dumps({given["logFile"]: made})


def test_a_range_of_another_job_is_refused_and_the_others_are_taken(stage: Stage) -> None:
    one, other = a_job(stage)["PandaID"], a_job(stage)["PandaID"]
    mine, foreign = acquire(stage, one, 2), acquire(stage, other, 2)
    said = f"{TASK}-{one}-2-{foreign[0]['eventRangeID'].split('-')[3]}-1"

    answer = update(stage, [*ids(mine[:1]), {"eventRangeID": said, "eventStatus": "finished"}, *ids(mine[1:])])

    assert answer["Returns"] == [True, False, True]
    assert stage.culm.state("ranges", TASK).done == ((1, 2),)


def test_another_pilot_gets_and_reports_nothing_of_a_job(stage: Stage) -> None:
    job_id = a_job(stage)["PandaID"]
    rows = ids(acquire(stage, job_id, 2))
    stage.rows.tables["select status, vo, holder, lease_id"] = [
        {"status": "running", "vo": "wlcg", "holder": "someone-else", "lease_id": "L"}
    ]
    token = make_token(stage.home, user="stranger", name="A Stranger", groups=["wlcg", "wlcg/pilot"], audience_hours=1)
    stranger = {"Authorization": f"Bearer {token}", "Origin": "wlcg"}

    asked = stage.client.post(f"{LEGACY}/getEventRanges", json={"pandaID": job_id}, headers=stranger).json()
    told = stage.client.post(f"{LEGACY}/updateEventRanges", json={"eventRanges": json.dumps(rows)}, headers=stranger).json()

    assert asked == {"StatusCode": 0, "eventRanges": []}
    assert told == {"StatusCode": 0, "Returns": [False, False], "Commands": {str(job_id): "tobekilled"}}
    assert stage.culm.state("ranges", TASK).done == ()


def test_a_job_that_ended_gets_none_and_is_ordered_to_stop(stage: Stage) -> None:
    job_id = a_job(stage)["PandaID"]
    rows = ids(acquire(stage, job_id, 2))
    account(stage.culm, job_id, OutcomeKind.FAILED, error_source="jobdispatcher", error_code=100, error_diagnostic="lost")

    answer = update(stage, rows)

    assert acquire(stage, job_id) == []
    assert answer == {"StatusCode": 0, "Returns": [False, False], "Commands": {str(job_id): "tobekilled"}}


def test_a_process_that_did_not_lease_the_job_finds_its_lease_among_the_rows(stage: Stage) -> None:
    a_job(stage)
    holder = stage.culm.state("job", job(1)).holder
    # The other process leases its first job to another pilot.
    lease(stage.culm, "pilot-9")
    row = {"status": "running", "vo": "wlcg", "holder": holder, "lease_id": "L1"}
    stage.rows.tables["select status, vo, holder, lease_id"] = [row]
    theirs = {**row, "holder": "pilot-9"}

    given = acquire(stage, job(2), 3)
    stage.rows.tables["select status, vo, holder, lease_id"] = [theirs]
    of_others = acquire(stage, job(2), 3)

    assert ([one["LFN"] for one in given], of_others) == (["b.root", "b.root"], [])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("no json", {"StatusCode": 30, "ErrorDialog": "event_ranges: found no JSON, expected a list"}),
        ("{}", {"StatusCode": 30, "ErrorDialog": "event_ranges: found dict, expected a list"}),
        ("[1, null, {}]", {"StatusCode": 0, "Returns": [False, False, False], "Commands": {}}),
        ('[{"eventRangeID": "1-2-3-4", "eventStatus": "finished"}]', {"StatusCode": 0, "Returns": [False], "Commands": {}}),
        ('[{"eventRangeID": "1-2-3-4-5", "eventStatus": "finished"}]', {"StatusCode": 0, "Returns": [False], "Commands": {}}),
        ('[{"eventRangeID": "1-2-3--4-5", "eventStatus": "done"}]', {"StatusCode": 0, "Returns": [False], "Commands": {}}),
    ],
)
def test_an_odd_report_is_answered_with_what_was_expected(stage: Stage, given: str, expected: dict[str, Any]) -> None:
    assert stage.ask(f"{LEGACY}/updateEventRanges", {"eventRanges": given}) == expected


def test_a_report_of_too_many_ranges_or_jobs_is_refused_whole(stage: Stage) -> None:
    many = [{"eventRangeID": f"{TASK}-{job(1)}-1-1-1", "eventStatus": "finished"}] * 10_001
    jobs = [{"eventRangeID": f"{TASK}-{job(n)}-1-1-1", "eventStatus": "finished"} for n in range(1, 102)]
    stage.gateway.sent.clear()

    answers = [update(stage, many), update(stage, jobs)]

    assert [one["StatusCode"] for one in answers] == [30, 30]
    assert "more than 10,000 ranges" in answers[0]["ErrorDialog"]
    assert "more than 100 jobs" in answers[1]["ErrorDialog"]
    assert stage.gateway.sent == []


def test_a_person_is_answered_in_the_form_that_clients_read(stage: Stage) -> None:
    answer = stage.call("event/update_event_ranges", {"event_ranges": "[]"}, "wlcg")

    assert answer["success"] is False
    assert "event service" in answer["message"]


def test_all_of_it_ends_with_a_merged_output(stage: Stage) -> None:
    for _ in range(2):
        given = a_job(stage)
        ranges = acquire(stage, given["PandaID"], 100)
        update(stage, [{"zipFile": {"lfn": f"{given['PandaID']}.zip"}, "eventRanges": ids(ranges)}], version=1)
        end = {"jobId": given["PandaID"], "state": "finished", "attemptNr": 1, "node": "n1", "xml": log_of(given)}
        stage.ask(f"{LEGACY}/updateJob", end)
        account(stage.culm, given["PandaID"], OutcomeKind.FINISHED)

    run_all(stage.culm)

    assert [one.lfn for one in spec_of(stage.culm, job(3)).inputs] == [f"{job(1)}.zip", f"{job(2)}.zip"]
    assert stage.culm.state("task", TASK).status == "done"


def test_a_client_does_not_say_itself_what_its_job_reads(tmp_path: Path) -> None:
    stage = Stage(tmp_path, only=[commands.build_router])
    of_another = {"file_id": 1, "lfn": "a.root", "events": 10}
    command = {"aggregate_id": "7", "job_id": 70, "lease_id": "x", "count": 1, "events_per_range": 1, "inputs": [of_another]}

    answer = stage.client.post("/v1/commands/AcquireRanges", json=command, headers=headers(tmp_path, "wlcg/pilot"))

    assert (answer.status_code, stage.gateway.sent) == (400, [])
    assert answer.json()["detail"] == "AcquireRanges: found a command of a client, expected none: Culm knows its input"
