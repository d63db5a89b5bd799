"""Which ids in the log are of one person at this moment, as the log says. Pure.

In: policy events `IdentityLinked` and `IdentityUnlinked`, each under the key `linked.ACTOR`. Out: the other ids of a person.
Guards: ids that are linked to the same id are of one person, whose ids the API keeps at `PERSON_MAX`; what a command bears of
them is bounded in any case; an event that cannot be read leaves the links of its key without effect: no one owns more by it.
One thread takes, others ask: every step is one change of one dictionary.
"""

from collections.abc import Iterator
from typing import Any

from schemas.ids import LINKED_IDENTITY
from schemas.policy import IdentityLinked, IdentityUnlinked

#: Ids of one person, all together.
PERSON_MAX = 8
#: As many as the envelope of a command takes (CommandEnvelope.avsc).
BORNE_MAX = 16
NONE: frozenset[str] = frozenset()


class Links:
    """Folds links and answers about ids."""

    def __init__(self) -> None:
        self._direct: dict[str, frozenset[str]] = {}
        #: Everyone who has another id, with all of them in the order of texts.
        self._others: dict[str, tuple[str, ...]] = {}
        self._unreadable: set[str] = set()

    def others(self, actor: str) -> tuple[str, ...]:
        """The other ids of the person `actor`, in the order of texts; at most `BORNE_MAX`."""
        return self._others.get(actor, ())[:BORNE_MAX]

    def person(self, actor: str) -> tuple[str, ...]:
        """All ids of the person `actor`, itself first."""
        return (actor, *self._others.get(actor, ()))

    def pairs(self, actor: str) -> tuple[tuple[str, str], ...]:
        """The links by which the ids of the person `actor` hang together, each with its smaller id first."""
        mine = self.person(actor)
        return tuple(sorted((one, other) for one in mine for other in self._direct.get(one, NONE) if one < other))

    def take(self, event: Any) -> None:
        """`event` is part of the log; of others than links nothing follows."""
        match event:
            case IdentityLinked() if event.actor not in self._unreadable:
                self._direct[event.actor] = self._direct.get(event.actor, NONE) | {event.other}
                self._direct[event.other] = self._direct.get(event.other, NONE) | {event.actor}
                self._fold_again((event.actor,))
            case IdentityUnlinked():
                self._cut(event.actor, event.other)
            case _:
                pass

    def take_unreadable(self, key: str) -> None:
        """An event under `key` cannot be read: the links of that key have no effect until this process knows its schema."""
        actor = key.removeprefix(LINKED_IDENTITY)
        self._unreadable.add(actor)
        for other in [other for other in self._direct.get(actor, NONE) if actor < other]:
            self._cut(actor, other)

    def _cut(self, one: str, other: str) -> None:
        if other not in self._direct.get(one, NONE):
            return
        before = self.person(one)
        self._direct[one] = self._direct.get(one, NONE) - {other}
        self._direct[other] = self._direct.get(other, NONE) - {one}
        self._fold_again(before)

    def _fold_again(self, concerned: tuple[str, ...]) -> None:
        """Find the persons again of which those `concerned` are ids."""
        left = dict.fromkeys(concerned)
        while left:
            person = sorted(self._reached(next(iter(left))))
            for actor in person:
                left.pop(actor, None)
                if len(person) > 1:
                    self._others[actor] = tuple(other for other in person if other != actor)
                else:
                    self._others.pop(actor, None)
                    self._direct.pop(actor, None)

    def _reached(self, actor: str) -> Iterator[str]:
        seen, waiting = {actor}, [actor]
        while waiting:
            one = waiting.pop()
            yield one
            further = self._direct.get(one, NONE) - seen
            seen |= further
            waiting += further
