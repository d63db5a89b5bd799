"""How many pilots the queue wants, heard by long polls from a thread of its own."""

import os
import threading
from contextlib import suppress
from urllib.parse import quote

import structlog

from agents.errors import CallFailed
from agents.session import AgentSession
from agents.stop_event import StopEvent, pause

WAIT_SECONDS = 25.0
ANSWER_SECONDS = WAIT_SECONDS + 15.0
WANTED_MAX = 10_000_000
AWAY_SECONDS_FIRST, AWAY_SECONDS_MAX = 0.2, 5.0
log = structlog.get_logger()


class DemandPoller:
    """The last number heard; its file descriptor is readable when the number changed."""

    def __init__(self, session: AgentSession, queue: str, stop: StopEvent) -> None:
        self._session, self._queue, self._stop = session, queue, stop
        self._fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._wanted = 0

    def fileno(self) -> int:
        """For selectors."""
        return self._fd

    def start(self) -> None:
        """Begin to listen."""
        threading.Thread(target=self._listen, name="demand", daemon=True).start()

    def wanted(self) -> int:
        """How many pilots are wanted; the change, if there was one, counts as seen."""
        with suppress(BlockingIOError):
            os.eventfd_read(self._fd)
        return self._wanted

    def _listen(self) -> None:
        path, after, away = f"/v1/queues/{quote(self._queue, safe='')}/wanted", None, AWAY_SECONDS_FIRST
        while not self._stop.is_closed:
            query = {"wait": WAIT_SECONDS} if after is None else {"after": after, "wait": WAIT_SECONDS}
            try:
                found = self._session.get(path, query, ANSWER_SECONDS)
                wanted, sequence = int(found["wanted"]), int(found["sequence"])
                if not 0 <= wanted <= WANTED_MAX or not 0 <= sequence < 1 << 63:
                    raise ValueError(f"{str(wanted)[:30]} wanted at {str(sequence)[:30]}")
                after = sequence
            except (CallFailed, KeyError, TypeError, ValueError, OverflowError) as problem:
                log.warning("demand_not_heard", problem=f"{type(problem).__name__}: {str(problem)[:200]}")
                pause(away, self._stop)
                away = min(2 * away, AWAY_SECONDS_MAX)
                continue
            away = AWAY_SECONDS_FIRST
            if wanted != self._wanted:
                log.info("demand_changed", wanted=wanted, before=self._wanted, sequence=after)
                self._wanted = wanted
                os.eventfd_write(self._fd, 1)
