"""Real pilots, real payloads: what is brought, run, delivered and told."""

import json
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest

from tests.agents.builders import a_job, adler32, inputs, store, stored
from tests.agents.conftest import StartAgent
from tests.agents.culm_stand_in import TAKEN, TOKEN, CulmStandIn, eventually


def test_a_job_gets_its_input_and_delivers_output_and_log(culm: CulmStandIn, start_agent: StartAgent) -> None:
    store(culm, "in.txt", b"hello\n")
    culm.jobs.append(a_job(culm, "cat in.txt in.txt > out.txt; echo said; echo moaned >&2", **inputs()))

    pilot = start_agent()

    assert pilot.ended() == 0
    assert culm.states(1001) == ["starting", "running", "finished"]
    final = culm.final(1001)
    assert final is not None
    assert stored(culm, "out.txt").read_bytes() == b"hello\nhello\n"
    report = json.loads(final["xml"])
    out, log = report["out.txt"], report["1001.log.tgz"]
    assert (out["fsize"], out["adler32"], out["endpoint"]) == (12, adler32(b"hello\nhello\n"), "DISK")
    assert out["surl"] == f"file://localhost{stored(culm, 'out.txt')}"
    assert log["guid"] == "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
    assert log["adler32"] == adler32(stored(culm, "1001.log.tgz").read_bytes())
    assert (final["attemptNr"], final["pilotErrorCode"], final["transExitCode"]) == (2, 0, 0)
    assert final["endTime"] >= final["startTime"] > time.time() - 60


def test_the_log_archive_holds_the_directory_without_inputs_and_outputs(
    culm: CulmStandIn, start_agent: StartAgent
) -> None:
    store(culm, "in.txt", b"hello\n")
    command = "cp in.txt out.txt; echo said; mkdir sub; echo deep > sub/note; ln -s /etc/hostname link"
    culm.jobs.append(a_job(culm, command, **inputs()))

    start_agent().ended()

    with tarfile.open(stored(culm, "1001.log.tgz")) as tar:
        names = {name.removeprefix("tarball_PandaJob_1001_Q/") for name in tar.getnames()}
        said = tar.extractfile("tarball_PandaJob_1001_Q/payload.stdout")
        pilot_log = tar.extractfile("tarball_PandaJob_1001_Q/pilotlog.txt")
        assert said is not None
        assert pilot_log is not None
        assert said.read() == b"said\n"
        assert b"payload_ended" in pilot_log.read()
        assert tar.getmember("tarball_PandaJob_1001_Q/link").issym()
    assert {"payload.stdout", "payload.stderr", "runGen", "sub/note"} <= names
    assert names.isdisjoint({"in.txt", "out.txt"})


@pytest.mark.parametrize(
    ("content", "columns", "code"),
    [
        (b"jello\n", {}, 1145),
        (b"hello, world\n", {"checksum": ""}, 1145),
        (None, {}, 1103),
        (b"hello\n", {"ddmEndPointIn": "NOWHERE"}, 1133),
    ],
    ids=["another checksum", "another size", "missing", "unknown storage"],
)
def test_an_input_that_is_not_as_promised_fails_the_job_before_it_runs(
    culm: CulmStandIn, start_agent: StartAgent, content: bytes | None, columns: dict[str, str], code: int
) -> None:
    if content is not None:
        store(culm, "in.txt", content)
    culm.jobs.append(a_job(culm, "cp in.txt out.txt", **inputs(**columns)))

    start_agent().ended()

    assert culm.states(1001) == ["starting", "failed"]
    final = culm.final(1001)
    assert final is not None
    assert final["pilotErrorCode"] == code
    assert "in.txt" in final["pilotErrorDiag"] or "NOWHERE" in final["pilotErrorDiag"]
    assert "transExitCode" not in final


def test_a_payload_may_write_to_its_input_without_changing_what_is_stored(
    culm: CulmStandIn, start_agent: StartAgent
) -> None:
    source = store(culm, "in.txt", b"hello\n")
    culm.jobs.append(a_job(culm, "echo more >> in.txt; cp in.txt out.txt", **inputs()))

    start_agent().ended()

    assert culm.states(1001)[-1] == "finished"
    assert source.read_bytes() == b"hello\n"


@pytest.mark.parametrize(
    ("command", "code"), [("true", 1165), ("touch out.txt", 1350)], ids=["not written", "written empty"]
)
def test_a_missing_output_fails_the_job_and_only_the_log_is_stored(
    culm: CulmStandIn, start_agent: StartAgent, command: str, code: int
) -> None:
    culm.jobs.append(a_job(culm, command))

    start_agent().ended()

    final = culm.final(1001)
    assert final is not None
    assert (final["state"], final["pilotErrorCode"]) == ("failed", code)
    assert list(json.loads(final["xml"])) == ["1001.log.tgz"]
    assert not stored(culm, "out.txt").exists()
    assert stored(culm, "1001.log.tgz").exists()


def test_an_output_that_need_not_be_there_may_be_missing(culm: CulmStandIn, start_agent: StartAgent) -> None:
    culm.jobs.append(a_job(culm, "true", allowNoOutput="out.txt"))

    start_agent().ended()

    final = culm.final(1001)
    assert final is not None
    assert final["state"] == "finished"
    assert list(json.loads(final["xml"])) == ["1001.log.tgz"]


def test_no_output_is_stored_when_one_of_several_is_missing(culm: CulmStandIn, start_agent: StartAgent) -> None:
    files = {"outFiles": "a,b,1001.log.tgz", "scopeOut": "user.t,user.t", "ddmEndPointOut": "DISK,DISK,DISK"}
    culm.jobs.append(a_job(culm, "echo 1 > a", **files))

    start_agent().ended()

    assert culm.states(1001)[-1] == "failed"
    assert [path.name for path in culm.storage.rglob("*") if path.is_file()] == ["1001.log.tgz"]


def test_the_exit_code_of_the_payload_and_its_first_error_are_reported(culm: CulmStandIn, start_agent: StartAgent) -> None:
    culm.jobs.append(a_job(culm, 'echo "ERROR: no such star" >&2; echo x > out.txt; exit 7'))

    start_agent().ended()

    final = culm.final(1001)
    assert final is not None
    assert (final["state"], final["pilotErrorCode"], final["transExitCode"]) == ("failed", 1305, 7)
    assert "no such star" in final["pilotErrorDiag"]
    assert "payload_ended" in final["pilotLog"]
    assert not stored(culm, "out.txt").exists()


def test_a_payload_that_a_signal_ended_has_the_exit_code_of_a_shell(culm: CulmStandIn, start_agent: StartAgent) -> None:
    culm.jobs.append(a_job(culm, "kill -9 $$"))

    start_agent().ended()

    final = culm.final(1001)
    assert final is not None
    assert (final["pilotErrorCode"], final["transExitCode"]) == (1305, 137)


def test_a_payload_that_says_it_failed_has_failed_with_any_exit_code(
    culm: CulmStandIn, start_agent: StartAgent
) -> None:
    report = '{\\"error_code\\": 77, \\"error_diag\\": \\"bad thing\\"}'
    culm.jobs.append(a_job(culm, f'echo x > out.txt; echo "{report}" > payload_error_report.json'))

    start_agent().ended()

    final = culm.final(1001)
    assert final is not None
    assert (final["state"], final["pilotErrorCode"], final["exeErrorCode"]) == ("failed", 1305, 77)
    assert final["exeErrorDiag"] == final["pilotErrorDiag"] == "bad thing"


def test_the_job_report_of_the_payload_is_sent_along(culm: CulmStandIn, start_agent: StartAgent) -> None:
    culm.jobs.append(a_job(culm, 'echo x > out.txt; echo "{\\"stars\\": 5}" > jobReport.json'))

    start_agent().ended()

    final = culm.final(1001)
    assert final is not None
    assert json.loads(final["metaData"]) == {"stars": 5}


def test_two_jobs_run_one_after_the_other_in_one_pilot(culm: CulmStandIn, start_agent: StartAgent) -> None:
    culm.jobs.append(a_job(culm, "echo first > out.txt; exit 1"))
    second = {"PandaID": 1002, "outFiles": "out2.txt,1002.log.tgz", "logFile": "1002.log.tgz"}
    culm.jobs.append(a_job(culm, "echo second > out2.txt", **second))

    pilot = start_agent()

    assert pilot.ended() == 0
    assert culm.states(1001) == ["starting", "running", "failed"]
    assert culm.states(1002) == ["starting", "running", "finished"]
    assert stored(culm, "out2.txt").read_bytes() == b"second\n"


def test_a_pilot_offers_itself_and_says_who_it_is(culm: CulmStandIn, start_agent: StartAgent) -> None:
    variables = {"HARVESTER_ID": "h", "HARVESTER_WORKER_ID": "w1", "CULM_VO": "stars", "PANDA_HOSTNAME": "node7"}

    start_agent(**variables).ended()

    offer = culm.requests_for_jobs[0]
    assert (offer["siteName"], offer["computingElement"], offer["prodSourceLabel"]) == ("Q", "Q", "unified")
    assert (offer["heartbeat_seconds"], offer["harvester_id"], offer["worker_id"]) == (0.2, "h", "w1")
    assert offer["node"] == "node7"
    assert offer["mem"] > 100
    assert sorted(one["status"] for one in culm.worker_statuses) == ["finished", "started"]
    assert {one["Origin"] for one in culm.headers if "Authorization" in one} == {"stars"}


def test_the_payload_sees_its_job_and_no_secret(culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path) -> None:
    culm.jobs.append(a_job(culm, "env -0 > out.txt"))
    secrets = {"BEARER_TOKEN": "s3cret", "X509_USER_PROXY": "/a/proxy", "HARVESTER_ID": "h", "HARVESTER_WORKER_ID": "w"}

    start_agent(**secrets, CULM_STACK="/a/stack").ended()

    pairs = stored(culm, "out.txt").read_text().rstrip("\0").split("\0")
    seen = dict(pair.partition("=")[::2] for pair in pairs)
    assert (seen["PANDAID"], seen["PanDA_TaskID"], seen["PANDA_SERVER_URL"]) == ("1001", "11", culm.address)
    assert seen["PATH"].startswith(f"{Path(sys.executable).parent}:")
    assert seen["PILOT_HOME"] == str(tmp_path / "work" / "w")
    assert [name for name in seen if name.startswith(("CULM_", "HARVESTER_"))] == ["CULM_STACK"]
    assert not {"BEARER_TOKEN", "X509_USER_PROXY", "PYTHONPATH"} & set(seen)
    assert TOKEN not in str(seen)


def test_neither_token_nor_job_parameters_are_logged(culm: CulmStandIn, start_agent: StartAgent) -> None:
    culm.jobs.append(a_job(culm, "echo parameter-of-mine > out.txt; exit 3"))

    pilot = start_agent()

    pilot.ended()
    assert "payload_ended" in pilot.log
    assert TOKEN not in pilot.log
    assert "parameter-of-mine" not in pilot.log


def test_the_token_does_not_go_where_the_wrapper_comes_from(culm: CulmStandIn, start_agent: StartAgent) -> None:
    culm.jobs.append(a_job(culm, "echo x > out.txt"))

    start_agent().ended()

    assert culm.states(1001)[-1] == "finished"
    without = [one for one in culm.headers if "Authorization" not in one]
    assert len(without) == 2, "storage documents and wrapper"


def test_a_wrapper_that_cannot_be_fetched_fails_the_job(culm: CulmStandIn, start_agent: StartAgent) -> None:
    culm.jobs.append(a_job(culm, "true", transformation=f"{culm.address}/trf/user/nothing"))

    start_agent().ended()

    final = culm.final(1001)
    assert final is not None
    assert final["pilotErrorCode"] == 1149


def test_a_job_with_a_process_beside_its_payload_is_refused_with_the_reason(culm: CulmStandIn, start_agent: StartAgent) -> None:
    culm.jobs.append(a_job(culm, "echo x > out.txt", coprocess={"command": "a", "args": "b"}))

    start_agent().ended()

    final = culm.final(1001)
    assert final is not None
    assert final["pilotErrorCode"] == 1384
    assert "coprocess" in final["pilotErrorDiag"]


def test_a_job_that_cannot_be_understood_is_reported_failed(culm: CulmStandIn, start_agent: StartAgent) -> None:
    culm.jobs.append(a_job(culm, "true", **inputs(inFiles="../../etc/passwd")))

    start_agent().ended()

    final = culm.final(1001)
    assert final is not None
    assert (final["state"], final["pilotErrorCode"]) == ("failed", 1319)
    assert "../../etc/passwd" in final["pilotErrorDiag"]


def test_what_a_payload_uses_is_reported(culm: CulmStandIn, start_agent: StartAgent) -> None:
    burn = "import time; m = bytearray(80_000_000); t = time.process_time()\nwhile time.process_time() < t + 0.6: pass"
    culm.jobs.append(a_job(culm, f'echo x > out.txt; python3 -c "{burn}"'))

    start_agent().ended()

    final = culm.final(1001)
    assert final is not None
    assert 0.5 < final["cpuConsumptionTime"] < 5
    assert 70_000 < final["maxRSS"] < 400_000
    assert 70_000 < final["maxPSS"] <= final["maxRSS"]
    assert 0 < final["avgRSS"] <= final["maxRSS"]


def test_the_directory_of_a_job_that_succeeded_is_removed_and_that_of_another_kept(
    culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path
) -> None:
    culm.jobs.append(a_job(culm, "echo x > out.txt"))
    culm.jobs.append(a_job(culm, "exit 1", PandaID=1002))

    start_agent(HARVESTER_ID="h", HARVESTER_WORKER_ID="w").ended()

    assert [path.name for path in (tmp_path / "work" / "w").glob("PanDA_Pilot-*")] == ["PanDA_Pilot-1002"]


def test_a_final_report_survives_a_server_that_is_away(culm: CulmStandIn, start_agent: StartAgent) -> None:
    refused: list[dict[str, Any]] = []

    def away_for_a_while(update: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if update["state"] == "finished" and len(refused) < 3:
            refused.append(update)
            return (503, {}) if len(refused) < 3 else (200, {"StatusCode": 10, "command": "NULL"})
        return 200, TAKEN

    culm.on_update = away_for_a_while
    culm.jobs.append(a_job(culm, "echo x > out.txt"))

    pilot = start_agent()

    assert pilot.ended() == 0
    finals = [update for update in culm.updates if update["state"] == "finished"]
    assert len(finals) == 4
    assert finals[-1] == finals[0]


def test_a_token_that_is_refused_is_read_again(culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path) -> None:
    culm.jobs.append(a_job(culm, "while [ ! -e go ]; do sleep 0.05; done; echo x > out.txt"))
    pilot = start_agent(CULM_PILOT_KEEP="1", HARVESTER_ID="h", HARVESTER_WORKER_ID="w")
    eventually(lambda: "running" in culm.states(1001))

    culm.token = "another-token"
    (tmp_path / "token").write_text("another-token\n")
    (tmp_path / "work" / "w" / "PanDA_Pilot-1001" / "go").touch()

    assert pilot.ended() == 0
    assert culm.states(1001)[-1] == "finished"


def test_an_idle_pilot_ends_by_itself(culm: CulmStandIn, start_agent: StartAgent) -> None:
    pilot = start_agent(CULM_PILOT_IDLE_SECONDS="0.6")

    assert pilot.ended() == 0
    assert 2 <= len(culm.requests_for_jobs) <= 4
