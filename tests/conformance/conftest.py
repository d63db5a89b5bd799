"""The client and the tasks that several tests look at."""

import pytest

from deploy.stack import Stack
from tests.conformance.client import Client, a_client


@pytest.fixture(scope="session")
def client(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Client:
    """panda-client of Jane Doe."""
    return a_client(stack, tmp_path_factory.mktemp("jdoe"))


@pytest.fixture(scope="session")
def done_task(client: Client) -> int:
    """A task of three jobs that is done."""
    options = ("--nJobs", "3", "--outputs", "out.txt")
    said = client.prun("user.jdoe.conformance.done", *options, payload="echo %RNDM:10 > out.txt")
    assert client.ended(said.task_id)["status"] == "done"
    return said.task_id


@pytest.fixture(scope="session")
def waiting_task(client: Client) -> int:
    """A task that waits for a queue that does not exist."""
    said = client.prun("user.jdoe.conformance.waiting", "--site", "NOWHERE")
    client.wait_for(said.task_id, lambda task: task["status"] == "pending")
    return said.task_id


@pytest.fixture(scope="session")
def stranger(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Client:
    """panda-client of another user in the same VO."""
    return a_client(stack, tmp_path_factory.mktemp("mallory"), user="mallory", name="Mallory Moe")
