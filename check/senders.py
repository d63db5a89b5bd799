"""Laws about senders: who was revoked says nothing more. Pure.

An API refuses a revoked sender within seconds of the event (docs/identity/revoking.md), so no command of his can be issued later.
Of one who was restored nothing can be said from the log alone: his commands before and after look alike.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from check.laws import Seen, Violation
from schemas.instants import MICROSECONDS

#: Until then an API may still take a command.
REFUSED_SECONDS_MAX = 5
OWN_ROLE = "system"


@dataclass
class RevokedAreSilent:
    """No command is issued by an identity 5 s after its revocation was in the log.

    An event bears the time of its command, which may have waited for a decider.
    """

    name: str = "no command of one who was revoked"
    checked: int = 0
    latest: dict[str, tuple[int, str]] = field(default_factory=dict)
    revoked: dict[str, int] = field(default_factory=dict)

    def see(self, record: Seen) -> Iterator[Violation]:
        """Only remembers: commands are seen before the events that revoke their senders."""
        if record.role == "commands" and record.envelope.role != OWN_ROLE:
            self.checked += 1
            by = record.envelope
            if by.issued_at > self.latest.get(by.actor, (0, ""))[0]:
                self.latest[by.actor] = (by.issued_at, str(record.place))
        elif record.role == "events" and record.name == "IdentityRevoked":
            self.revoked[record.message.actor] = max(record.envelope.occurred_at, record.written_at)
        elif record.role == "events" and record.name == "IdentityRestored":
            self.revoked.pop(record.message.actor, None)
        yield from ()

    def end(self) -> Iterator[Violation]:
        """Senders whose records came too long after."""
        for actor, at in self.revoked.items():
            issued_at, place = self.latest.get(actor, (0, ""))
            if issued_at > at + REFUSED_SECONDS_MAX * MICROSECONDS:
                late = (issued_at - at) / MICROSECONDS
                yield Violation(self.name, place, f"{actor} sends a command {late:.1f} s after it was revoked")


#: As many leases as one decision takes back; what a holder has beyond that follows in the next one.
TAKEN_AT_ONCE = 200
ENDINGS = frozenset({"LeaseEnded", "LeasesEnded"})
#: Answer to a command that is kept as a dead letter: nothing was decided on it yet.
BUG = "BUG"


@dataclass(slots=True)
class _Revoking:
    """An order to a queue to take back what `holder` has in `vo`. sequence: of the queue after the decision, once it is seen."""

    queue: str
    holder: str
    vo: str
    place: str
    sequence: int | None = None
    taken: int = 0


@dataclass(slots=True)
class _HeldByRevoked:
    """A lease of one who was revoked at some time: sequences of the queue at which it began and ended."""

    queue: str
    holder: str
    vo: str
    began: int
    ended: int | None = None


@dataclass
class RevokedHoldNothing:
    """What one who was revoked held in a queue is taken back by the first decision on the order to do so."""

    name: str = "what the revoked held is taken back"
    checked: int = 0
    orders: dict[str, _Revoking] = field(default_factory=dict)
    holders: set[str] = field(default_factory=set)
    leases: dict[tuple[int, str], _HeldByRevoked] = field(default_factory=dict)

    def see(self, record: Seen) -> Iterator[Violation]:
        """Only remembers: orders, leases of whom they name, and at which sequence each was decided."""
        match record.role:
            case "commands" if record.name == "RevokeLeases" and record.message.holder is not None:
                by, holder = record.envelope, record.message.holder
                self.orders.setdefault(by.command_id, _Revoking(by.aggregate_id, holder, by.vo, str(record.place)))
                self.holders.add(holder)
            case "events" if record.aggregate == "queue":
                self._see_event(record)
            case "answers" if not record.message.repeated and record.message.reason != BUG:
                self._decided(record.message.command_id, record.message.sequence)
        yield from ()

    def end(self) -> Iterator[Violation]:
        """Leases that went on."""
        for order in self.orders.values():
            if order.sequence is None or order.taken >= TAKEN_AT_ONCE:
                continue
            self.checked += 1
            for (job, _), lease in self.leases.items():
                same = (lease.queue, lease.holder, lease.vo) == (order.queue, order.holder, order.vo)
                if same and lease.began <= order.sequence and (lease.ended is None or lease.ended > order.sequence):
                    yield Violation(self.name, order.place, f"{order.holder} was revoked and goes on with job {job}")

    def _see_event(self, record: Seen) -> None:
        by, event = record.envelope, record.message
        if record.name == "JobLeased":
            holder = event.holder or by.actor
            if holder in self.holders:
                self.leases[event.job_id, event.lease_id] = _HeldByRevoked(by.aggregate_id, holder, by.vo, by.sequence)
        elif record.name in ENDINGS:
            ended = event.leases if record.name == "LeasesEnded" else (event,)
            for one in ended:
                lease = self.leases.get((one.job_id, one.lease_id))
                if lease is not None and lease.ended is None:
                    lease.ended = by.sequence
            if by.command_id in self.orders:
                self.orders[by.command_id].taken += len(ended)
                self._decided(by.command_id, by.sequence)

    def _decided(self, command_id: str, sequence: int) -> None:
        order = self.orders.get(command_id)
        if order is not None and order.sequence is None:
            order.sequence = sequence
