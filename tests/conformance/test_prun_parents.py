"""`prun --parentTaskID`, unmodified: a task beside its parent (docs/reference/jedi.md, "Parents")."""

import pytest

from tests.conformance.client import Client

pytestmark = pytest.mark.stack


def test_a_child_begins_when_its_parent_has_ended_and_has_all_of_its_output(client: Client) -> None:
    options = ("--nJobs", "3", "--outputs", "out.txt")
    parent = client.prun("user.jdoe.parent", *options, payload="sleep 3; echo %RNDM:10 > out.txt").task_id
    # Its input does not exist yet: no job of the parent has ended.
    beside = ("--parentTaskID", str(parent), "--inDS", "user.jdoe.parent_out.txt", "--nFilesPerJob", "1")
    child = client.prun("user.jdoe.child", *beside, payload="echo %IN").task_id

    waiting = client.wait_for(child, lambda task: task["status"] not in ("registered", "defined"))
    assert (waiting["status"], waiting["message"]) == ("pending", f"waits for the end of parent task {parent}")
    assert client.ended(parent)["status"] == "done"
    task = client.ended(child)
    assert (task["status"], task["files_finished"]) == ("done", 3)


def test_a_child_ends_with_a_parent_that_was_killed(client: Client) -> None:
    parent = client.prun("user.jdoe.parent.killed", "--site", "NOWHERE").task_id
    client.wait_for(parent, lambda task: task["status"] == "pending")
    child = client.prun("user.jdoe.child.killed", "--parentTaskID", str(parent)).task_id
    client.wait_for(child, lambda task: task["status"] == "pending")

    client.pbook("kill", str(parent))

    assert client.ended(parent)["status"] == "aborted"
    assert client.ended(child)["status"] == "aborted"
    (ordered,) = client.events(child, "TaskKillOrdered")
    assert ordered["reason"] == f"parent task {parent} is aborted"


def test_a_task_whose_parent_does_not_exist_says_so(client: Client) -> None:
    child = client.prun("user.jdoe.child.alone", "--parentTaskID", "999").task_id

    task = client.ended(child)

    assert (task["status"], task["message"]) == ("broken", "parent task 999 does not exist")
