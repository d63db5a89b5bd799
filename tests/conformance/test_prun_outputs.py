"""Outputs and input of `prun` 2.2.0, unmodified, from the submission to the datasets that they end in."""

import pytest

from tests.conformance.client import Client

pytestmark = pytest.mark.stack


def files_of(client: Client, dataset: str) -> list[str]:
    """Names of the files that a dataset holds."""
    return [file["lfn"] for file in client.get(f"/v1/datasets/{dataset.rstrip('/')}/files")["files"]]


def test_one_output_under_two_names_is_in_both_datasets(client: Client) -> None:
    task = client.prun("user.jdoe.twice", "--outputs", "A:a.txt,B:a.txt", payload="echo hello > a.txt").task_id

    assert client.ended(task)["status"] == "done"
    assert files_of(client, "user.jdoe.twice_A") == files_of(client, "user.jdoe.twice_B") == [f"user.jdoe.{task}._000001.a.txt"]


def test_outputs_and_logs_are_merged(client: Client) -> None:
    options = ("--nJobs", "2", "--outputs", "out.txt", "--mergeOutput", "--mergeLog")
    task = client.prun("user.jdoe.mergelog", *options, payload="echo hello > out.txt").task_id

    found = client.ended(task)

    assert found["status"] == "done", found["message"]
    logs = found["parameters"]["log_merge"]["dataset"]
    assert (len(files_of(client, "user.jdoe.mergelog_out.txt")), len(files_of(client, logs))) == (1, 1)


def test_pbook_retries_a_done_task_with_new_parameters(client: Client) -> None:
    task = client.prun("user.jdoe.done.retry", "--nJobs", "1").task_id
    assert client.ended(task)["status"] == "done"

    said = client.pbook("-c", f"retry({task}, newOpts={{'nFilesPerJob': 2}})")

    assert "reactivation accepted" in said.text
    assert client.ended(task)["status"] == "done"
