"""What `sbatch`, `squeue`, `scancel` and `sacct` of Slurm 22.05 answer, from a small state file; seen with the real ones.

Imported by tests/systems/front.py in a program of its own, so it imports little. A job: id -> a mapping with the fields below.
"""

import importlib
import os
import time
from pathlib import Path
from typing import Any

Answer = tuple[int, bytes, bytes]
Job = dict[str, Any]

ROLES = {"sbatch": "SUBMIT", "squeue": "LISTING", "scancel": "CANCEL", "sacct": "ACCOUNTING", "scontrol": "OTHER"}
_CONTACT = "Unable to contact slurm controller (connect failure)"
_FAILED = "sbatch: error: Batch job submission failed"
#: Fault -> exit code, output, error output: texts of the real commands.
TEXTS = {
    "SUBMIT_REFUSED_FOR_GOOD": (1, "", f"sbatch: error: invalid partition: x\n{_FAILED}: Invalid partition name specified\n"),
    "SUBMIT_REFUSED_FOR_NOW": (
        1,
        "",
        f"sbatch: error: QOSMaxSubmitJobPerUserLimit\n{_FAILED}: Job violates accounting/QOS policy (job submit limit)\n",
    ),
    "SUBMIT_SUCCEEDS_WITH_ERROR": (0, "", f"{_FAILED}: Unspecified error\n"),
    "SUBMIT_UNREACHABLE": (1, "", f"{_FAILED}: {_CONTACT}\n"),
    "SUBMIT_FAILS_AFTER_ACCEPTING": (
        1,
        "",
        f"{_FAILED}: Socket timed out on send/recv operation\n",
    ),
    "LISTING_FAILS": (1, "", "slurm_load_jobs error: Socket timed out on send/recv operation\n"),
    "LISTING_FAILS_POLITELY": (0, "", "slurm_load_jobs error: Zero Bytes were transmitted or received\n"),
    "LISTING_EMPTY_WHILE_RESTARTING": (1, "", f"slurm_load_jobs error: {_CONTACT}\n"),
    "LISTING_UNREACHABLE": (1, "", f"slurm_load_jobs error: {_CONTACT}\n"),
    "CANCEL_FAILS": (1, "", f"scancel: error: {_CONTACT}\n"),
}
AFTER_ACCEPTING = {"SUBMIT_FAILS_AFTER_ACCEPTING"}
#: Widths of `squeue -O` count bytes.
_COLUMNS = {
    "JobID": "id", "State": "state", "exit_code": "status", "MinMemory": "memory", "NumCPUs": "cores", "NodeList": "node",
    "Comment": "comment", "Name": "name", "Reason": "reason",
}  # fmt: skip
ENDED = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "OUT_OF_MEMORY", "NODE_FAIL", "PREEMPTED"}


def decorated(out: str) -> str:
    """The id as sites' submit plugins surround it."""
    return f"sbatch: lua: project checked, 3600 core hours left\n\n   {out.strip()};kit  \nHave a good day\n"


def answer(folder: Path, name: str, arguments: list[str]) -> Answer:
    """The answer of one command."""
    with _changed(folder) as state:
        return {"sbatch": _sbatch, "squeue": _squeue, "scancel": _scancel, "sacct": _sacct}[name](folder, state, arguments)


def new_job(state: dict[str, Any], **fields: Any) -> Job:
    """A pending job under the next id."""
    job: Job = {
        "id": state["next_id"], "state": "PENDING", "reason": "None", "status": 0, "memory": "0", "cores": 1, "node": "",
        "comment": "", "name": "", "user": os.getuid(), "minutes": 0, "forgotten": False, "visible": "", **fields,
    }  # fmt: skip
    state["jobs"][str(job["id"])] = job
    state["next_id"] += 1
    return job


def finish(folder: Path, job: Job, state: str, reason: str = "None", status: int = 0) -> None:
    """The job ends; a line is added to the jobcomp file."""
    job.update(state=state, reason=reason, status=status)
    at = time.strftime("%Y-%m-%dT%H:%M:%S")
    line = (
        f"JobId={job['id']} UserId=kit({job['user']}) GroupId=kit({job['user']}) Name={job['name']} JobState={state} "
        f"Partition=main TimeLimit={job['minutes']} StartTime={at} EndTime={at} NodeList={job['node']} NodeCnt=1 "
        f"ProcCnt={job['cores']} WorkDir=/ ReservationName= Tres=cpu={job['cores']},mem={job['memory']},node=1,billing=1 "
        f"Account= QOS= WcKey= Cluster=unknown SubmitTime={at} EligibleTime={at} DerivedExitCode=0:0 "
        f"ExitCode={status >> 8}:{status & 127} \n"
    )
    with (folder / "jobcomp.log").open("a") as log:
        log.write(line)


def _sbatch(_: Path, state: dict[str, Any], arguments: list[str]) -> Answer:
    options = {name: value for name, _, value in (text[2:].partition("=") for text in arguments if text.startswith("--"))}
    assert int(options["time"]) > 0
    assert not options["mem"].startswith("0")
    seen = "\n".join([*arguments, *(f"{name}={value}" for name, value in os.environ.items()), Path(arguments[-1]).read_text()])
    job = new_job(
        state, memory=options["mem"], cores=int(options["cpus-per-task"]), minutes=int(options["time"]),
        comment=options["comment"], name=options["job-name"], visible=seen,
    )  # fmt: skip
    return 0, f"{job['id']}\n".encode(), b""


def _squeue(_: Path, state: dict[str, Any], arguments: list[str]) -> Answer:
    user, columns = _user(arguments), []
    for text in arguments:
        if text.startswith("--Format="):
            columns = [(name, int(width)) for name, _, width in (one.partition(":") for one in text[9:].split(","))]
    assert "--states=all" in arguments, "without it squeue forgets what ended"
    lines = []
    for job in state["jobs"].values():
        if job["user"] == user and not job["forgotten"]:
            cells = (str(job[_COLUMNS[name]]).encode()[:width].ljust(width) for name, width in columns)
            lines.append(b"".join(cells) + b"\n")
    return 0, b"".join(lines), b""


def _scancel(folder: Path, state: dict[str, Any], arguments: list[str]) -> Answer:
    name = next(text[7:] for text in arguments if text.startswith("--name="))
    ids = [text for text in arguments if text.isdigit()]
    living = [job for job in state["jobs"].values() if job["state"] not in ENDED]
    if ids and not any(str(job["id"]) in ids for job in living):
        return 1, b"", b""
    signal = next((text[9:] for text in arguments if text.startswith("--signal=")), "")
    for job in living:
        if signal and str(job["id"]) in ids:
            job.setdefault("signals", []).append(signal)
        if not signal and job["name"] == name and job["user"] == _user(arguments) and (not ids or str(job["id"]) in ids):
            finish(folder, job, "CANCELLED", status=15)
    return 0, b"", b""


def _sacct(_: Path, state: dict[str, Any], arguments: list[str]) -> Answer:
    user = _user(arguments)
    words = {"CANCELLED": "CANCELLED by 0"}
    lines = [
        "\x1f".join((
            str(job["id"]), words.get(job["state"], job["state"]), f"{job['status'] >> 8}:{job['status'] & 127}", job["memory"],
            str(job["cores"]), job["node"], job["name"],
        )) + "\n"
        for job in state["jobs"].values()
        if job["user"] == user
    ]  # fmt: skip
    return 0, "".join(lines).encode(), b""


def _user(arguments: list[str]) -> int:
    return next(int(text[7:]) for text in arguments if text.startswith("--user="))


def _changed(folder: Path) -> Any:
    """The state; by whichever name this module was imported."""
    prefix = __name__.rpartition(".")[0]
    return importlib.import_module(f"{prefix}.emulated_state" if prefix else "emulated_state").changed(folder)
