"""Tells Culm about the life of each worker, in order, from a thread of its own; nothing is lost while Culm is away."""

import threading
from urllib.parse import quote

import structlog

from agents.errors import Rejected, Unreachable
from agents.harvester.clock import SYSTEM_CLOCK, Clock
from agents.harvester.journal import Report, ReportJournal
from agents.harvester.kill_points import reach
from agents.session import AgentSession, patiently

ANSWER_SECONDS = 20.0
ROUND_SECONDS = 60.0
log = structlog.get_logger()


class Reporting:
    """Sends what the journal holds."""

    def __init__(self, session: AgentSession, journal: ReportJournal, clock: Clock = SYSTEM_CLOCK) -> None:
        self._session, self._journal, self._clock = session, journal, clock
        self._news, self._over = threading.Event(), threading.Event()
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

    def send_first(self, seconds: float = ROUND_SECONDS) -> bool:
        """Send the oldest report, for at most `seconds` again and again; false when there is none, or Culm does not answer."""
        entry = self._journal.first()
        if entry is None:
            return False
        queue, report = str(entry.get("queue")), entry.get("body") or {}
        reach("report.before")
        try:
            tries = patiently(seconds, pause=self._pause, over=self._over.is_set)
            answer = tries(self._session.post, f"/v1/queues/{quote(queue, safe='')}/workers", report, ANSWER_SECONDS)
        except Unreachable as problem:
            log.warning("worker_not_reported_yet", worker_id=report.get("worker_id"), problem=str(problem))
            return False
        except Rejected as problem:
            log.error("worker_report_rejected", worker_id=report.get("worker_id"), problem=str(problem))
        else:
            log.info("worker_reported", worker_id=report.get("worker_id"), state=report.get("state"), answer=answer)
        reach("report.sent")
        self._journal.said()
        reach("report.kept")
        return True

    def _run(self) -> None:
        while not self._over.is_set():
            if not self.send_first() and not len(self._journal):
                self._news.wait()
                self._news.clear()

    def _pause(self, seconds: float) -> None:
        self._over.wait(seconds)
