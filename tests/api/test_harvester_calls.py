"""What a Harvester 0.7.5 sends, answered by the application over real deciders in memory; the read models are prepared rows.

Sources: the calls of a real one, in `recordings/harvester.jsonl`, and the tables of its protocol (docs/harvester.md).
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.http.errors import AccessDenied
from api.pilots.agent_tokens import AgentTokens
from identity.agents import Agent
from identity.identity import Identity
from identity.issuer import make_token
from identity.ruling import EndpointClass
from schemas.harvester import HarvesterCommandsHandedOut, OrderHarvester, TargetSlotsSet
from schemas.types import WorkerState
from schemas.worker import WorkerEnded, WorkerRunning, WorkerSubmitted
from tests.api.harvester_stage import ONE, Stage

RECORDED = [json.loads(line) for line in (Path(__file__).parent / "recordings" / "harvester.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def shared_stage(api_home: Path) -> Stage:
    """To make an application takes longer than to ask it."""
    return Stage(api_home)


@pytest.fixture
def stage(shared_stage: Stage) -> Stage:
    """One on which nothing was said yet."""
    shared_stage.begin_again()
    return shared_stage


def path_of(recorded: dict[str, Any]) -> str:
    query = "&".join(f"{name}={value}" for name, values in recorded["query"].items() for value in values)
    return f"{recorded['path']}?{query}" if query else str(recorded["path"])


def of_a_harvester(recorded: dict[str, Any]) -> bool:
    """Calls below these are Harvester's own; the others are a pilot's."""
    return str(recorded["path"]).startswith(("/api/v1/harvester/", "/api/v1/statistics/", "/api/v1/metaconfig/"))


def replay(stage: Stage, calls: list[dict[str, Any]]) -> list[Any]:
    return [stage.ask(path_of(one), (one["body"] or {}).get("json")) for one in calls]


ORDERS: dict[str, Callable[[list[Any]], list[Any]]] = {
    "in order": lambda calls: calls,
    "out of order": lambda calls: calls[::-1],
    "twice": lambda calls: [one for call in calls for one in (call, call)],
    "all of them twice": lambda calls: calls + calls,
}


@pytest.mark.parametrize("order", ORDERS)
def test_every_recorded_call_is_answered_as_its_client_accepts(stage: Stage, order: str) -> None:
    calls = ORDERS[order]([one for one in RECORDED if of_a_harvester(one)])

    answers = replay(stage, calls)

    for call, answer in zip(calls, answers, strict=True):
        expected = call["an_answer_the_client_accepts"]["body"]["json"]
        assert set(answer) == {"success", "message", "data"}, call["path"]
        assert (answer["success"], type(answer["data"])) == (True, type(expected["data"])), (call["path"], answer)


def test_what_was_said_twice_happened_once(stage: Stage) -> None:
    calls = [one for one in RECORDED if of_a_harvester(one)]
    replay(stage, calls)
    before = len(stage.culm.events)

    # The counts of a queue went back and forth in the recording: each change of them is news.
    replay(stage, [one for one in calls if not one["path"].endswith(("statistics", "metrics"))])

    assert len(stage.culm.events) == before


def test_unknown_keys_are_left_out_and_missing_ones_are_named(stage: Stage) -> None:
    heartbeat = {"harvester_id": ONE, "data": {"new": 1}, "also_new": [1]}

    assert stage.call("harvester/heartbeat", heartbeat)["success"]
    answer = stage.call("harvester/heartbeat", {"data": {}})

    assert answer == {
        "success": False, "message": "Argument error: missing a required argument: 'harvester_id'", "data": None,
    }  # fmt: skip


def test_the_first_heartbeat_ever_succeeds(stage: Stage) -> None:
    answer = stage.call("harvester/heartbeat", {"harvester_id": "new", "data": {}})

    assert answer == {"success": True, "message": "", "data": None}


def test_workers_are_ordered_of_the_harvester_from_the_demand_of_its_queues(stage: Stage) -> None:
    stage.demands.append({"queue": "HARV_SLAVE", "wanted": 3, "live": 1})
    ask = {"harvester_id": ONE, "n_commands": 20}

    (command,) = stage.call("harvester/acquire_commands", ask)["data"]
    again = stage.call("harvester/acquire_commands", ask)["data"]

    # 4,000 MB for one core are more than the ordinary class has.
    assert (command["command"], command["params"]) == ("SET_N_WORKERS_JOBTYPE:HARV_SLAVE", {"managed": {"SCORE_HIMEM": 2}})
    assert set(command) == {"command_id", "command", "params", "ack_requested", "creation_date"}
    assert 0 < command["command_id"] < 2**31
    assert again == []
    assert stage.of_kind(HarvesterCommandsHandedOut)[0].orders[0].wanted == 3


def test_another_harvester_gets_no_orders_for_these_queues(stage: Stage) -> None:
    stage.demands.append({"queue": "HARV_SLAVE", "wanted": 3, "live": 1})

    assert stage.call("harvester/acquire_commands", {"harvester_id": "two", "n_commands": 20})["data"] == []


def test_a_sweep_is_handed_out_and_acknowledged(stage: Stage) -> None:
    sweep = {"panda_queue": "HARV_PULL", "status_list": ["submitted"], "ce_list": [], "submission_host_list": None}
    assert stage.call("harvester/add_sweep_command", sweep, "wlcg/production")["success"]

    (command,) = stage.call("harvester/acquire_commands", {"harvester_id": ONE, "n_commands": 20})["data"]
    acknowledged = stage.call("harvester/acknowledge_commands", {"command_ids": [command["command_id"], 5, -1, 0]})

    assert command["params"] == {
        "status": ["submitted"], "computingSite": ["HARV_PULL"], "computingElement": "ALL", "submissionHost": "ALL",
    }  # fmt: skip
    assert (command["command"], command["ack_requested"], acknowledged["success"]) == ("KILL_WORKERS", True, True)
    assert stage.culm.names()[-1] == "HarvesterCommandsAcknowledged"


def test_a_pilot_orders_no_sweep_and_no_slots(stage: Stage) -> None:
    for call in ("harvester/add_sweep_command", "harvester/add_target_slots"):
        answer = stage.call(call, {"panda_queue": "HARV_PULL", "slots": 1})

        assert answer == {"success": False, "message": "operator or production role required", "data": None}


def test_target_slots_are_set_for_the_harvester_of_the_queue(stage: Stage) -> None:
    slots = {"panda_queue": "HARV_PULL", "slots": 5, "expiration_date": "2031-01-01 00:00:00"}

    assert stage.call("harvester/add_target_slots", slots, "wlcg/production")["success"]
    refused = stage.call("harvester/add_target_slots", {**slots, "expiration_date": "soon"}, "wlcg/production")

    assert stage.of_kind(TargetSlotsSet)[0].slots == 5
    assert refused["message"] == "Argument error: 'expiration_date' is 'soon', expected YYYY-mm-dd HH:MM:SS"
    assert stage.call("harvester/add_target_slots", {**slots, "panda_queue": "NONE"}, "wlcg/production")["success"] is False


def a_worker(number: int, status: str, **changes: Any) -> dict[str, Any]:
    return {"workerID": number, "status": status, "computingSite": "HARV_PULL", "batchID": "b", "pandaid_list": []} | changes


def test_workers_live_as_all_workers_do_under_the_name_of_their_harvester(stage: Stage) -> None:
    words = [("submitted", True), ("running", True), ("idle", True), ("finished", True), ("finished", True), ("running", True)]
    for status, expected in words:
        report = {"harvester_id": ONE, "workers": [a_worker(2, status)]}
        assert stage.call("harvester/update_workers", report)["data"] == [expected], status

    kinds = (WorkerSubmitted, WorkerRunning, WorkerEnded)
    assert [type(event) for event in stage.of_kind(*kinds)] == list(kinds)
    assert {(event.worker_id, event.harvester_id) for event in stage.of_kind(*kinds)} == {(f"{ONE}:2", ONE)}


def test_two_harvesters_on_a_queue_have_workers_of_the_same_number(stage: Stage) -> None:
    for harvester in (ONE, "two"):
        stage.call("harvester/update_workers", {"harvester_id": harvester, "workers": [a_worker(2, "running")]})

    assert {event.worker_id for event in stage.of_kind(WorkerRunning)} == {f"{ONE}:2", "two:2"}


def test_a_report_that_cannot_be_taken_spoils_none_of_the_others(stage: Stage) -> None:
    workers = [
        a_worker(1, "running"), a_worker(2, "flying"), 7, a_worker(-3, "running"), a_worker(4, "running", computingSite="NONE"),
        a_worker(5, "missed", nativeExitCode="x", diagMessage="\0" * 9_000, nodeID="a b"),
    ]  # fmt: skip

    found = stage.call("harvester/update_workers", {"harvester_id": ONE, "workers": workers})

    assert found["data"] == [True, False, False, False, False, True]


def test_a_worker_has_its_batch_id_and_one_that_was_missed_after_all_has_failed(stage: Stage) -> None:
    words = ((1, "submitted"), (1, "missed"), (2, "missed"))
    for number, status in words:
        report = {"harvester_id": ONE, "workers": [a_worker(number, status, batchID="12.0", submissionHost="schedd")]}
        assert stage.call("harvester/update_workers", report)["data"] == [True]

    (submitted,) = stage.of_kind(WorkerSubmitted)
    assert (submitted.batch_id, submitted.submit_host, submitted.foreign) == ("12.0", "schedd", True)
    assert [(end.worker_id, end.state) for end in stage.of_kind(WorkerEnded)] == [
        (f"{ONE}:1", WorkerState.FAILED), (f"{ONE}:2", WorkerState.MISSED),
    ]  # fmt: skip


def test_the_pilot_of_a_harvester_is_the_same_worker(stage: Stage) -> None:
    stage.call("harvester/update_workers", {"harvester_id": ONE, "workers": [a_worker(2, "submitted")]})
    status = next(one for one in RECORDED if one["path"].endswith("updateWorkerPilotStatus"))

    replay(stage, [status])

    assert stage.of_kind(WorkerEnded)[0].worker_id == f"{ONE}:2"


def test_statistics_that_are_no_object_are_refused_with_what_was_expected(stage: Stage) -> None:
    report = {"harvester_id": ONE, "panda_queue": "HARV_PULL", "statistics": "[1]"}

    answer = stage.call("harvester/report_worker_statistics", report)

    assert answer["message"] == "Argument error: 'statistics' holds list, expected an object by job type"


def test_every_queue_has_a_count_of_activated_jobs(stage: Stage) -> None:
    counted = {"queue": "HARV_PULL", "resource_type": "SCORE", "label": "user", "status": "activated", "count": 4}
    stage.rows.tables["from job where"] = [counted]

    by_site = stage.call("statistics/active_job_stats_by_site")["data"]
    detailed = stage.call("statistics/active_job_detailed_stats_by_site")["data"]

    assert {name: one["activated"] for name, one in by_site.items()} == {"HARV_PULL": 4, "HARV_PUSH": 0, "HARV_SLAVE": 0}
    assert detailed == {"HARV_PULL": {"SCORE": {"user": {"activated": 4}}}}


def test_push_is_dispatched_by_the_site_and_not_by_the_host_of_the_harvester(stage: Stage) -> None:
    asked = next(one for one in RECORDED if one["path"].endswith("acquire_jobs"))

    replay(stage, [asked])

    command, queue = stage.gateway.sent[0]
    assert (queue, command.offer.harvester_id) == ("HARV_PUSH", "one")


def test_one_bad_job_in_a_bulk_has_a_reply_of_its_own(stage: Stage) -> None:
    jobs = [{"job_id": 1, "job_status": "running", "token": "x", "new": {}}, {"job_status": "running"}, {"job_id": 3}]

    answer = stage.call("pilot/update_jobs_bulk", {"harvester_id": ONE, "job_list": jobs})

    assert [one["success"] for one in answer["data"]] == [True, False, False]
    assert answer["data"][0]["data"] == {"StatusCode": 0, "command": "tobekilled"}
    assert all(one["data"]["StatusCode"] != 0 for one in answer["data"][1:])


def test_a_job_that_is_not_there_is_to_be_killed_for_a_harvester(stage: Stage) -> None:
    answer = stage.call("job/get_status?job_ids=1&job_ids=2")

    assert answer["data"] == [{"status": "unknown", "command": "tobekilled"}] * 2


def test_the_document_of_a_queue_says_which_harvester_serves_it(stage: Stage) -> None:
    document = stage.client.get("/cache/schedconfig.json").json()["HARV_PULL"]

    names = ("pilot_manager", "harvester", "harvester_template", "capability", "workflow", "maxrss", "catchall")
    assert {name: document[name] for name in names} == {
        "pilot_manager": "Harvester", "harvester": ONE, "harvester_template": "", "capability": "ucore", "workflow": "pull_ups",
        "maxrss": 4000, "catchall": "mv_final_destination",
    }  # fmt: skip


def test_credentials_are_files_of_an_operator_in_both_spellings(stage: Stage) -> None:
    folder = stage.home / "harvester_credentials" / "wlcg"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("proxy", "PROXY\n"), ("a", "PUBLIC"), ("b", "PRIVATE")):
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    (folder / "open").write_text("x")
    (folder / "open").chmod(0o644)

    assert stage.call("creds/get_proxy")["data"] == {"user_proxy": "PROXY", "userProxy": "PROXY"}
    pair = stage.call("creds/get_key_pair?public_key_name=a&private_key_name=b")["data"]
    assert (pair["public_key"], pair["private_key"]) == ("PUBLIC", "PRIVATE")
    for name, problem in (("open", "mode 600"), ("none", "no credential"), ("../wlcg/a", "no name"), (".", "no name")):
        answer = stage.call(f"creds/get_key_pair?public_key_name={name}&private_key_name=b")
        assert (answer["success"], problem in answer["message"], answer["data"]) == (False, True, None), answer
    assert "no credential 'token_key.x'" in stage.call("creds/get_token_key?client_name=x")["message"]


def test_events_are_answered_in_the_form_that_a_harvester_reads(stage: Stage) -> None:
    ranges = json.dumps([{"eventRanges": [{"eventRangeID": "a"}, {"eventRangeID": "b"}]}])

    acquired = stage.call("event/acquire_event_ranges", {"job_id": 1, "n_ranges": 5, "scattered": False})
    updated = stage.call("event/update_event_ranges", {"event_ranges": ranges, "version": 1})

    assert acquired["data"] == {"StatusCode": 0, "eventRanges": []}
    assert updated["data"] == {"StatusCode": 0, "Returns": [False, False], "Commands": {}}
    assert stage.call("event/get_available_event_range_count?job_id=1&jobset_id=1&task_id=1")["data"] == 0
    assert stage.call("event/update_event_ranges", {"event_ranges": ranges}, "wlcg/production")["success"] is False


def test_the_token_of_a_worker_does_not_speak_for_its_harvester(stage: Stage) -> None:
    agent = Agent(vo="wlcg", queues=("HARV_PULL",), until=2_000_000_000, enrolment="e" * 64, key_digest="k", worker_id="w")
    worker = Identity("w", "w", "w", "w", "wlcg", roles=frozenset({"pilot"}), agent=agent, queues=agent.queues)

    with pytest.raises(AccessDenied, match="for one worker, not for its harvester"):
        AgentTokens(stage.gate).check_harvester(worker, EndpointClass.PILOT)


def test_a_member_of_another_organisation_speaks_for_another_harvester(stage: Stage) -> None:
    stage.call("harvester/heartbeat", {"harvester_id": ONE, "data": {}})
    token = make_token(stage.home, user="z", name="Z Z", groups=["juno", "juno/pilot"], audience_hours=1)
    theirs = {"Authorization": f"Bearer {token}", "Origin": "juno"}

    answer = stage.client.post("/api/v1/harvester/heartbeat", json={"harvester_id": ONE, "data": {}}, headers=theirs)

    assert answer.json()["success"] is True
    assert {by.aggregate_id for _, by in stage.culm.events} == {f"wlcg/{ONE}", f"juno/{ONE}"}


def test_another_subject_of_the_organisation_does_not_take_the_orders(stage: Stage) -> None:
    stage.call("harvester/heartbeat", {"harvester_id": ONE, "data": {}})
    stage.culm.send(OrderHarvester(command="KILL_WORKERS"), f"wlcg/{ONE}", actor="op", role="operator")
    token = make_token(stage.home, user="z", name="Z Z", groups=["wlcg", "wlcg/pilot"], audience_hours=1)
    theirs = {"Authorization": f"Bearer {token}", "Origin": "wlcg"}

    answer = stage.client.post(
        "/api/v1/harvester/acquire_commands", json={"harvester_id": ONE, "n_commands": 5}, headers=theirs
    ).json()

    assert (answer["success"], answer["data"]) == (False, [])
    assert "NOT_PERMITTED" in answer["message"]
