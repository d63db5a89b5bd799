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

    task = client.prun("user.jdoe.rat.task", "--inDS", first, "--nFilesPerJob", "1", *streams, payload="ls %IN2").task_id

    ended = client.ended(task)
    assert (ended["status"], ended["files_finished"]) == ("finished", 2)
    assert ended["message"].endswith(f"secondary input IN2 ({second}) has 0 of 4 files left, too few for a job")
