"""Tells Culm about the life of each worker, in order, from a thread of its own; nothing is lost while Culm is away."""

import threading
from itertools import takewhile
from typing import Any
from urllib.parse import quote

import structlog

from agents.errors import Rejected, Unreachable
from agents.harvester.clock import SYSTEM_CLOCK, Clock
from agents.harvester.journal import Report, ReportJournal
from agents.harvester.kill_points import reach
from agents.session import AgentSession, patiently

ANSWER_SECONDS = 20.0
ROUND_SECONDS = 60.0
#: Of one request, within what the API takes; a line of the journal is as long as the report in it, or longer.
REPORTS_MAX, BYTES_MAX = 200, 400_000
#: A server that takes no many reports at once is asked again after so long.
ALONE_SECONDS = 600.0
log = structlog.get_logger()


class Reporting:
    """Sends what the journal holds."""

    def __init__(self, session: AgentSession, journal: ReportJournal, clock: Clock = SYSTEM_CLOCK) -> None:
        self._session, self._journal, self._clock = session, journal, clock
        self._news, self._over = threading.Event(), threading.Event()
        #: Until then (monotonic) reports are sent one by one.
        self._alone_until = 0.0
        self._thread = threading.Thread(target=self._run, name="reporting", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def tell(self, queue: str, *reports: Report) -> None:
        """Keep `reports` about workers of `queue`, and send them."""
        if not reports:
            return
        try:
            self._journal.add(*({"queue": queue, "body": report} for report in reports))
        except OSError as problem:  # a full disk: they are sent all the same, unless this process dies first
            log.error("reports_not_on_disk", problem=problem.strerror)
        reach("report.written")
        self._news.set()

    def __len__(self) -> int:
        return len(self._journal)

    def finish(self, seconds: float) -> None:
        """Send what is left, for at most `seconds`; the rest stays in the journal for the next harvester."""
        end = self._clock.monotonic() + seconds
        while len(self._journal) and self._thread.is_alive() and self._clock.monotonic() < end:
            self._clock.wait(0.01)
        self._over.set()
        self._news.set()

    def send_oldest(self, seconds: float = ROUND_SECONDS) -> bool:
        """Send the oldest reports, as many as go together, for at most `seconds` again and again.

        False when there is none, or Culm does not answer.
        """
        entries = self._together()
        if not entries:
            return False
        queue, reports = _queue_of(entries[0]), [entry.get("body") or {} for entry in entries]
        reach("report.before")
        try:
            tries = patiently(seconds, pause=self._pause, over=self._over.is_set)
            taken = tries(self._send, f"/v1/queues/{quote(queue, safe='')}/workers", reports)
        except Unreachable as problem:
            log.warning("worker_not_reported_yet", worker_id=reports[0].get("worker_id"), problem=str(problem))
            return False
        reach("report.sent")
        self._journal.said(taken)
        reach("report.kept")
        return True

    def _together(self) -> list[Report]:
        """The oldest reports that go in one request: of one queue."""
        alone = self._clock.monotonic() < self._alone_until
        entries = self._journal.first(1 if alone else REPORTS_MAX, BYTES_MAX)
        return list(takewhile(lambda entry: _queue_of(entry) == _queue_of(entries[0]), entries))

    def _send(self, path: str, reports: list[Report]) -> int:
        """How many of `reports`, from the first on, have an answer that will stay; raises Unreachable if it is none."""
        if len(reports) > 1:
            try:
                return self._send_many(path, reports)
            except Rejected as problem:  # a server of an earlier release, for one
                log.warning("reports_one_by_one", problem=str(problem), again_in_seconds=ALONE_SECONDS)
                self._alone_until = self._clock.monotonic() + ALONE_SECONDS
        try:
            answer = self._session.post(path, reports[0], ANSWER_SECONDS)
        except Rejected as problem:
            _rejected(reports[0], str(problem))
        else:
            _reported(reports[0], answer)
        return 1

    def _send_many(self, path: str, reports: list[Report]) -> int:
        answers = self._session.post(f"{path}/reports", {"reports": reports}, ANSWER_SECONDS).get("answers")
        if not isinstance(answers, list) or len(answers) != len(reports):
            raise Unreachable("reports of workers: the answer is odd")
        taken = 0
        for report, answer in zip(reports, answers, strict=True):
            status = answer.get("status") if isinstance(answer, dict) else None
            if not isinstance(status, int) or status >= 500:
                break
            if status == 200:
                _reported(report, answer)
            else:
                _rejected(report, f"status {status}: {str(answer.get('detail'))[:200]}")
            taken += 1
        if not taken:
            raise Unreachable("reports of workers: the decider has not answered yet")
        return taken

    def _run(self) -> None:
        while not self._over.is_set():
            if not self.send_oldest() and not len(self._journal):
                self._news.wait()
                self._news.clear()

    def _pause(self, seconds: float) -> None:
        self._over.wait(seconds)


def _queue_of(entry: Report) -> str:
    return str(entry.get("queue"))


def _reported(report: Report, answer: dict[str, Any]) -> None:
    told = {name: answer.get(name) for name in ("accepted", "reason", "message")}
    log.info("worker_reported", worker_id=report.get("worker_id"), state=report.get("state"), answer=told)


def _rejected(report: Report, problem: str) -> None:
    log.error("worker_report_rejected", worker_id=report.get("worker_id"), problem=problem)
