"""`prun` 2.2.0, unmodified, against a running Culm: what it must print, row by row (docs/reference/client.md)."""

import json

import pytest

from tests.conformance.client import Client
from tests.monitor.manual_actors import until

pytestmark = pytest.mark.stack


def test_prun_submits(client: Client) -> None:  # row 3
    said = client.prun("user.jdoe.row3", "--nJobs", "3")

    assert said.code == 0
    assert "INFO : upload sandbox\n" in said.text
    assert "INFO : submit user.jdoe.row3/\n" in said.text
    assert f"INFO : succeeded. new jediTaskID={said.task_id}\n" in said.text


def test_a_sandbox_that_was_uploaded_lately_is_not_uploaded_again(client: Client) -> None:  # row 4
    cache = client.stack.config.home / "cache"
    client.prun("user.jdoe.row4a")
    before = sorted(path.name for path in cache.glob("jobO.*"))

    said = client.prun("user.jdoe.row4b")

    assert said.code == 0
    assert f"INFO : succeeded. new jediTaskID={said.task_id}\n" in said.text
    assert sorted(path.name for path in cache.glob("jobO.*")) == before


def test_a_name_at_work_cannot_be_submitted_again(client: Client, waiting_task: int) -> None:  # row 5
    said = client.prun("user.jdoe.conformance.waiting", "--site", "NOWHERE")

    why = f"jediTaskID={waiting_task} is in the pending state for outDS=user.jdoe.conformance.waiting/."
    assert f"ERROR : task submission failed. {why} You cannot submit duplicated tasks." in said.text
    assert said.code == 90


def test_a_name_that_ended_is_executed_again(client: Client) -> None:  # row 6
    first = client.prun("user.jdoe.row6", "--nJobs", "1").task_id
    assert client.ended(first)["status"] == "done"

    said = client.prun("user.jdoe.row6", "--nJobs", "1")

    state = "(currently in done state) will be re-executed with old and/or new input"
    assert f"INFO : reactivation accepted. jediTaskID={first} {state}\n" in said.text
    assert said.code == 0
    assert client.ended(first)["status"] == "done"


def test_output_of_another_user_is_refused_by_the_client(client: Client) -> None:  # row 7
    said = client.prun("user.other.t")

    assert "ERROR : outDS must be 'user.jdoe.<user-controlled string...>'" in said.text
    assert said.code == 10
    assert client.get("/v1/tasks?text=user.other.t")["tasks"] == []


def test_a_build_is_accepted_and_its_archive_stored(client: Client) -> None:  # row 8
    options = ("--bexec", "make", "--inDS", "user.jdoe:in", "--outputs", "o.root", "--nFilesPerJob", "5")

    said = client.prun("user.jdoe.row8", *options, payload="make; ./a %IN")

    assert said.code == 0
    archive = client.task(said.task_id)["parameters"]["buildSpec"]["archiveName"]
    assert archive.startswith("sources.")
    assert archive.endswith(".tar.gz")
    assert (client.stack.config.home / "cache" / archive).is_file()


def test_a_container_is_accepted(client: Client) -> None:  # row 9
    options = ("--containerImage", "docker://busybox", "--outputs", "o.txt", "--site", "NOWHERE")

    said = client.prun("user.jdoe.row9", *options)

    assert said.code == 0
    steps = client.task(said.task_id)["parameters"]["multiStepExec"]
    assert steps["containerOptions"]["containerImage"] == "docker://busybox"


def test_a_container_waits_for_a_queue_that_has_a_runtime(client: Client) -> None:
    task = client.prun("user.jdoe.contained", "--containerImage", "docker://busybox", "--outputs", "o.txt").task_id

    found = client.wait_for(task, lambda task: task["status"] == "pending")

    assert "the task runs in a container, the queue's container_type is none" in found["message"]


def test_hardware_that_no_queue_names_is_refused_by_name(client: Client) -> None:
    task = client.prun("user.jdoe.gpu", "--architecture", "&nvidia").task_id

    found = client.ended(task)

    assert found["status"] == "broken"
    assert found["message"].startswith("architecture: a choice of queues by processor (#) or accelerator (&) is not supported")


def test_a_pattern_of_input_datasets_takes_those_that_match(client: Client) -> None:
    for name in ("a", "b", "other"):
        file = {"lfn": f"{name}.txt", "scope": "user.jdoe", "guid": name, "size_bytes": 5, "checksum": "ad:062c0215"}
        body = {"aggregate_id": f"user.jdoe.pattern.{name}", "files": [file | {"endpoint": "LOCAL_DISK"}], "role": "INPUT"}
        assert client.ask("POST", "/v1/commands/RegisterFiles", json=body, headers={"Prefer": "wait=20"}).json()["accepted"]
    shown = "/v1/datasets?text=user.jdoe.pattern."
    until(lambda: len(client.get(shown)["datasets"]) == 3)

    task = client.prun("user.jdoe.patterned", "--inDS", "user.jdoe.pattern.a*,user.jdoe.pattern.o*").task_id
    none = client.prun("user.jdoe.unpatterned", "--inDS", "user.jdoe.pattern.z*")

    assert client.task(task)["parameters"]["dsForIN"] == "user.jdoe.pattern.a,user.jdoe.pattern.other"
    assert "no registered dataset matches 'user.jdoe.pattern.z*'" in none.text


def test_a_payload_beyond_a_command_line_runs(client: Client) -> None:
    """Blanks become three characters each: the job's parameters have more than Linux takes in one argument."""
    task = client.prun("user.jdoe.long", "--outputs", "o.txt", payload=f"true{' ' * 60_000}; echo ran > o.txt").task_id

    assert client.ended(task)["status"] == "done"


def test_prun_dumps_its_result(client: Client) -> None:  # row 10
    said = client.prun("user.jdoe.row10", "--dumpJson", "out.json")

    dumped = json.loads((client.folder / "out.json").read_text(encoding="utf-8"))
    assert dumped[0]["jediTaskID"] == said.task_id
    assert dumped[0]["returnCode"] == 0


def test_why_a_task_is_broken_can_be_read_with_pbook(client: Client) -> None:
    options = ("--inDS", "user.jdoe:nowhere", "--outputs", "o.root")
    task = client.prun("user.jdoe.broken", *options, payload="./a %IN").task_id
    assert client.ended(task)["status"] == "broken"

    said = client.pbook("-c", f"print(show({task}, format='json')[0]['errorDialog'])")

    assert "input dataset nowhere does not exist\n" in said.text


def test_why_jobs_failed_can_be_read_with_pbook(client: Client) -> None:
    task = client.prun("user.jdoe.failing", "--maxAttempt", "1", payload="exit 7").task_id
    assert client.ended(task)["status"] == "failed"

    said = client.pbook("-c", f"print(show({task}, format='json')[0]['errorDialog'])")

    assert "last error: pilot 1305: payload ended with exit code 7\n" in said.text
