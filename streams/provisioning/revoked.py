"""What pilots hold whose identity was revoked is taken back, in every queue. Pure.

In: revocations of identities and ends of enrolments as read. Out: `RevokeLeases` to each queue that is known.
"""

from collections.abc import Iterator, Sequence

from schemas.policy import EnrolmentEnded, IdentityRevoked
from schemas.queue import RevokeLeases
from streams.engine.messages import OutgoingCommand, RecordRead, outgoing_command
from streams.facts.snapshot import Snapshot

KINDS = frozenset({"IdentityRevoked", "EnrolmentEnded"})


def revoked_leases(records: Sequence[RecordRead], facts: Snapshot) -> Iterator[OutgoingCommand]:
    """A command to each queue, for each of `records`."""
    for one in records:
        match one.message:
            case IdentityRevoked() as revoked:
                command = RevokeLeases(holder=revoked.actor)
            case EnrolmentEnded() as ended:
                command = RevokeLeases(enrolment=ended.code)
            case _:
                continue
        for queue in sorted(facts.queues):
            yield outgoing_command(command, queue, [one.cause])
