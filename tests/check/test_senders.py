"""Laws about who was revoked: from when on one must be silent, and what one may not keep."""

from typing import Any

from check.laws import Law, Seen, Violation
from check.senders import RevokedAreSilent, RevokedHoldNothing
from schemas.answer import CommandAnswered
from schemas.policy import IdentityRevoked
from schemas.queue import JobLeased, LeasesEnded, RevokeLeases
from schemas.reading import Place
from schemas.types import CommandEnvelope, EndedLease, EventEnvelope

SECOND = 1_000_000
START = 1_800_000_000 * SECOND


def command(message: Any, number: str, at: int, actor: str = "pilot") -> Seen:
    by = CommandEnvelope(
        command_id=number, aggregate_id="EAST", correlation_id="c", issued_at=at, actor=actor, role="pilot", vo="wlcg"
    )
    return Seen(Place("culm.queue.commands.v1", 0, 0), "commands", "queue", type(message).__name__, by, message)


def event(message: Any, sequence: int, number: str, actor: str = "pilot", vo: str = "wlcg") -> Seen:
    by = EventEnvelope(
        event_id=f"e{sequence}",
        aggregate_id="EAST",
        sequence=sequence,
        decision_index=0,
        decision_size=1,
        command_id=number,
        correlation_id="c",
        occurred_at=START,
        actor=actor,
        vo=vo,
        writer_epoch=1,
    )
    return Seen(Place("culm.queue.events.v1", 0, sequence), "events", "queue", type(message).__name__, by, message)


def answer(number: str, sequence: int, *, repeated: bool = False, reason: str | None = None) -> Seen:
    message = CommandAnswered(
        command_id=number,
        command_type="RevokeLeases",
        aggregate="queue",
        aggregate_id="EAST",
        correlation_id="c",
        accepted=reason is None,
        reason=reason,
        sequence=sequence,
        repeated=repeated,
        answered_at=START,
        vo="wlcg",
        actor="culm",
    )
    return Seen(Place("culm.command.answers.v1", 0, 0), "answers", "queue", "CommandAnswered", None, message)


def leased(job: int, sequence: int, actor: str = "pilot", vo: str = "wlcg") -> Seen:
    due_at = START + 60 * SECOND
    message = JobLeased(
        job_id=job,
        task_id=1,
        attempt=1,
        lease_id=f"l{job}",
        pilot="p",
        node="n",
        lease_seconds=60,
        due_at=due_at,
        waiting=0,
        leased=1,
    )
    return event(message, sequence, f"ask-{job}", actor, vo)


def ended(jobs: tuple[int, ...], sequence: int, number: str) -> Seen:
    leases = tuple(EndedLease(job_id=job, lease_id=f"l{job}") for job in jobs)
    return event(LeasesEnded(leases=leases, waiting=0, leased=0), sequence, number)


def found(law: Law, *records: Seen) -> list[Violation]:
    return [*(one for record in records for one in law.see(record)), *law.end()]


def revoked(written_at: int) -> Seen:
    seen = event(IdentityRevoked(actor="pilot"), 1, "revoke", "root")
    return Seen(seen.place, "events", "policy", "IdentityRevoked", seen.envelope, seen.message, written_at)


def test_one_is_silent_from_when_the_revocation_was_in_the_log() -> None:
    asks = command(RevokeLeases(), "ask", START + 60 * SECOND)

    assert [one.found for one in found(RevokedAreSilent(), asks, revoked(0))] == [
        "pilot sends a command 60.0 s after it was revoked"
    ]
    assert found(RevokedAreSilent(), asks, revoked(START + 56 * SECOND)) == []
    assert found(RevokedAreSilent(), asks, revoked(START + 54 * SECOND)) != []


ORDER = command(RevokeLeases(holder="pilot"), "order", START, "culm")


def test_what_was_held_is_taken_by_the_decision_or_had_ended() -> None:
    before = ended((1,), 3, "other")

    assert found(RevokedHoldNothing(), ORDER, leased(1, 1), leased(2, 2), before, ended((2,), 4, "order")) == []


def test_a_lease_that_goes_on_or_ends_later_by_another_word_is_found() -> None:
    said = "pilot was revoked and goes on with job 1"

    assert [one.found for one in found(RevokedHoldNothing(), ORDER, leased(1, 2), answer("order", 1))] == []
    assert [one.found for one in found(RevokedHoldNothing(), ORDER, leased(1, 1), answer("order", 1))] == [said]
    later = (leased(1, 1), ended((1,), 2, "other"), answer("order", 1))
    assert [one.found for one in found(RevokedHoldNothing(), ORDER, *later)] == [said]


def test_others_leases_later_ones_and_orders_without_a_decision_are_no_matter() -> None:
    others = (leased(1, 1, "another"), leased(2, 2, vo="lsst"), leased(3, 5))

    assert found(RevokedHoldNothing(), ORDER, *others, answer("order", 4)) == []
    assert found(RevokedHoldNothing(), ORDER, leased(1, 1)) == []
    assert found(RevokedHoldNothing(), ORDER, leased(1, 1), answer("order", 9, repeated=True)) == []


def test_an_order_that_met_a_bug_is_decided_when_it_is_given_again() -> None:
    said = "pilot was revoked and goes on with job 1"
    letter = answer("order", 1, reason="BUG")

    assert found(RevokedHoldNothing(), ORDER, leased(1, 1), letter) == []
    assert [one.found for one in found(RevokedHoldNothing(), ORDER, leased(1, 1), letter, answer("order", 2))] == [said]
