"""The unmodified idds-client, idds-workflow and idds-doma against the API in this process, over HTTP; deciders are a stand-in."""

import json
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any, cast

import pytest
import uvicorn

from api.idds.surface import MESSAGES, ONE_TASK
from deploy.config import CHECKOUT
from schemas.workflow import AddEdges, AddWorks, SubmitWorkflow
from tests.api.idds.builders import IddsFront
from tests.api.idds.test_workflow_commands import DONE

#: It needs the clients' environment, which `make setup` makes.
pytestmark = pytest.mark.stack
PYTHON = CHECKOUT / ".venv-idds" / "bin" / "python"
PROGRAM = Path(__file__).parent / "idds_calls.py"


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> IddsFront:
    found = IddsFront(tmp_path_factory.mktemp("idds"))
    found.begin_again()
    return found


@pytest.fixture(scope="module")
def said(front: IddsFront, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the client printed."""
    server = uvicorn.Server(uvicorn.Config(cast(Any, front.app), port=0, ws="none", lifespan="off", log_config=None))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # not of this thread
    folder = tmp_path_factory.mktemp("client")
    token = front.headers()["X-IDDS-Auth-Token"]
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(100)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            host = f"http://127.0.0.1:{listening.getsockname()[1]}/idds"
            done = subprocess.run(
                [str(PYTHON), str(PROGRAM), host, token, str(folder)],
                cwd=folder,
                env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            server.should_exit = True
            thread.join(10)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_what_is_served_is_understood_by_the_client(said: dict[str, Any]) -> None:
    assert said["ping"] == {"Status": "OK"}
    assert said["submit"] == 101
    assert said["abort"] == said["close"] == said["retry"] == DONE
    assert said["requests"] == []
    assert said["settings"][0] is True
    assert said["settings"][1]["brokers"] is None


def test_a_refusal_is_raised_with_its_reason(said: dict[str, Any]) -> None:
    for name, reason in (("messages", MESSAGES), ("abort of a task", ONE_TASK)):
        assert said[name][0] is False
        assert reason in said[name][1]
    assert said["contents"] == []
    assert said["login"][0] == "AuthenticationNotSupported"


def test_what_the_client_made_of_a_workflow_reaches_the_log_as_a_graph(said: dict[str, Any], front: IddsFront) -> None:
    _, submitted, works, depths, edges = [command for command, _ in front.gateway.sent][:5]

    assert isinstance(submitted, SubmitWorkflow)
    assert isinstance(works, AddWorks)
    assert isinstance(edges, AddEdges)
    assert (submitted.name, submitted.works, submitted.nodes, submitted.edges) == ("client_dag", 2, 3, 2)
    assert [(one.name, one.nodes) for one in works.works] == [("isr", 2), ("coadd", 1)]
    assert depths.depths == (0, 0, 1)
    assert (edges.first_parent, edges.counts, edges.children) == (0, (1, 1, 0), (2, 2))
