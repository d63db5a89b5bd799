"""Payloads that must not go on: killed, too large, too long, lost; and pilots that must not go on."""

import json
import os
import signal
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.agents.builders import a_job, stored
from tests.agents.conftest import StartAgent
from tests.agents.culm_stand_in import KILL, TAKEN, CulmStandIn, eventually
from tests.agents.processes import Agent, is_running, is_stopped

WORKER = {"HARVESTER_ID": "h", "HARVESTER_WORKER_ID": "w"}
#: Writes its process id where tests find it, and runs on; its own child is in a session of its own.
RUNS_ON = "setsid sleep 300 & echo $! > child; echo $$ > leader; sleep 300; echo late > out.txt"


def pid_in(tmp_path: Path, name: str) -> int:
    """The process id that the payload of job 1001 wrote."""
    file = tmp_path / "work" / "w" / "PanDA_Pilot-1001" / name
    return int(eventually(lambda: file.exists() and file.read_text().strip()))


def a_running_payload(culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path, **job: Any) -> tuple[Agent, int, int]:
    """A pilot, the leader of its payload, and a process of the payload that went off on its own."""
    culm.jobs.append(a_job(culm, RUNS_ON, **job))
    pilot = start_agent(**WORKER)
    leader = pid_in(tmp_path, "leader")
    eventually(lambda: "running" in culm.states(1001))
    return pilot, leader, pid_in(tmp_path, "child")


def orders(state: str, answer: dict[str, Any]) -> Callable[[dict[str, Any]], tuple[int, dict[str, Any]]]:
    """Answers updates of `state` with `answer`, all others as taken."""
    return lambda update: (200, answer if update["state"] == state else TAKEN)


def test_a_job_that_is_to_be_killed_is_killed_with_all_its_processes(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    pilot, leader, child = a_running_payload(culm, start_agent, tmp_path)
    culm.on_update = orders("running", KILL)

    assert pilot.ended() == 0

    final = culm.final(1001)
    assert final is not None
    assert (final["state"], final["pilotErrorCode"]) == ("failed", 1144)
    assert not is_running(leader)
    assert not is_running(child)
    assert list(json.loads(final["xml"])) == ["1001.log.tgz"]
    assert stored(culm, "1001.log.tgz").exists()
    assert not stored(culm, "out.txt").exists()


def test_a_job_that_is_to_be_killed_at_once_never_runs(culm: CulmStandIn, start_agent: StartAgent) -> None:
    culm.on_update = orders("starting", KILL)
    culm.jobs.append(a_job(culm, "sleep 300"))

    assert start_agent().ended() == 0

    final = culm.final(1001)
    assert final is not None
    assert final["pilotErrorCode"] == 1144


def test_nothing_of_a_lost_job_gets_a_name_in_storage(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    pilot, _, _ = a_running_payload(culm, start_agent, tmp_path)
    culm.on_update = lambda _: (200, KILL)

    assert pilot.ended() == 0

    assert [path for path in culm.storage.rglob("*") if path.is_file()] == []


def test_a_pilot_goes_on_after_a_job_that_was_killed(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    pilot, _, _ = a_running_payload(culm, start_agent, tmp_path)
    culm.jobs.append(a_job(culm, "echo x > out.txt", PandaID=1002))
    culm.on_update = lambda update: (200, KILL if (update["jobId"], update["state"]) == ("1001", "running") else TAKEN)

    assert pilot.ended() == 0

    assert culm.states(1002) == ["starting", "running", "finished"]


@pytest.mark.parametrize(
    ("limit", "variables"),
    [({"minRamCount": 50}, {}), ({}, {"CULM_PILOT_MEMORY_MB": "100"})],
    ids=["twice what the job asked for", "the pilot's own limit"],
)
def test_a_payload_over_its_memory_is_killed(
    culm: CulmStandIn, start_agent: StartAgent, limit: dict[str, int], variables: dict[str, str]
) -> None:
    grow = "import time; m = bytearray(300_000_000); time.sleep(300)"
    culm.jobs.append(a_job(culm, f'python3 -c "{grow}"', **limit))
    began = time.monotonic()

    assert start_agent(**variables).ended() == 0

    final = culm.final(1001)
    assert final is not None
    assert (final["state"], final["pilotErrorCode"]) == ("failed", 1235)
    assert final["maxRSS"] > 102_400
    assert time.monotonic() - began < 20


def test_a_payload_below_its_memory_is_left_alone(culm: CulmStandIn, start_agent: StartAgent) -> None:
    hold = "import time; m = bytearray(60_000_000); time.sleep(0.5)"
    culm.jobs.append(a_job(culm, f'echo x > out.txt; python3 -c "{hold}"', minRamCount=50))

    start_agent().ended()

    assert culm.states(1001)[-1] == "finished"


def test_a_payload_over_its_time_is_ended(culm: CulmStandIn, start_agent: StartAgent) -> None:
    culm.jobs.append(a_job(culm, "trap \"echo bye; exit 9\" TERM; sleep 300 & wait", maxWalltime=1))

    assert start_agent().ended() == 0

    final = culm.final(1001)
    assert final is not None
    assert (final["pilotErrorCode"], final["transExitCode"]) == (1213, 9)
    with tarfile.open(stored(culm, "1001.log.tgz")) as tar:
        said = tar.extractfile("tarball_PandaJob_1001_Q/payload.stdout")
        assert said is not None
        assert said.read() == b"bye\n"


def test_a_payload_that_says_too_much_is_ended(culm: CulmStandIn, start_agent: StartAgent) -> None:
    culm.jobs.append(a_job(culm, "head -c 3000000 /dev/zero; sleep 300"))

    assert start_agent(CULM_PILOT_STDOUT_MB="1").ended() == 0

    final = culm.final(1001)
    assert final is not None
    assert final["pilotErrorCode"] == 1106


def test_a_payload_that_ignores_the_polite_request_is_killed(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    culm.jobs.append(a_job(culm, "trap : TERM; echo $$ > leader; while :; do sleep 0.1; done"))
    pilot = start_agent(**WORKER)
    leader = pid_in(tmp_path, "leader")
    eventually(lambda: "running" in culm.states(1001))

    pilot.send(signal.SIGTERM)

    assert pilot.ended() == 143
    assert not is_running(leader)


def test_what_a_payload_leaves_running_is_ended_with_it(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    command = "setsid sleep 300 > /dev/null & echo $! > child; echo x > out.txt"
    culm.jobs.append(a_job(culm, command))

    assert start_agent(**WORKER, CULM_PILOT_KEEP="1").ended() == 0

    assert culm.states(1001)[-1] == "finished"
    assert not is_running(pid_in(tmp_path, "child"))


def test_a_pilot_that_is_asked_to_end_reports_its_job_failed_and_takes_no_other(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    pilot, leader, _ = a_running_payload(culm, start_agent, tmp_path)
    culm.jobs.append(a_job(culm, "echo x > out.txt", PandaID=1002))

    pilot.send(signal.SIGTERM)

    assert pilot.ended() == 143
    final = culm.final(1001)
    assert final is not None
    assert (final["state"], final["pilotErrorCode"]) == ("failed", 1201)
    assert stored(culm, "1001.log.tgz").exists()
    assert not is_running(leader)
    assert culm.states(1002) == []


def test_a_pilot_that_retires_finishes_its_job_and_takes_no_other(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    culm.jobs.append(a_job(culm, "echo $$ > leader; while [ ! -e go ]; do sleep 0.05; done; echo x > out.txt"))
    culm.jobs.append(a_job(culm, "echo x > out.txt", PandaID=1002))
    pilot = start_agent(**WORKER)
    pid_in(tmp_path, "leader")

    pilot.send(signal.SIGUSR1)
    (tmp_path / "work" / "w" / "PanDA_Pilot-1001" / "go").touch()

    assert pilot.ended() == 0
    assert culm.states(1001)[-1] == "finished"
    assert culm.states(1002) == []


def test_the_end_of_a_pilot_that_was_stopped_is_left_to_its_harvester(culm: CulmStandIn, start_agent: StartAgent) -> None:
    pilot = start_agent(**WORKER, CULM_PILOT_IDLE_SECONDS="600")
    eventually(lambda: culm.requests_for_jobs and culm.worker_statuses)

    pilot.send(signal.SIGTERM)

    assert pilot.ended() == 143
    assert [status["status"] for status in culm.worker_statuses] == ["started"]


def test_a_payload_dies_with_a_pilot_that_was_killed(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    pilot, leader, child = a_running_payload(culm, start_agent, tmp_path)

    pilot.send(signal.SIGKILL)
    pilot.ended()

    eventually(lambda: not is_running(leader))
    eventually(lambda: not is_running(child))


def test_a_job_fails_and_nothing_stays_when_the_supervisor_is_killed(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    pilot, leader, child = a_running_payload(culm, start_agent, tmp_path)
    supervisor = psutil.Process(leader).ppid()

    os.kill(supervisor, signal.SIGKILL)

    assert pilot.ended() == 1
    final = culm.final(1001)
    assert final is not None
    assert (final["state"], final["pilotErrorCode"]) == ("failed", 1319)
    assert not is_running(leader)
    assert not is_running(child)


def test_a_frozen_pilot_has_its_payload_stopped_when_the_lease_runs_out_and_killed_when_it_was_lost(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    pilot, leader, child = a_running_payload(culm, start_agent, tmp_path)

    pilot.send(signal.SIGSTOP)

    eventually(lambda: is_stopped(leader) and is_stopped(child))
    culm.on_update = lambda _: (200, KILL)
    pilot.send(signal.SIGCONT)
    eventually(lambda: not is_running(leader))
    assert pilot.ended() == 0
    assert not is_running(child)
    assert [path for path in culm.storage.rglob("*") if path.is_file()] == []


def test_a_payload_goes_on_when_the_lease_is_confirmed_after_all(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    culm.jobs.append(a_job(culm, "echo $$ > leader; while [ ! -e go ]; do sleep 0.05; done; echo x > out.txt"))
    pilot = start_agent(**WORKER)
    leader = pid_in(tmp_path, "leader")
    eventually(lambda: "running" in culm.states(1001))

    culm.on_update = lambda _: (503, {})
    eventually(lambda: is_stopped(leader))
    culm.on_update = lambda _: (200, TAKEN)
    eventually(lambda: not is_stopped(leader))
    (tmp_path / "work" / "w" / "PanDA_Pilot-1001" / "go").touch()

    assert pilot.ended() == 0
    assert culm.states(1001)[-1] == "finished"


def test_outputs_of_a_payload_that_ended_while_the_pilot_was_frozen_are_not_stored_when_the_lease_was_lost(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    culm.jobs.append(a_job(culm, "echo $$ > leader; while [ ! -e go ]; do sleep 0.05; done; echo x > out.txt"))
    pilot = start_agent(**WORKER)
    leader = pid_in(tmp_path, "leader")
    eventually(lambda: "running" in culm.states(1001))

    pilot.send(signal.SIGSTOP)
    (tmp_path / "work" / "w" / "PanDA_Pilot-1001" / "go").touch()
    eventually(lambda: not is_running(leader))
    frozen_until = time.monotonic() + 2.0  # the lease is 3 s long and less than half of it may be left
    eventually(lambda: time.monotonic() > frozen_until)
    culm.on_update = lambda _: (200, KILL)
    pilot.send(signal.SIGCONT)

    assert pilot.ended() == 0
    assert culm.states(1001)[-1] == "failed"
    assert [path for path in culm.storage.rglob("*") if path.is_file()] == []

