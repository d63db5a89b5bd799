"""Workers as jobs of Slurm (22.05 and later): one `sbatch` a worker, one `squeue` for all of them.

In: specs, orders. Out: what Slurm says, by tag; the tag stands in the job's comment and name. Ends that left `squeue` (MinJobAge)
are found in the jobcomp/filetxt file, by `sacct`, and in what workers wrote down in their folders. Guards: a job id alone is no
identity (`slurmctld -c` begins at 1 again), so that a cancellation names tag and id; a job is never requeued by Slurm.
"""

import math
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from agents.harvester.systems import slurm_words
from agents.harvester.systems.commands import PARALLEL_MAX, SETTINGS, Commands, side_by_side, submission_outcome
from agents.harvester.systems.contract import (
    CancelOutcome,
    Description,
    EventSource,
    Listing,
    NativeState,
    NativeWorker,
    Refused,
    SubmitOutcome,
    WorkerSpec,
)
from agents.harvester.systems.file_events import FileEvents
from agents.harvester.systems.native_command import one_line
from agents.harvester.systems.tags import belongs, spec_problem, stack_problem, values_problem
from agents.harvester.systems.worker_folders import WorkerFolders

COMMANDS = ("sbatch", "squeue", "scancel")
#: Of the plugin: Slurm's configuration file; the file of jobcomp/filetxt; "yes" where there is slurmdbd.
OWN_SETTINGS = SETTINGS | {"slurm_conf", "jobcomp_file", "sacct"}
#: Of a queue, each an option of sbatch.
QUEUE_SETTINGS = frozenset({"partition", "account", "qos", "constraint", "reservation", "gres", "licenses"})
COMPLETIONS_BYTES = 16 << 20
_VALUE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.,:&|*@()\[\]=/+-]{0,199}")


class Slurm:
    """The Slurm of this host's commands. folder: on a file system that the nodes see."""

    def __init__(self, stack: str, settings: Mapping[str, str], folder: Path) -> None:
        self._stack, self._settings = stack, settings
        self._folders = WorkerFolders(folder / "slurm", stack)
        self._commands = Commands(settings, {"SLURM_CONF": settings.get("slurm_conf") or os.environ.get("SLURM_CONF", "")})
        self._jobcomp = Path(settings["jobcomp_file"]) if settings.get("jobcomp_file") else None
        self._sacct = settings.get("sacct", "no")
        self._user = os.getuid()

    def describe(self) -> Description:
        """What Slurm can do."""
        return Description(name="slurm", exact_memory=True, ships_files=True, bulk_max=PARALLEL_MAX, retires=True)

    def problem(self) -> str:
        """Why it cannot be used here; empty if it can."""
        if unknown := sorted(self._settings.keys() - OWN_SETTINGS):
            return f"setting {unknown[0][:60]!r} is unknown, expected one of {', '.join(sorted(OWN_SETTINGS))}"
        if self._sacct not in ("yes", "no"):
            return f"sacct is {self._sacct[:40]!r}, expected yes or no"
        if re.search(r"[%\\\s]", str(self._folders.root)):
            root = str(self._folders.root)
            return f"folder is {root!r}, expected a path without '%', '\\' and blanks, which sbatch reads otherwise"
        needed = (*COMMANDS, "sacct") if self._sacct == "yes" else COMMANDS
        return stack_problem(self._stack) or self._commands.problem(needed)

    def submit(self, specs: Sequence[WorkerSpec]) -> Sequence[SubmitOutcome]:
        """One `sbatch` a worker, some at once."""
        return side_by_side(specs, self._submit)

    def _submit(self, spec: WorkerSpec) -> SubmitOutcome:
        problem = spec_problem(spec, self._stack, QUEUE_SETTINGS)
        if problem := problem or values_problem(spec, _VALUE, "a value of sbatch's --{name}"):
            return Refused(spec.tag, problem, permanent=True)
        try:
            folder = self._folders.make(spec)
        except OSError as failure:
            return Refused(spec.tag, f"the worker's folder cannot be made: {failure.strerror}", permanent=False)
        ran = self._commands.run(_sbatch(spec, folder))
        refusals = ((slurm_words.REFUSED_FOR_GOOD, True), (slurm_words.REFUSED_FOR_NOW, False))
        return submission_outcome(spec.tag, "sbatch", ran, slurm_words.submitted_id(ran.stdout), refusals)

    def listing(self) -> Listing:
        """All workers of the stack, by one `squeue`; then what ended and left it."""
        began = time.time()
        ran = self._commands.list(
            ["squeue", "--noheader", "--noconvert", "--states=all", f"--user={self._user}", f"--Format={slurm_words.FORMAT}"]
        )
        found = slurm_words.queue(b"" if ran.problem else ran.stdout, self._stack)
        problem = ran.complaint or (one_line(ran.error_text) if slurm_words.COMPLAINT.search(ran.error_text) else found.problem)
        if problem:
            return Listing(False, began, found.workers, problem)
        ended, problem = self._accounting(began)
        workers = {(worker.tag, worker.batch_id): worker for worker in (*ended, *found.workers)}
        seen = {tag for tag, _ in workers}
        left = [] if problem else [worker for worker in self._left() if worker.tag not in seen]
        return Listing(not problem, began, (*workers.values(), *left), problem)

    def _accounting(self, now: float) -> tuple[list[NativeWorker], str]:
        """Workers that Slurm has written down as ended; why that is not to be had, empty if it is."""
        workers: list[NativeWorker] = []
        if self._jobcomp is not None:
            try:
                workers += slurm_words.completions(_end_of_log(self._jobcomp), self._stack, self._user)
            except OSError as failure:
                return workers, f"jobcomp_file {self._jobcomp} cannot be read: {failure.strerror}"
        if self._sacct == "yes":
            since = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(now - 86_400))
            ran = self._commands.list(
                [
                    "sacct", "--noheader", "--allocations", "--parsable2", f"--delimiter={slurm_words.SACCT_DELIMITER}",
                    f"--user={self._user}", f"--starttime={since}", f"--format={slurm_words.SACCT_FORMAT}",
                ]
            )  # fmt: skip
            found = slurm_words.accounted(ran.stdout, self._stack)
            return [*workers, *found.workers], ran.complaint or found.problem
        return workers, ""

    def _left(self) -> list[NativeWorker]:
        """Ended workers by what their scripts wrote down, for sites that keep no accounting within reach."""
        return [
            NativeWorker(
                tag=left.tag,
                batch_id=left.batch_id,
                state=NativeState.FAILED if left.exit_code else NativeState.FINISHED,
                native_state="exit code in the worker's folder",
                exit_code=left.exit_code,
            )
            for left in self._folders.left()
        ]

    def cancel(self, workers: Sequence[NativeWorker]) -> Sequence[CancelOutcome]:
        """One `scancel` a worker, by tag and id together."""
        return side_by_side(workers, self._cancel)

    def _cancel(self, worker: NativeWorker) -> CancelOutcome:
        if not belongs(worker.tag, self._stack):
            return CancelOutcome.GONE
        ids = [worker.batch_id] if worker.batch_id.isdigit() else []
        ran = self._commands.run(["scancel", f"--name={worker.tag}", f"--user={self._user}", *ids])
        if ran.exit_code == 0 and not slurm_words.COMPLAINT.search(ran.error_text):
            return CancelOutcome.ORDERED
        # With a filter, an id that is not known (or has ended) makes scancel end with 1 and print nothing.
        gone = ran.exit_code == 1 and (not ran.stderr.strip() or "Invalid job id specified" in ran.error_text)
        return CancelOutcome.GONE if gone else CancelOutcome.UNKNOWN

    def retire(self, workers: Sequence[NativeWorker]) -> None:
        """Have running workers take no more jobs: SIGUSR1 to their scripts, which pass it on. Nothing is awaited."""
        side_by_side([worker for worker in workers if worker.state is NativeState.RUNNING], self._retire)

    def _retire(self, worker: NativeWorker) -> None:
        if belongs(worker.tag, self._stack) and worker.batch_id.isdigit() and self._folders.retires(worker.tag):
            which = [f"--name={worker.tag}", f"--user={self._user}", worker.batch_id]
            self._commands.run(["scancel", "--signal=USR1", "--batch", *which])

    def sweep(self, is_over: Callable[[str], bool]) -> int:
        """Remove the folders of workers that are over."""
        return self._folders.sweep(is_over)

    def last_words(self, tag: str) -> str:
        """The end of a worker's error output, at most 8 KB."""
        return self._folders.last_words(tag)

    def events(self) -> EventSource | None:
        """Ends of jobs, where the jobcomp file is on this host."""
        if self._jobcomp is None:
            return None
        try:
            return FileEvents(self._jobcomp)
        except OSError:
            return None


def _sbatch(spec: WorkerSpec, folder: Path) -> list[str]:
    """The command that submits `spec`; everything in it may be seen by all users."""
    return [
        "sbatch", "--parsable", "--no-requeue", "--nodes=1", "--ntasks=1",
        f"--cpus-per-task={spec.cores}", f"--mem={spec.memory_mb}M", f"--time={math.ceil(spec.walltime_seconds / 60)}",
        f"--comment={spec.tag}", f"--job-name={spec.tag}", f"--chdir={folder}",
        f"--output={folder / 'stdout'}", f"--error={folder / 'stderr'}",
        *(f"--{name}={value}" for name, value in sorted(spec.settings.items())),
        str(folder / "run"),
    ]  # fmt: skip


def _end_of_log(path: Path) -> bytes:
    """The last lines of a log, across its latest rotation. Raises OSError."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - COMPLETIONS_BYTES))
        text = file.read(COMPLETIONS_BYTES)
    earlier = path.with_name(f"{path.name}.1")
    if size < COMPLETIONS_BYTES and earlier.is_file():
        with earlier.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - (COMPLETIONS_BYTES - size)))
            return file.read(COMPLETIONS_BYTES) + text
    return text
