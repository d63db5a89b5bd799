"""The unmodified `prun`, `pbook` and pilot3 with certificates, through the edge of a running stack (`culm up --edge`)."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from deploy.stack import Stack
from identity.issuer import make_token, subject_of
from tests.conformance.client import Client, a_client
from tests.conformance.grid_clients import Grid, grid_with_edge
from tests.conformance.test_real_pilot import QUEUE, TRUSTED, configure_queue, pilot_environment, pilot_files, run_apart
from tests.monitor.manual_actors import until
from tests.starting import starts_processes

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
@starts_processes
def grid(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grid]:
    """The stack with an edge, which believes one authority and one host of VOMS."""
    with grid_with_edge(stack, tmp_path_factory.mktemp("grid")) as one:
        yield one


def member(grid: Grid, name: str) -> Path:
    """A proxy of `name`, a member of wlcg by an attribute certificate, which also says how files are called."""
    nickname = name.lower().replace(" ", "")
    return grid.voms_proxy(name, "-fqan", "/wlcg", "-ga", f"nickname={nickname} (wlcg)")


def waiting(client: Client, name: str) -> int:
    """A task of `client` that waits for a queue that does not exist."""
    return client.prun(name, "--site", "NOWHERE").task_id


def link(grid: Grid, certificate: Path, user: str, name: str) -> str:
    """Link a certificate with the login of `user` through the edge, and wait until the API knows; the id of the certificate."""
    token = make_token(grid.stack.config.home, user=user, name=name, groups=["wlcg"], audience_hours=1)
    answer = grid.ask(certificate, "POST", "/v1/links", json={"token": token})
    assert answer.status_code == 200, answer.text
    (other,) = {answer.json()["actor"], answer.json()["other"]} - {subject_of(user)}
    headers = {"Authorization": f"Bearer {token}", "Origin": "wlcg"}
    address = f"{grid.stack.config.api}/v1/whoami"
    until(lambda: other in httpx.get(address, headers=headers, timeout=10).json()["linked"])
    return str(other)


def test_with_a_voms_proxy_a_person_submits_looks_and_kills(grid: Grid, tmp_path: Path) -> None:
    client = grid.client(tmp_path, "voms", member(grid, "Grid Jane"))
    task = waiting(client, "user.gridjane.voms")

    shown, killed = client.pbook("show", str(task)), client.pbook("-c", f"kill({task})")

    assert "PBook user: Grid Jane" in shown.text
    assert f"{task}" in shown.text
    assert f"INFO : 0\nINFO : Done, jediTaskID={task} will be killed within the next 30 min\n" in killed.text
    assert killed.code == 0


def test_a_login_that_is_linked_kills_what_was_submitted_with_the_proxy(grid: Grid, tmp_path: Path) -> None:
    proxy, user = member(grid, "Grid Joe"), f"joe{uuid4().hex[:8]}"
    by_proxy = grid.client(tmp_path / "proxy", "voms", proxy)
    by_login = a_client(grid.stack, tmp_path / "login", user=user, name="Joe Login")
    task = waiting(by_proxy, "user.gridjoe.linked")
    before = by_login.pbook("kill", str(task))

    link(grid, proxy, user, "Joe Login")
    killed = by_login.pbook("-c", f"kill({task})")

    assert f"ERROR : Failed to kill jediTaskID={task}\n" in before.text
    assert f"INFO : Done, jediTaskID={task} will be killed" in killed.text
    assert by_login.ended(task)["status"] == "aborted"


def test_a_plain_proxy_has_what_the_linked_login_has_and_nothing_before(grid: Grid, tmp_path: Path) -> None:
    proxy, user = grid.plain_proxy("Grid Jim"), f"jim{uuid4().hex[:8]}"
    client = grid.client(tmp_path, "x509_no_grid", proxy, PANDA_NICKNAME="gridjim")
    refused = client.prun("user.gridjim.plain", "--site", "NOWHERE")

    link(grid, proxy, user, "Jim Login")
    until(lambda: grid.ask(proxy, "GET", "/v1/whoami").status_code == 200)  # the edge looks each 5 seconds
    task = waiting(client, "user.gridjim.plain")
    # pbook 2.2.0 ends with an AttributeError of its own in this mode, before it asks anything; the module it stands on works.
    killed = client.api(f"print(c.killTask({task}))")

    assert "jediTaskID=" not in refused.text
    assert "the client certificate gives no access here" in refused.text
    assert killed == "(0, (True, 0))\n"


def test_the_real_pilot_finishes_a_job_with_a_proxy(grid: Grid, client: Client, tmp_path: Path) -> None:
    configure_queue(grid.stack)
    options = ("--nJobs", "1", "--outputs", "out.txt", "--site", QUEUE, "--transPath", f"{TRUSTED}/runGen-00-00-02")
    task = client.prun("user.jdoe.realpilot.proxy", *options, payload="echo hello > out.txt").task_id
    client.wait_for(task, lambda found: found["jobs"].get("activated") == 1)
    proxy = grid.voms_proxy("Robot Pilot", "-fqan", "/wlcg/Role=pilot", "-fqan", "/wlcg")

    said = run_pilot_with(grid, tmp_path, proxy)

    ended = client.task(task)
    assert ended["status"] == "done", said[-3000:]
    job = client.get(f"/v1/jobs/{client.get(f'/v1/jobs?task_id={task}')['jobs'][0]['job_id']}")
    assert (job["status"], job["pilot_id"].endswith("3.7.0.36")) == ("finished", True)


def run_pilot_with(grid: Grid, folder: Path, proxy: Path) -> str:
    """What the pilot logs while it takes one job through the edge, in a PID namespace of its own and without a token."""
    (folder / "work").mkdir()
    options = ["--pilot-user", "generic", "-a", str(folder / "work"), "-q", QUEUE, "-w", "generic"]
    options += ["--url", "https://localhost", "-p", str(grid.stack.config.ports.x509), *pilot_files(grid.stack, folder, QUEUE)]
    environment = {**pilot_environment(folder), "X509_USER_PROXY": str(proxy), "X509_CERT_DIR": str(grid.authorities)}
    environment |= {name: os.environ[name] for name in ("NO_PROXY", "no_proxy") if name in os.environ}
    return run_apart([sys.executable, "pilot.py", *options], environment, grid.stack.config.lib / "pilot3")
