"""What `condor_submit`, `condor_q`, `condor_history` and `condor_rm` of HTCondor 23.9 answer, from a small state file.

Imported by tests/systems/front.py in a program of its own, so it imports little. A job: "cluster.process" -> a mapping with `ad`,
its attributes, `queued`, whether condor_q shows it, and `visible`, what others saw of its submission.
"""

import importlib
import json
import os
import pwd
import re
from pathlib import Path
from typing import Any

Answer = tuple[int, bytes, bytes]
Job = dict[str, Any]

ROLES = {"condor_submit": "SUBMIT", "condor_q": "LISTING", "condor_history": "ACCOUNTING", "condor_rm": "CANCEL"}
_SCHEDD = "-- Failed to fetch ads from: <127.0.0.1:9618?addrs=127.0.0.1-9618> : site\nSECMAN:2007:Failed to end classad message."
#: Fault -> exit code, output, error output.
TEXTS = {
    "SUBMIT_REFUSED_FOR_GOOD": (1, "", "\nERROR: on Line 4 of submit file: \n\nERROR: Failed to parse command file (line 4).\n"),
    "SUBMIT_REFUSED_FOR_NOW": (
        1,
        "",
        "\nERROR: Failed to create proc\nSCHEDD:2:Number of submitted jobs would exceed MAX_JOBS_PER_OWNER\n",
    ),
    "SUBMIT_SUCCEEDS_WITH_ERROR": (0, "", "\nERROR: Failed to commit job submission into the queue.\n"),
    "SUBMIT_UNREACHABLE": (1, "", "\nERROR: Can't find address of local schedd\n"),
    "SUBMIT_FAILS_AFTER_ACCEPTING": (1, "", "\nERROR: Failed to commit job submission into the queue.\nERROR: time-out\n"),
    "LISTING_FAILS": (1, "", f"{_SCHEDD}\n"),
    "LISTING_FAILS_POLITELY": (0, "", f"{_SCHEDD}\n"),
    "LISTING_EMPTY_WHILE_RESTARTING": (1, "", f"{_SCHEDD}\n"),
    "LISTING_UNREACHABLE": (1, "", "Error: Couldn't contact the condor_collector on 127.0.0.1:9618.\n"),
    "CANCEL_FAILS": (1, "", "condor_rm: Can't find address of local schedd\n"),
}
AFTER_ACCEPTING = {"SUBMIT_FAILS_AFTER_ACCEPTING"}
OVER = (3, 4)


def decorated(out: str) -> str:
    """The id as a site's wrapper surrounds it."""
    return f"Querying project quotas...done\n\n  {out.strip()}  \nHave a good day\n"


def answer(folder: Path, name: str, arguments: list[str]) -> Answer:
    """The answer of one command."""
    prefix = __name__.rpartition(".")[0]
    state_file: Any = importlib.import_module(f"{prefix}.emulated_state" if prefix else "emulated_state")
    commands = {"condor_submit": _submit, "condor_q": _queue, "condor_history": _history, "condor_rm": _remove}
    with state_file.changed(folder) as state:
        return commands[name](state, arguments)


def owner() -> str:
    """Who runs this."""
    return pwd.getpwuid(os.getuid()).pw_name


def new_job(state: dict[str, Any], tag: str, **ad: Any) -> Job:
    """An idle job in a cluster of its own."""
    cluster = state["next_id"]
    state["next_id"] += 1
    attributes = {
        "ClusterId": cluster, "ProcId": 0, "JobStatus": 1, "CulmWorker": tag, "Owner": owner(), "RequestMemory": 300,
        "RequestCpus": 1, "ExitBySignal": False, **ad,
    }  # fmt: skip
    job: Job = {"ad": attributes, "queued": True, "visible": "", "seconds": 0}
    state["jobs"][f"{cluster}.0"] = job
    return job


def _submit(state: dict[str, Any], arguments: list[str]) -> Answer:
    text = Path(arguments[-1]).read_text()
    values = dict(line.partition(" = ")[::2] for line in text.splitlines())
    job = new_job(
        state, json.loads(values["My.CulmWorker"]), RequestMemory=int(values["request_memory"]),
        RequestCpus=int(values["request_cpus"]),
    )  # fmt: skip
    limit = re.search(r"JobCurrentStartDate > ([0-9]+)", text)
    job["seconds"] = int(limit.group(1)) if limit else 0
    script = Path(values["executable"]).read_text()
    job["visible"] = "\n".join([*arguments, *(f"{name}={value}" for name, value in os.environ.items()), text, script])
    return 0, f"{job['ad']['ClusterId']}.0 - {job['ad']['ClusterId']}.0\n".encode(), b""


def _queue(state: dict[str, Any], arguments: list[str]) -> Answer:
    found = [ad for ad, job in _matching(state, arguments) if job["queued"]]
    return 0, _json(found).encode() if found else b"", b""


def _history(state: dict[str, Any], arguments: list[str]) -> Answer:
    return 0, _json([ad for ad, job in _matching(state, arguments) if not job["queued"]]).encode(), b""


def _remove(state: dict[str, Any], arguments: list[str]) -> Answer:
    found = [job for _, job in _matching(state, arguments) if job["queued"] and job["ad"]["JobStatus"] not in OVER]
    if not found:
        return 0, b"", b"condor_rm:0:There are no jobs in the queue\n"
    for job in found:
        last = job["ad"]["JobStatus"]
        job["ad"].update(JobStatus=3, LastJobStatus=last, RemoveReason=f"via condor_rm (by user {owner()})")
    return 0, f"All jobs matching constraint ({arguments[-1]}) have been marked for removal\n".encode(), b""


def _matching(state: dict[str, Any], arguments: list[str]) -> list[tuple[dict[str, Any], Job]]:
    """Jobs that fulfil the comparisons with == and =?= of the constraint."""
    constraint = arguments[arguments.index("-constraint") + 1]
    wanted = {name: json.loads(value) for name, value in re.findall(r'(\w+) (?:==|=\?=) ("[^"]*"|[0-9]+)', constraint)}
    jobs = state["jobs"].values()
    return [(job["ad"], job) for job in jobs if all(job["ad"].get(name) == value for name, value in wanted.items())]


def _json(ads: list[dict[str, Any]]) -> str:
    return "[\n" + "\n,\n".join(json.dumps(ad, indent=2) for ad in ads) + "\n]\n"
