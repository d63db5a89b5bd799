"""What must hold of a log, each law as a small class that is shown every record once and then asked for its verdict.

In: `Seen` records, partition by partition in log order, command topics first, then events, then answers. Out: `Violation`s
with the place of the offending record. Pure. The transitions are written from jedi-logic 2.1 and 2.2, not from the decider.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from schemas.reading import Place


@dataclass(frozen=True, slots=True)
class Seen:
    """A decoded record: its place, role (commands, events, answers), kind of aggregate, name, envelope and message."""

    place: Place
    role: str
    aggregate: str
    name: str
    envelope: Any
    message: Any


@dataclass(frozen=True, slots=True)
class Violation:
    """A law that is broken, where it was first noticed, and what was found there."""

    law: str
    place: str
    found: str


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

    settled: by topic and partition, the offset below which the decider had committed before the answers were read.
    """

    settled: dict[tuple[str, int], int]
    name: str = "exactly one answer per command"
    checked: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    owed: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    first: dict[str, Place] = field(default_factory=dict)

    def see(self, record: Seen) -> Iterator[Violation]:
        """An answer to a command that nobody gave."""
        place = record.place
        if record.role == "commands":
            number = record.envelope.command_id
            self.asked[number] += 1
            if place.offset < self.settled.get((place.topic, place.partition), 0):
                self.checked += 1
                self.owed[number] += 1
                self.first.setdefault(number, place)
        elif record.role == "answers":
            number = record.message.command_id
            self.answered[number] += 1
            if self.answered[number] > self.asked[number]:
                found = f"answer {self.answered[number]} to command {number}, which was given {self.asked[number]} times"
                yield Violation(self.name, str(place), found)

    def end(self) -> Iterator[Violation]:
        """Decided commands without an answer."""
        for number, place in self.first.items():
            if self.answered[number] < self.owed[number]:
                found = f"command {number} was decided {self.owed[number]} times and answered {self.answered[number]} times"
                yield Violation(self.name, str(place), found)


@dataclass
class CausesExist:
    """The command of every event, and what caused every command, are in the log."""

    name: str = "every cause is in the log"
    checked: int = 0
    commands: set[str] = field(default_factory=set)
    events: set[str] = field(default_factory=set)
    causes: dict[str, Place] = field(default_factory=dict)

    def see(self, record: Seen) -> Iterator[Violation]:
        """An event whose command is not there."""
        if record.role == "commands":
            self.commands.add(record.envelope.command_id)
            if record.envelope.causation_id is not None:
                self.causes.setdefault(record.envelope.causation_id, record.place)
        elif record.role == "events":
            self.checked += 1
            self.events.add(record.envelope.event_id)
            if record.envelope.command_id not in self.commands:
                found = f"{record.name} comes from command {record.envelope.command_id}, which is not in the log"
                yield Violation(self.name, str(record.place), found)

    def end(self) -> Iterator[Violation]:
        """Commands whose cause is not there."""
        for cause, place in self.causes.items():
            self.checked += 1
            if cause not in self.events and cause not in self.commands:
                yield Violation(self.name, str(place), f"its cause {cause} is not in the log")
