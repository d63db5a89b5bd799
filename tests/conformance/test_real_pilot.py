"""The unmodified pilot3 3.7.0.36 takes a job from Culm and finishes it.

The pilot ends every process of its user whose parent is PID 1: it runs in a PID namespace of its own *and* with
PILOT_NOKILL set. Recipe: docs/reference/pilot.md, "Running a real pilot".
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from deploy.config import CHECKOUT
from deploy.stack import Stack
from identity.issuer import make_token
from tests.conformance.client import Client
from tests.monitor.manual_actors import until

pytestmark = pytest.mark.stack

QUEUE = "PILOT3"
#: One of the two places from which this version of the pilot takes wrappers; it finds the script in HARVESTER_WORKDIR.
TRUSTED = "http://pandaserver-doma.cern.ch:25080/trf/user"
PILOT_SECONDS_MAX = 240


def configure_queue(stack: Stack) -> None:
    """A queue that is used only by name, without pilots of our own."""
    token = make_token(stack.config.home, user="ops", name="Ops", groups=["wlcg", "wlcg/operator"], audience_hours=1)
    settings = {"name": QUEUE, "site": QUEUE, "status": "BROKEROFF", "pilots_max": 0, "workdir_mb_max": 20000}
    answer = httpx.post(
        f"{stack.config.api}/v1/commands/ConfigureQueue",
        json={"aggregate_id": f"queue.{QUEUE}", "settings": settings},
        headers={"Authorization": f"Bearer {token}", "Origin": "wlcg", "Prefer": "wait=10"},
        timeout=30,
    )
    assert answer.status_code == 200, answer.text


def run_pilot(stack: Stack, folder: Path) -> str:
    """What the pilot logs while it takes one job; in a PID namespace of its own."""
    source = stack.config.lib / "pilot3"
    assert (source / "pilot.py").is_file(), "the pilot is not there: run `make test`, or make its target"
    for name in ("auth", "work", "wrappers"):
        (folder / name).mkdir()
    token = make_token(stack.config.home, user="pilot3", name="Pilot Three", groups=["wlcg", "wlcg/pilot"], audience_hours=1)
    (folder / "auth" / "token").write_text(token, encoding="utf-8")
    wrapper = folder / "wrappers" / "runGen-00-00-02"
    shutil.copy(CHECKOUT / "api" / "pilots" / "wrappers" / "runGen-00-00-02", wrapper)
    wrapper.chmod(0o755)
    # One job and no question for another, after which the pilot would wait for a minute, twice. It believes --queuedata-url.
    address = f"{stack.config.api}/cache/schedconfig/{QUEUE}.all.json"
    # The API serves it once the read models know the queue, which was configured a moment ago.
    answer = until(lambda: found if (found := httpx.get(address, timeout=10)).status_code == 200 else None)
    document = answer.json() | {"timefloor": 0}
    (folder / "queue.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / "queues.json").write_text(json.dumps({QUEUE: document}), encoding="utf-8")
    auth = f"{folder / 'auth'}/"
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "PYTHONWARNINGS": "ignore",
        "PILOT_NOKILL": "1",
        "NO_CVMFS_OK": "1",
        "HARVESTER_WORKDIR": str(folder / "wrappers"),
        "LOCAL_AGIS_SCHEDCONF": str(folder / "queues.json"),
        "PANDA_AUTH_TOKEN": "token",
        "PANDA_AUTH_DIR": auth,
        "PANDA_AUTH_ORIGIN": "wlcg",
        "OIDC_AUTH_TOKEN": "token",
        "OIDC_AUTH_DIR": auth,
        "OIDC_AUTH_ORIGIN": "wlcg",
    }
    options = ["--pilot-user", "generic", "-a", str(folder / "work"), "-q", QUEUE, "-j", "user", "-i", "PR", "-w", "generic"]
    options += ["-t", "-d", "--url", "http://127.0.0.1", "-p", str(stack.config.ports.api)]
    options += ["--queuedata-url", str(folder / "queue.json")]
    options += ["--storagedata-url", f"{stack.config.api}/cache/ddmendpoints.json"]
    options += ["--use-rucio-traces", "False", "--cleanup", "False"]
    isolated = ["unshare", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc"]
    if os.geteuid() != 0:
        isolated = [*isolated, "--user", "--map-root-user"]
    command = [*isolated, "--", sys.executable, "pilot.py", *options]
    done = subprocess.run(
        command, cwd=source, env=environment, capture_output=True, text=True, check=False, timeout=PILOT_SECONDS_MAX
    )
    return done.stdout + done.stderr


def test_the_real_pilot_finishes_a_job(client: Client, stack: Stack, tmp_path: Path) -> None:
    configure_queue(stack)
    options = ("--nJobs", "1", "--outputs", "out.txt", "--site", QUEUE, "--transPath", f"{TRUSTED}/runGen-00-00-02")
    task = client.prun("user.jdoe.realpilot", *options, payload="echo hello %RNDM:41 > out.txt").task_id
    client.wait_for(task, lambda found: found["jobs"].get("activated") == 1)

    said = run_pilot(stack, tmp_path)

    ended = client.task(task)
    assert ended["status"] == "done", said[-3000:]
    job = client.get(f"/v1/jobs/{client.get(f'/v1/jobs?task_id={task}')['jobs'][0]['job_id']}")
    assert job["status"] == "finished"
    assert job["pilot_id"].endswith("3.7.0.36")
    stored = list((stack.config.home / "storage").rglob(f"user.jdoe.{task}._000001.out.txt"))
    assert [path.read_text() for path in stored] == ["hello 42\n"]
