"""The released BPS (lsst-ctrl-bps-panda 30.0.0) on a running stack: a pipeline of mock tasks from `bps submit` to its end.

22 jobs: a first one, 20 quanta (isr 8, calibrate 8, coadd 2, picture 2), the final job of BPS; local queue, our pilots.
"""

import json
import re
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from deploy.config import CHECKOUT
from tests.conformance.client import Client, Said, written_by_payloads

pytestmark = pytest.mark.stack
PROGRAMS, HERE = CHECKOUT / ".venv-idds" / "bin", Path(__file__).parent
SERVICE = "lsst.ctrl.bps.panda.PanDAService"
PATIENCE_SECONDS = 150.0
#: Says that a job runs; the first one waits while there is a file `hold`, the one whose name has the text in `bad` fails.
PAYLOAD = """folder=$(dirname "$0")
echo "$1 ${QUANTUM%%+*}" >> "$folder/ran"
while [ "$1" = init ] && [ -e "$folder/hold" ]; do sleep 0.2; done
case "$QUANTUM" in *"$(cat "$folder/bad")"*) exit 7;; esac
"""
SETTINGS = """
wmsServiceClass: {service}
qgraphFile: {folder}/mock.qg
computeSite: LOCAL
computeCloud: LOCAL
queue: LOCAL
operator: jdoe
payload:
  payloadName: sky
  butlerConfig: {folder}/butler.yaml
  inCollection: raw
  outputRun: "{{output}}/{name}"
submitPath: {folder}/{name}
fileDistributionEndPoint: "file://{folder}/staged/{name}/"
runnerCommand: "python3 {folder}/quantum.py _cmd_line_"
updateQuantumGraph: "/bin/cp {{inputQgraphFile}} {{qgraphFile}}"
runQuantumCommand: "/bin/sh {folder}/payload.sh quantum {{qgraphNodeId}}"
requestMemory: 1000
numberOfRetries: 2
pipetask:
  pipetaskInit:
    runQuantumCommand: "/bin/sh {folder}/payload.sh init"
finalJob:
  requestCpus: 1
  requestMemory: 1000
  command1: "/bin/sh {folder}/payload.sh final"
"""
EXPECTED = {"pipetaskInit": 1, "isr": 8, "calibrate": 8, "coadd": 2, "picture": 2, "finalJob": 1}
#: State of a run -> exit code of `bps status`.
RUNNING, DELETED, SUCCEEDED, FAILED = "RUNNING", "DELETED", "SUCCEEDED", "FAILED"


@dataclass(frozen=True, slots=True)
class Sky:
    """BPS of one user, and the folder that its payloads write to."""

    client: Client
    folder: Path

    def bps(self, *words: str) -> Said:
        """Run the program."""
        return self.client.run(str(PROGRAMS / "bps"), *words)

    def submit(self, name: str) -> int:
        """The number of a new run."""
        settings = self.folder / f"{name}.yaml"
        settings.write_text(SETTINGS.format(service=SERVICE, folder=self.folder, name=name))
        said = self.bps("submit", str(settings))
        found = re.search(r"^Run Id: (\d+)$", said.text, re.MULTILINE)
        assert found, said.text
        return int(found[1])

    def reached(self, run_id: int, *wanted: str) -> str:
        """Status of the request, once it is one of those."""
        kwargs = json.dumps({"request_id": run_id, "with_detail": False})
        body = {"command_name": "get_requests", "kwargs": kwargs, "manager": True}
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            rows = self.client.ask("POST", "/server/panda/relay_idds_command", json=body).json()[1]
            found: str = rows[0]["status"]["attributes"]["_name_"] if rows else "absent"
            if found in wanted:
                return found
            assert time.monotonic() < end, (found, self.report(run_id))
            time.sleep(0.2)

    def report(self, run_id: int) -> dict[str, dict[str, int]]:
        """The table that `bps report` prints: label -> state -> jobs, without zeros."""
        return table_of(self.bps("report", "--id", str(run_id)).text)

    def status(self, run_id: int) -> str:
        """What `bps status` says."""
        return self.bps("status", "--id", str(run_id)).text.partition("status: ")[2].split()[0]

    def ran(self) -> Counter[str]:
        """Jobs that began since the last look, by label and data id, as often as they did."""
        path = self.folder / "ran"
        names = (re.sub(r"^\S+ ([0-9a-f-]{36}_)?", "", line) for line in path.read_text().splitlines())
        found = Counter(names)
        path.write_text("")
        return found


def table_of(report: str) -> dict[str, dict[str, int]]:
    """The counts in what `bps report` printed."""
    _, heading, below = report.rpartition(" UNKNOWN ")
    assert heading, report
    first, *lines = below.splitlines()
    states = ("UNKNOWN", *first.split())
    table: dict[str, dict[str, int]] = {}
    for label, *numbers in (line.split() for line in lines if line.strip()):
        if len(numbers) == len(states) and all(one.isdecimal() for one in numbers):
            table[label] = {state: int(one) for state, one in zip(states, numbers, strict=True) if int(one)}
    return table


@pytest.fixture(scope="module")
def sky(client: Client) -> Sky:
    folder = written_by_payloads(client.stack)
    more = {
        "PATH": f"{PROGRAMS}:{client.environment['PATH']}",
        "BPS_WMS_SERVICE_CLASS": SERVICE,
        "DAF_BUTLER_DIR": str(PROGRAMS.parent),
        "CTRL_MPEXEC_DIR": str(PROGRAMS.parent),
    }
    found = Sky(replace(client, environment=client.environment | more), folder)
    made = found.client.run(str(PROGRAMS / "python"), str(HERE / "bps_graph.py"), str(folder / "mock.qg"), "u/jdoe/sky/first")
    assert made.code == 0, made.text
    (folder / "quantum.py").write_bytes((HERE / "bps_quantum.py").read_bytes())
    (folder / "payload.sh").write_text(PAYLOAD)
    for name, text in (("ran", ""), ("bad", "_isr_1_1+")):
        (folder / name).write_text(text)
    (folder / "ran").chmod(0o666)
    return found


@pytest.fixture(scope="module")
def first_run(sky: Sky) -> int:
    """A run in which one quantum of isr failed."""
    run_id = sky.submit("first")
    sky.reached(run_id, "SubFinished", "Finished", "Failed", "Cancelled")
    return run_id


def test_a_failed_quantum_prunes_what_waits_for_it_and_the_report_adds_up(sky: Sky, first_run: int) -> None:
    ran = sky.ran()

    text = sky.bps("report", "--id", str(first_run), "--return-exit-codes").text
    report = table_of(text)

    total = report.pop("TOTAL")
    assert total == {SUCCEEDED: 18, FAILED: 1, "PRUNED": 3, "EXPECTED": 22}
    assert {label: found.pop("EXPECTED") for label, found in report.items()} == EXPECTED
    assert report == {
        "pipetaskInit": {SUCCEEDED: 1},
        "isr": {SUCCEEDED: 7, FAILED: 1},
        "calibrate": {SUCCEEDED: 7, "PRUNED": 1},
        "coadd": {SUCCEEDED: 1, "PRUNED": 1},
        "picture": {SUCCEEDED: 1, "PRUNED": 1},
        "finalJob": {SUCCEEDED: 1},
    }
    # Of payload errors it knows 1 and 2; the exit code of ours is among the others.
    assert re.search(r"^ *isr +0 +None +1 +7 *$", text, re.MULTILINE), text
    assert sky.status(first_run) == FAILED
    # Each of the jobs that ended well began once; the failed one as often as it may.
    assert (ran.pop("isr_1_1"), set(ran.values()), len(ran)) == (2, {1}, 18)
    order = list(ran)
    assert (order[0], order[-1]) == ("pipetaskInit", "pure_pseudoinput")


def test_a_restart_runs_only_what_failed_and_what_was_pruned_behind_it(sky: Sky, first_run: int) -> None:
    (sky.folder / "bad").write_text("none of them")

    said = sky.bps("restart", "--wms-service-class", SERVICE, "--id", str(first_run))
    status = sky.reached(first_run, "Finished")

    assert f"Run Id: {first_run}" in said.text
    assert sky.ran() == Counter(("isr_1_1", "calibrate_1_1", "coadd_1_", "picture_1_"))
    assert (status, sky.status(first_run)) == ("Finished", SUCCEEDED)
    assert sky.report(first_run)["TOTAL"] == {SUCCEEDED: 22, "EXPECTED": 22}


def test_a_cancelled_run_stops_and_its_final_job_runs(sky: Sky) -> None:
    (sky.folder / "hold").touch()
    run_id = sky.submit("second")
    while not (sky.folder / "ran").read_text():
        time.sleep(0.1)
    running = sky.report(run_id)

    sky.bps("cancel", "--id", str(run_id))
    sky.reached(run_id, "Cancelled")

    assert running["TOTAL"] == {RUNNING: 1, "UNREADY": 21, "EXPECTED": 22}
    assert sky.status(run_id) == DELETED
    assert sky.ran() == Counter(("pipetaskInit", "pure_pseudoinput"))
    assert sky.report(run_id)["finalJob"] == {SUCCEEDED: 1, "EXPECTED": 1}
