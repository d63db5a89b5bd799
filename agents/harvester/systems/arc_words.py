"""What A-REX says of jobs, as data: the JSON of its REST interface in, workers out. Pure.

A job has the status that its GLUE2 document calls `arcrest:`; before the CE has written one, a document without a name stands in
its place. A-REX keeps texts of the batch system below it in `Error`; why a job failed is known from them alone.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from agents.harvester.systems.contract import REASON_LENGTH_MAX, NativeState, NativeWorker

JOB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,199}")
#: A job that was cleaned: its end was seen before, or the CE removed it by its age.
WIPED = "WIPED"
KILLING = "KILLING"
_STATES: Mapping[str, NativeState] = {
    **dict.fromkeys(("ACCEPTING", "ACCEPTED", "PREPARING", "PREPARED", "SUBMITTING", "QUEUING"), NativeState.PENDING),
    "HELD": NativeState.HELD,
    **dict.fromkeys(("RUNNING", "EXITINGLRMS", "OTHER", "EXECUTED", "FINISHING"), NativeState.RUNNING),
    "FINISHED": NativeState.FINISHED,
    "FAILED": NativeState.FAILED,
    "KILLED": NativeState.CANCELLED,
}
_LRMS = "LRMS error"
#: What batch systems below an A-REX say of a job that they ended.
_FAILURES: tuple[tuple[str, NativeState], ...] = (
    (r"out.of.memory|\boom\b|memory limit|exceed[^;]{0,60}\bv?mem|\bv?mem[^;]{0,60}exceed", NativeState.OUT_OF_MEMORY),
    (r"time.?out|timed out|time limit|wall.?(clock)?.?time|exceed[^;]{0,60}\btime", NativeState.TIMEOUT),
    (r"node.?fail|node[^;]{0,40}\b(lost|down|died)", NativeState.NODE_FAILED),
    (r"preempt", NativeState.PREEMPTED),
    (r"cancel", NativeState.CANCELLED),
)
_BY_REQUEST = re.compile(r"cancel\w* by external request|requested to cancel", re.IGNORECASE)
#: Exit codes above this one are signals, as the scripts of A-REX write them.
_SIGNALS_ABOVE, _SIGNALS_MAX = 256, 64

#: A queue that is "not allowed" is none of them: so says a CE that has just started.
REFUSED_FOR_GOOD = re.compile(r"\bpars(e|ing)\b|syntax|unsupported|not supported|too big|ADLParser", re.IGNORECASE)


class AnswerBroken(Exception):
    """An answer that is not known to be whole; the message says why."""


@dataclass(frozen=True, slots=True)
class JobReply:
    """What A-REX says of one job of a request. status: as of HTTP, for this job alone; activity: its GLUE2 document."""

    status: int
    reason: str
    job_id: str
    activity: Mapping[str, Any]


def replies(content: bytes) -> list[JobReply]:
    """The jobs of an answer, in their order; raises AnswerBroken."""
    found = []
    for job in _jobs(content):
        status = job.get("status-code", "")
        if not (isinstance(status, str) and status.isascii() and status.isdecimal() and len(status) == 3):
            raise AnswerBroken("the CE's answer has a job without a status")
        document = job.get("info_document")
        activity = document.get("ComputingActivity") if isinstance(document, dict) else None
        known = activity if isinstance(activity, dict) else {}
        found.append(JobReply(int(status), _first(job.get("reason")), _first(job.get("id")), known))
    return found


def listed_ids(content: bytes, *, may_be_empty: bool) -> list[str]:
    """The ids of a list of jobs; raises AnswerBroken. may_be_empty: no text at all is a list without jobs (REST 1.0)."""
    if may_be_empty and not content.strip():
        return []
    ids = [_first(job.get("id")) for job in _jobs(content)]
    for job_id in ids:
        if not JOB_ID.fullmatch(job_id):
            raise AnswerBroken(f"the CE's list has the id {job_id[:80]!r}")
    return list(dict.fromkeys(ids))


def files_listed(content: bytes) -> frozenset[str] | None:
    """Names of files in a session directory; None where the answer is not known to be whole."""
    try:
        document = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    files = document.get("file") if isinstance(document, dict) else None
    names = [files] if isinstance(files, str) else files
    return frozenset(names) if isinstance(names, list) and all(isinstance(name, str) for name in names) else None


def versions(content: bytes) -> tuple[str, ...]:
    """Versions of the interface that a CE has; none where the answer is something else."""
    try:
        document = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ()
    return tuple(_all(document.get("version"))) if isinstance(document, dict) else ()


def name_in_local(content: bytes) -> str:
    """The job's name in A-REX's own record of it (`diagnose/local`); empty where it has none."""
    lines = content.decode("utf-8", "replace").splitlines()
    return next((line.partition("=")[2].strip() for line in lines if line.startswith("jobname=")), "")


def name_of(activity: Mapping[str, Any]) -> str:
    """The job's name in its document; empty before the CE has written one."""
    return _first(activity.get("Name"))


def worker(tag: str, job_id: str, activity: Mapping[str, Any]) -> NativeWorker | None:
    """A job as a worker; None for one that was cleaned."""
    native = next((text[8:] for text in _all(activity.get("State")) if text.startswith("arcrest:")), "")
    if native == WIPED:
        return None
    node = _first(activity.get("ExecutionNode"))
    code, signal = _exit(activity)
    state = _state(native, activity, code, signal, has_node=bool(node))
    return NativeWorker(
        tag=tag,
        batch_id=job_id,
        state=state,
        native_state=(native or "without a state")[:100],
        reason=_reason(state, activity)[:REASON_LENGTH_MAX],
        node=node[:255],
        exit_code=code if state.is_end else None,
        signal=signal if state.is_end else None,
        cores=_whole(activity.get("RequestedSlots")),
    )


def _state(native: str, activity: Mapping[str, Any], code: int | None, signal: int | None, *, has_node: bool) -> NativeState:
    """A status that is not known is no end."""
    if native == KILLING:
        return NativeState.RUNNING if has_node else NativeState.PENDING
    state = _STATES.get(native, NativeState.RUNNING)
    if state is NativeState.FINISHED and (code or signal):
        return NativeState.FAILED
    return _failure(_all(activity.get("Error"))) if state is NativeState.FAILED else state


def _failure(errors: Sequence[str]) -> NativeState:
    """Why a job failed: only what the batch system said counts, as A-REX's own errors speak of times and files, too."""
    if any(_BY_REQUEST.search(error) for error in errors):
        return NativeState.CANCELLED
    said = "; ".join(error for error in errors if error.startswith(_LRMS))
    return next(
        (state for pattern, state in _FAILURES if re.search(pattern, said, re.IGNORECASE)),
        NativeState.FAILED,
    )


def _reason(state: NativeState, activity: Mapping[str, Any]) -> str:
    text = "; ".join((*_all(activity.get("Error")), *_all(activity.get("OtherMessages"))))
    return text or ("held by the batch system" if state is NativeState.HELD else "")


def _exit(activity: Mapping[str, Any]) -> tuple[int | None, int | None]:
    code = _whole(activity.get("ExitCode"))
    if code is not None and _SIGNALS_ABOVE < code <= _SIGNALS_ABOVE + _SIGNALS_MAX:
        return None, code - _SIGNALS_ABOVE
    return code, None


def _jobs(content: bytes) -> list[Mapping[str, Any]]:
    """Jobs of a document; one alone may stand without a list (REST 1.0)."""
    try:
        document = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise AnswerBroken("the CE's answer is no whole JSON") from None
    jobs = document.get("job") if isinstance(document, dict) else None
    jobs = [jobs] if isinstance(jobs, dict) else jobs
    if not isinstance(jobs, list) or not all(isinstance(job, dict) for job in jobs):
        raise AnswerBroken("the CE's answer is no list of jobs")
    return jobs


def _all(value: object) -> list[str]:
    """The texts of an element that may be there once, several times or not at all."""
    values = value if isinstance(value, list) else [value]
    return [text for text in values if isinstance(text, str) and text]


def _first(value: object) -> str:
    return next(iter(_all(value)), "")


def _whole(value: object) -> int | None:
    text = _first(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
