"""Asks the read model where the events of a subject stand, and the log what they say.

In: a subject and a moment. Out: states, histories, differences. Guards: a moment that has not
come is said to be so, never answered with what is known until now.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audit.differences import Change, Tables, changes_between
from audit.fold import Past
from audit.log import LogPages
from audit.moment import NOW, Moment
from audit.subject import NotUnderstood, Subject
from projections.engine.changes import Row
from schemas.reading import Recorded

Ask = Callable[[str, dict[str, Any]], list[Row]]
PLACES = "sequence, at, topic, partition, log_offset"
#: Of a queue only these change more than its counters, and the counters stand in every event.
SETTING_EVENTS = ("DispatchConfigured", "TaskHeld", "TaskReleased")
#: Events of a queue that concern every organisation it serves.
COMMON_EVENTS = ("DispatchConfigured",)
TAIL_RECORDS_MAX = 20_000
EVENTS_MAX = 100_000


class NoSuchSubject(LookupError):
    """There is no such thing, or not in the VO of the caller."""


class NotYet(LookupError):
    """The moment has not come yet."""


class TooMuch(RuntimeError):
    """More events than can be folded for one question."""


@dataclass(frozen=True, slots=True)
class State:
    """Rows of a subject by table, as of its event `sequence`, which happened at `at` (microseconds) in `place`."""

    subject: Subject
    tables: Tables
    sequence: int
    events: int
    at: int | None
    place: str | None

    @property
    def main(self) -> Mapping[str, Any] | None:
        """The subject's own row; None before its first event."""
        rows = next(iter(self.tables.values()), ())
        return rows[0] if rows else None


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a history: its timeline row, and what it changed."""

    event: Row
    changes: Sequence[Change]


@dataclass(frozen=True, slots=True)
class Auditor:
    """ask: SQL on the read models. pages: the log."""

    ask: Ask
    pages: LogPages

    def state(self, subject: Subject, moment: Moment = NOW) -> State:
        """The subject's rows as they were; raises NotYet, NotUnderstood, LogAway."""
        places = self._places(subject, moment)
        past = Past(subject)
        for record in self._records(subject, places, moment):
            past.apply(record)
        last = places[-1] if places else None
        return State(
            subject,
            past.tables(),
            past.sequence,
            past.events,
            last["at"] if last else None,
            f"{last['topic']}/{last['partition']}/{last['log_offset']}" if last else None,
        )

    def differences(self, subject: Subject, one: Moment, other: Moment) -> tuple[State, State, list[Change]]:
        """Both states and what differs between them."""
        before, after = self.state(subject, one), self.state(subject, other)
        return before, after, changes_between(before.tables, after.tables)

    def history(self, subject: Subject, after: int, limit: int) -> list[Step]:
        """Up to `limit` events beyond sequence `after`, each with what it changed."""
        shown = self._timeline(subject, after, limit)
        if not shown:
            return []
        # Of a queue only some of the events before are needed, but all that are shown.
        places = [*self._places(subject, Moment(sequence=shown[0]["sequence"] - 1)), *shown]
        wanted = {row["sequence"]: row for row in shown}
        steps = []
        past, now = Past(subject), None
        for record in self._records(subject, places, Moment(sequence=shown[-1]["sequence"])):
            row = wanted.get(record.event.sequence)
            before = now or past.tables() if row is not None else None
            past.apply(record)
            now = None
            if row is not None and before is not None:
                now = past.tables()
                steps.append(Step(row, changes_between(before, now)))
        return steps

    def _timeline(self, subject: Subject, after: int, limit: int) -> list[Row]:
        of_worker = " and worker_id = %(worker)s" if subject.worker_id is not None else ""
        return self.ask(
            "select * from timeline where aggregate = %(aggregate)s and aggregate_id = %(id)s and sequence > %(after)s"
            f"{of_worker} order by sequence limit %(limit)s",
            {**_named(subject), "after": after, "limit": limit},
        )

    def _places(self, subject: Subject, moment: Moment) -> list[Row]:
        """Where the subject's events up to `moment` stand, in their order; raises NotYet, NotUnderstood, TooMuch."""
        bound, parameters = self._bound(subject, moment)
        only = ""
        if subject.worker_id is not None:
            only = " and worker_id = %(worker)s"
        elif subject.kind == "queue":
            only = (
                " and (event_type = any(%(settings)s) or sequence = (select max(sequence) from timeline"
                f" where aggregate = %(aggregate)s and aggregate_id = %(id)s and {bound}))"
            )
            parameters = {**parameters, "settings": list(SETTING_EVENTS)}
        found = self.ask(
            f"select {PLACES} from timeline where aggregate = %(aggregate)s and aggregate_id = %(id)s and {bound}{only}"
            " order by sequence limit %(most)s",
            {**_named(subject), **parameters, "most": EVENTS_MAX + 1},
        )
        if len(found) > EVENTS_MAX:
            raise TooMuch(f"{subject.kind} {subject.name} has more than {EVENTS_MAX:,} events up to then")
        return found

    def _bound(self, subject: Subject, moment: Moment) -> tuple[str, dict[str, Any]]:
        """SQL condition for the events up to `moment`: always the first so many, for any readings of clocks."""
        if moment.is_now:
            return "true", {}
        last = self.ask(
            "select sequence, at, topic, partition, log_offset from timeline where aggregate = %(aggregate)s and"
            " aggregate_id = %(id)s order by sequence desc limit 1",
            _named(subject),
        )
        newest = last[0] if last else None
        if moment.sequence is not None:
            if newest is None or (moment.sequence > newest["sequence"] and subject.kind != "queue"):
                known = newest["sequence"] if newest else 0
                raise NotYet(f"{subject.kind} {subject.name} has {known} events; event {moment.sequence} has not happened")
            return "sequence <= %(bound)s", {"bound": moment.sequence}
        if moment.place is not None:
            self._check_place(subject, newest, moment.place)
            return "log_offset <= %(bound)s", {"bound": moment.place[2]}
        now = self.ask("select (extract(epoch from clock_timestamp()) * 1000000)::bigint as micros", {})[0]["micros"]
        assert moment.micros is not None
        if moment.micros > now:
            raise NotYet("that moment has not come yet")
        before_the_first_later = (
            "sequence < coalesce((select min(sequence) from timeline where aggregate = %(aggregate)s"
            " and aggregate_id = %(id)s and at > %(bound)s), 9223372036854775807)"
        )
        return before_the_first_later, {"bound": moment.micros}

    def _check_place(self, subject: Subject, newest: Row | None, place: tuple[str, int, int]) -> None:
        topic, partition, offset = place
        if newest is None:
            raise NotYet(f"{subject.kind} {subject.name} has no events yet")
        if (topic, partition) != (newest["topic"], newest["partition"]):
            raise NotUnderstood(
                f"moment: found {topic}/{partition}, but the events of {subject.kind} {subject.name} stand in"
                f" {newest['topic']}/{newest['partition']}"
            )
        end = self.pages.end(topic, partition)
        if offset >= end:
            raise NotYet(f"{topic}/{partition} ends at {end}; offset {offset} is not there yet")

    def _records(self, subject: Subject, places: Sequence[Row], moment: Moment) -> Iterator[Recorded]:
        if not places:
            return
        topic, partition = places[0]["topic"], places[0]["partition"]
        yield from self.pages.at(topic, partition, [row["log_offset"] for row in places])
        if subject.kind == "queue" and moment.micros is None:
            # What the timeline leaves out moves the counters, too.
            last = places[-1]["log_offset"]
            until = moment.place[2] + 1 if moment.place else self.pages.end(topic, partition)
            for record in self.pages.after(topic, partition, last, subject.aggregate_id, until, TAIL_RECORDS_MAX):
                if moment.sequence is not None and record.event.sequence > moment.sequence:
                    return
                yield record


def _named(subject: Subject) -> dict[str, Any]:
    return {"aggregate": subject.aggregate, "id": subject.aggregate_id, "worker": subject.worker_id}
