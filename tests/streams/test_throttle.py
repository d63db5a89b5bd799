"""When an order waits for a level, what it says, and when it goes on: every rule at its boundaries."""

import asyncio
import dataclasses
from typing import Any

import pytest

from schemas.policy import ThrottlesSet
from schemas.records import replace
from schemas.task import JobsOrdered, ThrottleOrder, WakeTask
from schemas.throttles import cap_of, limits_of_type
from schemas.types import (
    AccountCap,
    JobGroupLoad,
    JobKind,
    Throttle,
    ThrottleLimits,
    ThrottleRule,
)
from streams.facts.groups import Level, Levels
from streams.facts.snapshot import Snapshot, ThrottledOrder
from streams.jedi.reactions import Generation
from streams.jedi.throttle import Passed, asked_of, of_cap, of_limits, scopes_of, sentence_of, throttled
from streams.provisioning import throttle_watch
from streams.provisioning.throttle_watch import AGAIN_SECONDS, ThrottleWatch, released
from tests.streams.builders import a_definition, a_queue, an_envelope, files, record_read

R = ThrottleRule
ASKED = Throttle(share="Analysis", resource_type="SCORE", vo="wlcg", owner="ada", jobs=10, priority=1000)
LIMITS = ThrottleLimits(threshold=2.0, queue_limit=1000)
NOON = 1_796_040_000_000_000


@pytest.mark.parametrize(
    ("waiting", "leased", "limits", "rule"),
    [
        (1000, 0, LIMITS, None),
        (1001, 0, LIMITS, R.IDLE),
        (1001, 501, LIMITS, None),
        (1002, 501, LIMITS, None),
        (1003, 501, LIMITS, R.RATIO),
        (1000, 1, LIMITS, None),
        (0, 50, replace(LIMITS, running_cap=50), None),
        (0, 51, replace(LIMITS, running_cap=50), R.RUNNING_CAP),
        (2000, 1000, replace(LIMITS, queue_cap=2000), None),
        (2001, 9000, replace(LIMITS, queue_cap=2000), R.QUEUE_CAP),
        (1001, 0, replace(LIMITS, queue_cap=1000), R.IDLE),
        (200_000, 0, ThrottleLimits(), None),
        (200_001, 0, ThrottleLimits(), R.IDLE),
    ],
)
def test_each_limit_stops_above_its_number(waiting: int, leased: int, limits: ThrottleLimits, rule: R | None) -> None:
    found = next(of_limits(ASKED, Level(waiting, leased), limits), None)

    assert (found and found.rule) == rule


@pytest.mark.parametrize(
    ("waiting", "leased", "goes_on"),
    [(901, 0, False), (900, 0, True), (901, 450, False), (901, 451, True), (902, 451, True), (903, 451, False)],
)
def test_what_waits_goes_on_at_nine_tenths_of_the_limit_or_when_enough_runs(waiting: int, leased: int, goes_on: bool) -> None:
    assert (next(of_limits(ASKED, Level(waiting, leased), LIMITS, eased=True), None) is None) is goes_on


@pytest.mark.parametrize(
    ("level", "eased", "rule"),
    [
        (Level(0, 95, 0), False, None),
        (Level(0, 96, 0), False, R.ACCOUNT_RUNNING),
        (Level(190, 0, 0), False, None),
        (Level(191, 0, 0), False, R.ACCOUNT_QUEUED),
        (Level(0, 0, 800), False, None),
        (Level(0, 0, 801), False, R.ACCOUNT_CORES),
        (Level(0, 85, 0), True, None),
        (Level(0, 86, 0), True, R.ACCOUNT_RUNNING),
        (Level(170, 0, 0), True, None),
        (Level(171, 0, 0), True, R.ACCOUNT_QUEUED),
        (Level(0, 0, 680), True, None),
        (Level(0, 0, 681), True, R.ACCOUNT_CORES),
    ],
)
def test_a_cap_holds_from_95_percent_and_lets_go_at_85(level: Level, eased: bool, rule: R | None) -> None:
    found = next(of_cap(ASKED, level, AccountCap(jobs_max=100, cores_max=800), eased=eased), None)

    assert (found and found.rule) == rule


def test_the_limits_of_share_and_type_go_before_those_of_the_type_and_of_all() -> None:
    rows = (
        ThrottleLimits(queue_limit=1),
        ThrottleLimits(resource_type="MCORE", queue_limit=2),
        ThrottleLimits(share="Analysis", queue_limit=3),
        ThrottleLimits(share="Analysis", resource_type="MCORE", queue_limit=4),
    )

    assert limits_of_type(rows, "Analysis", "MCORE").queue_limit == 4
    assert limits_of_type(rows, "Production", "MCORE").queue_limit == 2
    assert limits_of_type(rows, "Analysis", "SCORE").queue_limit == 1
    assert limits_of_type((), "Analysis", "SCORE").queue_limit == 200_000


def test_a_group_has_its_own_cap_and_not_that_of_its_members() -> None:
    rows = (AccountCap(name="ada", jobs_max=1), AccountCap(group=True, jobs_max=2), AccountCap(jobs_max=3))

    assert cap_of(rows, "wlcg", "ada", "").jobs_max == 1
    assert cap_of(rows, "wlcg", "ada", "higgs").jobs_max == 2
    assert cap_of(rows, "wlcg", "bob", "").jobs_max == 3


def world(waiting: int, leased: int = 0, **more: Any) -> Snapshot:
    """Jobs of share Analysis, type SCORE, on one queue that began 60 jobs in the last six hours."""
    group = JobGroupLoad(
        share="Analysis", resource_type="SCORE", vo="wlcg", owner="ada", waiting=waiting, leased=leased, cores=leased
    )
    level = Level(waiting, leased, leased)
    queue = dataclasses.replace(a_queue(waiting=waiting, leased=leased), groups=(group,), starts=60)
    levels = Levels({("Analysis", "SCORE"): level}, {"Analysis": level}, {("wlcg", "ada"): level})
    return Snapshot({"Q1": queue}, position="p", levels=levels, **more)


def test_an_order_says_limit_value_and_expected_release() -> None:
    facts = world(1100, throttles=ThrottlesSet(limits=(LIMITS,)))

    found = throttled(ASKED, facts, {}, NOON)

    assert found is not None
    assert (found.rule, found.value, found.limit, found.released_at) == (R.IDLE, 1100, 1000, 900)
    # 200 jobs more have to begin, ten begin in an hour.
    assert found.expected_at == NOON + 20 * 3_600_000_000
    assert sentence_of(found) == (
        "share Analysis, resource type SCORE: 1,100 jobs waiting, limit 1,000; goes on at 900, expected 2026-12-01T08:00:00.000Z"
    )


def test_a_share_is_judged_as_a_whole_where_limits_say_so() -> None:
    whole = ThrottleLimits(share="Analysis", queue_limit=50)
    facts = world(51, throttles=ThrottlesSet(limits=(whole,)))

    found = throttled(ASKED, facts, {})

    assert found is not None
    assert (found.resource_type, found.limit) == ("", 50)


def an_order(**changes: Any) -> JobsOrdered:
    definition = replace(a_definition(), share="Analysis")
    order = JobsOrdered(order=1, kind=JobKind.NORMAL, units=tuple(files(10)), definition=definition, task_id=7, priority=1000)
    return replace(order, owner="ada", **changes)


@pytest.mark.parametrize("kind", [JobKind.MERGE, JobKind.BUILD])
def test_merges_and_builds_are_never_throttled(kind: JobKind) -> None:
    assert asked_of(an_order(kind=kind, units=()), "wlcg", Snapshot()) is None


def test_orders_that_come_together_are_not_all_let_pass() -> None:
    low = ThrottlesSet(limits=(ThrottleLimits(queue_limit=15),))
    facts = Snapshot({"Q1": a_queue()}, throttles=low)
    orders = [record_read(an_order(), str(number), number, occurred_at=NOON + number) for number in range(1, 4)]

    made = [one.command for one in Generation().choose(orders, facts)]

    assert [type(one).__name__ for one in made] == ["GenerateJobs", "GenerateJobs", "ThrottleOrder"]
    assert isinstance(made[2], ThrottleOrder)
    assert (made[2].throttle.rule, made[2].throttle.value) == (R.IDLE, 20)


def test_orders_whose_causes_are_of_one_moment_count_by_the_time_of_the_log() -> None:
    low = ThrottlesSet(limits=(ThrottleLimits(queue_limit=15),))
    facts, generation = Snapshot({"Q1": a_queue()}, throttles=low), Generation()
    # A task that is woken orders again at the time of the event that throttled it.
    orders = [
        dataclasses.replace(record_read(an_order(), str(number), number, occurred_at=NOON), logged_at=at)
        for number, at in ((1, NOON + 5), (2, NOON + 6), (3, NOON + 7), (3, NOON + 2_000_000))
    ]

    made = [type(one.command).__name__ for one in generation.choose(orders, facts)]

    assert made == ["GenerateJobs", "GenerateJobs", "ThrottleOrder", "GenerateJobs"]


def test_jobs_that_were_let_pass_count_for_a_second() -> None:
    passed = Passed()
    passed.note(ASKED, NOON)

    assert passed.jobs(NOON + 1_000_000)["share", "Analysis"] == 10
    assert passed.jobs(NOON + 1_000_001) == {}


def waiting(*priorities: int) -> list[ThrottledOrder]:
    return [
        ThrottledOrder(number, an_envelope(str(number), number), replace(ASKED, priority=priority, jobs=40))
        for number, priority in enumerate(priorities, start=1)
    ]


def test_as_many_go_on_as_have_room_the_highest_priority_first() -> None:
    facts = world(830, throttles=ThrottlesSet(limits=(LIMITS,)))

    assert [one.task_id for one in released(facts, waiting(500, 900, 700, 100), [])] == [2, 3]
    assert [one.task_id for one in released(facts, waiting(500, 900), waiting(800, 800))] == []


def test_nothing_goes_on_above_the_level() -> None:
    assert released(world(901, throttles=ThrottlesSet(limits=(LIMITS,))), waiting(500), []) == []


def test_ten_thousand_orders_of_one_user_that_wait_are_one_look_and_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[str] = []

    def counted(asked: Throttle, *known: Any, **more: Any) -> Throttle | None:
        looks.append(asked.owner)
        return throttled(asked, *known, **more)

    monkeypatch.setattr(throttle_watch, "throttled", counted)
    many = waiting(*[500] * 10_000)
    other = ThrottledOrder(20_000, an_envelope("20000", 20_000), replace(ASKED, owner="another", share="Test", priority=1))

    due = released(world(901, throttles=ThrottlesSet(limits=(LIMITS,))), [*many, other], [])

    assert ([one.task_id for one in due], looks) == ([20_000], [ASKED.owner, "another"])


class Stand:
    """Facts and outbox of a watch, with a clock that the test moves."""

    def __init__(self) -> None:
        self.facts, self.now, self.said, self.ours = world(2000), 0.0, list[tuple[str, Any]](), True
        part: Any = self
        self.watch = ThrottleWatch(part, part, lambda: self.now, lambda key: self.ours)

    def snapshot(self) -> Snapshot:
        return self.facts

    async def deliver(self, contents: list[Any]) -> None:
        self.said += [(one.envelope.aggregate_id, one.command) for one in contents]

    def look(self, seconds: float, jobs: int) -> int:
        """How much was said by then."""
        self.now += seconds
        self.facts = world(jobs, throttles=ThrottlesSet(limits=(LIMITS,)), throttled=tuple(waiting(500)))
        asyncio.run(self.watch.say())
        return len(self.said)


def test_the_level_that_is_crossed_wakes_the_task_once() -> None:
    stand = Stand()

    assert stand.look(0, 901) == 0
    assert stand.look(1, 900) == 1
    assert stand.look(1, 880) == 1
    assert stand.said == [("1", WakeTask(cause="LEVEL_CROSSED"))]


def test_a_wake_up_that_led_to_nothing_is_said_again() -> None:
    stand = Stand()
    stand.look(0, 100)

    assert stand.look(AGAIN_SECONDS, 100) == 2
    assert stand.said[0] == stand.said[1]


def test_a_worker_that_does_not_speak_wakes_no_one() -> None:
    stand = Stand()
    stand.ours = False

    assert stand.look(0, 0) == 0


def test_jobs_of_a_group_count_for_the_group_and_not_for_the_user() -> None:
    assert scopes_of(replace(ASKED, working_group="higgs"))[2] == ("group", "wlcg", "higgs")
    assert scopes_of(ASKED)[2] == ("user", "wlcg", "ada")
