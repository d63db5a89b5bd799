"""`python -m tests.bench.queue_match`: what the pure queue costs by the number of jobs that wait, in microseconds of CPU.

1,000 users, 8 classes of memory. Columns: a job queued, a match for a pilot with an offer, a job leased, and hold and release
of a task of 100 jobs. Flat columns are the claim; absolute figures belong to one machine and hour.
"""

import time
from collections.abc import Callable, Sequence

from commands.queue.model import DispatchQueue, evolve, initial
from schemas.queue import TaskHeld, TaskReleased
from tests.commands.test_queue_lines import ENVELOPE, a_spec, an_offer, best_match, leased, queued

USERS, CLASSES, TASK_JOBS = 1_000, 8, 100
SIZES = (1_000, 10_000, 100_000)


def main() -> None:
    """Print the table."""
    print(f"{'waiting':>9} {'queue us':>9} {'match us':>9} {'lease us':>9} {'hold+release us a job':>22}")
    for size in SIZES:
        print("{:>9,} {:>9.1f} {:>9.1f} {:>9.1f} {:>22.2f}".format(size, *figures(size)))


def figures(size: int) -> Sequence[float]:
    """Microseconds: one job queued, one match, one lease, hold and release by job of the task."""
    queue = initial()
    specs = [
        a_spec(
            number,
            task_id=number // TASK_JOBS,
            owner=f"user{number % USERS}",
            priority=1000 + number % 3,
            ram_mb=1000 * (1 + number // USERS % CLASSES),
        )
        for number in range(1, size + 1)
    ]
    queueing = cost(lambda: [evolve(queue, queued(spec), ENVELOPE) for spec in specs], size)
    matching = cost(lambda: [best_match(queue, an_offer(4000), "wlcg") for _ in range(200)], 200)
    leasing = cost(lambda: lease(queue, 200), 200)
    task = specs[-1].task_id - 1
    holding = cost(
        lambda: [evolve(queue, event(task_id=task), ENVELOPE) for event in (TaskHeld, TaskReleased)], TASK_JOBS
    )
    return queueing, matching, leasing, holding


def lease(queue: DispatchQueue, count: int) -> None:
    """Give `count` jobs to pilots."""
    for _ in range(count):
        spec = best_match(queue, an_offer(4000), "wlcg")
        assert spec is not None
        evolve(queue, leased(spec), ENVELOPE)


def cost(work: Callable[[], object], count: int) -> float:
    """CPU microseconds of `work`, divided by `count`."""
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1e6 / count


if __name__ == "__main__":
    main()
