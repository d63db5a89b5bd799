"""Law about global shares: counted right, ranked as their usage gives, and jobs chosen by the ranks that they name. Pure.

The order is computed here once more, from docs/reference/jedi.md, "Global shares", and not by the code that ranks.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from check.laws import Seen, Violation

WITHOUT = frozenset({"", "Undefined"})
FIRST = "Test"
#: Sums of floating numbers in another order differ by less than this part.
TOLERANCE = 1e-6
COUNTING = frozenset({"JobQueued", "JobLeased", "JobWithdrawn", "LeaseEnded", "LeasesEnded", "JobSharesAssigned"})


@dataclass(frozen=True, slots=True)
class RankedLease:
    """A lease that was chosen by a ranking. corepower: of its queue when it was given."""

    place: str
    sequence: int
    share: str
    rank: int
    cores: int
    corepower: float


@dataclass
class SharesInOrder:
    """Shares are counted and ranked right, and served as they are ranked."""

    name: str = "shares are served in the order that their usage gives"
    checked: int = 0
    jobs: dict[int, tuple[str, int]] = field(default_factory=dict)
    held: set[int] = field(default_factory=set)
    counts: dict[tuple[str, str], tuple[int, int, int]] = field(default_factory=dict)
    corepower: dict[str, float] = field(default_factory=dict)
    rankings: dict[int, Sequence[Any]] = field(default_factory=dict)
    leases: dict[str, list[RankedLease]] = field(default_factory=dict)

    def see(self, record: Seen) -> Iterator[Violation]:
        """A count that is wrong, a ranking that its usage does not give."""
        if record.role != "events":
            return
        if record.name == "SharesRanked":
            self.checked += 1
            self.rankings[record.envelope.sequence] = record.message.standings
            yield from self._ranked(record)
        elif record.name == "DispatchConfigured":
            self.corepower[record.envelope.aggregate_id] = record.message.settings.corepower
        elif record.name in COUNTING:
            yield from self._counted(record)

    def end(self) -> Iterator[Violation]:
        """Leases whose share stood elsewhere than they say."""
        for leases in self.leases.values():
            newest, given = 0, dict[str, int]()
            for lease in leases:
                self.checked += 1
                standings = self.rankings.get(lease.sequence)
                if standings is None:
                    yield Violation(self.name, lease.place, f"a job was chosen by ranking {lease.sequence}, which there is not")
                    continue
                more = {share: cores * lease.corepower for share, cores in given.items()} if lease.sequence <= newest else {}
                expected = _rank(lease.share, _order(standings, more))
                if lease.rank != expected:
                    found = f"share {lease.share} was served at rank {lease.rank}, expected {expected}"
                    yield Violation(self.name, lease.place, found)
                if lease.sequence > newest:
                    newest, given = lease.sequence, {}
                if lease.share not in WITHOUT:
                    given[lease.share] = given.get(lease.share, 0) + lease.cores

    def _ranked(self, record: Seen) -> Iterator[Violation]:
        standings, place = record.message.standings, str(record.place)
        order = list(_order(standings, {}))
        if list(record.message.order) != order:
            yield Violation(self.name, place, f"shares are ranked {list(record.message.order)}, their usage gives {order}")
        total = sum(one.used for one in standings if one.parent is None)
        parts: dict[str | None, float] = {None: 1.0}
        for one in _from_the_top(standings):
            below = [other.used for other in standings if other.parent == one.name]
            if below and not _equal(one.used, sum(below)):
                yield Violation(self.name, place, f"share {one.name} uses {one.used:g}, the shares below it {sum(below):g}")
            parts[one.name] = parts[one.parent] * one.percent / 100
            if not _equal(one.pledged, total * parts[one.name]):
                sentence = f"share {one.name} is pledged {one.pledged:g}, expected {total * parts[one.name]:g}"
                yield Violation(self.name, place, sentence)

    def _counted(self, record: Seen) -> Iterator[Violation]:
        queue, message = record.envelope.aggregate_id, record.message
        touched: dict[str, None] = {}
        for job_id, change in changes_of(record):
            if record.name == "JobQueued":
                self.jobs[job_id] = (message.spec.share, max(1, message.spec.core_count))
            share, cores = self.jobs.get(job_id, ("", 0))
            if record.name != "JobSharesAssigned":
                (self.held.add if change[1] > 0 else self.held.discard)(job_id)
                self._count(queue, share, cores, change, touched)
                continue
            change = (0, 1) if job_id in self.held else (1, 0)
            self._count(queue, share, cores, (-change[0], -change[1]), touched)
            self._count(queue, message.share, cores, change, touched)
            self.jobs[job_id] = (message.share, cores)
        if record.name == "JobLeased" and message.ranks_sequence:
            share, cores = self.jobs.get(message.job_id, ("", 0))
            corepower = self.corepower.get(queue, 0.0)
            lease = RankedLease(str(record.place), message.ranks_sequence, share, message.share_rank, cores, corepower)
            self.leases.setdefault(queue, []).append(lease)
        self.checked += 1
        told = {one.name: (one.waiting, one.leased, one.cores) for one in message.shares}
        counted = {share: self.counts[queue, share] for share in touched}
        if told != counted:
            sentence = f"{record.name} says {told} (waiting, leased, cores) of shares in queue {queue}, counted {counted}"
            yield Violation(self.name, str(record.place), sentence)

    def _count(self, queue: str, share: str, cores: int, change: tuple[int, int], touched: dict[str, None]) -> None:
        if share in WITHOUT:
            return
        touched[share] = None
        waiting, leased = change
        before = self.counts.get((queue, share), (0, 0, 0))
        self.counts[queue, share] = (before[0] + waiting, before[1] + leased, before[2] + leased * cores)


def changes_of(record: Seen) -> Iterator[tuple[int, tuple[int, int]]]:
    """Jobs and by how many more of each wait and are leased."""
    message = record.message
    match record.name:
        case "JobQueued":
            yield message.spec.job_id, (1, 0)
        case "JobLeased":
            yield message.job_id, (-1, 1)
        case "JobWithdrawn":
            yield message.job_id, (-1, 0)
        case "LeaseEnded":
            yield message.job_id, (0, -1)
        case "JobSharesAssigned":
            for job_id in message.job_ids:
                yield job_id, (0, 0)
        case _:
            for one in message.leases:
                yield one.job_id, (0, -1)


def _order(standings: Sequence[Any], more: Mapping[str, float], below: str | None = None) -> Iterator[str]:
    """Leaves below a node, by usage over percent at each node."""
    children = [one for one in standings if one.parent == below]
    if not children and below is not None:
        yield below
        return
    used = {one.name: one.used + _more_below(standings, more, one.name) for one in children}
    for one in sorted(children, key=lambda one: used[one.name] / one.percent if one.percent else float("inf")):
        yield from _order(standings, more, one.name)


def _more_below(standings: Sequence[Any], more: Mapping[str, float], name: str) -> float:
    return more.get(name, 0.0) + sum(_more_below(standings, more, one.name) for one in standings if one.parent == name)


def _from_the_top(standings: Sequence[Any], below: str | None = None) -> Iterator[Any]:
    for one in standings:
        if one.parent == below:
            yield one
            yield from _from_the_top(standings, one.name)


def _rank(share: str, order: Iterator[str]) -> int:
    places = [FIRST, *(one for one in order if one != FIRST)]
    return places.index(share) + 1 if share in places else len(places) + 1


def _equal(one: float, other: float) -> bool:
    return abs(one - other) <= TOLERANCE * max(1.0, abs(one), abs(other))
