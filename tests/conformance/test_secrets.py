"""Secrets with the unmodified client and Culm's pilot: set, listed, given to the job that asks for them, and nowhere else."""

import base64
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from deploy.stack import Stack
from tests.conformance.client import Client, a_client
from tests.places_of_words import places_of

pytestmark = pytest.mark.stack

PLANTED = "planted-secret-4f1c9a"
NAME = "planted-name-77b0"
#: The payload shows that it was given the value without writing it.
PAYLOAD = (
    'python3 -c "import json,hashlib;'
    "[print(hashlib.sha256(value.encode()).hexdigest()) for value in json.load(open('panda_secrets.json')).values()]\" > out.txt"
)


@pytest.fixture(scope="module")
def keeper(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A user with secrets of their own."""
    client = a_client(stack, tmp_path_factory.mktemp("keeper"), user="keeper", name="Kate Keeper")
    yield client
    client.pbook("delete_all_secrets")


def test_pbook_sets_lists_and_deletes_secrets(keeper: Client) -> None:  # row 25
    assert "Secret set successfully" in keeper.pbook("set_secret", "k", "v").text
    listed = keeper.pbook("list_secrets").text
    keeper.pbook("delete_secret", "k")

    assert "k" in listed.split()
    assert "v" in listed.split()
    assert "No secrets" in keeper.pbook("list_secrets").text


def test_pbook_keeps_a_file(keeper: Client) -> None:  # row 26
    content = b"\0\1binary"
    (keeper.folder / "key.bin").write_bytes(content)

    keeper.pbook("set_secret", "f", "key.bin", "--is_file")
    listed = keeper.pbook("list_secrets", "--full").text
    keeper.pbook("delete_secret", "f")

    assert base64.b64encode(content).decode() in listed
    assert "No secrets" in keeper.pbook("list_secrets").text


def test_a_task_that_asks_for_secrets_of_one_who_has_none_is_refused(client: Client) -> None:
    said = client.prun("user.jdoe.secrets.none", "--useSecrets")

    assert "useSecrets: you have no secrets on this server; set one first" in said.text
    assert "jediTaskID=" not in said.text


def test_a_job_is_given_the_secrets_and_they_are_nowhere_else(keeper: Client, client: Client, stack: Stack) -> None:
    keeper.pbook("set_secret", NAME, PLANTED)
    said = keeper.prun("user.keeper.secrets.used", "--useSecrets", "--outputs", "out.txt", payload=PAYLOAD)

    task = keeper.ended(said.task_id)

    assert task["status"] == "done", json.dumps(task)[:500]
    job = said.task_id * 10_000_000 + 1
    events = [one["event_type"] for one in keeper.get(f"/v1/jobs/{job}/events")["events"]]
    assert events.count("SecretsRead") == 1
    (out,) = [path for path in (stack.config.home / "storage").rglob("*.out.txt") if str(said.task_id) in path.name]
    assert out.read_text().split() == [hashlib.sha256(PLANTED.encode()).hexdigest()]
    assert "No secrets" in client.pbook("list_secrets").text
    assert places_of((PLANTED, NAME, base64.b64encode(PLANTED.encode()).decode()), stack) == []


def test_after_a_rotation_of_the_key_the_same_secret_is_listed(keeper: Client, stack: Stack) -> None:
    keeper.pbook("set_secret", "r", "stays")

    environ = {**os.environ, "CULM_HOME": str(stack.config.home), **stack.config.api_environment}
    command = [sys.executable, "-m", "api.secrets", "rotate-key"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "secrets are wrapped by key k2" in done.stdout
    assert "stays" in keeper.pbook("list_secrets").text
