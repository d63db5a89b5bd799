"""What must hold of a log, each law as a small class that is shown every record once and then asked for its verdict.

In: `Seen` records, partition by partition in log order, command topics first, then events, then answers. Out: `Violation`s
with the place of the offending record. Pure. The transitions are written from
docs/reference/jedi.md, "Job transitions", not from the decider.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from schemas.ids import FOLLOW_UPS_INLINE_MAX, caused_command_id
from schemas.reading import Place

#: By topic and partition, an offset. Commands below it were decided before anything else was read; of events below it, all
#: that was written in the same transaction is read too. A partition of events that is not named is settled to its end.
Settled = Mapping[tuple[str, int], int]


@dataclass(frozen=True, slots=True)
class Seen:
    """A decoded record: its place, role (commands, events, answers), kind of aggregate, name, envelope and message.

    written_at: when the log took it, microseconds since 1970; 0 where that is not known.
    """

    place: Place
    role: str
    aggregate: str
    name: str
    envelope: Any
    message: Any
    written_at: int = 0


@dataclass(frozen=True, slots=True)
class Violation:
    """A law that is broken, where it was first noticed, and what was found there."""

    law: str
    place: str
    found: str


def is_settled(record: Seen, settled: Settled) -> bool:
    """True when nothing that belongs to the record can be missing from what is read."""
    place = record.place
    return place.offset < settled.get((place.topic, place.partition), 0 if record.role == "commands" else sys.maxsize)


class Law(Protocol):
    """One law. `checked` counts what it was applied to."""

    checked: int

    @property
    def name(self) -> str:
        """The law, as a short sentence."""
        ...

    def see(self, record: Seen) -> Iterator[Violation]:
        """Violations that this record shows."""
        ...

    def end(self) -> Iterator[Violation]:
        """Violations that only the end of the log shows."""
        ...


@dataclass
class GaplessSequences:
    """The events of an aggregate are numbered 1, 2, 3 ... in log order."""

    name: str = "sequences are gapless"
    checked: int = 0
    last: dict[tuple[str, str], int] = field(default_factory=dict)

    def see(self, record: Seen) -> Iterator[Violation]:
        """A number that is not the next."""
        if record.role != "events":
            return
        self.checked += 1
        key = (record.aggregate, record.envelope.aggregate_id)
        expected = self.last.get(key, 0) + 1
        self.last[key] = record.envelope.sequence
        if record.envelope.sequence != expected:
            found = f"{record.name} of {key[0]} {key[1]} has sequence {record.envelope.sequence}, expected {expected}"
            yield Violation(self.name, str(record.place), found)

    def end(self) -> Iterator[Violation]:
        """Nothing more."""
        yield from ()


@dataclass
class CompleteDecisions:
    """The events of a decision stand together, 0 to size - 1, of one command; a command is decided once."""

    name: str = "decisions are complete, one per command"
    checked: int = 0
    open: dict[tuple[str, str], tuple[str, int, int, str]] = field(default_factory=dict)
    """By aggregate: command, next index, size, place."""
    decided: set[tuple[str, str]] = field(default_factory=set)

    def see(self, record: Seen) -> Iterator[Violation]:
        """An event that does not continue or begin a decision."""
        if record.role != "events":
            return
        by, place = record.envelope, str(record.place)
        key = (record.aggregate, by.aggregate_id)
        command, index, size, _ = self.open.pop(key, (by.command_id, 0, by.decision_size, place))
        if index == 0:
            self.checked += 1
            if (record.aggregate, command) in self.decided:
                yield Violation(self.name, place, f"command {command} is decided a second time by {record.name}")
            self.decided.add((record.aggregate, command))
        if (by.command_id, by.decision_index, by.decision_size) != (command, index, size):
            found = f"{record.name} is {by.decision_index} of {by.decision_size} of command {by.command_id}"
            yield Violation(self.name, place, f"{found}, expected {index} of {size} of command {command}")
            return
        if index + 1 < size:
            self.open[key] = (command, index + 1, size, place)

    def end(self) -> Iterator[Violation]:
        """Decisions whose end is missing."""
        for (aggregate, number), (command, index, size, place) in self.open.items():
            yield Violation(self.name, place, f"{aggregate} {number}: command {command} has {index} of {size} events")


@dataclass
class OneAnswerEach:
    """Every decided command record has exactly one answer; a command delivered twice stands there twice and is answered twice.

    The answer is a record, or it is the events of the decision, whose envelopes say so; never both. Records that were read again
    have further answers, which say that the command was decided before.
    A follow-up that was decided at once has no record. It is answered only when it led to no event, and then names its cause:
    once for each time that its cause was given, as a cause that was refused is decided again when it is delivered again.
    """

    settled: Settled
    name: str = "exactly one answer per command"
    checked: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    owed: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    at_once: Counter[str] = field(default_factory=Counter)
    causes: dict[str, str | None] = field(default_factory=dict)
    first_at_once: dict[str, Place] = field(default_factory=dict)
    first: dict[str, Place] = field(default_factory=dict)

    def see(self, record: Seen) -> Iterator[Violation]:
        """An answer to a command that was never given."""
        if record.role == "commands":
            number = record.envelope.command_id
            self.asked[number] += 1
            if is_settled(record, self.settled):
                self.checked += 1
                self.owed[number] += 1
                self.first.setdefault(number, record.place)
        elif _is_an_answer(record):
            number = record.envelope.command_id if record.role == "events" else record.message.command_id
            if self.answered[number] >= self.asked[number] and _says_that_it_is_a_repeat(record):
                # The record was read again, and nothing was done.
                return
            self.answered[number] += 1
            if self.answered[number] > self.asked[number]:
                found = f"answer {self.answered[number]} to command {number}, which was given {self.asked[number]} times"
                yield Violation(self.name, str(record.place), found)
        elif record.role == "answers":
            number = record.message.command_id
            if not record.message.repeated or number not in self.at_once:
                self.at_once[number] += 1
                self.causes[number] = record.message.causation_id
                self.first_at_once.setdefault(number, record.place)

    def end(self) -> Iterator[Violation]:
        """Decided commands without an answer."""
        for number, place in self.first.items():
            if self.answered[number] < self.owed[number]:
                found = f"command {number} was decided {self.owed[number]} times and answered {self.answered[number]} times"
                yield Violation(self.name, str(place), found)
        for number, count in self.at_once.items():
            given = self._times_given(self.causes[number])
            if count > given:
                found = f"{count} answers to follow-up {number}, whose cause was given {given} times"
                yield Violation(self.name, str(self.first_at_once[number]), found)

    def _times_given(self, cause: str | None) -> int:
        """How often a cause was given, which may be a follow-up itself; once where nothing shows it: another law asks for it."""
        if cause is None:
            return 1
        return self.asked[cause] or self.at_once[cause] or 1


def _says_that_it_is_a_repeat(record: Seen) -> bool:
    """True for the answer to a command that was decided before, or may have been."""
    return record.role == "answers" and (record.message.repeated or record.message.reason == "STALE")


def _is_an_answer(record: Seen) -> bool:
    """True for an answer to a command that has a record; of a decision whose events are the answer, for the first of them."""
    if record.role == "events":
        return bool(record.envelope.is_answer) and record.envelope.decision_index == 0
    return record.role == "answers" and record.message.causation_id is None


@dataclass(slots=True)
class AtOnce:
    """A decision on a command that has no record: what showed it, and what is said to have led to it."""

    place: Place
    shown_by: str
    kind: str
    cause: str | None


@dataclass
class CausesExist:
    """The command of every event, and what caused every command, are in the log.

    A follow-up that was decided at once has no record: its id must be one that the decision which caused it gives away.
    """

    settled: Settled
    name: str = "every cause is in the log"
    checked: int = 0
    commands: set[str] = field(default_factory=set)
    events: dict[str, str] = field(default_factory=dict)
    """Command by event."""
    causes: dict[str, Place] = field(default_factory=dict)
    at_once: dict[str, AtOnce] = field(default_factory=dict)
    """By command."""

    def see(self, record: Seen) -> Iterator[Violation]:
        """Nothing yet: what stands in other partitions may come."""
        by = record.envelope
        match record.role:
            case "commands":
                self.commands.add(by.command_id)
                if by.causation_id is not None and is_settled(record, self.settled):
                    self.causes.setdefault(by.causation_id, record.place)
            case "events":
                self.checked += 1
                self.events[by.event_id] = by.command_id
                if by.command_id not in self.commands and is_settled(record, self.settled):
                    one = AtOnce(record.place, record.name, by.command_type, by.causation_id)
                    self.at_once.setdefault(by.command_id, one)
            case "answers" if record.message.causation_id is not None:
                message = record.message
                one = AtOnce(record.place, record.name, message.command_type, message.causation_id)
                self.at_once.setdefault(message.command_id, one)
            case _:
                pass
        yield from ()

    def end(self) -> Iterator[Violation]:
        """Commands whose cause is not there."""
        for cause, place in self.causes.items():
            self.checked += 1
            if cause not in self.events and cause not in self.commands and cause not in self.at_once:
                yield Violation(self.name, str(place), f"its cause {cause} is not in the log")
        for command, one in self.at_once.items():
            self.checked += 1
            if not self._gave(one, command):
                found = f"{one.shown_by} comes from command {command}, which is not in the log and does not follow from its cause"
                yield Violation(self.name, str(one.place), f"{found} {one.cause}")

    def _gave(self, one: AtOnce, command: str) -> bool:
        """True when the decision that is named as the cause has a follow-up with this id."""
        if one.cause is None:
            return False
        parent = self.events.get(one.cause)
        if parent is None and (one.cause in self.commands or one.cause in self.at_once):
            parent = one.cause
        if parent is None:
            return False
        return any(caused_command_id(parent, number, one.kind) == command for number in range(FOLLOW_UPS_INLINE_MAX))
