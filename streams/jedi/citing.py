"""Brokerage decisions that orders cite: made once, used while their facts hold. Pure.

A decision is cited by orders of the same task, for work of the same requirements and memory, while it is at most two seconds old
by log time, no policy came since, and no load that its candidates were weighed by has moved by more than a tenth. An order draws
its queues by its own seed and by the waiting jobs of its own moment, which stand in its citation (docs/decisions/0069).
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from schemas.instants import MICROSECONDS
from schemas.types import BrokerageCitation, QueueWaiting
from streams.facts.snapshot import QueueFacts, Snapshot, knows_more
from streams.jedi.candidates import Asked, Candidate

AGE_MAX = 2 * MICROSECONDS
#: A load is the number of jobs and one, as it stands in the weight.
MOVED_MAX = 0.1
DECISIONS_REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision with what its validity rests on. decision: event_id; loads: waiting and leased jobs of each candidate; used:
    queues the task had used; logged_at: when it came into the log (microseconds UTC)."""

    decision: str
    asked: Asked
    used: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    loads: Mapping[str, tuple[int, int]]
    position: str
    logged_at: int = 0


#: The decision to cite for a piece of work, or None to make one.
Known = Callable[[Asked], Decided | None]


def nothing_known(_: Asked) -> Decided | None:
    """Every order makes its own decision."""
    return None


def drawn_by(candidates: Sequence[Candidate], facts: Snapshot) -> tuple[Candidate, ...]:
    """The candidates with the jobs that wait there now; what `facts` do not know stays."""
    return tuple(
        replace(one, queued=facts.queues[one.queue].waiting) if one.queue in facts.queues else one for one in candidates
    )


def citation(decision: str, ram_mb: int, candidates: Sequence[Candidate]) -> BrokerageCitation:
    """What an order says of the decision that it rests on."""
    waiting = tuple(QueueWaiting(queue=one.queue, waiting=one.queued) for one in candidates)
    return BrokerageCitation(decision=decision, ram_mb=ram_mb, waiting=waiting)


def holds(decided: Decided, asked: Asked, used: Sequence[str], facts: Snapshot, at: int) -> bool:
    """True when an order of `asked` that came into the log at `at` may cite the decision."""
    if not 0 <= at - decided.logged_at <= AGE_MAX or decided.used != tuple(used):
        return False
    if asked.largest_input_bytes > decided.asked.largest_input_bytes or not _same(asked, decided.asked):
        return False
    if knows_more(facts.position, decided.position):
        return False
    return all(_stands(decided.loads[one.queue], facts.queues.get(one.queue)) for one in decided.candidates)


def _same(one: Asked, other: Asked) -> bool:
    return replace(one, largest_input_bytes=other.largest_input_bytes, asked_at=other.asked_at) == other


def _stands(then: tuple[int, int], now: QueueFacts | None) -> bool:
    if now is None or now.ill is not None:
        return False
    return all(abs(new - old) <= MOVED_MAX * (old + 1) for old, new in zip(then, (now.waiting, now.leased), strict=True))


class Decisions:
    """The latest decisions of one instance: citable once their event was read from the log.

    What it forgets, or another instance made, is made again. So is a decision that a decider refused.
    """

    def __init__(self) -> None:
        self._made: OrderedDict[str, tuple[str, Decided]] = OrderedDict()
        self._logged: OrderedDict[tuple[str, int], Decided] = OrderedDict()

    def made(self, task_id: str, decided: Sequence[Decided]) -> None:
        """Decisions that are on their way to the log."""
        for one in decided:
            self._made[one.decision] = (task_id, one)
        while len(self._made) > DECISIONS_REMEMBERED:
            self._made.popitem(last=False)

    def logged(self, decision: str, at: int) -> None:
        """The event of the decision was read; at: when it came into the log."""
        task_id, decided = self._made.pop(decision, ("", None))
        if decided is None:
            return
        self._logged[task_id, decided.asked.ram_mb] = replace(decided, logged_at=at)
        self._logged.move_to_end((task_id, decided.asked.ram_mb))
        while len(self._logged) > DECISIONS_REMEMBERED:
            self._logged.popitem(last=False)

    def known(self, task_id: str, used: Sequence[str], facts: Snapshot, at: int) -> Known:
        """What an order of the task that came into the log at `at` may cite."""

        def of(asked: Asked) -> Decided | None:
            found = self._logged.get((task_id, asked.ram_mb))
            return found if found is not None and holds(found, asked, used, facts, at) else None

        return of
