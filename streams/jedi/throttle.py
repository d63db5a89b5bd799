"""Whether an order of jobs has to wait because too many of its share, type, user or group wait or run. Pure.

In: whose the order is, levels over all queues, limits. Out: the first limit that stops it, with figure and expected release; or
None. The same function, eased, says when the order goes on: every figure has come down to nine tenths of its limit, those of
users and groups to 0.85 of their cap. A job is on its queue when it is defined, so that the rules about jobs that are defined
and about input that waits have nothing to count. Merge jobs and builds pass.
Source: docs/reference/jedi.md, "Generation throttle" and "User caps"; docs/decisions/0086.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from schemas.instants import HOUR, MICROSECONDS
from schemas.records import replace
from schemas.resource_types import memory_mb_of, resource_type_of
from schemas.share_tree import UNDEFINED
from schemas.task import JobsOrdered
from schemas.throttles import cap_of, limits_of_share, limits_of_type
from schemas.times import utc
from schemas.types import AccountCap, JobGroupLoad, JobKind, Throttle, ThrottleLimits, ThrottleRule
from streams.facts.groups import NOTHING, Level
from streams.facts.snapshot import Snapshot

#: Parts of a limit, in percent: where an order that waits goes on, and where a cap begins to hold.
EASED, CAP_HOLDS, CAP_EASED = 90, 95, 85
#: Jobs that were let pass are expected in the facts within so long (log time).
SEEN_WITHIN = MICROSECONDS
R = ThrottleRule
#: Rules whose figure is of jobs that wait; of the others it is of what runs.
OF_WAITING = frozenset({R.IDLE, R.RATIO, R.QUEUE_CAP, R.ACCOUNT_QUEUED})
OF_ACCOUNTS = frozenset({R.ACCOUNT_RUNNING, R.ACCOUNT_QUEUED, R.ACCOUNT_CORES})
#: What is counted: the names of a share and a type, of a share, of a user or group.
Scope = tuple[str, ...]


@dataclass(slots=True)
class Passed:
    """Jobs of orders that were let pass and that the facts need not show yet; orders that come together are not all let pass."""

    _rows: deque[tuple[int, Scope, int]] = field(default_factory=deque)

    def note(self, one: Throttle, at: int) -> None:
        """Jobs of `one` were let pass at `at` (microseconds of the log)."""
        self._rows.extend((at, scope, one.jobs) for scope in scopes_of(one))

    def jobs(self, now: int) -> Mapping[Scope, int]:
        """Jobs by what they count for; of late alone."""
        while self._rows and self._rows[0][0] < now - SEEN_WITHIN:
            self._rows.popleft()
        found: Counter[Scope] = Counter()
        for _, scope, jobs in self._rows:
            found[scope] += jobs
        return found


def asked_of(order: JobsOrdered, vo: str, facts: Snapshot) -> Throttle | None:
    """What an order counts for, without any figure; None for one that is never throttled."""
    if order.kind is not JobKind.NORMAL:
        return None
    needs = order.definition.requirements
    return Throttle(
        share=order.definition.share or UNDEFINED,
        resource_type=resource_type_of(facts.resource_types, needs.core_count, memory_mb_of(needs, 0)),
        vo=vo,
        owner=order.owner,
        working_group=order.working_group,
        jobs=len(order.units),
        priority=order.priority,
        facts_position=facts.position,
    )


def throttled(
    asked: Throttle, facts: Snapshot, more: Mapping[Scope, int], now: int = 0, *, eased: bool = False
) -> Throttle | None:
    """The first limit that stops what is asked; None when it may go on.

    more: jobs beside those that the facts show. eased: for an order that waits. now: for the expected release (microseconds UTC).
    """
    rows = facts.throttles
    for found in _found(asked, facts, rows.limits, rows.caps, more, eased=eased):
        return replace(found, expected_at=_expected(found, facts, now)) if now else found
    return None


def sentence_of(one: Throttle) -> str:
    """For people: what is counted, figure, limit, and when it goes on."""
    if one.rule in OF_ACCOUNTS:
        what = f"group {one.working_group}" if one.working_group else f"user {one.owner}"
    else:
        what = f"share {one.share}" + (f", resource type {one.resource_type}" if one.resource_type else "")
    unit, verb = ("cores", "in use") if one.rule is R.ACCOUNT_CORES else ("jobs", "running")
    verb = "waiting" if one.rule in OF_WAITING else verb
    says = f"{what}: {one.value:,} {unit} {verb}, limit {one.limit:,}; goes on at {one.released_at:,}"
    if one.rule is R.RATIO:
        says += f", or when more than the {one.leased:,} jobs of now run"
    return says + (f", expected {utc(one.expected_at)}" if one.expected_at else "")


def scopes_of(one: Throttle) -> tuple[Scope, Scope, Scope]:
    """Names of the three things that jobs of an order count for: share and type, share, user or group."""
    account = ("group", one.vo, one.working_group) if one.working_group else ("user", one.vo, one.owner)
    return ("type", one.share, one.resource_type), ("share", one.share), account


def _found(
    asked: Throttle,
    facts: Snapshot,
    limits: Sequence[ThrottleLimits],
    caps: Sequence[AccountCap],
    more: Mapping[Scope, int],
    *,
    eased: bool,
) -> Iterator[Throttle]:
    levels = facts.levels
    of_type, of_share, of_account = scopes_of(asked)
    level = _with(levels.by_type.get((asked.share, asked.resource_type), NOTHING), more.get(of_type, 0))
    yield from of_limits(asked, level, limits_of_type(limits, asked.share, asked.resource_type), eased=eased)
    whole = limits_of_share(limits, asked.share)
    if whole is not None:
        level = _with(levels.by_share.get(asked.share, NOTHING), more.get(of_share, 0))
        yield from of_limits(replace(asked, resource_type=""), level, whole, eased=eased)
    level = _with(levels.of_account(asked.vo, asked.owner, asked.working_group), more.get(of_account, 0))
    yield from of_cap(asked, level, cap_of(caps, asked.vo, asked.owner, asked.working_group), eased=eased)


def of_limits(asked: Throttle, level: Level, limits: ThrottleLimits, *, eased: bool = False) -> Iterator[Throttle]:
    """The limits of a share or type that `level` is above, in the reference's order."""
    queue_limit = _part(limits.queue_limit, EASED if eased else 100)
    if level.waiting > queue_limit and not level.leased:
        yield _throttle(asked, R.IDLE, level, level.waiting, limits.queue_limit, EASED)
    if level.waiting > queue_limit and level.leased and level.waiting > limits.threshold * level.leased:
        yield _throttle(asked, R.RATIO, level, level.waiting, limits.queue_limit, EASED)
    if limits.running_cap and level.leased > _part(limits.running_cap, EASED if eased else 100):
        yield _throttle(asked, R.RUNNING_CAP, level, level.leased, limits.running_cap, EASED)
    if limits.queue_cap and level.waiting > _part(limits.queue_cap, EASED if eased else 100):
        yield _throttle(asked, R.QUEUE_CAP, level, level.waiting, limits.queue_cap, EASED)


def of_cap(asked: Throttle, level: Level, cap: AccountCap, *, eased: bool = False) -> Iterator[Throttle]:
    """The parts of a cap that `level` is above. Cores in use are compared with the cap itself, as in the reference."""
    part = CAP_EASED if eased else CAP_HOLDS
    for rule, value, most, holds in (
        (R.ACCOUNT_RUNNING, level.leased, cap.jobs_max, part),
        (R.ACCOUNT_QUEUED, level.waiting, 2 * cap.jobs_max, part),
        (R.ACCOUNT_CORES, level.cores, cap.cores_max, CAP_EASED if eased else 100),
    ):
        if most and value > _part(most, holds):
            limit = most if rule is R.ACCOUNT_CORES else _part(most, CAP_HOLDS)
            yield replace(_throttle(asked, rule, level, value, limit, 100), released_at=_part(most, CAP_EASED))


def _throttle(asked: Throttle, rule: ThrottleRule, level: Level, value: int, limit: int, part: int) -> Throttle:
    return replace(
        asked, rule=rule, value=value, limit=limit, released_at=_part(limit, part), waiting=level.waiting, leased=level.leased
    )


def _part(number: int, percent: int) -> int:
    return number * percent // 100


def _with(level: Level, jobs: int) -> Level:
    return level._replace(waiting=level.waiting + jobs)


def _expected(one: Throttle, facts: Snapshot, now: int) -> int:
    """When so many jobs have begun that the rest is few enough, at the rate of the last hours; 0 where that is not known."""
    if one.rule not in OF_WAITING:
        return 0
    counts = _counts_for(one)
    rate = 0.0
    for queue in facts.queues.values():
        if queue.waiting and queue.starts:
            part = sum(group.waiting for group in queue.groups if counts(group)) / queue.waiting
            rate += queue.starts_per_hour * min(1.0, part)
    return now + int((one.value - one.released_at) / rate * HOUR) if rate else 0


def _counts_for(one: Throttle) -> Callable[[JobGroupLoad], bool]:
    if one.rule not in OF_ACCOUNTS:
        return lambda group: group.share == one.share and one.resource_type in ("", group.resource_type)
    if one.working_group:
        return lambda group: (group.vo, group.working_group) == (one.vo, one.working_group)
    return lambda group: (group.vo, group.owner) == (one.vo, one.owner)
