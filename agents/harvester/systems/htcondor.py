"""Workers as jobs of HTCondor (10 and later): one `condor_submit` a worker, one `condor_q` for all of them.

In: specs, orders. Out: what the access point says, by tag; the tag stands in the attribute CulmWorker and in the batch name. Ends
stay in the queue for ten minutes (leave_in_queue); older ones come from `condor_history`. Guards: cluster ids are no identity, so
that a removal names tag, id and owner; a worker that was interrupted does not run again; secrets travel as input files alone.
"""

import os
import pwd
import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from agents.harvester.systems import htcondor_words
from agents.harvester.systems.commands import PARALLEL_MAX, SETTINGS, Commands, side_by_side, submission_outcome
from agents.harvester.systems.contract import (
    CancelOutcome,
    Description,
    EventSource,
    Listing,
    NativeWorker,
    Refused,
    SubmitOutcome,
    WorkerSpec,
)
from agents.harvester.systems.file_events import FileEvents
from agents.harvester.systems.native_command import one_line
from agents.harvester.systems.tags import belongs, spec_problem, stack_problem, values_problem
from agents.harvester.systems.worker_folders import WorkerFolders
from process.private_files import write_private

COMMANDS = ("condor_submit", "condor_q", "condor_history", "condor_rm")
#: Of the plugin: HTCondor's configuration file; who owns the jobs, if it is not the user of this process.
OWN_SETTINGS = SETTINGS | {"condor_config", "owner"}
QUEUE_SETTINGS = frozenset({"grid_resource", "remote_queue", "accounting_group", "concurrency_limits"})
HISTORY_SECONDS, HISTORY_JOBS_MAX = 86_400, 20_000
EVENT_LOG_BYTES_MAX = 16 << 20
_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.,: @/+-]{0,199}")
_OWNER = re.compile(r"[a-z_][a-z0-9_.-]{0,31}")


class HTCondor:
    """The access point of this host's commands. folder: where its files of workers lie; they are sent from there."""

    def __init__(self, stack: str, settings: Mapping[str, str], folder: Path) -> None:
        self._stack, self._settings = stack, settings
        self._folders = WorkerFolders(folder / "htcondor", stack, shared=False)
        config = settings.get("condor_config") or os.environ.get("CONDOR_CONFIG", "")
        self._commands = Commands(settings, {"CONDOR_CONFIG": config})
        self._owner = settings.get("owner") or pwd.getpwuid(os.getuid()).pw_name
        self._log = self._folders.root / f"{stack}.events"

    def describe(self) -> Description:
        """What HTCondor can do."""
        return Description(name="htcondor", exact_memory=False, ships_files=True, bulk_max=PARALLEL_MAX)

    def problem(self) -> str:
        """Why it cannot be used here; empty if it can."""
        if unknown := sorted(self._settings.keys() - OWN_SETTINGS):
            return f"setting {unknown[0][:60]!r} is unknown, expected one of {', '.join(sorted(OWN_SETTINGS))}"
        if not _OWNER.fullmatch(self._owner):
            return f"owner is {self._owner[:60]!r}, expected the name of a user"
        root = str(self._folders.root)
        if re.search(r"[$\",\s]", root):
            return f"folder is {root!r}, expected a path without '$', quotes, commas and blanks"
        return stack_problem(self._stack) or self._commands.problem(COMMANDS)

    def submit(self, specs: Sequence[WorkerSpec]) -> Sequence[SubmitOutcome]:
        """One `condor_submit` a worker, some at once."""
        return side_by_side(specs, self._submit)

    def _submit(self, spec: WorkerSpec) -> SubmitOutcome:
        problem = spec_problem(spec, self._stack, QUEUE_SETTINGS)
        if problem := problem or values_problem(spec, _VALUE, "letters, digits and '_.,: @/+-'"):
            return Refused(spec.tag, problem, permanent=True)
        try:
            folder = self._folders.make(spec)
            file = folder / "submit"
            write_private(file, htcondor_words.description(spec, str(folder), str(self._log)).encode())
        except OSError as failure:
            return Refused(spec.tag, f"the worker's folder cannot be made: {failure.strerror}", permanent=False)
        ran = self._commands.run(["condor_submit", "-terse", str(file)])
        refusals = ((htcondor_words.REFUSED_FOR_NOW, False), (htcondor_words.REFUSED_FOR_GOOD, True))
        return submission_outcome(spec.tag, "condor_submit", ran, htcondor_words.submitted_id(ran.stdout), refusals)

    def listing(self) -> Listing:
        """All workers of the stack, by one `condor_q`; then what left the queue, by `condor_history`."""
        began = time.time()
        mine = f'Owner == "{self._owner}" && CulmWorker =!= undefined'
        queue, problem = self._jobs(["condor_q", "-allusers", "-constraint", mine])
        if problem:
            return Listing(False, began, queue, problem)
        since = f"EnteredCurrentStatus < {int(began) - HISTORY_SECONDS}"
        ended, problem = self._jobs(
            ["condor_history", "-constraint", mine, "-since", since, "-limit", str(HISTORY_JOBS_MAX)]
        )
        workers = {(worker.tag, worker.batch_id): worker for worker in (*ended, *queue)}
        return Listing(not problem, began, tuple(workers.values()), problem)

    def _jobs(self, argv: Sequence[str]) -> tuple[tuple[NativeWorker, ...], str]:
        """Workers in the answer of a command, and why it is not whole."""
        ran = self._commands.list([*argv, "-json", "-attributes", ",".join(htcondor_words.ATTRIBUTES)])
        found = htcondor_words.jobs(b"" if ran.problem else ran.stdout, self._stack, self._owner)
        complaint = one_line(ran.error_text) if htcondor_words.COMPLAINT.search(ran.error_text) else ""
        return found.workers, ran.complaint or complaint or found.problem

    def cancel(self, workers: Sequence[NativeWorker]) -> Sequence[CancelOutcome]:
        """One `condor_rm` a worker, by tag, id and owner; one that is over keeps its end."""
        return side_by_side(workers, self._cancel)

    def _cancel(self, worker: NativeWorker) -> CancelOutcome:
        cluster, _, process = worker.batch_id.partition(".")
        if not belongs(worker.tag, self._stack) or not (cluster.isdigit() and process.isdigit()):
            return CancelOutcome.GONE
        lives = f"JobStatus =!= {htcondor_words.REMOVED} && JobStatus =!= {htcondor_words.COMPLETED}"
        which = f'CulmWorker =?= "{worker.tag}" && Owner == "{self._owner}" && ClusterId == {cluster} && ProcId == {process}'
        ran = self._commands.run(["condor_rm", "-constraint", f"{which} && {lives}"])
        said = ran.stdout.decode("utf-8", "replace") + ran.error_text
        if "There are no jobs in the queue" in said or "find/remove all jobs matching" in said:
            return CancelOutcome.GONE
        good = ran.exit_code == 0 and not htcondor_words.COMPLAINT.search(ran.error_text)
        return CancelOutcome.ORDERED if good else CancelOutcome.UNKNOWN

    def sweep(self, is_over: Callable[[str], bool]) -> int:
        """Remove the folders of workers that are over, and what the event log has grown to."""
        with suppress(OSError):
            if self._log.stat().st_size > EVENT_LOG_BYTES_MAX:
                os.truncate(self._log, 0)
        return self._folders.sweep(is_over)

    def last_words(self, tag: str) -> str:
        """The end of a worker's error output, at most 8 KB; it comes when the job ends."""
        return self._folders.last_words(tag)

    def events(self) -> EventSource | None:
        """What happens to jobs, by the log that all of them share."""
        try:
            self._folders.root.mkdir(parents=True, exist_ok=True)
            self._log.touch()
            return FileEvents(self._log)
        except OSError:
            return None
