"""The checker on a good log, and on the same log broken in one place: each break is found, and the offender is named."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import structlog

from check.conditions import ConditionsTaken
from check.laws import Law, Seen
from check.links import LinksCarried
from check.ranges import RangesCountedOnce
from check.report import LawResult, judge_log, laws_of_the_log, lines
from check.rows import RowsEqualEvents, views
from check.workers import WorkersAreIntended
from check.workflows import NodesReleasedOnce
from commands.config import GROUP
from schemas.records import replace as copied
from tests.check.breaks import BREAKS, Break, forged
from tests.sim.schedule import schedule
from tests.sim.seeds import quiet
from tests.sim.world import World

#: The rarest of what laws are about and breaks are made of; not every run has all of them.
HELD = frozenset({"ContentsSubscribed", "InputHeld", "InputNamesAdded", "RequirementsLearned", "RevokeLeases", "TaskThrottled"})
SEEDS_MAX = 20


@cache
def a_run() -> tuple[tuple[Seen, ...], World]:
    """The log of the first simulated run with tasks, merges, retries, kills and `HELD`, and the world that holds its rows."""
    before = structlog.get_config()
    quiet()
    try:
        runs = (settled_run(seed) for seed in range(1, SEEDS_MAX + 1))
        return next(run for run in runs if HELD.issubset(one.name for one in run[0]))
    finally:
        structlog.configure(**before)


def settled_run(seed: int) -> tuple[tuple[Seen, ...], World]:
    """The log and the world of one run that came to its end."""
    with TemporaryDirectory() as home:
        world = World(Path(home))
        for turn in schedule(seed, 1200):
            world.turn(turn)
        assert world.settle() is None
    return tuple(world.records()), world


def settled() -> dict[tuple[str, int], int]:
    """Where the deciders of the run stood at its end."""
    found: dict[tuple[str, int], int] = {}
    found |= a_run()[1].log.positions_of(GROUP)
    return found


def broken(records: Sequence[Seen]) -> dict[str, LawResult]:
    """Verdicts on broken laws, by law."""
    return {result.law: result for result in judge_log(records, laws_of_the_log(settled())) if result.violations}


def test_a_good_log_breaks_no_law_and_every_law_had_work() -> None:
    records, world = a_run()
    laws: list[Law] = [*laws_of_the_log(settled()), *(world.rows_law(view) for view in views())]

    results = judge_log(records, laws)

    assert [result for result in results if result.violations] == []
    idle = {result.law for result in results if not result.checked}
    # At the end of the run nothing is leased or due.
    quiet_rows = {f"rows of {table} equal the events" for table in ("lease", "deadline", "worker")}
    # No batch system and no job of event service and no workflow is played there.
    elsewhere = (WorkersAreIntended, RangesCountedOnce, NodesReleasedOnce, ConditionsTaken, LinksCarried)
    assert idle <= {*quiet_rows, *(law.name for law in elsewhere)}


@pytest.mark.parametrize(("change", "law"), [(change, law) for _, change, law in BREAKS], ids=[name for name, _, _ in BREAKS])
def test_a_break_is_found_and_named(change: Break, law: str) -> None:
    records = list(a_run()[0])

    found = broken(change(records))

    assert law in found
    first = found[law].first
    assert first is not None
    assert first.place.startswith("culm.")


def test_a_row_that_was_altered_is_found_and_named() -> None:
    records, world = a_run()
    view = next(view for view in views() if view.table == "job")
    law = world.rows_law(view)
    job, row = next(iter(law.rows.items()))
    law.rows[job] = ("running", *row[1:])

    (result,) = judge_log(records, [law])

    assert result.violations == 1
    assert result.first is not None
    assert result.first.place == f"job row {job}"
    assert "running" in result.first.found


def test_a_row_that_vanished_and_one_without_an_event_are_found() -> None:
    records, world = a_run()
    law = world.rows_law(next(view for view in views() if view.table == "task"))
    task = next(iter(law.rows))
    law.rows["999"] = law.rows.pop(task)

    (result,) = judge_log(records, [law])

    assert result.violations == 2


def test_the_report_says_what_was_checked_and_the_first_offence() -> None:
    records = list(a_run()[0])

    text_lines = lines(judge_log(forged(records), laws_of_the_log(settled())))

    cause = next(number for number, line in enumerate(text_lines) if line.startswith("every cause is in the log"))
    assert text_lines[cause].endswith("1 violations")
    assert "JobFinished comes from command 00000000-0000-0000-0000-00000000beef" in text_lines[cause + 1]


def test_a_record_that_was_read_again_is_answered_as_a_repeat_or_as_stale_and_never_as_if_it_were_new() -> None:
    records = list(a_run()[0])
    index = next(
        number
        for number, record in enumerate(records)
        if record.role == "answers" and not record.message.repeated and record.message.causation_id is None
    )
    answer = records[index]
    told = [replace(answer, message=copied(answer.message, repeated=True))]
    told.append(replace(answer, message=copied(answer.message, accepted=False, reason="STALE")))

    assert "exactly one answer per command" not in broken([*records, *told])
    assert "exactly one answer per command" in broken([*records, answer])


def test_a_deadline_that_is_missing_is_found_and_named() -> None:
    records, world = a_run()
    view = next(view for view in views() if view.table == "deadline")
    half = {place: offset // 2 for place, offset in world.rows_law(view).positions.items()}
    whole = RowsEqualEvents(view, half, {})
    judge_log(records, [whole])
    missing = next(key for key in whole.folded if key.startswith("lease/"))
    rows = {key: row for key, row in whole.folded.items() if key != missing}

    (good,) = judge_log(records, [RowsEqualEvents(view, half, dict(whole.folded))])
    (bad,) = judge_log(records, [RowsEqualEvents(view, half, rows)])

    assert (good.violations, bad.violations) == (0, 1)
    assert bad.first is not None
    assert bad.first.place == f"deadline row {missing}"
