"""Enrolment codes that may be used now, as the log says. Pure.

In: policy events of enrolments with their organisation. Out: what a code is for. Guards: a code that was not offered costs no
command; one that was used is known for as long as what came of it is renewed, so that a second use is found, and the one who used
it may come again; all others leave when they expire. One thread takes, others ask.
"""

from dataclasses import dataclass
from typing import Any

from identity.agents import Agent
from schemas.instants import MICROSECONDS
from schemas.policy import EnrolmentEnded, EnrolmentOffered, EnrolmentRedeemed


@dataclass(frozen=True, slots=True)
class OfferedEnrolment:
    """What an operator of `vo` offered to who has the code."""

    vo: str
    event: EnrolmentOffered

    @property
    def agent(self) -> Agent:
        """The agent that the code makes, without a key to renew its tokens with."""
        found = self.event
        return Agent(found.code, self.vo, tuple(found.queues), found.worker_id or "", found.tokens_until // MICROSECONDS)


class Enrolments:
    """Folds offers."""

    def __init__(self) -> None:
        self._offered: dict[str, OfferedEnrolment] = {}
        self._used: set[str] = set()

    def take(self, event: Any, vo: str, now: int) -> None:
        """`event` of organisation `vo` is part of the log; now: microseconds since 1970."""
        match event:
            case EnrolmentOffered() if event.tokens_until > now:
                self._offered[event.code] = OfferedEnrolment(vo, event)
            case EnrolmentRedeemed() if event.code in self._offered:
                self._used.add(event.code)
            case EnrolmentEnded():
                # A second use is refused by the decider and an ended one with it; here the offer only stops costing a command.
                self._drop(event.code)
            case _:
                pass

    def forget_expired(self, now: int) -> None:
        """Drop what can no longer be used; only from the thread that takes."""
        for code in list(self._offered):
            if self.offered(code, now) is None:
                self._drop(code)

    def offered(self, code: str, now: int) -> OfferedEnrolment | None:
        """The offer of the code with the digest `code`; None for one that was never offered, is over at `now` or was ended."""
        found = self._offered.get(code)
        if found is None:
            return None
        ends = found.event.tokens_until if code in self._used else found.event.expires_at
        return found if now < ends else None

    def _drop(self, code: str) -> None:
        self._offered.pop(code, None)
        self._used.discard(code)
