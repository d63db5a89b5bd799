"""Workers as processes on this host, each a session of its own that outlives the harvester.

In: specs, orders. Out: what runs, by tag; the tag is a variable in the environment of the worker's first process, and the name of
its folder and record. Guards: a tag is started once; as root each worker is a user of its own, otherwise it is in a user
namespace, where that can be had; a process counts as a worker only as the user to whom the worker's folder belongs, and with the
number in its record where there is one.
"""

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import structlog

from agents.harvester.kill_points import reach
from agents.harvester.systems.contract import (
    CancelOutcome,
    Description,
    EventSource,
    Listing,
    NativeState,
    NativeWorker,
    Refused,
    SubmitOutcome,
    Submitted,
    Unknown,
    WorkerSpec,
)
from agents.harvester.systems.local_children import LocalChildren
from agents.harvester.systems.local_events import ProcessEnds
from agents.harvester.systems.local_isolation import PilotIsolation, PilotUser
from agents.harvester.systems.local_output import OUTPUT, end_of_output, exit_code_left
from agents.harvester.systems.local_records import (
    LocalRecord,
    LocalRecords,
    SeenProcess,
    batch_id,
    born_at,
    is_alive,
    leaders,
    place_of,
    process_of,
    state_of,
)
from agents.harvester.systems.tags import belongs, spec_problem, stack_problem
from agents.plain_files import remove_folder
from process.private_files import write_private

VARIABLE = "CULM_WORKER_TAG"
#: Set for a worker that is kept apart from the others.
ISOLATED = "CULM_WORKER_ISOLATED"
PROGRAM = "program"
#: What an operator may want to look at, when a worker has left it behind.
JOBS = "PanDA_Pilot-*"
KEPT_SECONDS, RECORD_SECONDS = 86_400.0, 3_600.0
#: From the order to end to SIGKILL.
END_SECONDS = 15.0
ISOLATIONS = ("on", "required", "off")
SETTINGS = ("isolation", "home", "outer_home", "node")
log = structlog.get_logger()


class LocalProcesses:
    """This host. folder: of the workers, each with one below it that has the name of its tag.

    Settings: `isolation` (on where it can be had, required, off), `home`, which isolated workers do not see but for their
    folder and its `storage` and `storages`, `outer_home`, the home of the one who started all this, and `node`, the name of
    this host.
    """

    def __init__(self, stack: str, settings: Mapping[str, str], folder: Path) -> None:
        self._stack, self._settings, self._folder = stack, settings, folder.absolute()
        self._node = settings.get("node") or os.uname().nodename
        self._records = LocalRecords(self._folder / ".workers")
        self._children = LocalChildren()
        self._changes = ProcessEnds()
        self._isolation: PilotIsolation | None = None
        self._is_isolation_tried = False

    def describe(self) -> Description:
        """What this host can do: it measures no memory, and starts a tag once."""
        return Description(name="local", exact_memory=True, ships_files=True, bulk_max=20, submits_once=True, retires=True)

    def problem(self) -> str:
        """Why no worker can be started here; empty if one can."""
        for name, value in self._settings.items():
            if name not in SETTINGS:
                return f"setting {name[:60]!r} is unknown, expected one of {', '.join(SETTINGS)}"
            if name == "isolation" and value not in ISOLATIONS:
                return f"isolation is {value[:40]!r}, expected one of {', '.join(ISOLATIONS)}"
        if problem := stack_problem(self._stack):
            return problem
        problem = self._try_isolation()
        return f"isolation is required, and workers cannot be isolated: {problem}" if problem and self._asks("required") else ""

    def submit(self, specs: Sequence[WorkerSpec]) -> Sequence[SubmitOutcome]:
        """Start a process for each."""
        return [self._start(spec) for spec in specs]

    def listing(self) -> Listing:
        """What runs, and what ended and was not swept."""
        began_at = time.time()
        self._children.bury()  # also those whose records were removed
        try:
            running = self._running()
            tags = self._records.tags()
        except OSError as problem:
            return Listing(False, began_at, problem=str(problem)[:300])
        found = [self._alive(tag, process) for tag, processes in running.items() for process in processes]
        ended = [worker for tag in tags if tag not in running and (worker := self._ended(tag)) is not None]
        return Listing(True, began_at, (*found, *ended))

    def cancel(self, workers: Sequence[NativeWorker]) -> Sequence[CancelOutcome]:
        """SIGTERM, and SIGKILL for a worker that was asked to end long enough ago."""
        try:
            running = self._running()
        except OSError:
            return [CancelOutcome.UNKNOWN for _ in workers]
        return [self._cancel(worker, running) for worker in workers]

    def retire(self, workers: Sequence[NativeWorker]) -> None:
        """SIGUSR1; a worker that does not listen yet, or no longer, is ended by it, and has done what it was asked."""
        with suppress(OSError):  # one that is not recorded as asked has the end that its process has
            running = self._running()
            for worker in workers:
                if _is_among(worker, running):
                    self._records.change(worker.tag, retired=True, **place_of(worker.batch_id))
                    self._signal(worker, signal.SIGUSR1)

    def sweep(self, is_over: Callable[[str], bool]) -> int:
        """Remove folders of workers that ended: at once where they ended well, after a day where they left a job's folder."""
        removed = 0
        try:
            running, tags, folders = self._running(), self._records.tags(), sorted(path.name for path in self._folder.iterdir())
        except OSError:
            return 0
        for tag in folders:
            if self._is_ours(tag) and is_over(tag) and tag not in running and self._may_go(tag):
                remove_folder(self._folder / tag)
                removed += 1
        for tag in tags:
            if is_over(tag) and tag not in running and self._records.age_seconds(tag) > RECORD_SECONDS:
                self._records.forget(tag)
        return removed

    def last_words(self, tag: str) -> str:
        """The end of the worker's output, at most 8 KB; empty where there is none."""
        return end_of_output(self._folder / tag) if self._is_ours(tag) else ""

    def events(self) -> EventSource:
        """Wakes when a worker's process ended."""
        return self._changes

    def _start(self, spec: WorkerSpec) -> SubmitOutcome:
        if problem := spec_problem(spec, self._stack, ()):
            return Refused(spec.tag, problem, True)
        if problem := self.problem():
            return Refused(spec.tag, problem, False)
        try:
            if not self._records.begin(spec.tag):
                return self._begun_before(spec.tag)
        except OSError as failed:
            return Refused(spec.tag, f"the worker could not be started: {failed.strerror}", False)
        try:
            pid = self._spawn(spec)
        except OSError as failed:
            self._records.forget(spec.tag)
            remove_folder(self._folder / spec.tag)
            return Refused(spec.tag, f"the worker could not be started: {failed.strerror}", False)
        reach("local.started")
        born = born_at(pid)
        try:
            self._records.write(spec.tag, LocalRecord(pid, born, memory_mb=spec.memory_mb, cores=spec.cores))
        except OSError as failed:  # it is found by its environment
            log.error("worker_not_recorded", tag=spec.tag, problem=failed.strerror)
        reach("local.recorded")
        self._changes.follow(pid)
        return Submitted(spec.tag, batch_id(pid, born), self._node)

    def _begun_before(self, tag: str) -> SubmitOutcome:
        for process in self._running().get(tag, ()):
            return Submitted(tag, batch_id(process.pid, process.born), self._node)
        return Unknown(tag, "a worker with this tag was begun before")

    def _spawn(self, spec: WorkerSpec) -> int:
        folder = self._folder / spec.tag
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        user = self._isolation.user_for(folder, self._users()) if self._isolation else PilotUser()
        owner = (user.user, user.group) if user.user is not None and user.group is not None else None
        for path in spec.files:
            write_private(folder / path.name, path.read_bytes(), owner)
        write_private(folder / PROGRAM, spec.program.read_bytes(), owner)
        (folder / PROGRAM).chmod(0o700)
        reach("local.prepared")
        command = [*self._isolation.command(folder, user), str(folder / PROGRAM)] if self._isolation else [str(folder / PROGRAM)]
        environment = dict(spec.environment) | {VARIABLE: spec.tag} | ({ISOLATED: "1"} if self._isolation else {})
        return self._children.start(spec.tag, command, environment, folder / OUTPUT)

    def _running(self) -> dict[str, list[SeenProcess]]:
        """Processes that are workers of this stack, by tag; raises OSError.

        Those in the records are believed; the environment, which not every user may read, finds the others.
        """
        found: dict[str, list[SeenProcess]] = {}
        recorded = set()
        for tag in self._records.tags():
            record = self._records.read(tag)
            if record is None or not record.pid:
                continue
            recorded.add(tag)
            if not record.ended and (process := process_of(record.pid, record.born, tag)) is not None:
                found[tag] = [process]
        for process in leaders(VARIABLE):
            is_known = process.tag in recorded or not self._is_ours(process.tag)
            if not is_known and process.user in (os.geteuid(), self._owner(process.tag)):
                found.setdefault(process.tag, []).append(process)
        return found

    def _alive(self, tag: str, process: SeenProcess) -> NativeWorker:
        self._changes.follow(process.pid)
        is_frozen, record = process.state in "Tt", self._records.read(tag) or LocalRecord()
        return NativeWorker(
            tag=tag,
            batch_id=batch_id(process.pid, process.born),
            state=NativeState.HELD if is_frozen else NativeState.RUNNING,
            native_state=process.state,
            reason="the process is stopped" if is_frozen else "",
            node=self._node,
            memory_mb=record.memory_mb or None,
            cores=record.cores or None,
        )

    def _ended(self, tag: str) -> NativeWorker | None:
        """How a worker ended; None for one that never began, and while it only seems so."""
        record = self._records.read(tag)
        if record is None or not record.pid or is_alive(record.pid, record.born):
            return None
        if not record.ended:
            code = self._children.take_code(tag)
            code = exit_code_left(self._folder / tag) if code is None else code
            with suppress(OSError):
                record = self._records.change(tag, ended=True, code=code)
            reach("end.written")
        return NativeWorker(
            tag=tag,
            batch_id=batch_id(record.pid, record.born),
            state=state_of(record),
            native_state="ended",
            reason="" if record.code is not None or record.cancelled_at else "the pilot is gone, and its end was not observed",
            node=self._node,
            memory_mb=record.memory_mb or None,
            cores=record.cores or None,
            exit_code=record.code if record.code is not None and record.code >= 0 else None,
            signal=-record.code if record.code is not None and record.code < 0 else None,
        )

    def _cancel(self, worker: NativeWorker, running: Mapping[str, Sequence[SeenProcess]]) -> CancelOutcome:
        if not _is_among(worker, running):
            return CancelOutcome.GONE
        record = self._records.read(worker.tag) or LocalRecord()
        is_late = bool(record.cancelled_at) and time.time() - record.cancelled_at > END_SECONDS
        if not record.cancelled_at:
            try:
                self._records.change(worker.tag, cancelled_at=time.time(), **place_of(worker.batch_id))
            except OSError:
                return CancelOutcome.UNKNOWN
        elif not is_late:
            return CancelOutcome.ORDERED
        is_there = self._signal(worker, signal.SIGKILL if is_late else signal.SIGTERM)
        return CancelOutcome.ORDERED if is_there else CancelOutcome.GONE

    def _signal(self, worker: NativeWorker, number: signal.Signals) -> bool:
        """Whether the process of `worker`, and no other with its number, got the signal."""
        place = place_of(worker.batch_id)
        if not place:
            return False
        try:
            descriptor = os.pidfd_open(place["pid"])
        except OSError:
            return False
        try:  # from here on the number cannot come to mean another process unnoticed
            if not is_alive(place["pid"], place["born"]):
                return False
            signal.pidfd_send_signal(descriptor, number)
            if number is signal.SIGTERM:  # one that is stopped gets no signal
                signal.pidfd_send_signal(descriptor, signal.SIGCONT)
        except ProcessLookupError:
            return False
        finally:
            os.close(descriptor)
        return True

    def _may_go(self, tag: str) -> bool:
        record = self._records.read(tag)
        is_worth_a_look = record is None or record.code not in (0, None) or any((self._folder / tag).glob(JOBS))
        if record is not None and record.cancelled_at and not any((self._folder / tag).glob(JOBS)):
            is_worth_a_look = False
        try:
            age = time.time() - (self._folder / tag).stat().st_mtime
        except OSError:
            return False
        return not is_worth_a_look or age > KEPT_SECONDS

    def _users(self) -> list[int]:
        """Process ids of the workers that live, so that no two are the same user."""
        return [process.pid for processes in self._running().values() for process in processes]

    def _owner(self, tag: str) -> int:
        try:
            return (self._folder / tag).stat().st_uid
        except OSError:
            return -1

    def _is_ours(self, tag: str) -> bool:
        return belongs(tag, self._stack)

    def _asks(self, isolation: str) -> bool:
        return self._settings.get("isolation", "off") == isolation

    def _try_isolation(self) -> str:
        """Have isolation where it is asked for; why it cannot be had, else empty."""
        if self._asks("off") or self._isolation is not None:
            return ""
        if self._is_isolation_tried and not self._asks("required"):
            return ""
        self._is_isolation_tried = True
        isolation = PilotIsolation(Path(self._settings["home"]), self._settings.get("outer_home", "/root"))
        isolation.prepare_storage()
        problem = isolation.problem()
        if not problem:
            self._isolation = isolation
            log.info("pilots_isolated", by="users" if os.getuid() == 0 else "user namespaces")
        elif not self._asks("required"):
            log.warning("pilots_not_isolated", problem=problem, said="payloads can read what the user of this stack can")
        return problem


def _is_among(worker: NativeWorker, running: Mapping[str, Sequence[SeenProcess]]) -> bool:
    """Whether a process is known as this worker: neither another's with its number, nor one that ended."""
    return any(batch_id(process.pid, process.born) == worker.batch_id for process in running.get(worker.tag, ()))
