"""Global shares in a queue: whose jobs a pilot gets, and what the queue tells of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from commands import undo
from commands.queue.decide import decide
from commands.queue.model import DispatchQueue, evolve, initial
from commands.queue.shares import is_by_age, order_by
from commands.queue.snapshot import SNAPSHOT
from commands.snapshot import MAIN
from schemas.ids import caused_command_id
from schemas.queue import (
    AssignJobShares,
    BindJob,
    DispatchConfigured,
    EnqueueJob,
    JobLeased,
    JobQueued,
    JobSharesAssigned,
    LeaseJob,
    ReleaseTask,
)
from schemas.records import replace
from schemas.share_tree import standings_of
from schemas.types import (
    CommandEnvelope,
    GlobalShare,
    JobSpec,
    PilotOffer,
    QueueSettings,
    ShareRanks,
    WorkerMode,
)
from tests.commands.test_queue_lines import ENVELOPE, a_spec

TREE = (GlobalShare(name="Production", percent=70), GlobalShare(name="Analysis", percent=30))
#: The first is drawn for age alone, the second is not.
BY_AGE, BY_SHARE = "00000000-0000-4000-8000-000000000002", "00000000-0000-4000-8000-000000000000"


@dataclass
class OneQueue:
    """A queue that decides and folds, with the events that it wrote."""

    settings: QueueSettings = field(default_factory=lambda: QueueSettings(name="Q", site="S", corepower=10.0))
    queue: DispatchQueue = field(default_factory=initial)
    events: list[Any] = field(default_factory=list)
    asked: int = 0

    def __post_init__(self) -> None:
        self.queue = evolve(self.queue, DispatchConfigured(settings=self.settings), ENVELOPE)

    def send(self, command: Any, command_id: str = BY_SHARE) -> Any:
        by = CommandEnvelope(
            command_id=command_id,
            aggregate_id="Q",
            correlation_id=command_id,
            causation_id=None,
            issued_at=0,
            actor="p",
            role="pilot",
            vo="wlcg",
        )
        decision = decide(self.queue, command, by)
        for event in decision.events:
            self.queue = evolve(self.queue, event, ENVELOPE)
            self.events.append(event)
        return decision

    def enqueue(self, *specs: JobSpec) -> "OneQueue":
        for spec in specs:
            self.send(EnqueueJob(spec=spec))
        return self

    def lease(self, ranks: ShareRanks | None, command_id: str = BY_SHARE, **offer: Any) -> JobLeased | None:
        decision = self.send(LeaseJob(offer=PilotOffer(pilot="p", label="", **offer), ranks=ranks), command_id)
        return decision.events[0] if decision.events else None


def of(share: str, job_id: int, **more: Any) -> JobSpec:
    return replace(a_spec(job_id, **more), share=share)


def ranks(sequence: int = 1, tree: Sequence[GlobalShare] = TREE, **used: float) -> ShareRanks:
    return ShareRanks(sequence=sequence, standings=standings_of(tree, used))


def a_queue_of_both() -> OneQueue:
    return OneQueue().enqueue(
        of("Production", 1, priority=500), of("Production", 2, priority=900), of("Analysis", 3, priority=5000), a_spec(4)
    )


def test_without_a_ranking_jobs_go_by_priority_of_any_share() -> None:
    culm = a_queue_of_both()

    got = [culm.lease(None) for _ in range(4)]

    assert [one.job_id for one in got if one] == [3, 4, 2, 1]
    assert {(one.share_rank, one.ranks_sequence) for one in got if one} == {(0, 0)}


def test_the_share_that_has_least_goes_before_priority_and_jobs_without_a_share_go_last() -> None:
    culm = a_queue_of_both()
    standing = ranks(Production=10, Analysis=1000)

    got = [culm.lease(standing) for _ in range(4)]

    assert [(one.job_id, one.share, one.share_rank, one.ranks_sequence) for one in got if one] == [
        (2, "Production", 2, 1), (1, "Production", 2, 1), (3, "Analysis", 3, 1), (4, "Undefined", 4, 1),
    ]  # fmt: skip


def test_share_test_goes_before_all_others() -> None:
    culm = a_queue_of_both().enqueue(of("Test", 9, priority=1))

    got = culm.lease(ranks())

    assert got is not None
    assert (got.job_id, got.share_rank) == (9, 1)


def test_a_share_whose_jobs_do_not_fit_leaves_the_pilot_to_the_next() -> None:
    culm = OneQueue().enqueue(of("Production", 1, ram_mb=8000), of("Analysis", 2, ram_mb=2000))

    got = culm.lease(ranks(Analysis=100), memory_mb=4000)

    assert got is not None
    assert got.job_id == 2


def test_one_request_in_ten_is_served_by_age_alone() -> None:
    drawn = [is_by_age(caused_command_id("a", "LeaseJob", str(number))) for number in range(10_000)]
    culm = a_queue_of_both()

    got = culm.lease(ranks(Analysis=1, Production=1000), BY_AGE)

    assert sum(drawn) == 1016
    assert got is not None
    assert (got.job_id, got.by_age) == (1, True)


def test_requests_between_two_rankings_do_not_all_serve_one_share() -> None:
    culm = OneQueue().enqueue(*(of(share, number) for number, share in enumerate(["Production", "Analysis"] * 10, start=1)))

    got = [culm.lease(ranks()) for _ in range(10)]

    assert Counter(one.share for one in got if one) == {"Production": 7, "Analysis": 3}


def test_a_newer_ranking_counts_what_was_given_before_it_among_its_usage() -> None:
    culm = a_queue_of_both()
    culm.lease(ranks())
    assert (culm.queue.ranks_sequence, dict(culm.queue.given)) == (1, {"Production": 1})

    got = culm.lease(ranks(2, Production=10))

    assert got is not None
    assert got.share == "Analysis"
    assert (culm.queue.ranks_sequence, dict(culm.queue.given)) == (2, {"Analysis": 1})


def test_events_count_the_jobs_of_the_shares_that_they_concern_alone() -> None:
    culm = a_queue_of_both()
    culm.lease(ranks(Production=1))
    (leased,) = [event for event in culm.events if isinstance(event, JobLeased)]

    told = [[(one.name, one.waiting, one.leased, one.cores) for one in event.shares] for event in culm.events]

    assert leased.share == "Analysis"
    assert told == [[("Production", 1, 0, 0)], [("Production", 2, 0, 0)], [("Analysis", 1, 0, 0)], [], [("Analysis", 0, 1, 1)]]


def test_a_job_that_is_pushed_is_chosen_by_share_too() -> None:
    pushed = QueueSettings(name="Q", site="S", mode=WorkerMode.PUSH, rss_mb_max=4000)
    culm = OneQueue(pushed).enqueue(of("Analysis", 1, priority=9000), of("Production", 2))
    command = BindJob(worker_id="w", tag="culm-w", harvester_id="h", epoch=1, submit_seconds=60)

    culm.send(replace(command, ranks=ranks(Analysis=100)))
    culm.send(replace(command, worker_id="v", ranks=ranks(Analysis=100)), BY_AGE)

    got = [(one.job_id, one.share, one.share_rank, one.by_age) for one in culm.events if isinstance(one, JobLeased)]
    assert got == [(2, "Production", 2, False), (1, "Analysis", 3, True)]


def test_a_queue_goes_on_from_its_rows_as_it_was() -> None:
    culm = a_queue_of_both()
    culm.lease(ranks())
    rows = dict(SNAPSHOT.rows(culm.queue, [MAIN, *SNAPSHOT.names(culm.queue)]))

    restored = SNAPSHOT.restored(rows)

    assert restored == culm.queue
    assert (restored.shares, dict(restored.given)) == (culm.queue.shares, {"Production": 1})
    assert restored.lines.of_share.keys() == {"Production", "Analysis", "Undefined"}


def test_what_is_put_back_is_found_by_share_and_age_as_before() -> None:
    culm = a_queue_of_both()
    mark = undo.mark()
    undo.keep(culm.queue)
    culm.lease(ranks())
    culm.lease(ranks(2))
    undo.put_back(mark)
    undo.forget()

    got = culm.lease(ranks(Analysis=1, Production=1000), BY_AGE)

    assert got is not None
    assert (got.job_id, dict(culm.queue.given), culm.queue.ranks_sequence) == (1, {"Production": 1}, 1)


def test_a_task_on_hold_is_passed_over_by_age_too() -> None:
    culm = OneQueue().enqueue(of("Production", 1, task_id=1), of("Production", 2, task_id=2))
    culm.queue.held_tasks.add(1)
    culm.queue.lines.remove([culm.queue.waiting[1]], culm.queue.waiting, culm.queue.held_tasks)

    first = culm.lease(ranks(), BY_AGE)
    culm.send(ReleaseTask(task_id=1))
    second = culm.lease(ranks(), BY_AGE)

    assert [one.job_id for one in (first, second) if one] == [2, 1]


@pytest.mark.slow  # parts of a share are within two percent after thousands of leases only
def test_fifty_shares_get_what_they_may_have_within_two_percent_after_10_000_leases() -> None:
    percents = [10.0] * 10 + [15.0] * 10 + [20.0] * 10 + [25.0] * 10 + [30.0] * 10
    tree = [GlobalShare(name=f"node{node}", percent=10.0) for node in range(10)]
    tree += [
        GlobalShare(name=f"s{leaf}", parent=f"node{leaf % 10}", percent=percent) for leaf, percent in enumerate(percents)
    ]
    culm = OneQueue()
    # As many jobs of each share as it may have: what is served by age alone would serve the share with the oldest jobs.
    supply = [f"s{leaf}" for leaf, percent in enumerate(percents) for _ in range(int(percent / 5))] * 100
    for number, share in enumerate(supply, start=1):
        event = JobQueued(spec=of(share, number), waiting=1, leased=0)
        culm.queue = evolve(culm.queue, event, ENVELOPE)
    used: Counter[str] = Counter()
    standing = ranks(1, tree)

    for request in range(10_000):
        if request % 100 == 0:  # a ranking a second at 100 requests a second
            standing = ranks(request // 100 + 1, tree, **used)
        got = culm.lease(standing, caused_command_id("request", "LeaseJob", str(request)))
        assert got is not None
        used[got.share] += 10

    target = {one.name: one.percent / 1000 for one in tree[10:]}
    error = max(abs(used[name] / used.total() / part - 1) for name, part in target.items())
    assert error < 0.02, error


def test_an_empty_ranking_is_none() -> None:
    assert order_by(ShareRanks(sequence=4), 0, {}, 10.0) == ()


def moved(culm: OneQueue, task_id: int, share: str, *, running: bool = False) -> Any:
    return culm.send(AssignJobShares(task_id=task_id, share=share, running=running))


def test_waiting_jobs_of_a_task_are_put_into_another_share_at_their_place() -> None:
    culm = OneQueue().enqueue(
        of("Production", 1, task_id=1, priority=9), of("Analysis", 2, task_id=2), of("Production", 3, task_id=3)
    )

    moved(culm, 1, "Analysis")
    first, second = culm.lease(ranks(Production=100)), culm.lease(ranks(Production=100))

    assert [(one.job_id, one.share) for one in (first, second) if one] == [(2, "Analysis"), (1, "Analysis")]
    event = culm.events[3]
    assert isinstance(event, JobSharesAssigned)
    assert [(one.name, one.waiting) for one in event.shares] == [("Production", 1), ("Analysis", 2)]


def test_a_job_that_was_moved_shows_its_share_of_now_to_its_pilot() -> None:
    culm = OneQueue().enqueue(of("Production", 1))
    moved(culm, 1, "Analysis")

    decision = culm.send(LeaseJob(offer=PilotOffer(pilot="p", label="")))

    assert decision.leased.spec.share == "Analysis"


def test_jobs_that_pilots_hold_count_for_another_share_only_if_that_is_asked() -> None:
    culm = OneQueue().enqueue(of("Production", 1), of("Production", 2))
    culm.lease(ranks())

    moved(culm, 1, "Analysis")
    before = dict(culm.queue.shares.counts)
    moved(culm, 1, "Analysis", running=True)
    again = moved(culm, 1, "Analysis", running=True)

    assert before == {"Production": (0, 1, 1), "Analysis": (1, 0, 0)}
    assert dict(culm.queue.shares.counts) == {"Analysis": (1, 1, 1)}
    assert again.events == ()


def test_more_jobs_than_one_decision_takes_are_moved_in_the_next() -> None:
    culm = OneQueue().enqueue(*(of("Production", number) for number in range(1, 2_102)))

    first = moved(culm, 1, "Analysis")
    second = moved(culm, 1, "Analysis")

    assert [len(one.events[0].job_ids) for one in (first, second)] == [2_000, 101]
    assert [len(one.follow_ups) for one in (first, second)] == [1, 0]


def test_a_queue_with_moved_jobs_goes_on_from_its_rows_as_it_was() -> None:
    culm = OneQueue().enqueue(of("Production", 1), of("Production", 2))
    culm.lease(ranks())
    moved(culm, 1, "Analysis", running=True)
    names = set(SNAPSHOT.changed(culm.queue, culm.events[-1]))

    restored = SNAPSHOT.restored(dict(SNAPSHOT.rows(culm.queue, [MAIN, *SNAPSHOT.names(culm.queue)])))

    assert names == {"job-1", "job-2"}
    assert restored == culm.queue
    assert dict(restored.shares.counts) == {"Analysis": (1, 1, 1)}
