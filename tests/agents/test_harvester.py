"""Real harvesters with real pilots: as many as are wanted, each state reported, also when the harvester dies."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.agents.builders import a_job
from tests.agents.conftest import StartAgent
from tests.agents.culm_stand_in import CulmStandIn, eventually
from tests.agents.processes import is_running, living_workers

HARVESTER = "agents.harvester"
PATIENT = {"CULM_PILOT_IDLE_SECONDS": "30"}


def workers(culm: CulmStandIn) -> list[str]:
    """Every worker that was reported, oldest first."""
    return list(dict.fromkeys(report["worker_id"] for report in list(culm.worker_reports)))


def reported(culm: CulmStandIn, worker_id: str, state: str) -> dict[str, Any] | None:
    """The report of a worker with `state`."""
    found = (one for one in list(culm.worker_reports) if (one["worker_id"], one["state"]) == (worker_id, state))
    return next(found, None)


def started(culm: CulmStandIn, tmp_path: Path, number: int) -> dict[str, int]:
    """`number` living pilots that have come to ask for jobs."""
    eventually(lambda: len(living_workers(tmp_path)) == number)
    pilots = living_workers(tmp_path)
    eventually(lambda: {one["worker_id"] for one in list(culm.requests_for_jobs)} >= set(pilots))
    return pilots


def test_as_many_pilots_start_as_are_wanted_and_their_states_are_reported(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    culm.jobs.append(a_job(culm, "echo x > out.txt"))
    start_agent(HARVESTER, CULM_PILOT_IDLE_SECONDS="1", PANDA_HOSTNAME="node7")

    culm.want(2)
    first = started(culm, tmp_path, 2)
    culm.want(0)

    lives = [["submitted", "running", "finished"]] * 2
    eventually(lambda: [culm.worker_states(worker) for worker in first] == lives)
    for worker in first:
        end = reported(culm, worker, "finished")
        assert end is not None
        assert (end["exit_code"], end["node"], end["harvester_id"]) == (0, "node7", "local-node7")
    assert culm.states(1001)[-1] == "finished"
    assert len(workers(culm)) == 2


def test_pilots_that_end_are_replaced_while_they_are_wanted(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    start_agent(HARVESTER)  # these pilots are idle soon

    culm.want(1)

    eventually(lambda: len([one for one in workers(culm) if "finished" in culm.worker_states(one)]) >= 2)


def test_no_more_pilots_start_than_the_host_allows(culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path) -> None:
    start_agent(HARVESTER, CULM_MAX_PILOTS="1", **PATIENT)

    culm.want(5)
    started(culm, tmp_path, 1)
    culm.want(6)
    eventually(lambda: len(culm.requests_for_jobs) >= 3)

    assert len(workers(culm)) == 1


def test_a_pilot_that_stays_too_many_finishes_its_job_and_takes_no_more(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    work = iter(range(1001, 100_000))

    def always_another_job() -> tuple[int, dict[str, Any]]:
        return 200, a_job(culm, "echo x > out.txt; sleep 0.1", PandaID=next(work))

    culm.on_get_job = always_another_job
    start_agent(HARVESTER, CULM_PILOT_IDLE_SECONDS="1")
    culm.want(2)
    pilots = started(culm, tmp_path, 2)

    culm.want(1)

    eventually(lambda: len(living_workers(tmp_path)) == 1)
    retired = next(worker for worker in pilots if worker not in living_workers(tmp_path))
    eventually(lambda: culm.worker_states(retired) == ["submitted", "running", "finished"])
    assert {update["state"] for update in list(culm.updates)} <= {"starting", "running", "finished"}


def test_a_pilot_that_was_killed_is_reported_failed_with_the_signal(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    start_agent(HARVESTER, **PATIENT)
    culm.want(1)
    ((worker, pid),) = started(culm, tmp_path, 1).items()

    culm.want(0)
    os.kill(pid, signal.SIGKILL)

    end = eventually(lambda: reported(culm, worker, "failed"))
    assert (end["exit_code"], end["diagnostic"]) == (-9, "signal 9 ended the pilot")


def test_the_place_of_a_frozen_pilot_is_given_to_another(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    start_agent(HARVESTER, CULM_MAX_PILOTS="1", **PATIENT)
    culm.want(1)
    ((_, pid),) = started(culm, tmp_path, 1).items()

    os.kill(pid, signal.SIGSTOP)

    started(culm, tmp_path, 2)
    os.kill(pid, signal.SIGKILL)


def test_pilots_that_fail_at_once_are_not_started_in_a_storm(culm: CulmStandIn, start_agent: StartAgent) -> None:
    start_agent(HARVESTER, CULM_HEARTBEAT_SECONDS="0")  # no pilot accepts that

    culm.want(2)
    eventually(lambda: len(workers(culm)) >= 3)
    began = time.monotonic()
    eventually(lambda: time.monotonic() - began > 1.0)

    assert len(workers(culm)) <= 6
    assert {culm.worker_states(worker)[-1] for worker in workers(culm)[:2]} == {"failed"}


def test_a_harvester_that_is_asked_to_end_ends_its_pilots_and_says_so(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    culm.jobs.append(a_job(culm, "sleep 300"))
    harvester = start_agent(HARVESTER, **PATIENT)
    culm.want(2)
    pilots = started(culm, tmp_path, 2)
    eventually(lambda: "running" in culm.states(1001))

    harvester.send(signal.SIGTERM)

    assert harvester.ended() == 0
    assert not any(is_running(pid) for pid in pilots.values())
    assert {culm.worker_states(worker)[-1] for worker in pilots} == {"cancelled"}
    final = culm.final(1001)
    assert final is not None
    assert final["pilotErrorCode"] == 1201
    assert living_workers(tmp_path) == {}


def test_pilots_of_a_harvester_that_was_killed_finish_their_jobs_and_serve_the_next_one(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    culm.jobs.append(a_job(culm, f"while [ ! -e {go} ]; do sleep 0.05; done; echo x > out.txt"))
    killed = start_agent(HARVESTER, **PATIENT)
    culm.want(1)
    ((worker, pid),) = started(culm, tmp_path, 1).items()
    eventually(lambda: "running" in culm.states(1001))

    killed.send(signal.SIGKILL)
    killed.ended()
    start_agent(HARVESTER, **PATIENT)
    eventually(lambda: killed.log.count("queue_served") == 2)
    go.touch()
    eventually(lambda: culm.states(1001)[-1:] == ["finished"])
    culm.jobs.append(a_job(culm, "echo x > out.txt", PandaID=1002))

    eventually(lambda: culm.states(1002)[-1:] == ["finished"])
    assert is_running(pid)
    assert culm.worker_states(worker) == ["submitted", "running"]
    assert workers(culm) == [worker], "no other pilot in its place"


@pytest.mark.parametrize(
    ("number", "state", "exit_code"),
    [(signal.SIGKILL, "failed", None), (signal.SIGTERM, "failed", 143)],
    ids=["killed too", "ended in order"],
)
def test_pilots_that_ended_unseen_are_reported_by_the_next_harvester(
    culm: CulmStandIn,
    start_agent: StartAgent,
    tmp_path: Path,
    number: signal.Signals,
    state: str,
    exit_code: int | None,
) -> None:
    killed = start_agent(HARVESTER, **PATIENT)
    culm.want(1)
    ((worker, pid),) = started(culm, tmp_path, 1).items()
    culm.want(0)
    killed.send(signal.SIGKILL)
    killed.ended()
    os.kill(pid, number)
    eventually(lambda: not psutil.pid_exists(pid) or not is_running(pid))

    start_agent(HARVESTER, **PATIENT)

    end = eventually(lambda: reported(culm, worker, state))
    assert end["exit_code"] == exit_code
    assert living_workers(tmp_path) == {}


def test_reports_wait_for_a_server_that_is_away_and_come_in_order(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    start_agent(HARVESTER)
    eventually(lambda: culm.headers)
    culm.token = "nobody-knows-it-yet"  # every call is refused from here on

    culm.want(1)
    eventually(lambda: len(culm.headers) > 10)
    assert culm.worker_reports == []
    culm.token = (tmp_path / "token").read_text()

    eventually(lambda: culm.worker_states((workers(culm) or [""])[0])[:2] == ["submitted", "running"])


def test_a_second_harvester_of_the_same_queue_steps_back(culm: CulmStandIn, start_agent: StartAgent) -> None:
    first = start_agent(HARVESTER)
    eventually(lambda: "harvester_starts" in first.log)

    second = start_agent(HARVESTER)

    assert second.ended() == 1
    assert first.process.poll() is None


def test_one_of_several_harvesters_stands_by_and_takes_over(culm: CulmStandIn, start_agent: StartAgent) -> None:
    first = start_agent(HARVESTER, CULM_INSTANCE="1")
    eventually(lambda: "harvester_starts" in first.log)
    second = start_agent(HARVESTER, CULM_INSTANCE="2")
    eventually(lambda: "harvester_stands_by" in second.log)
    before = second.log.count("harvester_starts")

    first.send(signal.SIGKILL)
    first.ended()

    eventually(lambda: second.log.count("harvester_starts") > before)
    assert second.process.poll() is None
