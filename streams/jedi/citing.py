"""Brokerage decisions that orders cite: made once, used while their facts hold. Pure.

A decision is cited by orders of the same task, for work of the same requirements and memory, while it is at most two seconds old
by log time, no policy came since, and no load that its candidates were weighed by has moved by more than a tenth. An order draws
its queues by its own seed and by the waiting jobs of its own moment, which stand in its citation (docs/decisions/0069). Until a
task used a queue, its orders may also cite a decision for another task of its organisation that asks for the same, of the same
user where filters look at users (docs/decisions/0116).
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from schemas.brokers import broker_for
from schemas.instants import MICROSECONDS
from schemas.types import BrokerageCitation, BrokerKind, QueueWaiting
from streams.facts.snapshot import QueueFacts, Snapshot, knows_more
from streams.jedi.candidates import Asked, Candidate

AGE_MAX = 2 * MICROSECONDS
#: A load is the number of jobs and one, as it stands in the weight.
MOVED_MAX = 0.1
DECISIONS_REMEMBERED = 1_000
#: A decision that is not in the log so long after the order that it was made for was refused, or its processor ended.
COMING_MAX = MICROSECONDS
NONE_COMING = ("", "", 0)
#: In `Asked.datasets` of shared work: there is input of which no source says where it lies.
SOMEWHERE = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision with what its validity rests on. decision: event_id; loads: waiting and leased jobs of each candidate; used:
    queues the task had used; logged_at: when it came into the log (microseconds UTC); work: what orders of other tasks must ask
    for to cite it, None where they may not."""

    decision: str
    asked: Asked
    used: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    loads: Mapping[str, tuple[int, int]]
    position: str
    logged_at: int = 0
    work: Asked | None = None


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


def citation(decision: str, ram_mb: int, candidates: Sequence[Candidate], task_id: int = 0) -> BrokerageCitation:
    """What an order says of the decision that it rests on; task_id: whose it is, 0 for the order's own task."""
    waiting = tuple(QueueWaiting(queue=one.queue, waiting=one.queued) for one in candidates)
    return BrokerageCitation(decision=decision, ram_mb=ram_mb, waiting=waiting, task_id=task_id)


def shared_work(asked: Asked, used: Sequence[str], facts: Snapshot) -> Asked | None:
    """`asked` without what tells the task from others; None where the decision rests on what the task did before, or where it is
    not known whose it is. The user is left out where no filter looks at the user. Of input that no source places it counts that
    there is some."""
    if used or not asked.owner or facts.ends.get(asked.task_id):
        return None
    kind = broker_for(facts.broker_rules, asked.vo, asked.outgoing.label)
    owner = asked.owner if kind is BrokerKind.ANALYSIS else ""
    placed = frozenset(name for name in asked.datasets if name in facts.outside.replicas)
    datasets = placed if placed == asked.datasets else placed | {SOMEWHERE}
    return replace(asked, task_id=0, largest_input_bytes=0, asked_at=0, datasets=datasets, owner=owner)


def holds(decided: Decided, asked: Asked, used: Sequence[str], facts: Snapshot, at: int) -> bool:
    """True when an order of `asked` that came into the log at `at` may cite the decision."""
    if not 0 <= at - decided.logged_at <= AGE_MAX or decided.used != tuple(used):
        return False
    return _same(asked, decided.asked) and _still_right(decided, asked, facts)


def holds_for_others(decided: Decided, asked: Asked, facts: Snapshot, at: int) -> bool:
    """The same for an order of another task with the same shared work. It may be the older one: it then waited for the decision,
    which stands in the log before the answer that cites it."""
    return abs(at - decided.logged_at) <= AGE_MAX and _still_right(decided, asked, facts)


def _still_right(decided: Decided, asked: Asked, facts: Snapshot) -> bool:
    if asked.largest_input_bytes > decided.asked.largest_input_bytes or knows_more(facts.position, decided.position):
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
        self._shared: OrderedDict[Asked, Decided] = OrderedDict()
        #: By shared work the decision that is on its way to the log, with the order that it was made for and its time.
        self._coming: OrderedDict[Asked, tuple[str, str, int]] = OrderedDict()

    def made(self, task_id: str, decided: Sequence[Decided], order: str = "", at: int = 0) -> None:
        """Decisions that are on their way to the log. order: event_id of the order that they were made for, which came `at`."""
        for one in decided:
            self._made[one.decision] = (task_id, one)
            if one.work is not None:
                self._coming[one.work] = (one.decision, order, at)
        _forget_oldest(self._made)
        _forget_oldest(self._coming)

    def logged(self, decision: str, at: int) -> None:
        """The event of the decision was read; at: when it came into the log."""
        task_id, decided = self._made.pop(decision, ("", None))
        if decided is None:
            return
        found = replace(decided, logged_at=at)
        self._logged[task_id, found.asked.ram_mb] = found
        self._logged.move_to_end((task_id, found.asked.ram_mb))
        if found.work is not None and found.candidates:
            self._shared[found.work] = found
            self._shared.move_to_end(found.work)
        if found.work is not None and self._coming.get(found.work, NONE_COMING)[0] == decision:
            del self._coming[found.work]
        _forget_oldest(self._logged)
        _forget_oldest(self._shared)

    def known(self, task_id: str, used: Sequence[str], facts: Snapshot, at: int) -> Known:
        """What an order of the task that came into the log at `at` may cite."""

        def of(asked: Asked) -> Decided | None:
            found = self._logged.get((task_id, asked.ram_mb))
            if found is not None and holds(found, asked, used, facts, at):
                return found
            work = shared_work(asked, used, facts)
            shared = None if work is None else self._shared.get(work)
            return shared if shared is not None and holds_for_others(shared, asked, facts, at) else None

        return of

    def coming(self, asked: Asked, used: Sequence[str], facts: Snapshot, order: str, at: int) -> str:
        """The decision on its way to the log that the order could cite, once it is there; empty when there is none."""
        work = shared_work(asked, used, facts)
        decision, made_for, made_at = NONE_COMING if work is None else self._coming.get(work, NONE_COMING)
        return decision if made_for != order and abs(at - made_at) <= COMING_MAX else ""


def _forget_oldest(kept: OrderedDict[Any, Any]) -> None:
    while len(kept) > DECISIONS_REMEMBERED:
        kept.popitem(last=False)
