"""What is looked at before and after: restarts, memory, lag, positions of the projector, logs, the checker.

Everything as a stranger to the processes sees it: the supervisor, /proc, the broker's offsets, rows of positions, files.
"""

import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg2

from check.laws import Violation
from deploy.stack import Stack
from eventlog.lag import ends_of
from schemas.topics import topics_of_role
from tests.hostile import checking, java_memory

LAG_SECONDS_MAX = 60.0
LOOK_SECONDS = 0.5
#: A transaction ends with a marker that takes an offset and is never delivered.
MARKERS = 1
FOUND_MAX = 5


@dataclass(frozen=True, slots=True)
class Look:
    """A stack at a moment. Sizes of logs in bytes; memory that a process and its children have for themselves in MB.

    Postgres' shared buffers are not counted: they fill up to their fixed size, once for each connection that looks. Nor is
    garbage in the heap of a JVM, which fills up to its limit (tests/hostile/java_memory.py).
    """

    restarts: Mapping[str, int]
    own_mb: Mapping[str, int]
    log_sizes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class After:
    """What is found when everything was sent and everything should be handled.

    lag: records by process. standing: partitions of events that the projector has not read to the end. secrets: where in
    the logs one stands, by name of the file and which secret. violations: of the checker; senders_own: those left out of them.
    """

    look: Look
    lag: Mapping[str, int | None] = field(default_factory=dict)
    standing: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    violations: tuple[str, ...] = ()
    checked: int = 0
    senders_own: int = 0


def look_at(stack: Stack) -> Look:
    """The stack now."""
    restarts = {state.name: state.restarts for state in stack.supervisor.states()}
    sizes = {path.name: path.stat().st_size for path in stack.config.logs.glob("*.log")}
    return Look(restarts, own_memory(stack), sizes)


def own_memory(stack: Stack) -> dict[str, int]:
    """MB that each process and its children share with no other; of a JVM what it needs."""
    pids = {state.name: state.pid for state in stack.supervisor.states() if state.pid}
    return {name: sum(_own_bytes(one) for one in _family(pid)) >> 20 for name, pid in pids.items()}


def look_after(
    stack: Stack,
    before: Look,
    secrets: Mapping[str, str],
    *,
    tasks: Sequence[int],
    queues: Sequence[str],
    known: Sequence[Violation],
    forged: bool,
) -> After:
    """Wait until everything is handled, or LAG_SECONDS_MAX; then look at everything.

    tasks, queues: the bystander's. known: violations from before. forged: commands were written to topics, so what they
    broke among themselves is left out.
    """
    lag = awaited_lag(stack)
    standing = tuple(standing_partitions(stack))
    violations, checked = checking.violations_of(stack)
    violations = [one for one in violations if one not in known]
    counting = checking.hurting(violations, tasks, queues) if forged else violations
    found = tuple(secrets_in(stack.config.logs, before.log_sizes, secrets))
    return After(look_at(stack), lag, standing, found, checking.described(counting), checked, len(violations) - len(counting))


def awaited_lag(stack: Stack) -> dict[str, int | None]:
    """Lag by process, once it is 0 everywhere or the time is over."""
    end = time.monotonic() + LAG_SECONDS_MAX
    while True:
        rows = stack.status()["processes"]
        lag = {row["name"]: row["lag"] for row in rows if row["name"] in ("decider", "processors", "projector")}
        if all(behind == 0 for behind in lag.values()) or time.monotonic() > end:
            return lag
        time.sleep(LOOK_SECONDS)


def standing_partitions(stack: Stack) -> Iterable[str]:
    """Partitions of events of which a projection has not read everything."""
    ends = ends_of(stack.config.kafka)
    with psycopg2.connect(stack.config.postgres) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT projection, topic, partition, next_offset FROM projection_position ORDER BY 1, 2, 3")
        rows = cursor.fetchall()
    events = set(topics_of_role("events"))
    for projection, topic, partition, offset in rows:
        end = ends.get((topic, partition), 0)
        if topic in events and offset < end - MARKERS:
            yield f"{projection} of {topic}/{partition} at {offset} of {end}"


def secrets_in(logs: Path, begin: Mapping[str, int], secrets: Mapping[str, str]) -> Iterable[str]:
    """Where a secret stands in what was logged since `begin`. secrets: what to call it -> the text."""
    for path in sorted(logs.glob("*.log")):
        size = path.stat().st_size
        start = begin.get(path.name, 0)
        with path.open("rb") as file:
            file.seek(start if start <= size else 0)  # a file that was begun again is read whole
            text = file.read()
        found = [name for name, secret in secrets.items() if secret.encode() in text]
        yield from (f"{path.name}: {name}" for name in found[:FOUND_MAX])


def _family(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _own_bytes(process: psutil.Process) -> int:
    try:
        if java_memory.is_java(process):
            return _needed_by(process)
        return int(process.memory_full_info().uss)
    except psutil.NoSuchProcess:
        return 0


def _needed_by(process: psutil.Process) -> int:
    """Of a JVM that cannot be asked all of it, with its garbage: rather a fault too many than one not seen."""
    try:
        return java_memory.needed_by(process)
    except (OSError, ValueError, subprocess.SubprocessError) as problem:
        print(f"memory of Java process {process.pid} contains garbage, as it cannot be asked: {problem}", flush=True)
        return int(process.memory_full_info().uss)
