"""What Slurm's commands say, as data: their output in, workers out. Pure; nothing here runs a command.

`squeue` prints columns of fixed width in bytes, so that no text in a column can look like another. Accounting lines of
`jobcomp/filetxt` and `sacct` begin with what their writer alone decides (id, user), and free texts come after it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from agents.harvester.systems.contract import REASON_LENGTH_MAX, NativeState, NativeWorker
from agents.harvester.systems.tags import belongs

#: Columns of `squeue -O` and their widths; a comment longer than a tag is none.
COLUMNS = {
    "JobID": 32, "State": 32, "exit_code": 16, "MinMemory": 24, "NumCPUs": 16, "NodeList": 200, "Comment": 80, "Name": 80,
    "Reason": 200,
}  # fmt: skip
FORMAT = ",".join(f"{name}:{width}" for name, width in COLUMNS.items())
LINE_BYTES = sum(COLUMNS.values())
#: Fields of `sacct -P -o`, and what stands between them.
SACCT_FORMAT = "JobIDRaw,State,ExitCode,ReqMem,ReqCPUS,NodeList,JobName"
SACCT_DELIMITER = "\x1f"

STATES = {
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
#: Reasons for which a pending worker never starts by itself.
HELD_REASONS = frozenset({
    "JobHeldUser", "JobHeldAdmin", "JobHoldMaxRequeue", "BadConstraints", "DependencyNeverSatisfied", "JobLaunchFailure",
    "InvalidAccount", "InvalidQOS", "AccountNotAllowed", "QOSNotAllowed", "PartitionTimeLimit", "PartitionNodeLimit", "Prolog",
    "PartitionConfig", "ReservationDeleted",
})  # fmt: skip
#: The reason of a job that was refused at its submission and never was one.
REFUSED_REASON = "BadConstraints"
#: Slurm's own number for "out of memory" in the place of a signal.
SIGNAL_OUT_OF_MEMORY = 125

#: The controller answered, and these are its answers that another request of the same kind gets as well.
REFUSED_FOR_GOOD = re.compile(
    r"invalid partition|requested node configuration is not available|memory specification can not be satisfied"
    r"|more processors requested than permitted|invalid account or account/partition|invalid qos|invalid feature spec"
    r"|invalid generic resource|requested time limit is invalid|invalid --\w+|invalid license"
    r"|group not permitted to use this partition|access/permission denied|unrecognized option|invalid option"
    r"|user's? .*not permitted|reservation is invalid|invalid directive|requested reservation is invalid"
    r"|node count specification invalid|invalid wckey",
    re.IGNORECASE,
)
#: It answered that there is no room for now.
REFUSED_FOR_NOW = re.compile(
    r"violates accounting/qos policy|temporarily unable to accept job|submit limit|resource temporarily unavailable"
    r"|requested partition configuration not available now|required partition not available|maxjobcount",
    re.IGNORECASE,
)
#: What stands in the error output when a command that ended well did not do its work.
COMPLAINT = re.compile(r"error|unable|fail|denied|timed? ?out|cannot|can't|refused", re.IGNORECASE)

_ID = re.compile(r"(?:Submitted batch job )?([1-9][0-9]{0,9})(?:;[\w.-]+)?")
_MEMORY = re.compile(r"([0-9]+(?:\.[0-9]+)?)([KMGTP]?)[nc]?")
_UNITS = {"K": 1 / 1024, "M": 1, "": 1, "G": 1024, "T": 1024**2, "P": 1024**3}
_JOBCOMP = re.compile(
    r"JobId=(?P<id>[0-9]+) UserId=[^ ]*\((?P<user>[0-9]+)\) GroupId=[^ ]* Name=(?P<tag>[^ ]+) JobState=(?P<state>[A-Z_]+) "
)
_JOBCOMP_END = re.compile(r" NodeList=(?P<nodes>[^ ]*) .* ExitCode=(?P<code>[0-9]+):(?P<signal>[0-9]+) ?$")
_JOBCOMP_SIZE = re.compile(r" Tres=cpu=(?P<cores>[0-9]+),mem=(?P<memory>[0-9.]+[KMGT]?),")
_WORD = re.compile(r"[A-Za-z_]+")


@dataclass(frozen=True, slots=True)
class Found:
    """Workers in an answer; problem: why it is not whole, empty if it is."""

    workers: tuple[NativeWorker, ...] = ()
    problem: str = ""


@dataclass(slots=True)
class _Gathered:
    workers: list[NativeWorker] = field(default_factory=list)
    problem: str = ""


def submitted_id(stdout: bytes) -> str | None:
    """The id of a job that `sbatch --parsable` printed, among greetings of the site; None for none, or more than one."""
    lines = stdout.decode("utf-8", "replace").splitlines()
    found = {match.group(1) for line in lines if (match := _ID.fullmatch(line.strip()))}
    return found.pop() if len(found) == 1 else None


def queue(stdout: bytes, stack: str) -> Found:
    """The workers of `stack` in the output of `squeue -h -O FORMAT`."""
    found = _Gathered()
    lines = stdout.split(b"\n")
    if lines.pop():
        found.problem = "squeue's last line is cut"
    for line in lines:
        if len(line) == LINE_BYTES and line[:1].isdigit():
            if worker := _worker(_columns(line), stack):
                found.workers.append(worker)
        elif f"{stack}-".encode() in line or not line[:1].isdigit():
            found.problem = found.problem or f"squeue printed a line of {len(line)} bytes, expected {LINE_BYTES}"
    return Found(tuple(found.workers), found.problem)


def _columns(line: bytes) -> dict[str, str]:
    values, begin = {}, 0
    for name, width in COLUMNS.items():
        values[name] = line[begin : begin + width].decode("utf-8", "replace").strip()
        begin += width
    return values


def _worker(columns: dict[str, str], stack: str) -> NativeWorker | None:
    tag = next((text for text in (columns["Comment"], columns["Name"]) if belongs(text, stack)), None)
    if tag is None:
        return None
    reason = "" if columns["Reason"] in ("None", "") else columns["Reason"]
    state = state_of(columns["State"], reason)
    if state is NativeState.FAILED and reason == REFUSED_REASON and not columns["NodeList"]:
        return None  # what sbatch refused stands there all the same, under a number of its own
    status = int(columns["exit_code"]) if columns["exit_code"].isdigit() else None
    code, signal = _exit_of(state, None if status is None else status >> 8 & 255, None if status is None else status & 127)
    return NativeWorker(
        tag=tag,
        batch_id=columns["JobID"],
        state=state,
        native_state=columns["State"],
        reason=reason[:REASON_LENGTH_MAX],
        node=columns["NodeList"],
        exit_code=code,
        signal=signal,
        memory_mb=megabytes(columns["MinMemory"]),
        cores=int(columns["NumCPUs"]) if columns["NumCPUs"].isdigit() else None,
    )


def state_of(text: str, reason: str = "") -> NativeState:
    """The state behind Slurm's word, which may be followed by more ("CANCELLED by 0"). A word that is not known is no end."""
    match = _WORD.match(text)
    state = STATES.get(match.group() if match else "", NativeState.RUNNING)
    if state is NativeState.PENDING and reason in HELD_REASONS:
        return NativeState.HELD
    return state


def _exit_of(state: NativeState, code: int | None, signal: int | None) -> tuple[int | None, int | None]:
    """Exit code or signal of a worker that ended; neither of one that lives, or whose end was not its own."""
    if not state.is_end or code is None or signal == SIGNAL_OUT_OF_MEMORY:
        return None, None
    return (None, signal) if signal else (code, None)


def megabytes(text: str) -> int | None:
    """A size as Slurm writes it (300M, 2.50G, 5000Mn); None for what is none."""
    match = _MEMORY.fullmatch(text)
    return round(float(match.group(1)) * _UNITS[match.group(2)]) if match else None


def completions(text: bytes, stack: str, user: int) -> Iterator[NativeWorker]:
    """Ended workers of `stack` in lines of jobcomp/filetxt; those of other users, and what is not whole, are left out."""
    mark = f" Name={stack}-".encode()
    for line in text.split(b"\n"):
        if mark not in line:
            continue
        words = line.decode("utf-8", "replace")
        begin, end = _JOBCOMP.match(words), _JOBCOMP_END.search(words)
        if begin is None or end is None or int(begin["user"]) != user or not belongs(begin["tag"], stack):
            continue
        state = state_of(begin["state"])
        node = "" if end["nodes"] == "(null)" else end["nodes"]
        if state.is_end and (node or state is not NativeState.FAILED):  # one that failed on no node was refused by sbatch
            code, signal = _exit_of(state, int(end["code"]), int(end["signal"]))
            size = _JOBCOMP_SIZE.search(words)
            yield NativeWorker(
                tag=begin["tag"], batch_id=begin["id"], state=state, native_state=begin["state"], node=node,
                exit_code=code, signal=signal, memory_mb=megabytes(size["memory"]) if size else None,
                cores=int(size["cores"]) if size else None,
            )  # fmt: skip


def accounted(stdout: bytes, stack: str) -> Found:
    """Ended workers of `stack` in the output of `sacct -n -X -P --delimiter -o SACCT_FORMAT`."""
    found = _Gathered()
    lines = stdout.decode("utf-8", "replace").split("\n")
    if lines.pop():
        found.problem = "sacct's last line is cut"
    for line in lines:
        fields = line.split(SACCT_DELIMITER)
        if len(fields) != 7:
            found.problem = found.problem or f"sacct printed a line of {len(fields)} fields, expected 7"
            continue
        batch_id, word, ended, memory, cores, node, tag = fields
        state = state_of(word)
        if belongs(tag, stack) and state.is_end:
            code, _, signal = ended.partition(":")
            known = code.isdigit() and signal.isdigit()
            exit_code, number = _exit_of(state, int(code) if known else None, int(signal) if known else None)
            found.workers.append(
                NativeWorker(
                    tag=tag, batch_id=batch_id, state=state, native_state=word[:REASON_LENGTH_MAX], node=node,
                    exit_code=exit_code, signal=number, memory_mb=megabytes(memory),
                    cores=int(cores) if cores.isdigit() else None,
                )
            )  # fmt: skip
    return Found(tuple(found.workers), found.problem)
