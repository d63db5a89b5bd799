"""`prun --parentTaskID`, unmodified: a task beside its parent (docs/reference/jedi.md, "Parents")."""

import pytest

from tests.conformance.client import Client, written_by_payloads

pytestmark = pytest.mark.stack


def test_a_child_waits_for_the_output_of_its_parent_and_has_all_of_it(client: Client) -> None:
    options = ("--nJobs", "3", "--outputs", "out.txt")
    parent = client.prun("user.jdoe.parent", *options, payload="sleep 3; echo %RNDM:10 > out.txt").task_id
    # Its input does not exist yet: no job of the parent has ended. prun asks to begin beside the parent (noWaitParent).
    beside = ("--parentTaskID", str(parent), "--inDS", "user.jdoe.parent_out.txt", "--nFilesPerJob", "1")
    child = client.prun("user.jdoe.child", *beside, payload="echo %IN").task_id

    waiting = client.wait_for(child, lambda task: task["status"] not in ("registered", "defined"))
    sentence = f"waits for input dataset user.jdoe.parent_out.txt, which does not exist yet; parent task {parent} is at work"
    assert (waiting["status"], waiting["message"]) == ("pending", sentence)
    assert client.ended(parent)["status"] == "done"
    task = client.ended(child)
    assert (task["status"], task["files_finished"]) == ("done", 3)


@pytest.mark.parametrize("names_its_parent", [True, False])
def test_a_second_prun_takes_the_outputs_of_the_first_while_that_runs(client: Client, *, names_its_parent: bool) -> None:
    word = "named" if names_its_parent else "unnamed"
    gate = written_by_payloads(client.stack) / "go"
    # The last of three jobs ends when the gate is there.
    held = f"n=%RNDM:10; if [ $n = 12 ]; then until [ -e {gate} ]; do sleep 0.2; done; fi; echo $n > out.txt"
    parent = client.prun(f"user.jdoe.first.{word}", "--nJobs", "3", "--outputs", "out.txt", payload=held).task_id
    made = f"user.jdoe.first.{word}_out.txt"
    client.wait_for(parent, lambda task: task["files_finished"] >= 1)

    beside = ("--parentTaskID", str(parent)) if names_its_parent else ()
    child = client.prun(f"user.jdoe.second.{word}", *beside, "--inDS", made, "--nFilesPerJob", "1", payload="echo %IN").task_id
    client.wait_for(child, lambda task: task["files_finished"] == 2)
    assert client.task(parent)["status"] in ("running", "scouting")

    gate.touch()
    assert client.ended(parent)["status"] == "done"
    task = client.ended(child)
    assert (task["status"], task["files_finished"]) == ("done", 3)


def test_a_child_ends_with_a_parent_that_was_killed(client: Client) -> None:
    parent = client.prun("user.jdoe.parent.killed", "--site", "NOWHERE").task_id
    client.wait_for(parent, lambda task: task["status"] == "pending")
    beside = ("--parentTaskID", str(parent), "--inDS", "user.jdoe.never")
    child = client.prun("user.jdoe.child.killed", *beside).task_id
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
