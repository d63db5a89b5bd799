"""A stack with two of each process: any one of them may be killed, nothing is lost or done twice, and each API says the same."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import uuid4

import httpx
import pytest

from deploy.stack import Stack
from identity.issuer import make_token, subject_of
from identity.own_issuers import OWN_ISSUER
from process.authorities import believed
from schemas.ids import revoked_identity_key
from tests.audit.agreement import culm
from tests.conformance.client import Client, a_client, written_by_payloads
from tests.conftest import PORTS_OFFSET, brought_up, stack_for_tests
from tests.faults.afterwards import payload_result_of
from tests.faults.test_killed_processes import _final, until
from tests.starting import starts_processes

pytestmark = pytest.mark.alone

TWO = {"decider": 2, "processors": 2, "timers": 2, "projector": 2, "notary": 2, "api": 2, "harvester": 2}
#: Of those that stand by, the one on duty; of those that share, either; the first API alone has pilots in the middle of a call.
VICTIMS = (
    "decider-1", "decider-2", "projector-1", "projector-2", "processors-1", "processors-2", "timers-1", "notary-1", "api-2",
    "api-1", "harvester-1",
)  # fmt: skip
JOBS = 6


@pytest.fixture(scope="module")
@starts_processes
def two() -> Iterator[Stack]:
    """A stack with two of each."""
    one = stack_for_tests(f"two-{PORTS_OFFSET}", PORTS_OFFSET + 700)
    yield from brought_up(Stack(one.config.with_counts(TWO), one.environ), only_servers=False)


@pytest.fixture(scope="module")
def client(two: Stack, tmp_path_factory: pytest.TempPathFactory) -> Client:
    """panda-client of Jane Doe."""
    return a_client(two, tmp_path_factory.mktemp("two"))


def apis(stack: Stack) -> tuple[str, str]:
    """Base addresses of both APIs."""
    first = stack.config.ports.api
    return f"http://127.0.0.1:{first}", f"http://127.0.0.1:{first + 2}"


def at(
    client: Client, base: str, verb: str, path: str, headers: dict[str, str] | None = None, **request: object
) -> httpx.Response:
    """The answer of one API to Jane Doe."""
    own = {"Authorization": f"Bearer {client.environment['PANDA_AUTH_ID_TOKEN']}", "Origin": "wlcg", **(headers or {})}
    return httpx.request(verb, base + path, headers=own, timeout=30, verify=believed(), **request)  # type: ignore[arg-type]


def test_every_instance_is_listed_by_its_name(two: Stack) -> None:
    until(lambda: {row["health"] for row in two.status()["processes"]} == {"running"}, "all that run")

    rows = two.status()["processes"]
    assert [row["name"] for row in rows if row["kind"] in TWO] == [f"{kind}-{number}" for kind in TWO for number in (1, 2)]


def test_a_command_is_answered_alike_by_every_api(client: Client, two: Stack) -> None:
    here, there = apis(two)
    key = str(uuid4())
    body = {"aggregate_id": f"user.jdoe.{key}", "files": []}
    at(client, here, "POST", "/v1/commands/RegisterFiles", {"Idempotency-Key": key, "Prefer": "wait=10"}, json=body)

    until(lambda: at(client, there, "GET", f"/v1/commands/{key}").status_code in (200, 404), "an answer")
    first, second = (at(client, base, "GET", f"/v1/commands/{key}") for base in (here, there))

    assert (first.status_code, first.content) == (second.status_code, second.content)


def test_one_key_at_two_apis_at_once_makes_one_task(client: Client, two: Stack) -> None:
    keys = [str(uuid4()) for _ in range(5)]
    parameters = {"taskName": "user.jdoe.twice", "vo": "wlcg", "prodSourceLabel": "user"}

    def submit(base: str, key: str, name: str) -> httpx.Response:
        asked = {"parameters": parameters | {"taskName": name}}
        return at(client, base, "POST", "/v1/tasks", {"Idempotency-Key": key}, json=asked)

    with ThreadPoolExecutor(2) as pool:
        same = [list(pool.map(lambda base, key=key: submit(base, key, "user.jdoe.same"), apis(two))) for key in keys]
        other_key = str(uuid4())
        other = list(pool.map(lambda base: submit(base, other_key, f"user.jdoe.{base[-2:]}"), apis(two)))

    for answers in same:
        assert {answer.status_code for answer in answers} <= {200, 201}, [answer.text for answer in answers]
        assert len({answer.json()["task_id"] for answer in answers}) == 1
    assert sorted(answer.status_code for answer in other) == [201, 409], [answer.text for answer in other]


def test_a_sandbox_that_one_api_took_is_fetched_from_the_other(client: Client, two: Stack) -> None:
    here, there = apis(two)
    name = f"jobO.{uuid4()}.tar.gz"
    taken = at(client, here, "POST", "/api/v1/file_server/upload_cache_file", files={"file": (name, b"content")})

    assert taken.json()["success"], taken.text
    assert httpx.get(f"{there}/cache/{name}").content == b"content"


def test_who_is_revoked_is_refused_by_every_api_and_taken_again_when_restored(two: Stack) -> None:
    home = two.config.home
    groups = ["wlcg", "wlcg/operator", "wlcg/administrator"]
    administrator = make_token(home, user="admin", name="An Admin", groups=groups, audience_hours=1, issuer=OWN_ISSUER)
    token = make_token(home, user="leaver", name="A Leaver", groups=["wlcg"], audience_hours=1)
    actor = subject_of("leaver")

    def tell(name: str) -> None:
        body = {"aggregate_id": revoked_identity_key(actor), "actor": actor}
        headers = {"Authorization": f"Bearer {administrator}", "Origin": "wlcg", "Prefer": "wait=30"}
        answer = httpx.post(f"{apis(two)[0]}/v1/commands/{name}", headers=headers, json=body, timeout=60)
        assert answer.json().get("accepted"), answer.text

    assert _whoami(two, token) == [200, 200]
    tell("RevokeIdentity")
    until(lambda: _whoami(two, token) == [403, 403], "a refusal of both")
    seen = {"Authorization": f"Bearer {administrator}", "Origin": "wlcg"}
    until(
        lambda: (actor, "revoked") in {
            (row["caller"], row["rule"])
            for row in httpx.get(f"{apis(two)[0]}/v1/refusals", headers=seen, timeout=30).json()["refusals"]
        },
        "a record of the refusal",
    )  # fmt: skip
    tell("RestoreIdentity")
    until(lambda: _whoami(two, token) == [200, 200], "an answer of both")


def test_a_logout_at_one_api_ends_the_token_at_the_other(two: Stack) -> None:
    here, _ = apis(two)
    stolen, fresh = (
        make_token(two.config.home, user="quitter", name="A Quitter", groups=["wlcg"], audience_hours=1) for _ in range(2)
    )

    answer = httpx.post(f"{here}/auth/logout", headers={"Authorization": f"Bearer {stolen}", "Origin": "wlcg"}, timeout=30)

    assert answer.json() == {"ended": True}
    until(lambda: _whoami(two, stolen) == [403, 403], "a refusal of both")
    assert _whoami(two, fresh) == [200, 200]


def _whoami(stack: Stack, token: str) -> list[int]:
    """How each API answers the owner of `token`."""
    headers = {"Authorization": f"Bearer {token}", "Origin": "wlcg"}
    return [httpx.get(f"{base}/v1/whoami", headers=headers, timeout=30, verify=believed()).status_code for base in apis(stack)]


def test_any_one_of_two_may_be_killed(client: Client, two: Stack) -> None:
    runs = written_by_payloads(two) / "runs"
    payload = f"sleep 0.3; echo $PANDAID >> {runs}"
    tasks = []
    for number, victim in enumerate(VICTIMS):
        name = f"user.jdoe.two.{number}"
        tasks.append(client.prun(name, "--nJobs", str(JOBS), payload=payload).task_id)
        killed = two.process_pid(victim)

        os.kill(killed, signal.SIGKILL)
        until(partial(restarted, two, victim, killed), f"another {victim}")

    ended = [client.ended(task) for task in tasks]

    assert [(task["status"], task["files_finished"]) for task in ended] == [("done", JOBS)] * len(VICTIMS)
    ran = runs.read_text().split()
    assert len(ran) == len(set(ran)), "a job ran twice"
    for task in tasks:
        jobs = client.get(f"/v1/jobs?task_id={task}&limit=100")["jobs"]
        finished = {str(job["job_id"]) for job in jobs if job["status"] == "finished"}
        assert len(finished) == JOBS
        assert finished <= set(ran)


def test_a_projector_that_stands_still_loses_its_share_and_wakes_without_harm(client: Client, two: Stack) -> None:
    still = two.process_pid("projector-1")
    os.kill(still, signal.SIGSTOP)
    try:
        task = client.prun("user.jdoe.two.still", "--nJobs", "2").task_id
        # Where its partitions are concerned, rows are as old as the standstill until its session is ended.
        ended = until(lambda: _final(client, task), "the end of the task in the rows")
        assert ended["status"] == "done"
    finally:
        os.kill(still, signal.SIGCONT)
    until(lambda: {row["health"] for row in two.status()["processes"]} == {"running"}, "both projectors")


def test_a_decider_that_stands_still_loses_its_shards_and_writes_nothing_of_the_past(client: Client, two: Stack) -> None:
    still = two.process_pid("decider-2")
    os.kill(still, signal.SIGSTOP)
    try:
        task = client.prun("user.jdoe.two.frozen", "--nJobs", "2").task_id
        ended = until(lambda: _final(client, task), "the end of the task")
        assert ended["status"] == "done"
    finally:
        os.kill(still, signal.SIGCONT)
    task = client.prun("user.jdoe.two.thawed", "--nJobs", "2").task_id

    assert client.ended(task)["status"] == "done"
    assert two.process_pid("decider-2") == still


def test_instances_are_added_and_stopped_while_the_stack_is_up(client: Client, two: Stack) -> None:
    asked = Stack(two.config, {**two.environ, "CULM_DECIDERS": "3", "CULM_PROJECTORS": "3", "CULM_APIS": "1"})
    asked.up()

    names = {state.name for state in two.supervisor.states()}
    task = client.prun("user.jdoe.two.more", "--nJobs", "2").task_id

    assert ("decider-3" in names, "projector-3" in names, "api-2" in names) == (True, True, False)
    assert client.ended(task)["status"] == "done"

    Stack(asked.config, {**two.environ, "CULM_DECIDERS": "2"}).up()
    task = client.prun("user.jdoe.two.less", "--nJobs", "2").task_id

    assert "decider-3" not in {state.name for state in two.supervisor.states()}
    assert client.ended(task)["status"] == "done"


def test_the_log_and_the_rows_are_in_order_and_a_rebuild_is_equal(two: Stack) -> None:
    assert payload_result_of(two).broken == []
    replayed = culm(two, "replay")
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    for name in ("harvester", "harvester-2", "processors", "processors-2", "timers", "timers-2"):
        two.supervisor.stop(name)
    until(lambda: culm_lag(two) == 0, "the projectors")
    before = checksums(two)

    rebuilt = culm(two, "rebuild", "--all")

    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
    assert checksums(two) == before


def restarted(stack: Stack, name: str, killed: int) -> bool:
    """True once the instance runs as another process."""
    rows = {row["name"]: row for row in stack.status()["processes"]}
    return bool(rows[name]["health"] == "running" and rows[name]["pid"] != killed)


def culm_lag(stack: Stack) -> int | None:
    """Records that the projectors are behind."""
    lags: list[int | None] = [row["lag"] for row in stack.status()["processes"] if row["kind"] == "projector"]
    return lags[0]


def checksums(stack: Stack) -> str:
    """Sums of all tables."""
    environ = {**os.environ, "CULM_POSTGRES": stack.config.postgres, "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", "projections", "checksum"]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout
