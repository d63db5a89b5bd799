"""Slurm's own books, read without any code of the plugin: `scontrol show jobs`, and jobcomp/filetxt for what it forgot.

In: their texts. Out: (tag, memory, state) of each job of a stack, once. Guards: a job in a state that is not over is never shown
as ended, so that it counts as an orphan; a state that is not known here is an error of the tests.
"""

from collections.abc import Mapping

from agents.harvester.systems.contract import NativeState

#: Every state of a job that Slurm 22.05 names (squeue(1), "JOB STATE CODES").
STATES: Mapping[str, NativeState] = {
    "PENDING": NativeState.PENDING,
    "CONFIGURING": NativeState.PENDING,
    "REQUEUED": NativeState.PENDING,
    "REQUEUE_FED": NativeState.PENDING,
    "REQUEUE_HOLD": NativeState.HELD,
    "RESV_DEL_HOLD": NativeState.HELD,
    "SPECIAL_EXIT": NativeState.HELD,
    "RUNNING": NativeState.RUNNING,
    "COMPLETING": NativeState.RUNNING,
    "RESIZING": NativeState.RUNNING,
    "SIGNALING": NativeState.RUNNING,
    "STAGE_OUT": NativeState.RUNNING,
    "STOPPED": NativeState.RUNNING,
    "SUSPENDED": NativeState.RUNNING,
    "COMPLETED": NativeState.FINISHED,
    "FAILED": NativeState.FAILED,
    "CANCELLED": NativeState.CANCELLED,
    "REVOKED": NativeState.CANCELLED,
    "TIMEOUT": NativeState.TIMEOUT,
    "DEADLINE": NativeState.TIMEOUT,
    "OUT_OF_MEMORY": NativeState.OUT_OF_MEMORY,
    "NODE_FAIL": NativeState.NODE_FAILED,
    "BOOT_FAIL": NativeState.NODE_FAILED,
    "PREEMPTED": NativeState.PREEMPTED,
}
_UNITS = {"M": 1, "G": 1024}
Book = tuple[str, int, NativeState]


def state_of(word: str) -> NativeState:
    """The state behind Slurm's word, which may be followed by more ("CANCELLED by 0")."""
    return STATES[word.split()[0]]


def megabytes(text: str) -> int:
    """A size as `scontrol` and `sacct` write it."""
    return round(float(text[:-1]) * _UNITS[text[-1]])


def controller(text: str, stack: str) -> dict[str, Book]:
    """By job id, what `scontrol -o show jobs` says of jobs of `stack`."""
    found = {}
    for line in text.splitlines():
        words = dict(word.partition("=")[::2] for word in line.split())
        if words.get("JobName", "").startswith(f"{stack}-") and not _was_refused(words["JobState"], words["NodeList"]):
            found[words["JobId"]] = words["JobName"], megabytes(words["MinMemoryNode"]), state_of(words["JobState"])
    return found


def completed(text: str, stack: str) -> dict[str, Book]:
    """By job id, what jobcomp/filetxt has of jobs of `stack` that are over; a line that is not written to its end is left out."""
    found = {}
    for line in text.splitlines():
        words = dict(word.partition("=")[::2] for word in line.split())
        if words.get("Name", "").startswith(f"{stack}-") and "ExitCode" in words:
            memory = dict(part.partition("=")[::2] for part in words["Tres"].split(",")).get("mem", "0M")
            if not _was_refused(words["JobState"], words["NodeList"]):
                found[words["JobId"]] = words["Name"], megabytes(memory), state_of(words["JobState"])
    return found


def _was_refused(state: str, nodes: str) -> bool:
    """What sbatch refused stands in the books all the same, as failed on no node; it never was a job."""
    return state == "FAILED" and nodes in ("(null)", "")
