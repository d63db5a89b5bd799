"""Tells Culm about the life of each worker, in order, from a thread of its own; nothing is lost while Culm is away."""

import threading
import time
from urllib.parse import quote

import structlog

from agents.errors import Rejected, Unreachable
from agents.harvester.ledger import Ledger
from agents.session import AgentSession, patiently

ANSWER_SECONDS = 20.0
ROUND_SECONDS = 60.0
log = structlog.get_logger()


class Reporting:
    """Sends what the ledger has to say."""

    def __init__(self, session: AgentSession, queue: str, ledger: Ledger) -> None:
        self._session, self._ledger = session, ledger
        self._path = f"/v1/queues/{quote(queue, safe='')}/workers"
        self._news, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="reporting", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def hurry(self) -> None:
        """There is something to say."""
        self._news.set()

    def finish(self, seconds: float) -> None:
        """Send what is left, for at most `seconds`; the rest stays in the ledger for the next harvester."""
        end = time.monotonic() + seconds
        while self._ledger.first_unsaid() is not None and self._thread.is_alive() and time.monotonic() < end:
            time.sleep(0.01)
        self._over.set()
        self._news.set()

    def _run(self) -> None:
        while not self._over.is_set():
            report = self._ledger.first_unsaid()
            if report is None:
                self._news.wait()
                self._news.clear()
                continue
            try:
                tries = patiently(ROUND_SECONDS, pause=self._pause, over=self._over.is_set)
                answer = tries(self._session.post, self._path, report, ANSWER_SECONDS)
            except Unreachable as problem:
                log.warning("worker_not_reported_yet", worker_id=report["worker_id"], problem=str(problem))
                continue
            except Rejected as problem:
                log.error("worker_report_rejected", worker_id=report["worker_id"], problem=str(problem))
            else:
                log.info("worker_reported", worker_id=report["worker_id"], state=report["state"], answer=answer)
            self._ledger.said()

    def _pause(self, seconds: float) -> None:
        self._over.wait(seconds)
