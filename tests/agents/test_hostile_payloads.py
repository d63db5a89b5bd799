"""Payloads that leave what no pilot expects: each ends as itself, is reported once, and the pilot takes the next job."""

import json
import re
import tarfile
from base64 import b64encode
from pathlib import Path

import pytest

from agents.errors import Rejected, Unreachable
from agents.pilot.job import BadJob, parse_job
from agents.pilot.log_archive import make_log_archive
from agents.pilot.payload_result import metadata_in, payload_result_of
from agents.plain_files import remove_folder
from agents.session import AgentSession
from tests.agents.builders import a_job, stored
from tests.agents.conftest import StartAgent
from tests.agents.culm_stand_in import CulmStandIn, eventually

REPORT = "payload_error_report.json"
NEXT = {"PandaID": 1002, "outFiles": "next.txt,1002.log.tgz", "logFile": "1002.log.tgz"}


def both_end(culm: CulmStandIn, start_agent: StartAgent, command: str, **changes: object) -> dict[str, object]:
    """The final report of a job that runs `command`, once the pilot has run another job after it."""
    culm.jobs.append(a_job(culm, command, **changes))
    culm.jobs.append(a_job(culm, "echo x > next.txt", **NEXT))

    assert start_agent().ended(60) == 0

    assert culm.states(1002)[-1] == "finished"
    final = culm.final(1001)
    assert final is not None
    return final


@pytest.mark.parametrize(
    ("content", "code", "text"),
    [
        (b'{"error_code": Infinity, "error_diag": "x"}', 1, "x"),
        (b'{"error_code": NaN}', 1, ""),
        (b'{"error_code": 7, "error_diag": "a\\ud800b\\u0000"}', 7, "a?b?"),
        (b'{"error_code": 1e300}', 2147483647, ""),
        (b'{"error_code": %s}' % (b"9" * 4_000), 0, ""),
        (b"[" * 100_000, 0, ""),
        (b'{"error_code": [1], "error_diag": {}}', 0, ""),
        (b'{"error_code": 5, "error_diag": ["x"]}', 5, ""),
        (b"[1]", 0, ""),
        (b"\xff\xfe\x00", 0, ""),
        (b'{"error_code": 1' + b" " * (2 << 20) + b"}", 0, ""),
    ],
)
def test_a_wild_error_report_is_read_as_far_as_it_means_something(tmp_path: Path, content: bytes, code: int, text: str) -> None:
    (tmp_path / REPORT).write_bytes(content)

    result = payload_result_of(0, tmp_path)

    assert (result.error_code, result.error_text) == (code, text)
    assert json.dumps(result.error_text).isascii()


@pytest.mark.parametrize(
    "made",
    ["mkfifo {}", "ln -s /etc/passwd {}", "mkdir {}", "ln -s {} {}", "truncate -s 1G {}", "head -c 3000 /dev/urandom > {}"],
    ids=["fifo", "link", "folder", "link to itself", "1 GB", "noise"],
)
def test_with_anything_in_place_of_the_reports_a_good_job_is_good(culm: CulmStandIn, start_agent: StartAgent, made: str) -> None:
    names = (REPORT, "pilotlog.txt")
    command = "; ".join([made.format(*[name] * 2) for name in names] + ["echo 1 > out.txt"])

    final = both_end(culm, start_agent, command)

    assert (final["state"], final["exeErrorCode"], final["pilotErrorCode"]) == ("finished", 0, 0)


@pytest.mark.parametrize(
    ("made", "why"),
    [
        ("ln -s /etc/passwd out.txt", "link out of the job"),
        ("mkfifo out.txt", "no regular file"),
        ("mkdir out.txt", "no regular file"),
        ("ln -s out.txt out.txt", "no regular file"),
    ],
)
def test_an_output_that_is_no_file_of_the_job_fails_the_job(
    culm: CulmStandIn, start_agent: StartAgent, made: str, why: str
) -> None:
    final = both_end(culm, start_agent, made)

    assert (final["state"], final["pilotErrorCode"]) == ("failed", 1165)
    assert why in str(final["pilotErrorDiag"])
    assert not stored(culm, "out.txt").exists()


def test_an_output_may_be_a_link_within_the_job(culm: CulmStandIn, start_agent: StartAgent) -> None:
    final = both_end(culm, start_agent, "echo 1 > made; ln -s made out.txt")

    assert final["state"] == "finished"
    assert stored(culm, "out.txt").read_bytes() == b"1\n"


def test_a_job_report_travels_whole_and_one_that_is_too_large_is_named(tmp_path: Path) -> None:
    assert metadata_in(tmp_path) is None
    (tmp_path / "jobReport.json").write_bytes(b'{"a": NaN, "b": "Z\xfcrich", "c": "' + b"x" * 300_000 + b'"}')
    metadata = metadata_in(tmp_path)
    assert metadata is not None
    assert metadata.startswith('{"a": NaN, "b": "Z\ufffdrich", "c": "xxx')
    assert len(metadata) > 300_000
    (tmp_path / "jobReport.json").write_bytes(b'"' + b"x" * (2 << 20) + b'"')
    assert json.loads(metadata_in(tmp_path) or "") == {"left_out": "metaData", "bytes": 2097154, "bytes_max": 1048576}


def test_a_payload_that_leaves_a_jungle_is_archived_and_removed(culm: CulmStandIn, start_agent: StartAgent) -> None:
    script = """
import os, socket
os.mkfifo("f")
os.symlink(".", "loop")
os.symlink("/etc/passwd", "p")
open(b"a\\xff\\nb", "w")
os.mkdir("closed")
open("closed/x", "w")
os.chmod("closed", 0)
socket.socket(socket.AF_UNIX).bind("s")
open("out.txt", "w").write("1")
for _ in range(1500):
    os.mkdir("d")
    os.chdir("d")
"""
    command = f"echo {b64encode(script.encode()).decode()} | base64 -d | python3"

    final = both_end(culm, start_agent, command)

    assert final["state"] == "finished"
    with tarfile.open(stored(culm, "1001.log.tgz")) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    assert {"payload.stdout", "pilotlog.txt", "loop", "p", "d/d/d"} <= names
    assert not names & {"f", "s", "out.txt"}


def test_a_payload_that_floods_processes_and_ignores_its_end_is_ended(culm: CulmStandIn, start_agent: StartAgent) -> None:
    command = "trap : TERM; for i in $(seq 200); do (trap : TERM; sleep 300 & wait; wait) & done; wait; wait"

    final = both_end(culm, start_agent, command, maxWalltime=1)

    assert (final["state"], final["pilotErrorCode"]) == ("failed", 1213)


def test_a_payload_that_says_much_without_a_line_end_is_stopped(culm: CulmStandIn, start_agent: StartAgent) -> None:
    culm.jobs.append(a_job(culm, "head -c 8000000 /dev/zero >&2; sleep 60"))

    start_agent(CULM_PILOT_STDOUT_MB="2").ended(60)

    final = culm.final(1001)
    assert final is not None
    # As much as was there when the pilot looked: more than the limit, 8 MB at most.
    assert final["pilotErrorCode"] == 1106
    assert re.search(r"payload\.stderr has [2-8],\d{3},\d{3} bytes", final["pilotErrorDiag"])


def test_an_archive_holds_what_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.pilot.log_archive.MEMBERS_MAX", 5)
    folder = tmp_path / "job"
    folder.mkdir()
    for number in range(20):
        (folder / f"{number:02d}").write_text("x")

    make_log_archive(folder, tmp_path / "log.tgz", "n", {"00"}, {"own": b"mine"})

    with tarfile.open(tmp_path / "log.tgz") as tar:
        names = tar.getnames()
    assert names[:2] == ["n", "n/own"]
    assert 5 <= len(names) <= 7
    assert "n/00" not in names


def test_folders_without_end_are_removed(tmp_path: Path) -> None:
    place = folder = tmp_path / "deep"
    for _ in range(300):
        place = place / "d"
    place.mkdir(parents=True)

    remove_folder(folder)

    assert not folder.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"PandaID": "inf"}, {"PandaID": [1]}, {"PandaID": 1 << 70}, {"coreCount": "NaN"}, {"minRamCount": {"a": 1}},
        {"attemptNr": "9" * 5_000}, {"maxWalltime": "1e999"}, {"outFiles": "../x"}, {"outFiles": "a\nb"}, {"outFiles": "x" * 300},
        {"inFiles": "runGen"}, {"inFiles": "payload.stdout"}, {"transformation": "http://x/"},
    ],
)  # fmt: skip
def test_an_answer_that_is_no_job_is_refused_and_nothing_else(changes: dict[str, object]) -> None:
    answer = {"PandaID": 1, "taskID": 1, "transformation": "http://x/runGen", "jobPars": "", "outFiles": "", "inFiles": ""}

    with pytest.raises(BadJob):
        parse_job(answer | changes)


def test_answers_of_a_server_are_bounded_and_judged(culm: CulmStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.session.ANSWER_BYTES_MAX", 1_000)
    (tmp_path / "token").write_text(culm.token)
    session = AgentSession(culm.address, tmp_path / "token", "wlcg", "test")
    answers = iter([(200, {"a": "x" * 2_000})])
    monkeypatch.setattr(culm, "answer_post", lambda *_: next(answers))
    monkeypatch.setattr(culm, "answer_get", lambda *_: b"[" * 900)

    with pytest.raises(Rejected, match="more than 1,000 bytes"):
        session.post("/x", {"half": "\ud800"})
    with pytest.raises(Unreachable, match="no JSON"):
        session.document("/x")
    with pytest.raises(Rejected, match="no JSON"):
        session.post("/x", {"a": float("nan")})
    session.close()


def test_a_harvester_outlives_odd_numbers_of_wanted_pilots(culm: CulmStandIn, start_agent: StartAgent) -> None:
    answers = [
        {"wanted": float("inf"), "sequence": 1},
        {"wanted": -5, "sequence": 2},
        {"wanted": "x"},
        {"wanted": 1, "sequence": 1e400},
    ]
    plain = culm.answer_get

    def answer(path: str, query: dict[str, list[str]]) -> object:
        return (200, answers.pop()) if path.endswith("/wanted") and answers else plain(path, query)

    culm.answer_get = answer  # type: ignore[method-assign,assignment]  # a server that has gone mad
    harvester = start_agent("agents.harvester")
    eventually(lambda: not answers)
    culm.want(1)

    eventually(lambda: culm.worker_reports)
    assert harvester.process.poll() is None
