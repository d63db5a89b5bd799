"""The modules of panda-client 2.2.0 as scripts use them, against a running Culm (docs/reference/client.md)."""

import json

import pytest

from tests.conformance.client import Client

pytestmark = pytest.mark.stack


def test_hello_answers(client: Client) -> None:  # row 1
    assert client.api("print(c.hello())").splitlines()[-1] == "(0, '')"


def test_the_token_names_the_user(client: Client) -> None:  # row 2
    assert client.api("print(c.get_user_name_from_token())").strip() == "('Jane Doe', ['wlcg', 'wlcg/production'], 'jdoe')"


def test_the_server_tells_how_it_sees_the_caller(client: Client) -> None:
    said = client.api("print(c.get_cert_attributes())")

    assert "SSL_CLIENT_S_DN: Jane Doe/CN=nickname:jdoe\n" in said
    assert "(0, {'GRST_CRED_AUTH_TOKEN_0': 'VOMS /wlcg/Role=NULL'})\n" in said


def test_scripts_ask_for_status_and_jobs(client: Client, done_task: int) -> None:  # row 30
    said = client.api(f"print(c.getTaskStatus({done_task}), c.getPandaIDsWithTaskID({done_task})[1])")

    first = done_task * 10_000_000 + 1
    assert said == f"(0, 'done') [{first}, {first + 1}, {first + 2}]\n"


def test_scripts_ask_for_jobs_in_full(client: Client, done_task: int) -> None:  # row 31
    said = client.api(
        f"j = c.getFullJobStatus(c.getPandaIDsWithTaskID({done_task})[1])[1][0]\n"
        "print(j.jobStatus, type(j.creationTime).__name__, [(f.type, f.lfn) for f in j.Files])"
    )

    output = ("output", f"user.jdoe.{done_task}._000001.out.txt")
    log = ("log", f"user.jdoe.conformance.done.log.{done_task}.000001.log.tgz")
    assert said == f"finished datetime {[('pseudo_input', 'pseudo_lfn'), output, log]}\n"


def test_an_unknown_job_is_none(client: Client) -> None:
    assert client.api("print(c.getJobStatus([1]))") == "(0, [None])\n"


def test_scripts_ask_for_task_parameters(client: Client, done_task: int) -> None:  # row 32
    said = client.api(f"print(c.getTaskParamsMap({done_task})[1]['taskName'])")

    assert said == "user.jdoe.conformance.done/\n"


def test_scripts_ask_for_statistics(client: Client, done_task: int) -> None:  # row 33
    said = client.api(f"print(c.getJediTaskDetails({{'jediTaskID': {done_task}}}, True, True)[1]['statistics'])")

    assert said == "finished*3\n"


def test_scripts_ask_for_datasets(client: Client, done_task: int) -> None:  # row 34
    said = client.api(
        f"s, found = c.get_files_in_datasets({done_task})\n"
        "print(s, [(d['dataset']['name'], [f['status'] for f in d['files']]) for d in found])"
    )

    assert said == "0 [('pseudo_dataset', ['finished', 'finished', 'finished'])]\n"


def test_files_go_up_and_come_down_the_same(client: Client) -> None:  # row 35
    (client.folder / "f.txt").write_bytes(b"bytes that come back\n")

    said = client.api(
        "import os\nprint(c.putFile(os.path.abspath('f.txt')), c.getFile('f.txt', 'g.txt'), c.getFile('nope.txt', 'h.txt')[0])"
    )

    assert said == "(0, 'True') (0, True) 404\n"
    assert (client.folder / "g.txt").read_bytes() == b"bytes that come back\n"


def test_a_file_is_not_overwritten(client: Client) -> None:
    (client.folder / "once.txt").write_bytes(b"first")

    said = client.api("print(c.putFile('once.txt'), c.putFile('once.txt'))")

    assert said == "(0, 'True') (0, 'ERROR: cannot overwrite file')\n"


def test_scripts_run_prun(client: Client) -> None:  # row 36
    options = ["--exec", "echo hi", "--outDS", "user.jdoe.row36", "--noBuild", "--vo", "wlcg"]
    said = client.python(
        "from pandaclient import panda_api\n"
        f"done, found = panda_api.get_api().execute_prun({options!r}, console_log=False)\n"
        "print(done, type(found['jediTaskID']).__name__)"
    )

    assert said.text.splitlines()[-1] == "True int"


def test_scripts_submit_task_parameters(client: Client) -> None:  # row 36
    first = client.prun("user.jdoe.row36first", "--site", "NOWHERE").task_id
    parameters = client.task(first)["parameters"] | {"taskName": "user.jdoe.row36second/"}
    (client.folder / "parameters.json").write_text(json.dumps(parameters), encoding="utf-8")

    said = client.python(
        "import json\nfrom pandaclient import panda_api\n"
        "print(panda_api.get_api().submit_task(json.load(open('parameters.json'))))"
    )

    task = client.get("/v1/tasks?text=user.jdoe.row36second")["tasks"][0]["task_id"]
    assert said.text.splitlines()[-1] == f"(0, (0, 'succeeded. new jediTaskID={task}'))"


def test_scripts_raise_attempts(client: Client, waiting_task: int, done_task: int) -> None:  # row 37
    said = client.python(
        "from pandaclient import panda_api\na = panda_api.get_api()\n"
        f"print(a.increase_attempt_nr({waiting_task}))\nprint(a.increase_attempt_nr({done_task}))\nprint(a.increase_attempt_nr(5))"
    )

    assert said.text.splitlines()[-3:] == [
        "(0, (True, 0))",
        "(0, (False, 'the increase_attempts command is not accepted if the task is in done status'))",
        "(0, (False, 'Task 5 is not found'))",
    ]


def test_scripts_pause_and_resume(client: Client) -> None:
    task = client.prun("user.jdoe.paused", "--site", "NOWHERE").task_id
    client.wait_for(task, lambda found: found["status"] == "pending")

    said = client.api(
        f"print(c.pauseTask({task}, False), c.getTaskStatus({task}), c.resumeTask({task}, False), c.getTaskStatus({task})[0])"
    )

    assert said == "(0, (True, 0)) (0, 'paused') (0, (True, 0)) 0\n"


def test_scripts_kill_a_running_job(client: Client) -> None:
    task = client.prun("user.jdoe.killjobs", "--maxAttempt", "1", payload="sleep 600").task_id
    client.wait_for(task, lambda found: found["jobs"].get("running") == 1)

    said = client.api(f"print(c.killJobs(c.getPandaIDsWithTaskID({task})[1] + [1]))")

    assert said == "(0, [True, False])\n"
    client.wait_for(task, lambda found: found["jobs"].get("cancelled") == 1)
    assert client.pbook("kill", str(task)).code == 0


def test_scripts_ask_what_changed_lately(client: Client, done_task: int) -> None:
    said = client.api(
        f"s, found = c.getJobIDsJediTasksInTimeRange('2026-01-01 00:00:00', minTaskID={done_task})\n"
        f"t = found['{done_task}']\n"
        "print(s, t['status'], t['statistics'], len(t['PandaID']), type(t['modificationTime']).__name__)"
    )

    assert said == "0 done finished*3 3 datetime\n"


def test_scripts_ask_for_jobs_of_a_task(client: Client, done_task: int) -> None:
    said = client.api(
        f"print([(j['jobStatus'], j['extendedProdSourceLabel']) for j in c.get_job_descriptions({done_task})[1]],"
        f" c.get_job_descriptions({done_task}, True))"
    )

    assert said == f"{[('finished', 'user_normal')] * 3} (0, [])\n"
