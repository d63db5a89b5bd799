"""The timers' loop: each second, look whether the heartbeat path works, select what is due, send what it calls for.

In: the read model and the heartbeat topic. Out: commands, flushed before the next round. Late is harmless and twice is
harmless; too early is not, and what prevents it stands in `due.py`. While Postgres or Kafka is away this waits, and a new
watch begins. Several instances may run: one is on duty, the others watch as well, so that any of them can take over at once.
"""

import threading
import time

import psycopg2
import structlog

from eventlog.sender import CommandSender, NotDelivered
from schemas.instants import HOUR, MICROSECONDS, micros_of_nanos, micros_of_seconds
from schemas.wire import Codec
from streams.config import TimersConfig
from streams.engine.messages import OutgoingCommand
from streams.engine.metrics import SENT
from streams.timers.deadlines import Deadlines
from streams.timers.due import Due, command_for
from streams.timers.heartbeats import HeartbeatPath
from streams.timers.watch import HeartbeatWindow, LastSeen, Watch

#: The longest lease of a queue is two hours by default; heartbeats are remembered a little longer.
REMEMBERED_MICROS = 3 * HOUR
REMEMBERED_MAX = 1_000_000
AGAIN_MICROS = 30 * MICROSECONDS
ODD_AGAIN_MICROS = 600 * MICROSECONDS
log = structlog.get_logger()


class TimerLoop:
    """One timer process. `sent` remembers what was said lately, so that a row that stays is not said every second."""

    def __init__(self, config: TimersConfig, codec: Codec) -> None:
        self._config = config
        self._watch = Watch(micros_of_seconds(config.gap_seconds))
        self._last_seen = LastSeen(REMEMBERED_MICROS, REMEMBERED_MAX)
        self._path = HeartbeatPath(config.kafka, config.api, self._last_seen)
        self._deadlines = Deadlines(config.postgres, config.batch_max)
        self._sender = CommandSender(config.kafka, codec, client_id="culm-timers")
        self._sent: dict[str, int] = {}
        self._odd: dict[str, int] = {}

    def run(self, stop: threading.Event) -> None:
        """Tick until asked to stop."""
        while not stop.is_set():
            began = time.monotonic()
            self.tick()
            stop.wait(max(0.0, self._config.period_seconds - (time.monotonic() - began)))
        self.close()

    @property
    def watched_since(self) -> int | None:
        """Since when signs of life could be seen without a gap; None while they cannot."""
        return self._watch.since

    def close(self) -> None:
        """Give the connections back."""
        self._path.close()
        self._deadlines.close()

    def tick(self) -> int:
        """One round; how many commands were sent."""
        since = self._watch.since
        if self._path.works():
            self._watch.works(_now())
        if self._watch.since != since:
            log.info("watch_began", since=self._watch.since, before=since)
        try:
            return self._send_due(_now())
        except psycopg2.Error as problem:
            log.warning("deadlines_unreadable", problem=str(problem).strip()[:300])
            self._deadlines.close()
        except NotDelivered as problem:
            log.warning("commands_not_delivered", problem=str(problem))
        self._watch.fails()
        return 0

    def _send_due(self, now: int) -> int:
        count = 0
        for row in self._deadlines.due(now):
            count += self._meet(row, now)
        if count:
            self._sender.flush()
            log.info("deadlines_met", commands=count)
        self._sent = {key: until for key, until in self._sent.items() if until > now}
        self._odd = {key: until for key, until in self._odd.items() if until > now}
        self._last_seen.forget(now)
        return count

    def _meet(self, row: Due, now: int) -> int:
        """1 when a command was sent for the row. One that makes no sense is named in the logs, now and then, and passed over."""
        about = f"{row.kind}/{row.aggregate_id}/{row.key}"
        if self._odd.get(about, 0) > now:
            return 0
        try:
            made = command_for(row, now, self._window_of(row.key, now))
            if made is None or self._sent.get(made.envelope.command_id, 0) > now:
                return 0
            self._send(made, now)
        except NotDelivered:
            raise
        except Exception:  # the timers must outlive a bug with any row
            log.exception("deadline_passed_over", kind=row.kind, aggregate_id=row.aggregate_id, key=row.key, due_at=row.due_at)
            self._odd[about] = now + ODD_AGAIN_MICROS
            return 0
        return 1

    def _window_of(self, job_id: str, now: int) -> HeartbeatWindow:
        return HeartbeatWindow(self._watch.since, min(now, self._path.read_until(job_id)), self._last_seen.of(job_id))

    def _send(self, made: OutgoingCommand, now: int) -> None:
        self._sender.send(made.command, made.envelope)
        SENT.labels(type(made.command).__name__).inc()
        self._sent[made.envelope.command_id] = now + AGAIN_MICROS


def _now() -> int:
    return micros_of_nanos(time.time_ns())
