"""Any event within its bounds is taken by timers, facts, and the hub of live pages; any refusal is recorded and shown."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from hypothesis import given

from api.log.live_events import EventFeed, Follower
from api.log.refusals import _record
from api.monitor.hub import LiveChange
from api.monitor.page import PageView
from api.monitor.pages import PAGES
from api.native.refusals import _document
from schemas.bounds import problems_of
from schemas.catalog import CATALOG, CatalogEntry
from schemas.reading import Recorded
from schemas.streams import JobGroupInQueue, ShareInQueue
from streams.engine.decoder import Decoder
from streams.facts.extract import FACTS_TOPIC, HELD
from streams.facts.keeper import FactsKeeper
from streams.facts.reader import Facts
from streams.facts.windows import COUNTED_IN
from streams.timers.due import Due, command_for
from streams.timers.watch import HeartbeatWindow
from tests.api.builders import an_identity
from tests.projections.event_writer import a_codec
from tests.projections.tables_in_memory import Tables
from tests.readers.histories import EVENTS, history
from tests.schemas.within_bounds import SEEDS, a_message, an_event_envelope, examples, for_any_seed

#: Facts about the jobs of a queue that its events name.
OF_LOADS = (ShareInQueue.__name__, JobGroupInQueue.__name__)
CODEC = a_codec()
NOTHING: Any = None
REFUSED = CATALOG["culm.refusal.RequestsRefused"]
FACTS = [entry for entry in CATALOG.values() if entry.role == "facts"]
#: The year 2100: beyond almost all that becomes due.
NOW = 4_102_444_800_000_000
#: Kinds of deadlines by the aggregate that has them.
DUE = {
    "task": ("submission", "parked", "pending", "input", "exhausted", "scheduled"),
    "queue": ("lease",),
    "workflow": ("workflow",),
}
#: What the paths of the pages name.
NAMES = {"task": "10000001", "job": "100000010000001", "queue": "LOCAL", "worker": "w1", "harvester": "h", "trace": "x"}


@dataclass
class Message:
    """A record as the client hands it over."""

    topic_name: str
    raw_key: bytes
    raw: bytes | None
    at: int = 1

    def topic(self) -> str:
        return self.topic_name

    def key(self) -> bytes:
        return self.raw_key

    def value(self) -> bytes | None:
        return self.raw

    def error(self) -> None:
        return None

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self.at


def as_sent(records: Iterator[Recorded]) -> list[Any]:
    """The records as they come out of the log."""
    return [
        Message(one.place.topic, one.event.aggregate_id.encode(), CODEC.encode(one.message, one.event), one.place.offset)
        for one in records
    ]


@dataclass
class Logged:
    """What a thread of the facts wrote into its log because a record had odd content."""

    said: list[str] = field(default_factory=list)

    def error(self, what: str, **about: object) -> None:
        self.said.append(f"{what}: {about}")

    def exception(self, what: str, **about: object) -> None:
        self.said.append(f"{what}: {about}")


@pytest.mark.parametrize("entry", [one for one in EVENTS if one.aggregate in DUE], ids=lambda entry: entry.name)
def test_what_any_history_makes_due_is_said_within_bounds(entry: CatalogEntry) -> None:
    def check(seed: int) -> None:
        tables = after(entry, seed)
        for row in tables.all("deadline"):
            assert row["kind"] in DUE[entry.aggregate]
            is_said(row, tables)

    for_any_seed(check, 6)


def test_every_kind_of_deadline_is_drawn() -> None:
    begun = [
        ("task", "TaskSubmitted"), ("task", "TaskParked"), ("task", "InputAwaited"), ("task", "TaskFinalized"),
        ("task", "TaskCommandScheduled"), ("queue", "JobLeased"), ("workflow", "WorkflowSubmitted"),
    ]  # fmt: skip
    drawn = {
        row["kind"]
        for aggregate, name in begun
        for seed in range(8)
        for row in after(CATALOG[f"culm.{aggregate}.{name}"], seed).all("deadline")
    }

    assert drawn == {kind for kinds in DUE.values() for kind in kinds}


def after(entry: CatalogEntry, seed: int) -> Tables:
    """The rows that a history makes."""
    tables = Tables()
    for record in history(entry, seed):
        tables.take([record])
    return tables


def is_said(row: dict[str, Any], tables: Tables) -> None:
    """The timers' command for the row, once it is due and its pilot was silent."""
    due_at = row["counted_from"] + row["length_micros"]
    vo = next((task["vo"] for task in tables.all("task")), "wlcg")
    due = Due(row["kind"], row["aggregate_id"], row["key"], due_at, row["sequence"], vo, row["detail"])

    made = command_for(due, NOW, HeartbeatWindow(0, NOW, 0))

    assert made is not None or due_at > NOW
    assert made is None or (problems_of(made.command), problems_of(made.envelope)) == ((), ())


@pytest.mark.parametrize("entry", [one for one in EVENTS if one.name in HELD], ids=lambda entry: entry.name)
def test_every_fact_in_any_event_is_kept_and_known(entry: CatalogEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    logged = Logged()
    monkeypatch.setattr("streams.facts.keeper.log", logged)
    monkeypatch.setattr("streams.facts.reader.log", logged)

    def check(seed: int) -> None:
        decoder = Decoder(CODEC)
        keeper, facts = FactsKeeper("nowhere:1", CODEC, decoder, "one"), Facts("nowhere:1", decoder)
        message = a_message(entry, seed)
        *_, last = history(entry, seed)
        key = last.event.aggregate_id
        sent: Any = Message(entry.topic, key.encode(), CODEC.encode(message, an_event_envelope(seed, key)))

        changes = keeper.changes([sent])

        kept = {name.partition("/")[0] for name in changes}
        assert set(HELD[entry.name]) <= kept <= {*HELD[entry.name], COUNTED_IN.get(entry.name), *OF_LOADS}
        for name, value in changes.items():
            known: Any = Message(FACTS_TOPIC, name.encode(), value)
            facts._carry_out(known, facts._change_of(known))
        assert facts._made() is not None
        assert facts.demand() is not None

    for_any_seed(check, 8)

    assert logged.said == []


@pytest.mark.parametrize("entry", EVENTS, ids=lambda entry: entry.name)
def test_the_hub_takes_any_event_and_every_page_says_whether_it_is_concerned(entry: CatalogEntry) -> None:
    def check(seed: int) -> None:
        change, sent = LiveChange(), as_sent(history(entry, seed))

        change.take(sent)

        touched, ends = change.swap()
        assert ends == {(entry.topic, 0): sent[-1].at + 1}
        for page in PAGES:
            view = PageView(an_identity(), "/", NAMES, {}, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, 0)
            assert page.concerned(touched, view) in (True, False)

    for_any_seed(check, 4)


@pytest.mark.parametrize("entry", EVENTS, ids=lambda entry: entry.name)
def test_any_event_reaches_those_who_follow_it(entry: CatalogEntry) -> None:
    def check(seed: int) -> None:
        feed = EventFeed("nowhere:1", CODEC, (entry.topic,))
        taken: list[Any] = []
        follower = Follower(lambda topic, key: True, Loop(taken))  # type: ignore[arg-type]
        feed._followers = (follower,)
        sent = as_sent(history(entry, seed))

        feed._hand_out(sent)

        assert [one.event.name for one in taken][-1:] == [entry.name]
        assert len(taken) == len(sent)

    for_any_seed(check, 4)


@dataclass
class Loop:
    """An event loop that keeps what it would hand over."""

    taken: list[Any]

    def is_closed(self) -> bool:
        return False

    def call_soon_threadsafe(self, _: object, records: list[Any]) -> None:
        self.taken += records


@examples(60)
@given(SEEDS)
def test_any_refusal_is_recorded_and_shown(seed: int) -> None:
    record = a_message(REFUSED, seed)

    found = _record(CODEC, CODEC.encode(record))

    assert found is not None
    assert found == record
    assert orjson.dumps(_document(found))


def test_there_are_facts_and_events_that_hold_them() -> None:
    held = {name for names in HELD.values() for name in names}

    assert held | {*COUNTED_IN.values(), *OF_LOADS} == {entry.name for entry in FACTS}
