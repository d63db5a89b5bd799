"""Bugs to be planted in who holds what: see `planted.py`."""

from typing import Any
from unittest.mock import patch

from commands.decision import accept
from commands.queue import decide as queue_decide
from identity.revoked import Revocations


def revocations_not_decided() -> Any:
    """A queue accepts that the leases of a pilot are revoked, and leaves them."""
    return patch.object(queue_decide, "revoke_leases", lambda *_: accept())


def revocations_not_read() -> Any:
    """No queue learns that a pilot was revoked."""
    return patch("streams.processors.revoked_leases", lambda *_: iter(()))


def people_stay_let_in() -> Any:
    """The door looks for pilots that were revoked, and at no one else."""
    before = Revocations.refuses

    def refuses(revocations: Revocations, actor: str) -> bool:
        return actor.startswith("pilot") and before(revocations, actor)

    return patch.object(Revocations, "refuses", refuses)


def requests_forgotten() -> Any:
    """A pilot that asks again, because no answer came, is given another job."""
    return patch.object(queue_decide, "_given_before", lambda *_: None)
