"""A run on a stack: the bystander lives alone, beside well-formed messages and beside hostile ones; then all is looked at.

The three take turns, so that what else the machine does meanwhile falls on all of them.
The run is stopped when a life does not end: what was sent last is suspected, and `narrowed` finds the fewest of them that
do it again, as long as the stack recovers in between.
"""

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from deploy.stack import Stack
from eventlog.registry import connect, look_up_all
from tests.hostile import checking, shrink
from tests.hostile.actors import ground_on, target_of
from tests.hostile.bystander import Bystander, Life
from tests.hostile.control import twin
from tests.hostile.ground import CANARY
from tests.hostile.message import Message, Record, Sender
from tests.hostile.plan import planned
from tests.hostile.sending import Sending, Target
from tests.hostile.verdict import Seen
from tests.hostile.watching import look_after, look_at

#: So many lives before the first that is measured: connections, caches, first tasks of a queue.
WARMING_LIVES = 8
#: Of a stalled run so many messages are suspected, and lists of them sent again so often.
SUSPECTS = 60
TRIES_MAX = 12
SIGNATURE = 40
#: Turns of a run, each of so many lives at least.
TURNS_MAX, TURN_LIVES = 5, 20


@dataclass
class Attack:
    """One run. total: messages; lives: of the bystander, before as many as during it."""

    stack: Stack
    seed: int
    total: int
    per_second: float
    lives: int
    only: Sequence[str] = ()
    _stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> Seen:
        """Everything that was seen."""
        self.ground = ground_on(self.stack)
        self.messages = planned(self.ground, schema_ids(self.stack), self.total, self.seed, self.only)
        self.target = target_of(self.stack)
        with contextlib.closing(Bystander.on(self.stack)) as bystander:
            return self._run(bystander)

    def suspects(self, seen: Seen) -> list[Message]:
        """Messages that may have done it: those answered with an error, or those sent when the bystander began to hang."""
        sick = [life.began for life in seen.lives_during if life.problem]
        if sick:
            return shrink.suspects(self.sent, min(sick), SUSPECTS)
        return [one.message for one in seen.outcomes if one.is_error or one.timed_out]

    def narrowed(self, seen: Seen) -> list[Message]:
        """The fewest of the suspects that stop the bystander again; all of them when none does alone, or nothing recovers."""
        suspected = self.suspects(seen)
        if not any(life.problem for life in seen.lives_during):
            return suspected
        try:
            again = Bystander.on(self.stack)
        except (httpx.HTTPError, AssertionError, KeyError):
            return suspected  # nothing answers any more: nothing can be learnt by sending again
        with contextlib.closing(again) as bystander:
            if any(life.problem for life in self._lives(bystander)):
                return suspected

            def stops(some: Sequence[Message]) -> bool:
                Sending(self.target, self.per_second).send_all(some)
                return any(life.problem for life in self._lives(bystander))

            return shrink.shortest(suspected, stops, TRIES_MAX)

    def _lives(self, bystander: Bystander) -> list[Life]:
        return bystander.live_along(len(bystander.queues), lambda: 1.0, lambda: False)

    def _run(self, bystander: Bystander) -> Seen:
        warming = bystander.live_along(WARMING_LIVES, lambda: 1.0, lambda: False)
        assert not any(life.problem for life in warming[-1:]), f"the bystander cannot live here at all: {warming[-1].problem}"
        known, _ = checking.violations_of(self.stack)
        before = look_at(self.stack)
        ids, sending, control = schema_ids(self.stack), *(Sending(self.target, self.per_second) for _ in range(2))
        alone, well_formed, meanwhile = list[Life](), list[Life](), list[Life]()
        for lives, messages in self._turns():
            alone += self._alone(bystander, lives, len(messages))
            well_formed += self._beside(bystander, control, lives, [twin(one, self.ground, ids) for one in messages])
            meanwhile += self._beside(bystander, sending, lives, messages)
        after = look_after(
            self.stack,
            before,
            secrets_of(self.target, bystander),
            tasks=bystander.tasks,
            queues=bystander.queues,
            known=known,
            forged=any(isinstance(message.content, Record) for _, message in sending.begun),
        )
        self.sent = sending.begun
        return Seen(sending.outcomes, alone, well_formed, meanwhile, before, after)

    def _turns(self) -> Iterator[tuple[int, list[Message]]]:
        """Lives and messages of each turn, which make up the whole run."""
        turns = max(1, min(TURNS_MAX, self.lives // TURN_LIVES))
        lives, of_messages = ([total * turn // turns for turn in range(turns + 1)] for total in (self.lives, len(self.messages)))
        for turn in range(turns):
            if not self._stopped.is_set():
                yield lives[turn + 1] - lives[turn], self.messages[of_messages[turn] : of_messages[turn + 1]]

    def _alone(self, bystander: Bystander, lives: int, messages: int) -> list[Life]:
        """Life cycles at the rate that they will have beside so many messages."""
        clock = threading.Event()
        pause = messages / self.per_second / lives
        begun = [0]

        def keep_time() -> None:
            while begun[0] < lives and not clock.wait(pause):
                begun[0] += 1

        keeper = threading.Thread(target=keep_time, daemon=True)
        keeper.start()
        found = bystander.live_along(lives, lambda: begun[0] / lives, self._stopped.is_set)
        clock.set()
        keeper.join()
        return found

    def _beside(self, bystander: Bystander, sending: Sending, lives: int, messages: Sequence[Message]) -> list[Life]:
        """Life cycles beside these messages, which `sending` adds to what it sent before."""
        first, sent = len(bystander.lives), len(sending.begun)

        def is_over() -> bool:
            """A life that did not end is the sign to stop."""
            if any(life.problem for life in bystander.lives[first:]):
                self._stopped.set()
            return self._stopped.is_set()

        sender = threading.Thread(target=sending.send_all, args=(messages, is_over), daemon=True)
        sender.start()

        def share_done() -> float:
            return 1.0 if not sender.is_alive() else (len(sending.begun) - sent) / len(messages)

        found = bystander.live_along(lives, share_done, is_over)
        sender.join()
        return found


def schema_ids(stack: Stack) -> dict[str, int]:
    """Schema ids of the stack's registry by full name."""
    with connect(stack.config.registry) as client:
        return look_up_all(client)


def secrets_of(target: Target, bystander: Bystander) -> dict[str, str]:
    """What must stand in no log: the signature of each token, and a text of the senders' job parameters."""
    found = {
        f"the token of {sender}": token[-SIGNATURE:] for sender, token in target.tokens.items() if sender is not Sender.NO_ONE
    }
    people: Mapping[str, Any] = {"bystander": bystander.user, "his pilot": bystander.pilot, "his operator": bystander.operator}
    found |= {f"the token of the {name}": client.headers["Authorization"][-SIGNATURE:] for name, client in people.items()}
    return found | {"job parameters": CANARY}
