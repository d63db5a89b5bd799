"""No command is decided twice: what ends knows the commands of its life; of what never ends a day is remembered."""

import ast
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from commands import undo
from commands.aggregates import AGGREGATES
from commands.engine.decided import PAGE_IDS_MAX, CommandMemory
from commands.engine.repeats import FOLLOW_UPS
from deploy.config import CHECKOUT
from schemas.catalog import CATALOG
from schemas.harvester import AcquireHarvesterCommands
from schemas.instants import DAY, HOUR, MINUTE
from schemas.numbers import GiveNumbers
from schemas.policy import SetShares
from schemas.queue import EndLease, LeaseJob
from schemas.ranking import RankShares
from schemas.task import KillTask
from schemas.types import GlobalShare, LeaseEnding, PilotOffer
from schemas.worker import WantWorkers
from tests.commands.builders import QUEUE, TASK, a_running_task, lease
from tests.commands.in_memory import START, Culm, a_culm
from tests.commands.nodes import Node

NUMBER = str(UUID(int=77))
SOME_DAYS = START + 10 * DAY


def wanted(culm: Culm, wanted: int, **said: object) -> tuple[bool, bool, str | None]:
    """The answer to a command for so many pilots: accepted, repeated, reason."""
    answer = culm.send(WantWorkers(wanted=wanted), QUEUE, role="system", **said)  # type: ignore[arg-type]  # as `send` has them
    return answer.accepted, answer.repeated, answer.reason


def test_a_command_to_what_never_ends_is_known_for_a_day_however_many_come_between() -> None:
    culm = a_culm()
    assert wanted(culm, 1, command_id=NUMBER) == (True, False, None)
    for number in range(2, 3_000):
        culm.now += 25_000_000
        wanted(culm, number)

    assert wanted(culm, 5, command_id=NUMBER, issued_at=START) == (True, True, None)
    assert culm.state("worker", QUEUE).wanted == 2_999


def test_a_command_of_a_year_to_come_makes_no_other_one_late() -> None:
    culm = a_culm()
    culm.now = SOME_DAYS
    wanted(culm, 1, issued_at=SOME_DAYS + 50 * 365 * DAY)

    assert wanted(culm, 2) == (True, False, None)


def test_a_command_that_was_issued_more_than_a_day_before_the_newest_is_refused() -> None:
    culm = a_culm()
    culm.now = SOME_DAYS
    wanted(culm, 1)
    before = len(culm.events)

    answer = culm.send(WantWorkers(wanted=7), QUEUE, role="system", issued_at=SOME_DAYS - DAY)

    assert (answer.accepted, answer.reason) == (False, "STALE")
    assert answer.message == (
        "issued at 2027-01-24T08:00:00.000Z, longer ago than commands to a worker are remembered (at most 24 h): it may have been"
        " decided before and is not decided again; send a new one"
    )
    assert len(culm.events) == before
    assert wanted(culm, 7, issued_at=SOME_DAYS - DAY + 1) == (True, False, None)


def test_a_record_that_is_read_again_after_a_day_is_not_decided_again() -> None:
    culm = a_culm()
    assert wanted(culm, 3, command_id=NUMBER) == (True, False, None)
    culm.now += 2 * DAY
    wanted(culm, 4)

    culm.now = START
    assert wanted(culm, 3, command_id=NUMBER) == (False, False, "STALE")


def never_ending() -> set[str]:
    """Kinds of which none is ever closed: what `is_closed` says is `return False` and nothing else."""
    found = set()
    for path in (CHECKOUT / "commands").glob("*/model.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name == "is_closed":
                returned = [ast.unparse(one) for one in ast.walk(node) if isinstance(one, ast.Return)]
                found |= {path.parent.name} if returned == ["return False"] else set()
    return found


def test_every_kind_that_never_ends_remembers_a_day_and_no_other_does() -> None:
    lasting = {name for name, aggregate in AGGREGATES.items() if aggregate.commands_remembered_hours}

    assert lasting == never_ending()
    assert {AGGREGATES[name].commands_remembered_hours for name in lasting} == {24}


def test_every_kind_that_never_ends_refuses_what_is_too_old() -> None:
    culm = a_culm()
    commands: dict[str, tuple[Any, str, str]] = {
        "policy": (SetShares(shares=(GlobalShare(name="all", percent=100),)), "shares", "operator"),
        "queue": (LeaseJob(offer=PilotOffer(pilot="p", label="unified")), QUEUE, "pilot"),
        "worker": (WantWorkers(wanted=1), QUEUE, "system"),
        "harvester": (AcquireHarvesterCommands(count=1), "wlcg/h", "pilot"),
        "numbers": (GiveNumbers(), "task", "user"),
        "ranking": (RankShares(), "shares", "system"),
    }
    assert set(commands) == never_ending()

    for message, key, role in commands.values():
        assert culm.send(message, key, role=role, issued_at=START - DAY).reason == "STALE"


def test_what_ends_takes_commands_of_any_age_and_knows_them_for_its_life() -> None:
    culm = a_running_task()

    first = culm.send(KillTask(), str(TASK), command_id=NUMBER, issued_at=START - 3 * DAY)
    again = culm.send(KillTask(), str(TASK), command_id=NUMBER, issued_at=START - 3 * DAY)

    assert (first.accepted, again.accepted, again.repeated) == (True, True, True)
    assert [AGGREGATES[name].commands_remembered for name in ("task", "job")] == [8_192, 1_024]


def test_a_follow_up_is_as_old_as_its_cause_and_is_decided_however_long_that_waited() -> None:
    culm = a_running_task(inline=False)
    number = lease(culm)
    assert number is not None
    culm.now += 3 * DAY
    wanted_then = culm.send(EndLease(job_id=number, ending=LeaseEnding.JOB_ENDED), QUEUE, role="system", issued_at=START)

    assert (wanted_then.accepted, wanted_then.reason) == (True, None)


def test_every_follow_up_to_what_never_ends_is_known_to_be_one() -> None:
    given_away = set()
    for path in (CHECKOUT / "commands").glob("*/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                given_away.add(node.func.id)
    lasting = {name for name, aggregate in AGGREGATES.items() if aggregate.commands_remembered_hours}
    to_lasting = {entry.name for entry in CATALOG.values() if entry.role == "commands" and entry.aggregate in lasting}

    assert given_away & to_lasting == FOLLOW_UPS


def test_another_node_knows_the_same_commands_from_rows_and_from_events_alone() -> None:
    culm = a_culm()
    node = Node(culm)
    wanted(culm, 1, command_id=NUMBER)
    node.round()
    wanted(culm, 2)
    node.write()

    store, folded = node.restored()
    found = store.decided_on("worker", QUEUE)

    assert folded == 1
    assert found is not None
    assert (found.count, found.refused_until) == (2, START - DAY)
    again = Culm(type(culm.decider)(store, culm.codec), culm.codec, store, sent=100)
    assert wanted(again, 9, command_id=NUMBER) == (True, True, None)


def test_rows_of_what_was_forgotten_end_and_what_is_refused_stays_refused() -> None:
    culm = a_culm()
    node = Node(culm)
    wanted(culm, 1, command_id=NUMBER)
    node.round()
    culm.now += 2 * DAY
    wanted(culm, 2)
    node.round()

    store, _ = node.restored()
    found = store.decided_on("worker", QUEUE)

    assert found is not None
    assert (found.count, found.refused_until) == (1, START + DAY)


def test_what_is_put_back_is_not_remembered() -> None:
    decided = CommandMemory(DAY)
    decided.note(1, START, moves_time=True)
    before = undo.mark()
    decided.note(2, START, moves_time=True)
    undo.put_back(before)
    undo.forget()

    assert [decided.knows(number) for number in (1, 2)] == [True, False]
    assert decided.count == 1


def test_memory_is_bounded_and_what_was_forgotten_before_its_time_is_refused() -> None:
    decided = CommandMemory(DAY, ids_max=3 * PAGE_IDS_MAX)
    for number in range(5 * PAGE_IDS_MAX):
        decided.note(number * 0x9E3779B97F4A7C15 % 2**64, START + number, moves_time=True)
        decided.forget()

    assert decided.count <= 3 * PAGE_IDS_MAX
    assert not decided.knows(0)
    assert decided.refused_until == START + 2 * PAGE_IDS_MAX - 1
    assert decided.knows((5 * PAGE_IDS_MAX - 1) * 0x9E3779B97F4A7C15 % 2**64)


@given(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 40), st.booleans()), max_size=60))
def test_commands_of_any_time_in_any_order_are_known_or_refused(noted: list[tuple[int, int, bool]]) -> None:
    decided = CommandMemory(2 * HOUR, ids_max=20)
    done: dict[int, int] = {}
    for digest, quarter, moves_time in noted:
        at = START + quarter * 15 * MINUTE
        if not decided.knows(digest) and at > decided.refused_until:
            decided.note(digest, at, moves_time=moves_time)
            done[digest] = max(at, done.get(digest, 0))
        decided.forget()

        assert all(decided.knows(one) or when <= decided.refused_until for one, when in done.items())
