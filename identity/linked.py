"""Which ids in the log are of one person at this moment, as the log says. Pure.

In: policy events `IdentityLinked` and `IdentityUnlinked`, each under the key `linked.ACTOR`. Out: the other ids of a person.
Guards: ids that are linked to the same id are of one person, whose ids the API keeps at `PERSON_MAX`; what a command bears of
them is bounded in any case; an event that cannot be read leaves the links of its key without effect: no one owns more by it.
All ids of a person share one set. A link moves the smaller of two persons into the larger; a link that is taken back searches
from both of its ends in turn, until the smaller part is known. So a chain of a thousand links costs each id a few steps.
One thread takes, others ask: every step is one change of one dictionary or set, and a set is copied before anyone asks it.
"""

import heapq
from collections.abc import Iterator
from typing import Any

from identity.linked_memberships import LinkedMemberships
from schemas.ids import LINKED_IDENTITY
from schemas.policy import IdentityLinked, IdentityUnlinked

#: Ids of one person, all together.
PERSON_MAX = 8
#: As many as the envelope of a command takes (CommandEnvelope.avsc).
BORNE_MAX = 16


class Links:
    """Folds links and answers about ids."""

    def __init__(self) -> None:
        self._direct: dict[str, set[str]] = {}
        #: Everyone who has another id, with the set that all ids of the person share.
        self._persons: dict[str, set[str]] = {}
        self._unreadable: set[str] = set()
        self.memberships = LinkedMemberships()

    def others(self, actor: str) -> tuple[str, ...]:
        """The other ids of the person `actor`, in the order of texts; at most `BORNE_MAX`."""
        if actor not in self._persons:
            return ()
        first = heapq.nsmallest(BORNE_MAX + 1, self._ids(actor))
        return tuple(one for one in first if one != actor)[:BORNE_MAX]

    def person(self, actor: str) -> tuple[str, ...]:
        """All ids of the person `actor`, itself first, the others in the order of texts."""
        if actor not in self._persons:
            return (actor,)
        return (actor, *(one for one in sorted(self._ids(actor)) if one != actor))

    def pairs(self, actor: str) -> tuple[tuple[str, str], ...]:
        """The links by which the ids of the person `actor` hang together, each with its smaller id first."""
        return tuple(sorted((one, other) for one in self._ids(actor) for other in self._linked_to(one) if one < other))

    def take(self, event: Any) -> None:
        """`event` is part of the log; of others than links nothing follows."""
        match event:
            case IdentityLinked() if event.actor not in self._unreadable:
                self._link(event.actor, event.other)
                self.memberships.take(event)
            case IdentityUnlinked():
                self._cut(event.actor, event.other)
            case _:
                pass

    def take_unreadable(self, key: str) -> None:
        """An event under `key` cannot be read: the links of that key have no effect until this process knows its schema."""
        actor = key.removeprefix(LINKED_IDENTITY)
        self._unreadable.add(actor)
        for other in self._linked_to(actor):
            if actor < other:
                self._cut(actor, other)

    def _ids(self, actor: str) -> tuple[str, ...]:
        """A copy of the ids of the person `actor`, in no order."""
        return tuple(self._persons.get(actor, ()))

    def _linked_to(self, actor: str) -> tuple[str, ...]:
        return tuple(self._direct.get(actor, ()))

    def _link(self, one: str, other: str) -> None:
        for actor, to in ((one, other), (other, one)):
            self._direct.setdefault(actor, set()).add(to)
            self._persons.setdefault(actor, {actor})
        small, large = sorted((self._persons[one], self._persons[other]), key=len)
        if small is not large:
            large.update(small)
            self._persons.update(dict.fromkeys(small, large))

    def _cut(self, one: str, other: str) -> None:
        if other not in self._direct.get(one, ()):
            return
        self.memberships.drop(one, other)
        for actor, to in ((one, other), (other, one)):
            self._direct[actor].discard(to)
            if not self._direct[actor]:
                del self._direct[actor]
        part = self._parted(one, other)
        if part is None:
            return
        rest = self._persons[one]
        self._persons.update(dict.fromkeys(part, part))
        rest.difference_update(part)
        for alone in (person for person in (part, rest) if len(person) == 1):
            self._persons.pop(next(iter(alone)))

    def _parted(self, one: str, other: str) -> set[str] | None:
        """The smaller of the parts that hold `one` and `other`, which are not linked directly; None while they hang together."""
        found, further = ({one}, {other}), (self._reached(one), self._reached(other))
        while True:
            for mine, yours, walk in ((found[0], found[1], further[0]), (found[1], found[0], further[1])):
                step = next(walk, None)
                if step is None:
                    return mine
                if step in yours:
                    return None
                mine.add(step)

    def _reached(self, actor: str) -> Iterator[str]:
        """Whom one comes to from `actor`, each once."""
        seen, waiting = {actor}, [iter(self._linked_to(actor))]
        while waiting:
            step = next(waiting[-1], None)
            if step is None:
                waiting.pop()
            elif step not in seen:
                seen.add(step)
                waiting.append(iter(self._linked_to(step)))
                yield step
