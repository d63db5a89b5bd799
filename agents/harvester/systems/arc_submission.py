"""Submits workers to an ARC CE: all descriptions in one request, then the files of each job.

In: specs with folders. Out: an outcome for each that is certain, or `Unknown`. Guards: the request is sent once, since a CE takes
the same job twice; the script that starts the worker is the last file, so that a worker that lacks a file never runs; a job whose
files were not taken is killed and called unknown.
"""

import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from agents.harvester.kill_points import reach
from agents.harvester.systems.arc_api import ArcRest, what_it_says
from agents.harvester.systems.arc_description import descriptions, input_names
from agents.harvester.systems.arc_settings import ArcSettings
from agents.harvester.systems.arc_words import JOB_ID, REFUSED_FOR_GOOD, AnswerBroken, JobReply, replies
from agents.harvester.systems.bounded_http import Exchange, NoAnswer, NotSent
from agents.harvester.systems.contract import Refused, SubmitOutcome, Submitted, Unknown, WorkerSpec
from agents.harvester.systems.native_command import one_line
from agents.harvester.systems.worker_folders import WorkerFolders
from process.private_files import write_private

#: Jobs of one request.
BULK_MAX = 100
UPLOAD_TRIES, PAUSE_SECONDS = 3, 0.2
#: With these no job was made: the request was not read, or its sender may not, or must come later.
NOT_CARRIED_OUT = frozenset({400, 401, 403, 404, 405, 411, 413, 415, 429, 501})
FOR_GOOD = frozenset({400, 413, 415})
#: What A-REX answers with 500 before it reads the jobs.
FULL = re.compile(r"no more jobs allowed", re.IGNORECASE)
#: Where the id of a worker's job stands, for its error output; not needed for anything else.
ID_FILE = "submit"


class ArcSubmission:
    """Submits workers of one stack to one CE."""

    def __init__(self, rest: ArcRest, settings: ArcSettings, folders: WorkerFolders) -> None:
        self._rest, self._settings, self._folders = rest, settings, folders

    def submit(self, specs: Sequence[WorkerSpec]) -> list[SubmitOutcome]:
        """The outcomes for specs whose folders are made, within `submit_seconds` and one call more."""
        end = time.monotonic() + self._settings.submit_seconds
        found: list[SubmitOutcome] = []
        for first in range(0, len(specs), BULK_MAX):
            found += self._bulk(specs[first : first + BULK_MAX], end)
        return found

    def _bulk(self, specs: Sequence[WorkerSpec], end: float) -> list[SubmitOutcome]:
        left = end - time.monotonic()
        if left <= 0:
            return [_refused(spec.tag, "there was no time to send it", permanent=False) for spec in specs]
        try:
            answer = self._rest.create(descriptions(specs), min(left, self._settings.call_seconds))
        except NotSent as problem:
            return [_refused(spec.tag, str(problem), permanent=False) for spec in specs]
        except NoAnswer as problem:
            return [_unknown(spec.tag, str(problem)) for spec in specs]
        if not 200 <= answer.status < 300:
            return [_refusal_of_all(spec.tag, answer) for spec in specs]
        reach("arc.half")
        try:
            jobs = replies(answer.content)
        except AnswerBroken as problem:
            return [_unknown(spec.tag, str(problem)) for spec in specs]
        ids = [job.job_id for job in jobs if job.job_id]
        if len(jobs) != len(specs) or len(set(ids)) != len(ids):
            return [_unknown(spec.tag, f"{len(specs)} jobs were sent and {len(jobs)} answered, or one twice") for spec in specs]
        with ThreadPoolExecutor(min(len(specs), self._settings.uploads_at_once)) as pool:
            return list(pool.map(lambda pair: self._settled(pair[0], pair[1], end), zip(specs, jobs, strict=True)))

    def _settled(self, spec: WorkerSpec, job: JobReply, end: float) -> SubmitOutcome:
        """One job of the answer, in the place of its description."""
        if job.status >= 300:
            return _refused(spec.tag, f"{job.status} {job.reason}", permanent=bool(REFUSED_FOR_GOOD.search(job.reason)))
        if job.status < 200 or not JOB_ID.fullmatch(job.job_id):
            return _unknown(spec.tag, f"the CE answers {job.status} with the id {job.job_id[:80]!r}")
        if problem := self._give_files(spec, job.job_id, end):
            self._take_back(job.job_id)
            return _unknown(spec.tag, f"its files were not taken: {problem}")
        return Submitted(spec.tag, job.job_id, self._settings.host)

    def _give_files(self, spec: WorkerSpec, job_id: str, end: float) -> str:
        """Why a file was not taken; empty if all were."""
        folder = self._folders.of(spec.tag)
        try:
            write_private(folder / ID_FILE, job_id.encode())
            for name in input_names(spec):
                if problem := self._give(job_id, folder / name, end):
                    return problem
        except OSError as problem:
            return f"{problem.strerror}: {problem.filename}"
        return ""

    def _give(self, job_id: str, path: Path, end: float) -> str:
        content, problem = path.read_bytes(), "there was no time to send it"
        for attempt in range(UPLOAD_TRIES):
            left = end - time.monotonic()
            if left <= 0:
                break
            if attempt:
                time.sleep(min(PAUSE_SECONDS * attempt, left))
            try:
                answer = self._rest.upload(job_id, path.name, content, min(max(0.1, left), self._settings.call_seconds))
            except (NotSent, NoAnswer) as failure:
                problem = str(failure)
                continue
            if 200 <= answer.status < 300:
                return ""
            problem = what_it_says(answer)
        return f"{path.name}: {problem}"

    def _take_back(self, job_id: str) -> None:
        """Have a job killed that would wait for its files; if that does not arrive, the CE gives it up by itself."""
        try:
            self._rest.order("kill", [job_id])
        except AnswerBroken:
            return


def _refusal_of_all(tag: str, answer: Exchange) -> SubmitOutcome:
    said = what_it_says(answer)
    if answer.status in NOT_CARRIED_OUT or FULL.search(said):
        return _refused(tag, f"the CE answers {said}", permanent=answer.status in FOR_GOOD)
    return _unknown(tag, f"the CE answers {said}")


def _refused(tag: str, reason: str, *, permanent: bool) -> Refused:
    return Refused(tag, one_line(reason), permanent)


def _unknown(tag: str, reason: str) -> Unknown:
    return Unknown(tag, one_line(reason))
