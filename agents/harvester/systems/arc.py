"""ARC CE as a batch system, by the REST interface of A-REX with a token: a job for each worker, whose name is the tag.

In: specs and tags. Out: what the CE says of them. Guards: only jobs whose name is a tag of the stack are shown or touched, and
the name is read again before an order; an answer that is cut or lacks a job makes a listing incomplete.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from agents.harvester.systems import arc_words
from agents.harvester.systems.arc_api import ArcRest
from agents.harvester.systems.arc_description import RUN
from agents.harvester.systems.arc_settings import QUEUE_NAMES, UNUSABLE, VALUE, VALUE_WORDS, read_ce
from agents.harvester.systems.arc_submission import BULK_MAX, ID_FILE, ArcSubmission
from agents.harvester.systems.arc_words import JOB_ID, KILLING, AnswerBroken
from agents.harvester.systems.bounded_http import NoAnswer, NotSent
from agents.harvester.systems.commands import side_by_side
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
from agents.harvester.systems.native_command import one_line
from agents.harvester.systems.tags import belongs, spec_problem, stack_problem, values_problem
from agents.harvester.systems.worker_folders import LAST_WORDS_BYTES, WorkerFolders
from agents.plain_files import beginning_of
from process.settings import SettingRefused

NAMES_BYTES_MAX = 1024 * 1024


class ArcCE:
    """The workers of one stack on one CE. folder: where files of workers lie before they are sent."""

    def __init__(self, stack: str, settings: Mapping[str, str], folder: Path) -> None:
        """Never raises: `problem` says what is wrong with `settings`."""
        self._stack, self._problem = stack, ""
        self._folders = WorkerFolders(folder / "arc", stack, shared=False)
        self._ce, self._rest, self._submission = UNUSABLE, None, None
        self._over: dict[str, float] = {}
        try:
            if found := stack_problem(stack):
                raise SettingRefused(found)
            self._ce = read_ce(settings)
            self._rest = ArcRest(self._ce)
            self._submission = ArcSubmission(self._rest, self._ce, self._folders)
        except (SettingRefused, OSError, ValueError) as problem:  # ssl.SSLError is an OSError
            self._problem = one_line(f"arc: {problem}")

    def describe(self) -> Description:
        """Memory is asked for by core, in whole MB; files are sent with the job."""
        return Description("arc", exact_memory=False, ships_files=True, bulk_max=BULK_MAX)

    def problem(self) -> str:
        """What is wrong with the settings, the address or the token; empty if nothing is."""
        if self._rest is None:
            return self._problem
        found = self._rest.problem()
        return one_line(f"arc: {found}") if found else ""

    def submit(self, specs: Sequence[WorkerSpec]) -> Sequence[SubmitOutcome]:
        """An outcome for each spec, within `submit_seconds` and one call more."""
        if self._submission is None:
            return [Refused(spec.tag, self._problem, permanent=False) for spec in specs]
        refusals = [self._prepare(spec) for spec in specs]
        ready = [spec for spec, refused in zip(specs, refusals, strict=True) if refused is None]
        outcomes = iter(self._submission.submit(ready))
        return [next(outcomes) if refused is None else refused for refused in refusals]

    def _prepare(self, spec: WorkerSpec) -> Refused | None:
        """Make the folder with the files to send, or refuse the spec."""
        problem = spec_problem(spec, self._stack, QUEUE_NAMES) or values_problem(spec, VALUE, VALUE_WORDS)
        if problem:
            return Refused(spec.tag, problem, permanent=True)
        try:
            self._folders.make(spec)
        except OSError as failure:
            return Refused(spec.tag, f"the worker's folder cannot be made: {failure.strerror}", permanent=False)
        return None

    def listing(self) -> Listing:
        """All workers of this stack: the list of jobs, then their documents, a thousand in one request."""
        began_at = time.time()
        if self._rest is None:
            return Listing(complete=False, began_at=began_at, problem=self._problem)
        try:
            workers = tuple(self._workers(self._rest))
        except AnswerBroken as problem:
            return Listing(complete=False, began_at=began_at, problem=one_line(f"arc: {problem}"))
        return Listing(complete=True, began_at=began_at, workers=workers)

    def _workers(self, rest: ArcRest, ids: Sequence[str] | None = None) -> list[NativeWorker]:
        """Workers of this stack among the jobs `ids`, or among all; raises AnswerBroken."""
        end = time.monotonic() + self._ce.listing_seconds
        named = rest.named(rest.all_ids(end) if ids is None else ids, end)
        found = (arc_words.worker(tag, reply.job_id, reply.activity) for tag, reply in named if belongs(tag, self._stack))
        return [worker for worker in found if worker is not None]

    def cancel(self, workers: Sequence[NativeWorker]) -> Sequence[CancelOutcome]:
        """Order the end of jobs that have id and tag of a worker and live; one that is over keeps its end."""
        if self._rest is None:
            return [CancelOutcome.UNKNOWN for _ in workers]
        ours = [one for one in workers if belongs(one.tag, self._stack) and JOB_ID.fullmatch(one.batch_id)]
        try:
            living = {
                (found.tag, found.batch_id): found
                for found in self._workers(self._rest, list(dict.fromkeys(one.batch_id for one in ours)))
                if not found.state.is_end
            }
            due = [found.batch_id for found in living.values() if found.native_state != KILLING]
            answers = self._rest.order("kill", due)
        except AnswerBroken:
            return [CancelOutcome.UNKNOWN if one in ours else CancelOutcome.GONE for one in workers]
        return [_order_of(living.get((one.tag, one.batch_id)), answers) for one in workers]

    def half_submitted(self, workers: Sequence[NativeWorker]) -> Sequence[NativeWorker]:
        """Those whose start script did not reach the CE, as when a harvester was killed between a job and its files."""
        lacking = side_by_side(workers, self._lacks_files)
        return [worker for worker, lacks in zip(workers, lacking, strict=True) if lacks]

    def _lacks_files(self, worker: NativeWorker) -> bool:
        if self._rest is None or not JOB_ID.fullmatch(worker.batch_id):
            return False
        try:
            found = self._rest.session(worker.batch_id, bytes_max=NAMES_BYTES_MAX)
        except (NotSent, NoAnswer):
            return False
        names = arc_words.files_listed(found.content) if found.status == 200 else None
        return names is not None and RUN not in names

    def sweep(self, is_over: Callable[[str], bool]) -> int:
        """Have the CE clean jobs of workers that are over which were seen ended `sweep_seconds` ago, and remove their folders."""
        return self._clean(is_over) + self._folders.sweep(is_over)

    def _clean(self, is_over: Callable[[str], bool]) -> int:
        if self._rest is None:
            return 0
        now = time.monotonic()
        try:
            ended = [worker for worker in self._workers(self._rest) if worker.state.is_end and is_over(worker.tag)]
            # By this host's clock since it was first seen; a harvester that restarts begins to count again.
            self._over = {worker.batch_id: self._over.get(worker.batch_id, now) for worker in ended}
            due = [job_id for job_id, since in self._over.items() if now - since >= self._ce.sweep_seconds]
            answers = self._rest.order("clean", due)
        except AnswerBroken:
            return 0
        return sum(200 <= status < 300 for status in answers.values())

    def last_words(self, tag: str) -> str:
        """The end of a worker's error output, at most 8 KB, from the CE; empty where another harvester sent it."""
        if self._rest is None or not belongs(tag, self._stack):
            return ""
        with suppress(OSError, NotSent, NoAnswer):
            job_id = beginning_of(self._folders.of(tag) / ID_FILE, 256).decode("ascii", "replace")
            if JOB_ID.fullmatch(job_id):
                size = self._rest.session(job_id, "stderr", method="HEAD", bytes_max=0).length or 0
                first = max(0, size - LAST_WORDS_BYTES)
                found = self._rest.session(job_id, "stderr", first_byte=first, bytes_max=4 * LAST_WORDS_BYTES)
                if found.status in (200, 206):
                    return found.content[-LAST_WORDS_BYTES:].decode("utf-8", "replace")
        return ""

    def events(self) -> EventSource | None:
        """None: a CE tells nothing by itself."""
        return None

    def close(self) -> None:
        """Close connections."""
        if self._rest is not None:
            self._rest.close()


def _order_of(found: NativeWorker | None, answers: Mapping[str, int]) -> CancelOutcome:
    """The outcome of an order; none was given for a job that is already being killed."""
    if found is None:
        return CancelOutcome.GONE
    if found.native_state == KILLING:
        return CancelOutcome.ORDERED
    status = answers.get(found.batch_id, 0)
    if 200 <= status < 300:
        return CancelOutcome.ORDERED
    return CancelOutcome.GONE if status == 404 else CancelOutcome.UNKNOWN
