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
    """No command is issued by an identity 5 s after it was revoked."""

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
            self.revoked[record.message.actor] = record.envelope.occurred_at
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
