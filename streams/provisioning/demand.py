"""How many pilots of each class a queue should have, with every term of the number. Pure.

In: waiting and leased jobs by class, the queue's settings, what was asked for last and when, how many pilots live. Out: a number
for each class and the sentence that explains it. A class wants those that stand by, one for each job that waits for it, and those
at work; cut by its own limit, by the limit of those not at work yet, and by the ramp.
Guards: more than a tenth of the living are never given up at once (`commands/worker/demand.py` holds such an order back).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from schemas.instants import MICROSECONDS
from schemas.queue_classes import classes_of
from schemas.records import replace
from schemas.types import ClassDemand, ClassLoad, EventEnvelope, QueueClass, QueueStatus, WorkerMode
from schemas.worker import WantWorkers
from streams.engine.messages import OutgoingCommand, outgoing_command
from streams.facts.snapshot import QueueFacts, Wanted

COUNT_MAX = (1 << 31) - 1
#: More pilots are allowed in steps of so many seconds.
RAMP_STEP_SECONDS = 5
#: As the decider accepts it at once.
REMOVED_MIN, REMOVED_SHARE = 5, 10
#: An order that was held back is said again after so long.
CONFIRM_SECONDS = 60


def wanted_pilots(facts: QueueFacts, now: int = 0) -> int:
    """As many as there is work for and as stand by, before the ramp."""
    return sum(one.wanted for one in class_demands(facts, now))


def class_demands(facts: QueueFacts, now: int = 0) -> tuple[ClassDemand, ...]:
    """The pilots that each class should have in the end. An offline queue keeps those that work until they end.

    A queue whose workers end before they ask for work has those that work, and one that tries it when that is due. now:
    microseconds UTC.
    """
    classes = classes_of(facts.settings)
    loads = zip(classes, _loads(facts, classes), strict=True)
    if facts.ill is None:
        return tuple(_demand(facts, one, load) for one, load in loads)
    # The first class alone tries it: the smallest slot is the first that is to be had.
    is_due = facts.ill.probe_at <= now and facts.settings.status is not QueueStatus.OFFLINE
    probes = [int(is_due)] + [0] * (len(classes) - 1)
    return tuple(_demand_of_ill(one, load, probe) for (one, load), probe in zip(loads, probes, strict=True))


def allowed(facts: QueueFacts, demands: Sequence[ClassDemand], before: Wanted | None, now: int) -> tuple[ClassDemand, ...]:
    """`demands` as far as they may be ordered at once: not more than the ramp allows, nor fewer than nine tenths of the living.

    now: microseconds UTC.
    """
    known = _numbers_before(demands, before)
    more = [max(0, one.wanted - known[one.name]) for one in demands]
    fewer = [max(0, known[one.name] - one.wanted) for one in demands]
    rising = _portions(more, _ramp(facts, before, now))
    falling = _portions(fewer, _removable(facts, sum(known.values()), sum(rising)))
    return tuple(
        replace(
            one,
            wanted=known[one.name] + rising[place] - falling[place],
            cut_by_ramp=more[place] - rising[place],
            kept_for_now=fewer[place] - falling[place],
        )
        for place, one in enumerate(demands)
    )


def demands(
    queues: Mapping[str, QueueFacts], wanted: Mapping[str, Wanted], causes: Mapping[str, EventEnvelope], now: int = 0
) -> Iterator[tuple[str, int, OutgoingCommand]]:
    """Queue, number and command for each queue that should have other pilots than were last `wanted`.

    wanted: what the log says was asked for last; a queue not in it is always reported. causes: the queue's last event; a
    queue without one never had a job, and what was asked for itself is the cause. The command's id follows from both, so that a
    number that someone else asked for meanwhile is corrected, and the same thing is said once. now: microseconds UTC.
    """
    for name, facts in sorted(queues.items()):
        before = wanted.get(name)
        found = allowed(facts, class_demands(facts, now), before, now)
        number = sum(one.wanted for one in found)
        cause = causes.get(name) or (before.cause if before else None)
        if cause is None or (before is not None and not _is_news(found, before, now)):
            continue
        command = WantWorkers(wanted=number, reason=reason_of(facts, found), classes=found, evaluated_at=now)
        parts: list[object] = [number, before.event_id if before else None]
        if facts.settings.classes:
            parts.append(",".join(f"{one.name}:{one.wanted}" for one in found))
        yield name, number, outgoing_command(command, name, [cause], *parts)


def is_unfinished(facts: QueueFacts, before: Wanted | None, now: int) -> bool:
    """True when time alone brings another number: the ramp, pilots that are given up little by little, an order held back, a
    try of a closed queue.
    """
    found = allowed(facts, class_demands(facts, now), before, now)
    is_to_be_tried = facts.ill is not None and facts.ill.probe_at > now
    return any(one.cut_by_ramp or one.kept_for_now for one in found) or bool(before and before.held_at) or is_to_be_tried


def reason_of(facts: QueueFacts, found: Sequence[ClassDemand]) -> str:
    """The figures, for people."""
    if facts.ill is not None:
        probes = "one worker tries it" if sum(one.standby for one in found) else "the next worker tries it later"
        return f"workers end before they ask for work ({facts.ill.fingerprint}): {probes}; {facts.leased} leased"
    if facts.settings.classes:
        return "; ".join(f"{one.name}: {_terms(one)}" for one in found)
    (one,) = found
    standby = f"{one.standby} standing by, " if one.standby else ""
    return f"{facts.waiting} waiting, {facts.leased} leased, {standby}at most {facts.settings.pilots_max}{_cuts(one)}"


def _loads(facts: QueueFacts, classes: Sequence[QueueClass]) -> list[ClassLoad]:
    """The jobs of each of `classes`. What no event has counted by these classes yet is the largest one's: any job fits there.

    Jobs that fit no class raise no demand: no pilot could run them.
    """
    known = {load.name: load for load in facts.classes}
    found = [known.get(one.name) or ClassLoad(name=one.name) for one in classes]
    unfit = known.get("") or ClassLoad()
    waiting = facts.waiting - unfit.waiting - sum(load.waiting for load in found)
    leased = facts.leased - sum(load.leased for load in found)
    last = found[-1]
    found[-1] = replace(last, waiting=last.waiting + max(0, waiting), leased=last.leased + max(0, leased))
    return found


def _demand(facts: QueueFacts, one: QueueClass, load: ClassLoad) -> ClassDemand:
    settings = facts.settings
    is_offline = settings.status is QueueStatus.OFFLINE
    is_open = settings.status in (QueueStatus.ONLINE, QueueStatus.TEST)
    # A worker that is started for a job cannot wait for one.
    standby = one.standby_min if is_open and settings.mode is not WorkerMode.PUSH else 0
    waiting = 0 if is_offline else load.waiting
    needed = min(waiting, settings.pending_max) if settings.pending_max else waiting
    asked = standby + needed + load.leased
    found = _demand_of(one, load, asked, standby)
    cut = min(COUNT_MAX, asked - found.wanted)
    return replace(found, cut_by_pilots_max=cut, cut_by_pending_max=min(COUNT_MAX, waiting - needed))


def _demand_of_ill(one: QueueClass, load: ClassLoad, probe: int) -> ClassDemand:
    found = _demand_of(one, load, load.leased + probe, probe)
    return replace(found, standby=min(probe, found.wanted))


def _demand_of(one: QueueClass, load: ClassLoad, asked: int, standby: int) -> ClassDemand:
    """The demand of a class as its bounds allow it, with nothing said of what they cut off."""
    number = max(0, min(one.pilots_max, asked))
    return ClassDemand(
        name=one.name,
        wanted=number,
        memory_mb=one.memory_mb,
        cores=one.cores,
        walltime_seconds=one.walltime_seconds,
        standby=standby,
        waiting=load.waiting,
        running=load.leased,
    )


def _numbers_before(demands: Sequence[ClassDemand], before: Wanted | None) -> dict[str, int]:
    """What was wanted of each class; of a queue whose classes are others by now, the total stands with the first."""
    if before is None:
        return {one.name: 0 for one in demands}
    known = {one.name: before.classes[one.name].wanted if one.name in before.classes else 0 for one in demands}
    rest = before.number - sum(known.values())
    if rest > 0:
        known[demands[0].name] += rest
    return known


def _ramp(facts: QueueFacts, before: Wanted | None, now: int) -> int:
    """How many more pilots may be wanted now."""
    most = facts.settings.ramp_per_minute
    if not most:
        return COUNT_MAX
    if before is None or before.cause is None:
        return most
    seconds = max(0, now - before.cause.occurred_at) // MICROSECONDS
    return min(most, most * (seconds // RAMP_STEP_SECONDS * RAMP_STEP_SECONDS) // 60)


def _removable(facts: QueueFacts, before: int, rising: int) -> int:
    """How many fewer pilots may be wanted now: as many as do not live, and a few of those that do."""
    floor = facts.pilots - max(REMOVED_MIN, facts.pilots // REMOVED_SHARE)
    return max(0, before + rising - max(0, floor))


def _portions(amounts: Sequence[int], budget: int) -> list[int]:
    """`amounts` cut so that they add up to `budget` at most, each by the same share."""
    total = sum(amounts)
    if total <= budget:
        return list(amounts)
    portions = [amount * budget // total for amount in amounts]
    for place, amount in enumerate(amounts):
        portions[place] += min(amount - portions[place], budget - sum(portions))
    return portions


def as_ordered(classes: Iterable[ClassDemand]) -> dict[str, tuple[int, int, int, int, int]]:
    """What a harvester acts on; terms that lead to the same are no news."""
    return {one.name: (one.wanted, one.kept_for_now, one.memory_mb, one.cores, one.walltime_seconds) for one in classes}


def _is_news(found: Sequence[ClassDemand], before: Wanted, now: int) -> bool:
    """True when another number is to be asked for, or one that was held back is confirmed."""
    number = sum(one.wanted for one in found)
    if number != before.number:
        return True
    if before.held_at:
        return now >= before.held_at + CONFIRM_SECONDS * MICROSECONDS
    return bool(before.classes) and as_ordered(found) != as_ordered(before.classes.values())


def _terms(one: ClassDemand) -> str:
    return f"{one.wanted} of {one.standby} standing by, {one.waiting} waiting, {one.running} running{_cuts(one)}"


def _cuts(one: ClassDemand) -> str:
    cuts = (
        (one.cut_by_pending_max, "until others are at work"),
        (one.cut_by_ramp, "by the ramp"),
    )
    told = "".join(f", {number} fewer {why}" for number, why in cuts if number)
    return told + (f", {one.kept_for_now} kept for now" if one.kept_for_now else "")

