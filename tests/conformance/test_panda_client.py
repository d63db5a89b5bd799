"""The unmodified panda-client 2.2.0 against a running Culm: what it must print, row by row (panda-client-protocol 9)."""

import json
import subprocess
from pathlib import Path

import pytest

from deploy.stack import Stack
from tests.conformance.client import Client, a_client

pytestmark = pytest.mark.stack


def test_hello_answers(client: Client) -> None:  # row 1
    assert "(0, '')" in client.python("from pandaclient import Client; print(Client.hello())").text


def test_the_token_names_the_user(client: Client) -> None:  # row 2
    said = client.python("from pandaclient import Client; print(Client.get_user_name_from_token())")

    assert "('Jane Doe', ['wlcg', 'wlcg/production'], 'jdoe')" in said.text


def test_prun_submits(client: Client) -> None:  # row 3
    said = client.prun("user.jdoe.row3", "--nJobs", "3")

    assert said.code == 0
    assert "INFO : upload sandbox" in said.text
    assert "INFO : submit user.jdoe.row3/" in said.text
    assert f"INFO : succeeded. new jediTaskID={said.task_id}" in said.text


def test_a_sandbox_that_was_uploaded_lately_is_not_uploaded_again(client: Client) -> None:  # row 4
    cache = client.stack.config.home / "cache"
    client.prun("user.jdoe.row4a")
    before = sorted(path.name for path in cache.glob("jobO.*"))

    said = client.prun("user.jdoe.row4b")

    assert said.code == 0
    assert sorted(path.name for path in cache.glob("jobO.*")) == before


def test_a_name_at_work_cannot_be_submitted_again(client: Client, waiting_task: int) -> None:  # row 5
    said = client.prun("user.jdoe.conformance.waiting", "--site", "NOWHERE")

    assert f"ERROR : task submission failed. jediTaskID={waiting_task} is in the pending state" in said.text
    assert said.code == 90


def test_a_name_that_ended_is_executed_again(client: Client) -> None:  # row 6
    first = client.prun("user.jdoe.row6", "--nJobs", "1").task_id
    assert client.ended(first)["status"] == "done"

    said = client.prun("user.jdoe.row6", "--nJobs", "1")

    assert f"INFO : reactivation accepted. jediTaskID={first}" in said.text
    assert said.code == 0
    assert client.ended(first)["status"] == "done"


def test_output_of_somebody_else_is_refused_by_the_client(client: Client) -> None:  # row 7
    said = client.prun("user.other.t")

    assert "ERROR : outDS must be 'user.jdoe.<user-controlled string...>'" in said.text
    assert said.code == 10


def test_a_build_is_accepted_and_its_archive_stored(client: Client) -> None:  # row 8
    options = ("--bexec", "make", "--inDS", "user.jdoe:in", "--outputs", "o.root", "--nFilesPerJob", "5")
    said = client.prun("user.jdoe.row8", *options, payload="make; ./a %IN")

    parameters = client.task(said.task_id)["parameters"]
    assert parameters["buildSpec"]["archiveName"].startswith("sources.")


def test_a_container_is_accepted(client: Client) -> None:  # row 9
    said = client.prun("user.jdoe.row9", "--containerImage", "docker://busybox", "--outputs", "o.txt", "--site", "NOWHERE")

    options = client.task(said.task_id)["parameters"]["multiStepExec"]["containerOptions"]
    assert options["containerImage"] == "docker://busybox"


def test_prun_dumps_its_result(client: Client) -> None:  # row 10
    client.prun("user.jdoe.row10", "--dumpJson", "out.json")

    dumped = json.loads((client.folder / "out.json").read_text(encoding="utf-8"))
    assert isinstance(dumped[0]["jediTaskID"], int)
    assert dumped[0]["returnCode"] == 0


def test_pbook_shows_the_tasks_of_the_user(client: Client, done_task: int) -> None:  # row 11
    said = client.run("pbook", "show")

    assert "PBook user: Jane Doe" in said.text
    for word in ("JediTaskID", "ReqID", "Status", "Progress", "TaskName", str(done_task)):
        assert word in said.text


def test_pbook_shows_a_task_at_length(client: Client, done_task: int) -> None:  # row 12
    said = client.run("pbook", "showl", str(done_task))

    assert str(done_task) in said.text
    assert "3" in said.text


def test_pbook_tells_running_from_ended(client: Client, done_task: int, waiting_task: int) -> None:  # row 13
    running, ended = client.run("pbook", "show", "run").text, client.run("pbook", "show", "fin").text

    assert str(done_task) not in running
    assert str(done_task) in ended
    assert str(waiting_task) not in ended


def test_pbook_finds_a_task_by_name(client: Client, done_task: int) -> None:  # row 14
    said = client.run("pbook", "show", "--taskname", "user.jdoe.conformance.done/", "--days", "7", "--limit", "5")

    assert said.text.count("user.jdoe.conformance.") == 1


def test_pbook_shows_nothing_of_somebody_else(client: Client, done_task: int) -> None:  # row 15
    assert str(done_task) not in client.run("pbook", "show", "--username", "Somebody Else").text


def test_pbook_gives_json_to_scripts(client: Client, done_task: int) -> None:  # row 16
    said = client.run("pbook", "-c", f"x=show({done_task}, format='json'); assert x[0]['jediTaskID']=={done_task}")

    assert said.code == 0, said.text


def test_pbook_kills_once(client: Client) -> None:  # rows 17, 18
    task = client.prun("user.jdoe.row17", "--site", "NOWHERE").task_id

    first = client.run("pbook", "-c", f"kill({task})")
    assert client.ended(task)["status"] == "aborted"
    second = client.run("pbook", "-c", f"kill({task})")

    assert f"INFO : Done, jediTaskID={task} will be killed within the next 30 min" in first.text
    assert first.code == 0
    assert "ERROR : Command rejected: the kill command is not accepted if the task is in aborted status" in second.text
    assert second.code == 1


def test_pbook_finishes_softly(client: Client) -> None:  # row 19
    task = client.prun("user.jdoe.row19", "--site", "NOWHERE").task_id

    said = client.run("pbook", "finish", str(task), "--soft")

    assert "will be finished soon" in said.text
    assert client.ended(task)["status"] == "failed"


def test_pbook_retries_a_failed_task(client: Client) -> None:  # row 20
    task = client.prun("user.jdoe.row20", "--nJobs", "1", "--maxAttempt", "1", payload="exit 1").task_id
    assert client.ended(task)["status"] == "failed"

    said = client.run("pbook", "retry", str(task))

    assert "INFO : command=retry is registered" in said.text
    assert "ERROR" not in said.text
    assert client.ended(task)["status"] == "failed"


def test_pbook_retries_with_new_parameters(client: Client) -> None:  # row 21
    task = client.prun("user.jdoe.row21", "--nJobs", "1", "--maxAttempt", "1", payload="exit 1").task_id
    assert client.ended(task)["status"] == "failed"

    said = client.run("pbook", "retry", str(task), "--nFilesPerJob", "2", "--excludedSite", "A,B")

    assert "INFO" in said.text
    assert "ERROR" not in said.text
    assert client.ended(task)["parameters"]["excludedSite"] == ["A", "B"]


def test_pbook_cannot_kill_the_task_of_somebody_else(stack: Stack, waiting_task: int, tmp_path: Path) -> None:  # row 22
    stranger = a_client(stack, tmp_path, user="mallory", name="Mallory Moe")

    said = stranger.run("pbook", "kill", str(waiting_task))

    assert "ERROR : not the task owner or no production role" in said.text


def test_pbook_cannot_kill_what_is_not_there(client: Client) -> None:  # row 23
    assert "Permission denied: reqID=5 is not owned by Jane Doe" in client.run("pbook", "kill", "5").text


def test_pbook_reloads_input(client: Client) -> None:  # row 24
    task = client.prun("user.jdoe.row24", "--nJobs", "1").task_id
    client.ended(task)

    assert f"INFO : command is registered for task {task}" in client.run("pbook", "reload_input", str(task)).text


def test_pbook_dumps_what_payloads_reported(client: Client) -> None:  # row 27
    payload = 'echo {\\"answer\\": 42} > jobReport.json'
    task = client.prun("user.jdoe.row27", "--nJobs", "1", payload=payload).task_id
    assert client.ended(task)["status"] == "done"

    said = client.run("pbook", "get_user_job_metadata", str(task), "md.json")

    assert "INFO : dumped to md.json" in said.text
    assert isinstance(json.loads((client.folder / "md.json").read_text(encoding="utf-8")), dict)


def test_pbook_looks_for_lost_files(client: Client, done_task: int) -> None:  # row 28
    said = client.run("pbook", "recover_lost_files", str(done_task), "--test_mode")

    assert "INFO" in said.text
    assert f"/cache/recover_lost_files.{done_task}." in said.text


def test_pbook_is_told_about_debug_mode(client: Client, done_task: int) -> None:  # row 29
    job = client.get(f"/v1/jobs?task_id={done_task}")["jobs"][0]["job_id"]

    assert "INFO : debug mode is not offered" in client.run("pbook", "debug", str(job), "True").text


def test_scripts_ask_for_status_and_jobs(client: Client, done_task: int) -> None:  # row 30
    code = f"from pandaclient import Client as c; print(c.getTaskStatus({done_task}), c.getPandaIDsWithTaskID({done_task})[1])"

    said = client.python(code)

    assert "(0, 'done')" in said.text
    assert f"[{done_task * 10_000_000 + 1}, " in said.text


def test_scripts_ask_for_jobs_in_full(client: Client, done_task: int) -> None:  # row 31
    code = (
        f"from pandaclient import Client as c; ids = c.getPandaIDsWithTaskID({done_task})[1]; j = c.getFullJobStatus(ids)[1][0];"
        "print(j.jobStatus, [f.lfn for f in j.Files], type(j.creationTime).__name__)"
    )

    said = client.python(code)

    assert "finished" in said.text
    assert f"user.jdoe.{done_task}._000001.out.txt" in said.text
    assert "datetime" in said.text


def test_scripts_ask_for_task_parameters(client: Client, done_task: int) -> None:  # row 32
    said = client.python(f"from pandaclient import Client as c; print(c.getTaskParamsMap({done_task})[1]['taskName'])")

    assert "user.jdoe.conformance.done/" in said.text


def test_scripts_ask_for_statistics(client: Client, done_task: int) -> None:  # row 33
    details = f"c.getJediTaskDetails({{'jediTaskID':{done_task}}},True,True)[1]['statistics']"
    code = f"from pandaclient import Client as c; print({details})"

    assert "finished*3" in client.python(code).text


def test_scripts_ask_for_datasets(client: Client, done_task: int) -> None:  # row 34
    said = client.python(f"from pandaclient import Client as c; print(c.get_files_in_datasets({done_task}))")

    assert "pseudo_dataset" in said.text


def test_files_go_up_and_come_down_the_same(client: Client) -> None:  # row 35
    (client.folder / "f.txt").write_bytes(b"bytes that come back\n")
    code = (
        "import os; from pandaclient import Client as c; print(c.putFile(os.path.abspath('f.txt')));"
        "print(c.getFile('f.txt', 'g.txt')); print(c.getFile('nope.txt', 'h.txt')[0])"
    )

    said = client.python(code)

    assert "(0, 'True')" in said.text or "(0, True)" in said.text, said.text
    assert "404" in said.text
    assert (client.folder / "g.txt").read_bytes() == b"bytes that come back\n"


def test_scripts_submit_through_the_python_api(client: Client) -> None:  # row 36
    code = (
        "from pandaclient import panda_api; print(panda_api.get_api().execute_prun("
        "['--exec', 'echo hi', '--outDS', 'user.jdoe.row36', '--noBuild', '--vo', 'wlcg'], console_log=False))"
    )

    said = client.python(code)

    assert "(True, " in said.text
    assert "jediTaskID" in said.text


def test_scripts_raise_attempts(client: Client, waiting_task: int, done_task: int) -> None:  # row 37
    code = f"from pandaclient import panda_api as p; a = p.get_api(); print(a.increase_attempt_nr({waiting_task}))"

    assert "(0, (True, 0))" in client.python(code).text
    refused = client.python(code.replace(str(waiting_task), str(done_task))).text
    assert "(0, (False, 'the increase_attempts command is not accepted if the task is in done status'))" in refused


def test_a_legacy_form_without_content_type_gets_a_json_array(client: Client) -> None:  # row 49
    url = f"{client.stack.config.api}/server/panda/execute_idds_workflow_command"
    data = 'command_name=get_status&kwargs={"request_id":1}'
    command = ["curl", "-s", "-X", "POST", "--data-binary", data, "-H", "Content-Type:", "-w", "\n%{http_code}", url]

    body, code = subprocess.run(command, capture_output=True, text=True, check=True).stdout.rsplit("\n", 1)

    assert code == "200"
    assert json.loads(body)[0] is False


def test_a_json_content_type_without_a_body_is_fine(client: Client) -> None:  # row 50
    url = f"{client.stack.config.api}/api/v1/system/is_alive"
    command = ["curl", "-s", "-H", "Content-Type: application/json", url]

    answer = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert answer == {"success": True, "message": "", "data": None}
