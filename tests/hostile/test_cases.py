"""Single cases of the kind, each once seen to stop or mislead a stack: what was sent hurts its sender alone.

After each the next honest task must come through: that is what `lives_on` asks.
"""

import math
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from schemas.topics import topics_of_role
from tests.hostile.cases import QUEUE, Cases
from tests.hostile.ground import VO
from tests.hostile.message import Message, Record, Sender
from tests.hostile.naughty import json_text, raw
from tests.hostile.sending import Sending
from tests.load.pilot_load import parameters
from tests.monitor.manual_actors import until

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("dialect", ["legacy", "v1"])
@pytest.mark.parametrize(
    "odd",
    [
        {"meanCoreCount": math.nan, "cpuConsumptionTime": math.inf},
        {"metaData": {"a": math.nan, "b": [-math.inf]}},
        {"metaData": "\ud800 and \udfff"},
        {"metaData": raw("lists 300")},
        {"node": "a\x00b", "pilotID": "é\udc80"},
        {"endTime": "9999-12-31T23:59:59-12:00", "startTime": "0001-01-01T00:00:00+01:00"},
        {"endTime": 1e300, "startTime": -1},
        {"transExitCode": 10**30, "pilotErrorCode": "9" * 5_000},
        {"maxRSS": 2**63 - 1, "nEvents": 10**18, "coreCount": 10**10},
        {"pilotErrorDiag": "x" * 300_000, "jobSubStatus": ["a"]},
    ],
    ids=lambda odd: "+".join(odd),
)
def test_the_final_report_of_a_pilot_is_never_lost_for_an_odd_value(cases: Cases, dialect: str, odd: dict[str, Any]) -> None:
    job = cases.leased(cases.task())

    answer = cases.report(job, "finished", dialect, **{"transExitCode": 0, "xml": cases.stored(job), **odd})

    assert answer.status_code == 200, answer.text
    until(lambda: cases.status_of(job) == "finished", 30)
    assert cases.user.get("/v1/jobs").status_code == 200
    assert cases.user.get(f"/v1/jobs/{job['PandaID']}/timeline").status_code == 200
    assert cases.user.get("/jobs/").status_code == 200


def test_latin_1_bytes_in_the_form_of_a_final_report_are_replaced(cases: Cases) -> None:
    job = cases.leased(cases.task())
    body = b"jobId=%d&attemptNr=1&state=failed&pilotErrorCode=1305&pilotErrorDiag=caf\xe9+%%E9" % job["PandaID"]

    outcome = cases.raw("POST", "/server/panda/updateJob", body, Sender.PILOT, "application/x-www-form-urlencoded")

    assert outcome.accepted, outcome
    until(lambda: cases.status_of(job) == "failed", 30)


@pytest.mark.parametrize(
    "start", ["0001-01-01T00:00:00+01:00", "0001-01-01 00:00:00", "9999-12-31 23:59:59", "1969-12-31 23:59:59"]
)
def test_a_start_time_of_no_calendar_breaks_no_list(cases: Cases, start: str) -> None:
    job = cases.leased(cases.task())

    assert cases.report(job, "running", startTime=start).status_code == 200

    until(lambda: cases.status_of(job) == "running", 30)
    number = job["PandaID"]
    described = cases.user.post("/api/v1/job/get_description", json={"job_ids": [number]})
    paths = (
        f"/v1/jobs/{number}",
        "/v1/jobs",
        f"/job/{number}/",
        "/jobs/",
        f"/v1/history/job/{number}",
        f"/v1/state/job/{number}",
    )
    assert {path: cases.user.get(path).status_code for path in paths} == dict.fromkeys(paths, 200)
    assert described.status_code == 200


@pytest.mark.parametrize(
    "amount", [{"nEvents": 10**9}, {"nEvents": 10**18}, {"nEvents": 10**9, "nEventsPerJob": 999, "nEventsPerFile": 1}]
)
def test_more_pieces_of_input_than_a_task_may_have_break_it_at_once(cases: Cases, amount: dict[str, int]) -> None:
    task = cases.task(**amount)

    cases.lives_on()

    assert cases.ended(task)["status"] == "broken"


def test_a_submission_that_no_record_can_hold_is_refused_with_its_size(cases: Cases) -> None:
    status, answer = cases.submit(cliParams="x" * 1_000_000)

    assert (status, answer["success"]) == (200, False)
    assert "bytes as JSON, at most 890,000 are taken" in answer["message"]
    cases.lives_on()


@pytest.mark.parametrize(("count", "length"), [(3_560, 180), (700, 900)])
def test_names_that_fill_more_than_a_record_hurt_their_task_alone(cases: Cases, count: int, length: int) -> None:
    names = [f"root://storage.example.org:1094//data/{'d' * length}/file_{number:06d}.root" for number in range(count)]

    task = cases.task(pfnList=names, nFiles=count)

    cases.lives_on()
    found = until(lambda: (one := cases.seen(task))["status"] not in ("registered", "defined") and one, 60)
    assert found["status"] == "broken" or found["files_total"] == count


@pytest.mark.parametrize(
    "changes",
    [
        {"taskName": "user.jdoe." + "x" * 3_000 + "/"},
        {"taskName": "user.jdoe.a\x00b/"},
        {"processingType": "p" * 5_000},
        {"userName": "\ud800"},
        {"prodSourceLabel": "l" * 3_000},
        {"workingGroup": "g\x00"},
        {"cliParams": "x" * 800_000},
    ],
    ids=lambda changes: "+".join(changes),
)
def test_a_long_or_odd_name_is_refused_or_shown(cases: Cases, changes: dict[str, Any]) -> None:
    status, _ = cases.submit(**changes)

    assert status == 200
    cases.lives_on()


@pytest.mark.parametrize("key", ["workerID", "harvesterID", "site", "node_id"])
@pytest.mark.parametrize("odd", ["w\x00k", "\ud800", "w" * 5_000, "w\x1b[31m"])
def test_an_odd_id_of_a_worker_freezes_no_other(cases: Cases, key: str, odd: str) -> None:
    worker = {"workerID": "w", "harvesterID": "h", "status": "started", "site": QUEUE, "node_id": "n"}
    answer = cases.pilot.post("/server/panda/updateWorkerPilotStatus", content=json_text({**worker, key: odd}))
    known = f"w{uuid4()}"

    cases.pilot.post("/server/panda/updateWorkerPilotStatus", json={**worker, "workerID": known})

    assert answer.status_code < 500
    until(lambda: known in cases.user.get(f"/v1/workers?queue={QUEUE}&limit=1000").text, 30)


@pytest.mark.parametrize(
    "changes",
    [
        {"coreCount": 10**10}, {"taskPriority": 2**40}, {"currentPriority": 2**40}, {"ramCount": 1e300}, {"ramCount": "1e400"},
        {"walltime": 10**15},
        {"maxAttempt": 10**12}, {"nFilesPerJob": -(2**40)}, {"goal": math.nan}, {"goal": "inf"}, {"maxNumJobs": 0.5},
        {"nEvents": "9" * 400},
        {"maxFailure": -1}, {"nEventsPerJob": 0}, {"reqID": 10**30}, {"diskCount": math.inf},
    ],
    ids=str,
)  # fmt: skip
def test_an_absurd_number_breaks_its_own_task_only(cases: Cases, changes: dict[str, Any]) -> None:
    status, answer = cases.submit(**changes)

    assert status == 200
    cases.lives_on()
    if answer["success"]:
        found = until(lambda: (one := cases.seen(int(answer["data"])))["status"] not in ("registered", "defined") and one, 30)
        assert found["status"] == "broken" or found["definition"] is not None


@pytest.mark.parametrize(
    "lfn",
    ["i$(touch pwned)j.root", "`touch pwned`", "a;touch pwned", "a|touch pwned", "a' 'b", 'a"b', "a,b", "a=b", "a b", "--help"],
)
def test_a_file_name_never_runs_in_the_job_of_another(cases: Cases, tmp_path: Path, lfn: str) -> None:
    dataset = f"user.hostile.{uuid4()}"
    row = {"lfn": lfn, "scope": "user.hostile", "guid": "", "size_bytes": 5, "checksum": "ad:062c0215", "endpoint": "LOCAL_DISK"}
    answer = cases.command("RegisterFiles", dataset, files=[row], role="INPUT")
    if answer["status"] != 200 or not answer["accepted"]:
        assert "lfn" in str(answer), answer  # refused where it enters, by its name
        return

    given = {"type": "template", "value": '-i "${IN/T}"', "param_type": "input", "dataset": dataset, "expand": True}
    made = parameters(f"user.hostile.{uuid4()}/", 1)["jobParameters"]
    task = cases.task(jobParameters=[*made, given], noInput=..., nEvents=..., nEventsPerJob=..., nFilesPerJob=1)
    job = cases.leased(task)
    (tmp_path / "w").write_text('#!/bin/sh\nfor one in "$@"; do echo "$one"; done\n')

    subprocess.run(["/bin/bash", "-c", f"sh ./w {job['jobPars']}"], cwd=tmp_path, check=False, capture_output=True)

    assert not (tmp_path / "pwned").exists()
    assert len(job["inFiles"].split(",")) == 1


@pytest.mark.parametrize("name", ["a;./w2", "a&./w2&", "~;./w2#", "a?b=[1]&c={2};./w2"])
@pytest.mark.parametrize("template", ['-i "${IN/T}"', "-i ${IN}", "-i '${IN}'"])
def test_a_physical_name_that_is_taken_runs_nothing_in_the_job(cases: Cases, tmp_path: Path, name: str, template: str) -> None:
    """What a physical name may hold is more than what a file may be called: it is quoted where it leaves."""
    made = parameters(f"user.hostile.{uuid4()}/", 1)["jobParameters"]
    given = {"type": "template", "value": template, "param_type": "input"}
    pfn = f"root://storage.example.org:1094//{name}"
    task = cases.task(jobParameters=[given, *made], pfnList=[pfn], nFiles=1, nEvents=..., nEventsPerJob=...)
    job = cases.leased(task)
    (tmp_path / "w").write_text('for one in "$@"; do echo "$one"; done\n')
    (tmp_path / "w2").write_text("#!/bin/sh\ntouch pwned\n")
    (tmp_path / "w2").chmod(0o755)

    done = subprocess.run(["/bin/bash", "-c", f"sh ./w {job['jobPars']}"], cwd=tmp_path, check=True, capture_output=True)

    assert not (tmp_path / "pwned").exists()
    assert pfn in done.stdout.decode()


def test_a_large_job_report_comes_back_whole_or_is_named(cases: Cases) -> None:
    task = cases.task()
    job = cases.leased(task)
    content = {f"k{number}": "v" * 20 for number in range(10_000)}
    cases.report(job, "finished", transExitCode=0, xml=cases.stored(job), metaData=content)
    until(lambda: cases.seen(task)["status"] == "done" and cases.status_of(job) == "finished", 60)

    answer = cases.user.get(f"/api/v1/job/get_metadata_for_analysis_jobs?task_id={task}").json()

    found = answer["data"].get(str(job["PandaID"]))
    assert found == content or (found is not None and "metadata" in answer["message"].lower())


@pytest.mark.parametrize(
    "where", ["v1/jobs", "v1/tasks", "v1/workers", "v1/datasets", "tasks/", "jobs/", "errors/", "users/", "", "health/"]
)
@pytest.mark.parametrize(
    "query",
    [
        "after=99999999999999999999", "after=%00", "since=99999999999999", "since=-1e400", "text=%00", "text=%ed%a0%80",
        "limit=99999999999999999999",
        "limit=-1", "queue=%00", "status=%00,%00", "hours=1e400", "path=/x", "self=1", "pandaid=99999999999999999999",
        "sortby=%00", "cursor=x", "json=&path=1",
    ],
)  # fmt: skip
def test_an_impossible_value_in_a_query_is_the_callers_mistake(cases: Cases, where: str, query: str) -> None:
    assert cases.raw("GET", f"/{where}?{query}").status < 500


@pytest.mark.parametrize(
    "path",
    [
        "/cache/" + "x" * 3_000, "/trf/user/" + "x" * 3_000, "/monitor/static/" + "x" * 3_000, "/cache/%00",
        "/v1/trace/" + "9" * 60, "/v1/history/job/" + "9" * 30,
        "/v1/state/task/%00", "/v1/why/queue/%ff", "/v1/commands/" + "x" * 3_000, "/v1/tasks/99999999999999999999",
        "/v1/jobs/-99999999999999999999",
        "/job/99999999999999999999/", "/task/%00/", "/queue/%00/", "/trace/%00/", "/v1/datasets/%00", "/v1/datasets/%00/files",
        "/auth/%00_auth_config.json",
        "/api/v1/pilot/get_job_status?job_ids=18446744073709551616", "/api/v1/pilot/get_job_status?job_ids=" + "9" * 5_000,
        "/server/panda/getStatus?ids=18446744073709551616", "/v1/diff/task/1?a=%00", "/v1/tail?filter=type=%00",
        "/v1/events?task_id=99999999999999999999",
    ],
    ids=lambda path: path[:50],
)  # fmt: skip
def test_an_impossible_path_is_the_callers_mistake(cases: Cases, path: str) -> None:
    sender = Sender.PILOT if "/pilot/" in path or "/server/" in path else Sender.USER

    assert cases.raw("GET", path, sender=sender).status < 500


@pytest.mark.parametrize(
    "changes",
    [
        {"workingGroup": ["a"]}, {"extra": raw("lists 300")}, {"extra": raw("objects 300")}, {"extra": raw("lists 100000")},
        {"taskName": 5}, {"taskName": {"a": 1}},
        {"prodSourceLabel": []}, {"jobParameters": "text"}, {"jobParameters": [1, None]}, {"log": [[]]}, {"site": {"a": 1}},
        {"site": "(a+)+$" + "a" * 60},
        {"includedSite": [{}]}, {"vo": 7}, {"official": "yes"}, {"uniqueTaskName": []}, {"parentTaskName": ["x"]},
        {"userName": {"a": "b"}}, {"extra": raw("twice")},
    ],
    ids=lambda changes: "+".join(changes),
)  # fmt: skip
def test_a_parameter_of_another_type_is_answered_with_a_sentence(cases: Cases, changes: dict[str, Any]) -> None:
    status, answer = cases.submit(**changes)

    assert status in (200, 400, 413)
    assert isinstance(answer, dict)
    cases.lives_on()


@pytest.mark.parametrize(
    "path", ["/v1/tasks", "/v1/commands/KillTask", "/api/v1/task/retry", "/api/v1/job/kill", "/v1/commands/RegisterFiles"]
)
@pytest.mark.parametrize("piece", ["lists 300", "objects 300", "lists 100000", "objects 100000", "many digits", "1e400", "lone"])
def test_a_body_that_no_reader_expects_is_refused(cases: Cases, path: str, piece: str) -> None:
    body = json_text(
        {"aggregate_id": "1", "task_id": 1, "new_parameters": {"a": raw(piece)}, "parameters": {"a": raw(piece)}, "x": raw(piece)}
    )

    outcome = cases.raw("POST", path, body.encode(), kind="application/json")

    assert 200 <= outcome.status < 500, outcome


def test_a_job_is_not_defined_under_the_id_of_another(cases: Cases) -> None:
    job = cases.leased(cases.task())
    spec = {"job_id": job["PandaID"], "task_id": 1, "attempt": 1, "serial": 1, "kind": "NORMAL", "name": "n", "queue": QUEUE,
    "transformation": "t",
            "parameters": "p", "label": "user", "user_name": "u", "owner": "o", "vo": VO}  # fmt: skip

    answer = cases.command("DefineJob", "10000000001", cases.operator, spec=spec)

    assert answer["status"] != 200 or not answer["accepted"]
    until(lambda: cases.status_of(job) in ("sent", "starting", "running"), 30)


@pytest.mark.parametrize("task_id", [2**62, 2**63 - 1, 10**12, 0, -5])
def test_an_id_that_a_client_chose_for_its_task_stops_no_submission(cases: Cases, task_id: int) -> None:
    answer = cases.command("SubmitTask", str(task_id), task_id=task_id, name=f"n{uuid4()}", user_name="Hostile Person",
    label="user", priority=1,
                           parameters_json="{}")  # fmt: skip

    assert answer["status"] < 500
    cases.lives_on()


def test_a_name_of_another_user_is_not_to_be_had(cases: Cases) -> None:
    answer = cases.command("ClaimTaskName", f"{VO}/user/somebody-else/user.jdoe.x/", name="user.jdoe.x/", task_id=77)

    assert answer["status"] != 200 or not answer["accepted"]


@pytest.mark.parametrize("value", [b"\x00\x00\x01\x86\x9fgarbage", b"\x00\x7f\xff\xff\xff", b"\x01\x00\x00\x00\x01", b"", None])
def test_an_unreadable_record_on_a_command_topic_stops_no_loop(cases: Cases, value: bytes | None) -> None:
    sending = Sending(cases.target, 1_000.0)
    topics = (*topics_of_role("commands"), *topics_of_role("heartbeats"))
    sending.send_all(Message("case", 0, Record(topic, b"key", value), "") for topic in topics)

    cases.lives_on()
