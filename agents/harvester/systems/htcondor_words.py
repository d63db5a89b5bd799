"""What HTCondor's commands say, as data: JSON of `condor_q` and `condor_history` in, workers out. Pure; it runs no command.

A worker runs once: its job matches no second slot after a first start (requirements), so that one that waits again is over.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agents.harvester.systems.contract import REASON_LENGTH_MAX, NativeState, NativeWorker, WorkerSpec
from agents.harvester.systems.tags import belongs

ATTRIBUTES = (
    "ClusterId", "ProcId", "JobStatus", "LastJobStatus", "CulmWorker", "Owner", "RequestMemory", "RequestCpus", "RemoteHost",
    "LastRemoteHost", "NumShadowStarts", "HoldReason", "HoldReasonCode", "LastHoldReasonCode", "RemoveReason", "LastVacateTime",
    "ExitCode", "ExitBySignal", "ExitSignal",
)  # fmt: skip
#: "Job has gone over memory limit" of HTCondor's list of hold reasons.
HOLD_OUT_OF_MEMORY = 34
IDLE, RUNNING, REMOVED, COMPLETED, HELD, TRANSFERRING, SUSPENDED = range(1, 8)
_NAMES = ("", "IDLE", "RUNNING", "REMOVED", "COMPLETED", "HELD", "TRANSFERRING_OUTPUT", "SUSPENDED")

REFUSED_FOR_GOOD = re.compile(
    r"failed to parse command file|error: on line|executable file .* does not exist|submit requirement|as user/group 0"
    r"|invalid value|is not a valid|no such file or directory|not in the list of allowed",
    re.IGNORECASE | re.DOTALL,
)
REFUSED_FOR_NOW = re.compile(
    r"max_jobs_(per_owner|submitted|per_submission)|would exceed|can't find address of (local )?schedd"
    r"|failed to connect to (local )?queue manager|no more jobs? can be submitted|too many jobs",
    re.IGNORECASE,
)
COMPLAINT = re.compile(r"error|fail|unable|denied|timed? ?out|cannot|can't|refused", re.IGNORECASE)
_REMOVED_WHEN = (
    "(JobStatus == 1 && NumShadowStarts > 0) || (JobStatus == 2 && time() - JobCurrentStartDate > {seconds})"
    " || (JobStatus == 5 && HoldReasonCode =?= {out_of_memory})"
)
_ID = re.compile(r"([1-9][0-9]{0,9}\.[0-9]{1,9})(?: - ([1-9][0-9]{0,9}\.[0-9]{1,9}))?")


@dataclass(frozen=True, slots=True)
class Jobs:
    """Workers in an answer; problem: why it is not whole, empty if it is."""

    workers: tuple[NativeWorker, ...] = ()
    problem: str = ""


def submitted_id(stdout: bytes) -> str | None:
    """The id of the one job that `condor_submit -terse` printed ("1.0 - 1.0"); None where there is none, or more than one."""
    lines = (line.strip() for line in stdout.decode("utf-8", "replace").splitlines())
    found = {match.group(1) for line in lines if (match := _ID.fullmatch(line)) and match.group(2) in (None, match.group(1))}
    return found.pop() if len(found) == 1 else None


def jobs(stdout: bytes, stack: str, owner: str) -> Jobs:
    """The workers of `stack` in JSON of either command; an empty text is no job."""
    text = stdout.decode("utf-8", "replace").strip()
    try:
        ads = json.loads(text) if text else []
    except (ValueError, RecursionError):
        return Jobs(problem="the answer is no whole JSON")
    if not isinstance(ads, list) or not all(isinstance(ad, dict) for ad in ads):
        return Jobs(problem="the answer is no list of jobs")
    found = (_worker(ad, stack) for ad in ads if ad.get("Owner") == owner)
    return Jobs(tuple(worker for worker in found if worker is not None))


def _worker(ad: Mapping[str, Any], stack: str) -> NativeWorker | None:
    tag, cluster, process = ad.get("CulmWorker"), _whole(ad, "ClusterId"), _whole(ad, "ProcId")
    if not isinstance(tag, str) or not belongs(tag, stack) or cluster is None or process is None:
        return None
    status = _whole(ad, "JobStatus") or 0
    state = _state(ad, status)
    ended = status == COMPLETED
    by_signal = ad.get("ExitBySignal") is True
    return NativeWorker(
        tag=tag,
        batch_id=f"{cluster}.{process}",
        state=state,
        native_state=_NAMES[status] if 0 < status < len(_NAMES) else f"JobStatus {status}",
        reason=_reason(ad, status)[:REASON_LENGTH_MAX],
        node=(_text(ad, "RemoteHost") or _text(ad, "LastRemoteHost")).rpartition("@")[2][:255],
        exit_code=_whole(ad, "ExitCode") if ended and not by_signal else None,
        signal=_whole(ad, "ExitSignal") if ended and by_signal else None,
        memory_mb=_whole(ad, "RequestMemory"),
        cores=_whole(ad, "RequestCpus"),
    )


def _reason(ad: Mapping[str, Any], status: int) -> str:
    """Why it is held or was removed; a reason that HTCondor could not keep as text has a number at least."""
    text = _text(ad, "HoldReason") or _text(ad, "RemoveReason")
    return text or (f"hold reason code {_whole(ad, 'HoldReasonCode')}" if status == HELD else "")


def _state(ad: Mapping[str, Any], status: int) -> NativeState:
    """What the attributes of a job mean; a status that is not known is no end."""
    if HOLD_OUT_OF_MEMORY in (_whole(ad, "HoldReasonCode"), _whole(ad, "LastHoldReasonCode")) and status in (HELD, REMOVED):
        return NativeState.OUT_OF_MEMORY
    match status:
        case 4:
            good = _whole(ad, "ExitCode") == 0 and ad.get("ExitBySignal") is not True
            return NativeState.FINISHED if good else NativeState.FAILED
        case 3:
            return _removed(ad)
        case 5:
            return NativeState.HELD
        case 1:
            return _interrupted(ad) if _whole(ad, "NumShadowStarts") else NativeState.PENDING
        case _:
            return NativeState.RUNNING


def _removed(ad: Mapping[str, Any]) -> NativeState:
    """By whom: by our own periodic_remove, at the limit of time or after an interruption, or by hand."""
    if "PeriodicRemove" not in _text(ad, "RemoveReason"):
        return NativeState.CANCELLED
    return NativeState.TIMEOUT if _whole(ad, "LastJobStatus") != IDLE else _interrupted(ad)


def _interrupted(ad: Mapping[str, Any]) -> NativeState:
    """A job that started and waits again was vacated for another, or its node was lost without a word."""
    return NativeState.PREEMPTED if _whole(ad, "LastVacateTime") else NativeState.NODE_FAILED


def _whole(ad: Mapping[str, Any], name: str) -> int | None:
    value = ad.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(ad: Mapping[str, Any], name: str) -> str:
    value = ad.get(name)
    return value if isinstance(value, str) else ""


def description(spec: WorkerSpec, folder: str, log: str) -> str:
    """The submit file of a worker; values of settings are proved before (no line ends, quotes or `$`)."""
    files = ", ".join(f"{folder}/{name}" for name in ("program", *(path.name for path in spec.files)))
    resource = spec.settings.get("grid_resource")
    lines = [
        *([f"universe = grid\ngrid_resource = {resource}"] if resource else ["universe = vanilla"]),
        f"executable = {folder}/run",
        f"transfer_input_files = {files}",
        "should_transfer_files = YES",
        "when_to_transfer_output = ON_EXIT",
        'transfer_output_files = ""',
        f"output = {folder}/stdout",
        f"error = {folder}/stderr",
        f"log = {log}",
        f"request_cpus = {spec.cores}",
        f"request_memory = {spec.memory_mb}",
        f"request_disk = {max(1, spec.disk_mb) * 1024}",
        f"batch_name = {spec.tag}",
        f'My.CulmWorker = "{spec.tag}"',
        "getenv = False",
        "job_max_vacate_time = 60",
        # It runs once: a job that was interrupted matches no other slot, and is removed.
        "requirements = NumShadowStarts =?= undefined || NumShadowStarts < 1",
        f"periodic_remove = {_REMOVED_WHEN.format(seconds=spec.walltime_seconds, out_of_memory=HOLD_OUT_OF_MEMORY)}",
        # An end stays where one condor_q finds it, for ten minutes.
        "leave_in_queue = (JobStatus == 3 || JobStatus == 4) && time() - EnteredCurrentStatus < 600",
        *(f"{name} = {spec.settings[name]}" for name in ("accounting_group", "concurrency_limits") if name in spec.settings),
    ]
    if resource:  # what a remote CE reads
        minutes = -(-spec.walltime_seconds // 60)
        lines += [f"My.xcount = {spec.cores}", f"My.maxMemory = {spec.memory_mb}", f"My.maxWallTime = {minutes}"]
        lines += [f'My.remote_queue = "{spec.settings["remote_queue"]}"'] if "remote_queue" in spec.settings else []
    return "\n".join([*lines, "queue 1", ""])
