"""The door of the simulated Culm, which refuses who was revoked, and the administrator who revokes pilots and people at work.

The door folds the log with the code of the API; it looks at the log once a second, so that a pilot has a moment in which it is
revoked and is let in all the same.
"""

import random
from collections.abc import Sequence

from identity.revoked import Revocations
from schemas.ids import revoked_identity_key
from schemas.policy import RevokeIdentity
from schemas.queue import RevokeLeases
from schemas.task import KillTask, PauseTask
from schemas.wire import Codec
from streams.facts.snapshot import POLICY_EVENTS
from tests.sim.actors import Calls, Pilot
from tests.sim.memory_log import MemoryLog
from tests.sim.users import User

LOOK_MICROS = 1_000_000
QUEUE_COMMANDS = "culm.queue.commands.v1"


class Door:
    """Says who is refused."""

    def __init__(self, log: MemoryLog, codec: Codec) -> None:
        self._log, self._codec = log, codec
        self._revocations = Revocations()
        self._next = dict.fromkeys(range(log.partitions), 0)
        self._looked = 0

    def refuses(self, actor: str) -> bool:
        """True when `actor` was revoked, as the log said at the last look."""
        if self._log.now - self._looked >= LOOK_MICROS:
            self._looked = self._log.now
            self._look()
        return self._revocations.refuses(actor)

    def _look(self) -> None:
        for partition, offset in self._next.items():
            for record in self._log.read(POLICY_EVENTS, partition, offset, 1_000_000):
                self._next[partition] = record.offset + 1
                self._revocations.take(self._codec.decode(record.value).message, self._log.now)


class Administrator:
    """Revokes pilots, those with a job first, and people, whose tasks are then killed, paused or kept."""

    def __init__(self, calls: Calls, pilots: Sequence[Pilot]) -> None:
        self._calls, self._pilots = calls, pilots
        #: Pilot and queue of whom was revoked with a job, until the queue learns it.
        self._expected: list[tuple[str, str]] = []
        self._next = dict.fromkeys(range(calls.log.partitions), 0)

    def revoke(self, chance: random.Random) -> str:
        """Revoke one that is let in; its name, empty where there is none."""
        others = [pilot for pilot in self._pilots if not self._calls.refuses(pilot.name)]
        chosen = [pilot for pilot in others if pilot.job is not None] or others
        if not chosen:
            return ""
        pilot = chance.choice(chosen)
        name = pilot.name
        if pilot.job is not None:
            self._expected.append((name, pilot.queue))
        self._calls.make(RevokeIdentity(actor=name, reason="stolen"), revoked_identity_key(name), "root", "administrator")
        return name

    def revoke_person(self, user: User, chance: random.Random) -> str:
        """Revoke the user of now, as `culm revoke user --tasks` does; who it was and what becomes of the tasks."""
        name, what = user.name, chance.choice(("kill", "pause", "keep"))
        self._calls.make(RevokeIdentity(actor=name, reason="left"), revoked_identity_key(name), "root", "administrator")
        for task in user.own if what != "keep" else ():
            self._calls.make(KillTask() if what == "kill" else PauseTask(), str(task), "root", "operator")
        return f"{name} is revoked, {what} the tasks"

    def untold(self) -> list[str]:
        """What queues do not know yet."""
        for partition, offset in self._next.items() if self._expected else ():
            for record in self._calls.log.read(QUEUE_COMMANDS, partition, offset, 1_000_000):
                self._next[partition] = record.offset + 1
                found = self._calls.codec.decode(record.value)
                if isinstance(found.message, RevokeLeases) and found.envelope is not None:
                    told = (found.message.holder, found.envelope.aggregate_id)
                    self._expected = [one for one in self._expected if one != told]
        return [f"queue {queue} has not learned that {name} is revoked" for name, queue in self._expected]
