"""Keeps the lease of one job: heartbeats from a thread of its own, and what the answers mean.

In: answers to updateJob. Out: renewals for the supervisor, and `Stopped` for the job when the server wants its end.
A lease is counted from when the confirmed heartbeat was *sent*: to the pilot it never lasts longer than to the server.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from agents.errors import CallFailed, NotAdmitted
from agents.pilot.errors import Stopped
from agents.pilot.payload_supervisor import now

TO_BE_KILLED, SUCCESS = "tobekilled", 0
REPEAT_SECONDS_FIRST, REPEAT_SECONDS_MAX = 0.2, 2.0
WAIT_SECONDS = 0.2
#: A final report waits so long for a heartbeat that is under way, so that reports arrive in order.
ORDER_SECONDS = 2.0
#: A new token is there within seconds when one has ended; so long refused means revoked.
REFUSED_SECONDS_MAX = 20.0
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class UpdateReply:
    """An answer to updateJob. message: why, where it says so."""

    status_code: int
    command: str = "NULL"
    message: str = ""

    @property
    def stops(self) -> bool:
        """True when the job must end."""
        return TO_BE_KILLED in self.command


class JobLease:
    """The lease of one job, from getJob to the final report.

    beat: sends one heartbeat with the given state. renew: told until when the lease runs. stop: told once that the job
    must end. All three are called from the lease's own thread.
    """

    def __init__(
        self,
        *,
        beat: Callable[[str], UpdateReply],
        renew: Callable[[float], None],
        stop: Callable[[], None],
        leased_at: float,
        lease_seconds: float,
        heartbeat_seconds: float,
    ) -> None:
        self._beat, self._renew, self._stop = beat, renew, stop
        self._lease_seconds, self._heartbeat_seconds = lease_seconds, heartbeat_seconds
        self._changed = threading.Condition()
        self._confirmed_at = leased_at
        self._state, self._due_at = "starting", 0.0
        self._is_beating = self._is_over = self._is_stopped = False
        self._refused_since: float | None = None
        threading.Thread(target=self._keep, name="lease", daemon=True).start()

    @property
    def until(self) -> float:
        """When it runs out, a time of `supervisor.now()`."""
        return self._confirmed_at + self._lease_seconds

    @property
    def is_fresh(self) -> bool:
        """True while at least half of it is left and the job is not asked to end."""
        return not self._is_stopped and self.until - now() > self._lease_seconds / 2

    def enter(self, state: str) -> None:
        """Report `state` at once and from now on."""
        with self._changed:
            self._state, self._due_at = state, 0.0
            self._changed.notify_all()

    @property
    def is_stopped(self) -> bool:
        """True once the server wants the job's end."""
        return self._is_stopped

    def check(self) -> None:
        """Raise Stopped when the server wants the job's end."""
        if self._is_stopped:
            raise Stopped

    def make_sure(self, check: Callable[[], None]) -> None:
        """Return once at least half of the lease is left, asking the server if need be; `check` may raise meanwhile."""
        if not self.is_fresh:
            self.enter(self._state)
        while True:
            self.check()
            check()
            if self.is_fresh:
                return
            with self._changed:
                self._changed.wait(WAIT_SECONDS)

    def settle(self) -> None:
        """Return once what was entered is reported, or that takes too long; the next heartbeat is not near then."""
        with self._changed:
            self._changed.wait_for(lambda: self._due_at > 0.0 and not self._is_beating, ORDER_SECONDS)
            self._due_at = now() + self._heartbeat_seconds

    def end(self) -> None:
        """No more heartbeats; one under way is not waited for, and its answer means nothing any more."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def _keep(self) -> None:
        pause = REPEAT_SECONDS_FIRST
        while (state := self._next_state()) is not None:
            sent_at = now()
            try:
                reply = self._beat(state)
            except NotAdmitted as problem:
                self._not_admitted(str(problem), sent_at)
            except CallFailed as problem:
                log.warning("heartbeat_failed", state=state, problem=str(problem))
                self._rest(pause)
                pause = min(2 * pause, REPEAT_SECONDS_MAX)
            else:
                pause, self._refused_since = REPEAT_SECONDS_FIRST, None
                self._take(reply, sent_at)

    def _not_admitted(self, problem: str, at: float) -> None:
        """A token that is refused for long is revoked, and the job is another pilot's: it ends."""
        since = self._refused_since = at if self._refused_since is None else self._refused_since
        log.warning("heartbeat_not_admitted", problem=problem, since_seconds=round(at - since, 1))
        if at - since < REFUSED_SECONDS_MAX:
            self._rest(REPEAT_SECONDS_MAX)
            return
        with self._changed:
            self._is_beating, self._is_stopped = False, True
            self._changed.notify_all()
        self._stop()
        self.end()

    def _next_state(self) -> str | None:
        """The state to report, when a report is due; None at the end."""
        with self._changed:
            while not self._is_over and (left := self._due_at - now()) > 0:
                self._changed.wait(left)
            self._due_at, self._is_beating = now() + self._heartbeat_seconds, True
            return None if self._is_over else self._state

    def _rest(self, seconds: float) -> None:
        """After a failure the next try comes sooner than a heartbeat, also if another state was entered meanwhile."""
        with self._changed:
            self._due_at, self._is_beating = now() + min(seconds, self._heartbeat_seconds), False
            self._changed.notify_all()

    def _take(self, reply: UpdateReply, sent_at: float) -> None:
        with self._changed:
            self._is_beating = False
            self._changed.notify_all()
            if self._is_over or self._is_stopped:
                return
            if reply.stops:
                log.warning("job_ordered_to_end", reason=reply.message[:300])
                self._is_stopped = True
            elif reply.status_code == SUCCESS:
                self._confirmed_at = sent_at
            else:
                log.warning("heartbeat_not_taken", status_code=reply.status_code)
                return
        if reply.stops:
            self._stop()
        else:
            self._renew(self.until)
