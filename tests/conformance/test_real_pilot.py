"""The unmodified pilot3 3.7.0.36 takes a job from Culm and finishes it.

The pilot ends every process of its user whose parent is PID 1: it runs in a PID namespace of its own *and* with
PILOT_NOKILL set. Recipe: docs/reference/pilot.md, "Running a real pilot".
"""

import json
import os
import shutil
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.config import CHECKOUT
from deploy.enrolment import new_code, offer_of
from deploy.stack import Stack
from identity.agents import code_digest_of
from identity.issuer import make_token
from process.authorities import believed
from schemas.ids import enrolment_key
from tests.conformance.client import Client
from tests.monitor.manual_actors import until

pytestmark = pytest.mark.stack

QUEUE, PUSHED = "PILOT3", "PILOT3_PUSH"
#: One of the two places from which this version of the pilot takes wrappers; it finds the script in HARVESTER_WORKDIR.
TRUSTED = "http://pandaserver-doma.cern.ch:25080/trf/user"
PILOT_SECONDS_MAX = 240


def configure_queue(stack: Stack, queue: str = QUEUE, **changes: Any) -> None:
    """A queue that is used only by name, without pilots of our own."""
    token = make_token(stack.config.home, user="ops", name="Ops", groups=["wlcg", "wlcg/operator"], audience_hours=1)
    settings = {"name": queue, "site": queue, "status": "BROKEROFF", "pilots_max": 0, "workdir_mb_max": 20000} | changes
    answer = httpx.post(
        f"{stack.config.api}/v1/commands/ConfigureQueue",
        json={"aggregate_id": f"queue.{queue}", "settings": settings},
        headers={"Authorization": f"Bearer {token}", "Origin": "wlcg", "Prefer": "wait=10"},
        timeout=30,
    )
    assert answer.status_code == 200, answer.text


def enrolled(stack: Stack, queue: str = QUEUE, worker_id: str | None = "p3") -> str:
    """A token of Culm's own for one worker of the queue, or for a harvester, from an operator's code."""
    token = make_token(stack.config.home, user="ops", name="Ops", groups=["wlcg", "wlcg/operator"], audience_hours=1)
    operator = {"Authorization": f"Bearer {token}", "Origin": "wlcg", "Prefer": "wait=10"}
    code = new_code()
    about = offer_of(code, [queue], worker_id, int(time.time()), 600, 86_400)
    offer = {"aggregate_id": enrolment_key(code_digest_of(code)), **about}
    offered = httpx.post(f"{stack.config.api}/v1/commands/OfferEnrolment", json=offer, headers=operator, timeout=30)
    assert offered.json()["accepted"], offered.text
    used = {"code": code, "redeemer": "the host of pilot three"}
    address = f"{stack.config.api}/v1/agents/enrol"
    ask = partial(httpx.post, address, json=used, timeout=10, verify=believed())
    answer = until(lambda: found if (found := ask()).status_code == 200 else None)
    return str(answer.json()["token"])


def run_pilot(stack: Stack, folder: Path, token: str) -> str:
    """What the pilot logs while it takes one job; in a PID namespace of its own."""
    source = stack.config.lib / "pilot3"
    assert (source / "pilot.py").is_file(), "the pilot is not there: run `make test`, or make its target"
    for name in ("auth", "work"):
        (folder / name).mkdir()
    (folder / "auth" / "token").write_text(token, encoding="utf-8")
    auth = f"{folder / 'auth'}/"
    options = ["--pilot-user", "generic", "-a", str(folder / "work"), "-q", QUEUE, "-w", "generic"]
    options += ["--url", "http://127.0.0.1", "-p", str(stack.config.ports.api), *pilot_files(stack, folder, QUEUE)]
    environment = {
        **pilot_environment(folder),
        "PANDA_AUTH_TOKEN": "token",
        "PANDA_AUTH_DIR": auth,
        "PANDA_AUTH_ORIGIN": "wlcg",
        "OIDC_AUTH_TOKEN": "token",
        "OIDC_AUTH_DIR": auth,
        "OIDC_AUTH_ORIGIN": "wlcg",
    }
    return run_apart([sys.executable, "pilot.py", *options], environment, source)


def pilot_files(stack: Stack, folder: Path, queue: str) -> list[str]:
    """Options of a pilot of `queue` that name files, which are in `folder` then."""
    (folder / "wrappers").mkdir()
    wrapper = folder / "wrappers" / "runGen-00-00-02"
    shutil.copy(CHECKOUT / "api" / "pilots" / "wrappers" / "runGen-00-00-02", wrapper)
    wrapper.chmod(0o755)
    # One job and no question for another, after which the pilot would wait for a minute, twice. It believes --queuedata-url.
    address = f"{stack.config.api}/cache/schedconfig/{queue}.all.json"
    # The API serves it once the read models know the queue, which was configured a moment ago.
    answer = until(lambda: found if (found := httpx.get(address, timeout=10, verify=believed())).status_code == 200 else None)
    document = answer.json() | {"timefloor": 0}
    (folder / "queue.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / "queues.json").write_text(json.dumps({queue: document}), encoding="utf-8")
    options = ["-j", "user", "-i", "PR", "-t", "-d", "--queuedata-url", str(folder / "queue.json")]
    options += ["--storagedata-url", f"{stack.config.api}/cache/ddmendpoints.json"]
    return [*options, "--use-rucio-traces", "False", "--cleanup", "False"]


def pilot_environment(folder: Path) -> dict[str, str]:
    """What the pilot needs on a host without the usual software of sites."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "PYTHONWARNINGS": "ignore",
        "PILOT_NOKILL": "1",
        "NO_CVMFS_OK": "1",
        "HARVESTER_WORKDIR": str(folder / "wrappers"),
        "LOCAL_AGIS_SCHEDCONF": str(folder / "queues.json"),
    }


def run_apart(command: list[str], environment: dict[str, str], folder: Path) -> str:
    """What `command` says, which runs in a PID namespace of its own."""
    isolated = ["unshare", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc"]
    if os.geteuid() != 0:
        isolated = [*isolated, "--user", "--map-root-user"]
    done = subprocess.run(
        [*isolated, "--", *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PILOT_SECONDS_MAX,
    )
    return done.stdout + done.stderr


def test_the_real_pilot_finishes_a_job(client: Client, stack: Stack, tmp_path: Path) -> None:
    token = make_token(stack.config.home, user="pilot3", name="Pilot Three", groups=["wlcg", "wlcg/pilot"], audience_hours=1)

    finishes_a_job(client, stack, tmp_path, "user.jdoe.realpilot", token)


def test_the_real_pilot_finishes_a_job_with_a_token_of_culm(client: Client, stack: Stack, tmp_path: Path) -> None:
    """This version does not renew its token; later ones ask `get_access_token` with the key."""
    configure_queue(stack)

    finishes_a_job(client, stack, tmp_path, "user.jdoe.realpilot.enrolled", enrolled(stack))


def test_the_real_pilot_finishes_the_job_that_came_with_it(client: Client, stack: Stack, tmp_path: Path) -> None:
    """In a queue that pushes: as Culm's harvester starts it, by the start script, with the answer of `BindJob` in its file."""
    configure_queue(stack, PUSHED, mode="PUSH", rss_mb_max=220_000, start_seconds_max=600)
    options = ("--nJobs", "1", "--outputs", "out.txt", "--site", PUSHED, "--transPath", f"{TRUSTED}/runGen-00-00-02")
    task = client.prun(
        "user.jdoe.realpilot.pushed", *options, "--memory", "20000", "-y", payload="echo hello %RNDM:41 > out.txt"
    ).task_id
    client.wait_for(task, lambda found: found["jobs"].get("activated") == 1)
    size = stage_bound_job(stack, tmp_path)

    said = start_pilot(stack, tmp_path)

    assert (size["memory_mb"], size["cores"]) == (20_000, 1)
    ended = client.task(task)
    assert ended["status"] == "done", said[-3000:]
    assert "getJob" not in said
    job = client.get(f"/v1/jobs/{client.get(f'/v1/jobs?task_id={task}')['jobs'][0]['job_id']}")
    assert (job["status"], job["pilot_id"].endswith("3.7.0.36"), job["worker_id"]) == ("finished", True, "p3-1")
    assert not (tmp_path / "pandaJobData.out").exists()


def stage_bound_job(stack: Stack, folder: Path) -> dict[str, Any]:
    """Do what a harvester does for one worker of the queue that pushes; what was leased. Its files are in `folder`."""
    harvester = {"Authorization": f"Bearer {enrolled(stack, PUSHED, None)}", "Origin": "wlcg", "Prefer": "wait=10"}

    def asked(path: str, **body: Any) -> dict[str, Any]:
        answer = httpx.post(f"{stack.config.api}{path}", json=body, headers=harvester, timeout=30)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    about = {"aggregate_id": PUSHED, "harvester_id": "h-pilot3", "epoch": 1}
    assert asked("/v1/commands/ClaimService", **about, instance="i1", seconds=600)["accepted"]
    bound = asked("/v1/commands/BindJob", **about, worker_id="p3-1", tag="culm-p3-1", submit_seconds=60)
    assert bound["accepted"], bound
    (folder / "token").write_text(asked("/v1/agents/workers", worker_id="p3-1")["token"], encoding="utf-8")
    job = bound["job"]
    (folder / "pandaJobData.out").write_text(json.dumps({str(job["PandaID"]): job}), encoding="utf-8")
    return dict(bound["leased"])


def start_pilot(stack: Stack, folder: Path) -> str:
    """What the pilot logs, which is started by the script of Culm's harvester in a PID namespace of its own."""
    script = folder / "program"
    shutil.copy(CHECKOUT / "agents" / "harvester" / "start_pilot3", script)
    options = pilot_files(stack, folder, PUSHED)
    environment = {
        **pilot_environment(folder),
        "CULM_PILOT_SOURCE": str(stack.config.lib / "pilot3"),
        "CULM_PILOT_PYTHON": sys.executable,
        "CULM_PILOT_OPTIONS": " ".join(options),
        "CULM_API": stack.config.api,
        "CULM_QUEUE": PUSHED,
        "CULM_SUBMIT_MODE": "PUSH",
        "HARVESTER_ID": "h-pilot3",
        "HARVESTER_WORKER_ID": "p3-1",
    }
    return run_apart(["sh", str(script)], environment, folder)


def finishes_a_job(client: Client, stack: Stack, folder: Path, name: str, token: str) -> None:
    configure_queue(stack)
    options = ("--nJobs", "1", "--outputs", "out.txt", "--site", QUEUE, "--transPath", f"{TRUSTED}/runGen-00-00-02")
    task = client.prun(name, *options, payload="echo hello %RNDM:41 > out.txt").task_id
    client.wait_for(task, lambda found: found["jobs"].get("activated") == 1)

    said = run_pilot(stack, folder, token)

    ended = client.task(task)
    assert ended["status"] == "done", said[-3000:]
    job = client.get(f"/v1/jobs/{client.get(f'/v1/jobs?task_id={task}')['jobs'][0]['job_id']}")
    assert job["status"] == "finished"
    assert job["pilot_id"].endswith("3.7.0.36")
    stored = list((stack.config.home / "storage").rglob(f"user.jdoe.{task}._000001.out.txt"))
    assert [path.read_text() for path in stored] == ["hello 42\n"]
