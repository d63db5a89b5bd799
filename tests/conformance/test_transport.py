"""What panda-client 2.2.0 needs of the transport: TLS, tokens, bodies without a Content-Type (docs/reference/client.md)."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conformance.client import Client
from tests.conformance.tls import https_api, make_certificate

pytestmark = pytest.mark.stack


def test_a_wrong_token_is_said_without_a_traceback(client: Client, waiting_task: int) -> None:  # row 47
    token = client.environment["PANDA_AUTH_ID_TOKEN"]
    altered = replace(client, environment=client.environment | {"PANDA_AUTH_ID_TOKEN": f"{token[:-8]}AAAAAAAA"})

    said = altered.pbook("kill", str(waiting_task))

    assert "ERROR : Token authentication failed. the token is not believed here\n" in said.text
    assert "Traceback" not in said.text
    assert client.task(waiting_task)["status"] == "pending"


def test_https_is_verified_and_may_be_believed(client: Client, tmp_path: Path) -> None:  # row 48
    certificate = make_certificate(tmp_path)
    with https_api(client.stack, certificate) as address:
        server = f"{address}/server/panda"
        https = client.environment | {"PANDA_URL": server, "PANDA_URL_SSL": server, "PANDACACHE_URL": server}
        said = {
            name: replace(client, environment=https | variables).api("print(c.hello())").splitlines()[-1]
            for name, variables in {
                "known authority": {"X509_CERT_DIR": str(tmp_path / "ca")},
                "verification off": {"PANDA_VERIFY_HOST": "off"},
                "unknown authority": {"X509_CERT_DIR": str(tmp_path)},
            }.items()
        }
        submitted = replace(client, environment=https | {"X509_CERT_DIR": str(tmp_path / "ca")}).prun(
            "user.jdoe.row48", "--site", "NOWHERE"
        )

    assert said["known authority"] == "(0, '')"
    assert said["verification off"] == "(0, '')"
    assert "CERTIFICATE_VERIFY_FAILED" in said["unknown authority"]
    assert f"INFO : succeeded. new jediTaskID={submitted.task_id}\n" in submitted.text


def test_a_legacy_form_without_content_type_gets_a_json_array(client: Client) -> None:  # row 49
    url = f"{client.stack.config.api}/server/panda/execute_idds_workflow_command"
    data = 'command_name=get_status&kwargs={"request_id":1}'
    command = ["curl", "-s", "-X", "POST", "--data-binary", data, "-H", "Content-Type:", "-w", "\n%{http_code}", url]

    body, code = subprocess.run(command, capture_output=True, text=True, check=True).stdout.rsplit("\n", 1)

    assert code == "200"
    accepted, said = json.loads(body)
    assert accepted is False
    assert said.startswith("Token authentication failed.")


def test_a_json_content_type_without_a_body_is_fine(client: Client) -> None:  # row 50
    url = f"{client.stack.config.api}/api/v1/system/is_alive"
    command = ["curl", "-s", "-H", "Content-Type: application/json", url]

    answer = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert answer == {"success": True, "message": "", "data": None}


def test_an_operators_tool_sends_a_task_elsewhere(client: Client) -> None:
    task = client.prun("user.jdoe.elsewhere", "--site", "NOWHERE").task_id
    client.wait_for(task, lambda found: found["status"] == "pending")

    answer = client.ask("POST", "/api/v1/task/reassign", json={"task_id": task, "site": "LOCAL"})

    message = f"command=reassign is registered for task ID {task}. will be executed in a few minutes"
    assert answer.json() == {"success": True, "message": message, "data": 0}
    assert client.ended(task)["status"] == "done"


def test_expressions_are_spelled_as_in_python(client: Client, done_task: int) -> None:
    path = "/api/v1/task/get_tasks_detailed_info_since"
    found = {
        text: client.ask("GET", path, params={"filters": json.dumps({"taskName": text})}).json()
        for text in (r"\bconformance\.done\b", r"conformance\.(?:done)/$", r"^conformance(.*)", "(")
    }

    assert [[task["jediTaskID"] for task in answer["data"] or ()] for answer in found.values()] == [
        [done_task], [done_task], [], []
    ]  # fmt: skip
    assert found["("]["message"].startswith("Failed to retrieve task IDs: pattern '(' is not a regular expression")
