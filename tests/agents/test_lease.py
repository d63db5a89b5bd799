"""The lease of a job in its pilot's hands: what refused heartbeats mean."""

import threading

import pytest

from agents.errors import CallFailed, NotAdmitted, Unreachable
from agents.pilot.errors import Stopped
from agents.pilot.lease import JobLease, UpdateReply
from agents.pilot.payload_supervisor import now

PATIENCE_SECONDS = 20.0


class HeartbeatStandIn:
    """Answers heartbeats by a script; the last line again and again."""

    def __init__(self, *script: UpdateReply | CallFailed) -> None:
        self._script, self.count = list(script), 0
        self.enough = threading.Event()

    def __call__(self, state: str) -> UpdateReply:
        found = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        self.count += 1
        if self.count >= 4:
            self.enough.set()
        if isinstance(found, CallFailed):
            raise found
        return found


def a_lease(beat: HeartbeatStandIn, stopped: threading.Event) -> JobLease:
    return JobLease(
        beat=beat, renew=lambda _: None, stop=stopped.set, leased_at=now(), lease_seconds=600.0, heartbeat_seconds=0.01
    )


def test_a_token_that_stays_refused_ends_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.pilot.lease.REFUSED_SECONDS_MAX", 0.0)
    stopped = threading.Event()
    lease = a_lease(HeartbeatStandIn(NotAdmitted("status 403")), stopped)

    assert stopped.wait(PATIENCE_SECONDS)
    with pytest.raises(Stopped):
        lease.check()


@pytest.mark.parametrize("failure", [NotAdmitted("status 403"), Unreachable("status 503")])
def test_a_token_that_is_taken_again_and_a_server_that_is_away_end_no_job(
    monkeypatch: pytest.MonkeyPatch, failure: CallFailed
) -> None:
    monkeypatch.setattr("agents.pilot.lease.REPEAT_SECONDS_MAX", 0.01)
    stopped, beat = threading.Event(), HeartbeatStandIn(failure, UpdateReply(0))
    lease = a_lease(beat, stopped)

    assert beat.enough.wait(PATIENCE_SECONDS)
    lease.end()
    assert not stopped.is_set()
    lease.check()
