"""Shows every record to every law, and tells what was checked and what was found.

In: all records of the log, and the rows of the read models. Out: one `LawResult` for each law, printed as text or JSON, and
an exit code. Guards: a record that a law cannot judge is a violation, not a crash.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from check.brokerage import CitedBrokerage
from check.clocks import TasksAreMoved
from check.codec import codec_of
from check.conditions import ConditionsTaken
from check.datasets import OutputsCloseWithTasks
from check.followed import FollowedFilesTakenOnce
from check.groups import GroupsCounted
from check.jobs import AcceptedIsTerminalOrLive, LegalJobs, NoJobLost
from check.laws import CausesExist, CompleteDecisions, GaplessSequences, Law, OneAnswerEach, Seen, Settled, Violation
from check.learned import LearnedFromSamples
from check.leases import OnePilotEach, ReportsOfTheHolder
from check.links import LinksCarried
from check.names import WholeLists
from check.organisations import EventsOfOneOrganisation
from check.ranges import RangesCountedOnce
from check.reading import LogReader, ReadModel, SetAside, read_model
from check.registry import LAW, altered
from check.releases import InputReleasedOnce
from check.rows import RowsEqualEvents, RowView, views
from check.senders import RevokedAreSilent, RevokedHoldNothing
from check.shares import SharesInOrder
from check.tasks import LegalTasks, UnitCounters
from check.throttles import ThrottledForCause
from check.workers import WorkersAreIntended
from check.workflows import NodesReleasedOnce
from schemas.times import utc

SHOWN_MAX = 20


@dataclass(frozen=True, slots=True)
class LawResult:
    """Of one law: how much it was applied to, how often it was broken, the first offence."""

    law: str
    checked: int
    violations: int
    first: Violation | None


def laws_of_the_log(settled: Settled) -> list[Law]:
    """The laws that need nothing but the log."""
    return [
        GaplessSequences(),
        CompleteDecisions(),
        OneAnswerEach(settled),
        CausesExist(settled),
        LegalTasks(),
        CitedBrokerage(),
        UnitCounters(),
        InputReleasedOnce(),
        RangesCountedOnce(),
        NodesReleasedOnce(),
        ConditionsTaken(),
        LinksCarried(),
        LearnedFromSamples(),
        WholeLists(),
        LegalJobs(),
        NoJobLost(settled),
        AcceptedIsTerminalOrLive(settled),
        OnePilotEach(settled),
        SharesInOrder(),
        GroupsCounted(),
        ThrottledForCause(),
        ReportsOfTheHolder(),
        RevokedAreSilent(),
        EventsOfOneOrganisation(),
        RevokedHoldNothing(),
        WorkersAreIntended(),
        OutputsCloseWithTasks(settled),
        FollowedFilesTakenOnce(),
        TasksAreMoved(settled),
    ]


def laws_of_the_rows(model: ReadModel, compared: Iterable[RowView]) -> list[Law]:
    """One law per table."""
    standing: dict[str, dict[str, int]] = {}
    for one in model.set_aside:
        standing.setdefault(one.aggregate, {})[one.aggregate_id] = one.sequence
    laws: list[Law] = []
    for view in compared:
        # Tasks have numbers above those of workflows, and queues names that are none.
        still = {key: at for name in (*view.beside, view.aggregate) for key, at in standing.get(name, {}).items()}
        laws.append(RowsEqualEvents(view, model.positions[view.projection], model.rows[view.table], still))
    return laws


def judge_log(records: Iterable[Seen], laws: Sequence[Law]) -> list[LawResult]:
    """A verdict per law, in their order."""
    count = dict.fromkeys((law.name for law in laws), 0)
    first: dict[str, Violation] = {}
    for record in records:
        for law in laws:
            for violation in seen_by(law, record):
                count[law.name] += 1
                first.setdefault(law.name, violation)
    for law in laws:
        for violation in law.end():
            count[law.name] += 1
            first.setdefault(law.name, violation)
    return [LawResult(law.name, law.checked, count[law.name], first.get(law.name)) for law in laws]


def seen_by(law: Law, record: Seen) -> list[Violation]:
    """What the law says of the record; that it cannot judge it, when it cannot."""
    try:
        return list(law.see(record))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as problem:
        found = f"{record.name} of {record.aggregate} cannot be judged: {type(problem).__name__}: {problem}"
        return [Violation(law.name, str(record.place), found[:500])]


def set_aside_lines(found: Sequence[SetAside]) -> list[str]:
    """A line per aggregate whose rows were compared as of an earlier event, the first of many."""
    sentences = [
        f"set aside: {one.aggregate} {one.aggregate_id[:200]}, rows as of event {one.sequence}, since {utc(one.since)}:"
        f" {one.kind}: {one.message}"
        for one in found[:SHOWN_MAX]
    ]
    return [*sentences, f"... and {len(found) - SHOWN_MAX} more are set aside"] if len(found) > SHOWN_MAX else sentences


def lines(results: Iterable[LawResult]) -> list[str]:
    """A line per law, and one below it for a first offence."""
    sentences = []
    for result in results:
        sentences.append(f"{result.law}: {result.checked} checked, {result.violations} violations")
        if result.first is not None:
            sentences.append(f"  first at {result.first.place}: {result.first.found}")
    return sentences


def check_stack(kafka: str, registry: str, postgres: str, *, as_json: bool = False) -> int:
    """Check a stack, print what was found; 0 when every law holds, 1 otherwise."""
    compared = views()
    model = read_model(postgres, compared)
    reader = LogReader(kafka, codec_of(registry))
    laws = [*laws_of_the_log(reader.settled()), *laws_of_the_rows(model, compared)]
    results = judge_log(reader.records(), laws)
    subjects, unlike = altered(registry)
    results.append(LawResult(LAW, subjects, len(unlike), unlike[0] if unlike else None))
    if as_json:
        set_aside = [asdict(one) for one in model.set_aside]
        print(json.dumps({"laws": [asdict(one) for one in results], "poison": reader.poison, "set_aside": set_aside}, indent=2))
    else:
        unread = f"records that cannot be read where they are (they must be dead letters): {reader.poison}"
        print("\n".join([*lines(results), *set_aside_lines(model.set_aside), unread]))
    return 1 if any(result.violations for result in results) else 0
