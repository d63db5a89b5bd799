"""`prun --secondaryDSs`, unmodified: each job has the files of its streams (docs/reference/jedi.md, "Secondary input")."""

from pathlib import Path

import pytest

from deploy.stack import Stack
from tests.conformance.client import Client, written_by_payloads

pytestmark = pytest.mark.stack


def a_dataset(client: Client, name: str, count: int) -> str:
    """A dataset with `count` files that a task made."""
    task = client.prun(name, "--nJobs", str(count), "--outputs", "out.txt", payload="echo %RNDM:10 > out.txt").task_id
    assert client.ended(task)["status"] == "done"
    return f"{name}_out.txt"


def test_each_job_is_given_the_right_files_of_its_streams(client: Client, stack: Stack) -> None:
    first, second = a_dataset(client, "user.jdoe.sec.first", 3), a_dataset(client, "user.jdoe.sec.second", 4)
    seen = written_by_payloads(stack)
    payload = f"echo %IN2 > {seen}/%IN; cat $(echo %IN2 | tr , ' ') >> {seen}/%IN"
    streams = ("--secondaryDSs", f"IN2:2:{second}", "--reusableSecondary", "IN2")

    task = client.prun("user.jdoe.sec.task", "--inDS", first, "--nFilesPerJob", "1", *streams, payload=payload).task_id

    ended = client.ended(task)
    assert (ended["status"], ended["files_finished"]) == ("done", 3)
    lines = [row.read_text(encoding="utf-8").split() for row in sorted(Path(seen).iterdir(), key=lambda row: row.name)]
    given = [line[0].split(",") for line in lines]
    assert [len(names) for names in given] == [2, 2, 2]
    assert given[0] == given[2]
    assert len({*given[0], *given[1]}) == 4
    assert [len(line) for line in lines] == [3, 3, 3]  # both files were there, with a number in each


def test_files_by_ratio_run_out_and_the_task_says_which(client: Client) -> None:
    first, second = a_dataset(client, "user.jdoe.rat.first", 3), a_dataset(client, "user.jdoe.rat.second", 4)
    streams = ("--secondaryDSs", f"IN2:2:{second}", "--useNumFilesInSecDSsAsRatio")

    options = ("--inDS", first, "--nFilesPerJob", "1", *streams)
    task = client.prun("user.jdoe.rat.task", *options, payload="cat $(echo %IN2 | tr , ' ')").task_id

    ended = client.ended(task)
    assert (ended["status"], ended["files_finished"]) == ("finished", 2)
    assert ended["message"].endswith(f"secondary input IN2 ({second}) has 0 of 4 files left, too few for a job")


def test_jobs_respect_luminosity_blocks(client: Client) -> None:
    file = {"scope": "user.jdoe", "size_bytes": 1, "checksum": "ad:00000001", "endpoint": "LOCAL_DISK"}
    files = [file | {"lfn": f"f{at}.root", "lumi_block": block} for at, block in enumerate((2, 1, 2, 1, 3))]
    body = {"aggregate_id": "user.jdoe.blocks", "files": files, "role": "INPUT"}
    assert client.ask("POST", "/v1/commands/RegisterFiles", json=body, headers={"Prefer": "wait=20"}).json()["accepted"]

    task = client.prun("user.jdoe.by.block", "--inDS", "user.jdoe.blocks", "--respectLB").task_id

    # No such files are stored, so the jobs fail; but they were made, each for one block.
    client.wait_for(task, lambda _: bool(client.events(task, "JobsGenerated")))
    assert client.events(task, "JobsGenerated")[0]["jobs"] == 3
    client.pbook("kill", str(task))
