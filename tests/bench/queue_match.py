"""`python -m tests.bench.queue_match`: what the pure queue costs by the number of jobs that wait, in microseconds of CPU.

1,000 users, 8 classes of memory; without shares, then with 50 ranked ones. Columns: a job queued, a match for a pilot with an
offer, a job leased, and hold and release of a task of 100 jobs. Flat columns are the claim; absolute figures belong to one
machine and hour.
"""

import time
from collections.abc import Callable, Sequence

from commands.queue.matching import Match, best_match
from commands.queue.model import DispatchQueue, evolve, initial
from commands.queue.shares import order_by
from schemas.queue import TaskHeld, TaskReleased
from schemas.records import replace
from schemas.share_tree import standings_of
from schemas.types import GlobalShare, ShareRanks
from tests.commands.test_queue_lines import ENVELOPE, a_spec, an_offer, leased, queued

USERS, CLASSES, TASK_JOBS, SHARES = 1_000, 8, 100, 50
SIZES = (1_000, 10_000, 100_000)


def main() -> None:
    """Print the table."""
    print(f"{'shares':>7} {'waiting':>9} {'queue us':>9} {'match us':>9} {'lease us':>9} {'hold+release us a job':>22}")
    for shares in (0, SHARES):
        for size in SIZES:
            print("{:>7} {:>9,} {:>9.1f} {:>9.1f} {:>9.1f} {:>22.2f}".format(shares, size, *figures(size, shares)))


def figures(size: int, shares: int = 0) -> Sequence[float]:
    """Microseconds: one job queued, one match, one lease, hold and release by job of the task."""
    queue = initial()
    specs = [
        replace(
            a_spec(
                number,
                task_id=number // TASK_JOBS,
                owner=f"user{number % USERS}",
                priority=1000 + number % 3,
                ram_mb=1000 * (1 + number // USERS % CLASSES),
            ),
            share=f"share{number % shares}" if shares else "Undefined",
        )
        for number in range(1, size + 1)
    ]
    ranks = a_ranking(shares) if shares else None
    queueing = cost(lambda: [evolve(queue, queued(spec), ENVELOPE) for spec in specs], size)
    matching = cost(lambda: [matched(queue, ranks) for _ in range(200)], 200)
    leasing = cost(lambda: lease(queue, 200, ranks), 200)
    task = specs[-1].task_id - 1
    holding = cost(
        lambda: [evolve(queue, event(task_id=task), ENVELOPE) for event in (TaskHeld, TaskReleased)], TASK_JOBS
    )
    return queueing, matching, leasing, holding


def a_ranking(shares: int) -> ShareRanks:
    """Equal shares below ten nodes, none of which uses anything."""
    nodes = [GlobalShare(name=f"node{number}", percent=10.0) for number in range(10)]
    leaves = [
        GlobalShare(name=f"share{number}", parent=f"node{number % 10}", percent=1000 / shares) for number in range(shares)
    ]
    return ShareRanks(sequence=1, standings=standings_of((*nodes, *leaves), {}))


def matched(queue: DispatchQueue, ranks: ShareRanks | None) -> Match | None:
    """What a pilot of 4,000 MB gets by the shares as they stand."""
    order = order_by(ranks, queue.ranks_sequence, queue.given, 10.0)
    return best_match(queue, an_offer(4000), "wlcg", 0, order)


def lease(queue: DispatchQueue, count: int, ranks: ShareRanks | None) -> None:
    """Give `count` jobs to pilots."""
    for _ in range(count):
        match = matched(queue, ranks)
        assert match is not None
        event = replace(leased(queue.waiting[match.job_id].spec), ranks_sequence=ranks.sequence if ranks else 0)
        evolve(queue, event, ENVELOPE)


def cost(work: Callable[[], object], count: int) -> float:
    """CPU microseconds of `work`, divided by `count`."""
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1e6 / count


if __name__ == "__main__":
    main()
