"""What a Harvester that asks has to do: orders that wait, oldest first, and workers that its queues lack.

Workers are ordered in the moment in which it asks, from the demand of that moment, which is the one that Culm's own harvester
gets. An order takes the place of what the Harvester has not submitted of the one before, so the next one is made when the workers
of the last are alive, or when they should have been: the two are never added up. Guards: an order is handed out once.
"""

import json
from collections.abc import Iterator

from commands.decision import Decision, accept
from commands.harvester.model import EXPECTED_MAX, PandaHarvester
from schemas.harvester import AcquireHarvesterCommands, HarvesterCommandsHandedOut, HarvesterOrdersServed
from schemas.types import CommandEnvelope, HarvesterDemand, HarvesterOrder, WorkersOrdered

#: A client's database may keep numbers of 32 bits, and the API puts a Harvester's place in front (`api/harvesters/orders.py`).
NUMBER_MAX = (1 << 21) - 1
#: Harvester merges all kinds of jobs into this one.
JOB_TYPE = "managed"
SET_WORKERS = "SET_N_WORKERS_JOBTYPE"


def next_number(last: int) -> int:
    """The number after `last`; after the greatest one follows 1."""
    return last % NUMBER_MAX + 1


def acquire(harvester: PandaHarvester, command: AcquireHarvesterCommands, by: CommandEnvelope) -> Decision:
    """At most `count` orders: first what waits, then workers."""
    waiting = sorted(harvester.waiting.values(), key=lambda one: (one.ordered_at, one.number))[: command.count]
    served = tuple(
        demand.queue
        for demand in command.demands
        if (ordered := harvester.expected.get(demand.queue)) is not None and demand.live >= ordered.alive
    )
    lacking = list(_lacking(harvester, command, frozenset(served), by.issued_at))[: command.count - len(waiting)]
    orders = []
    number = harvester.last_number
    for demand, wanted in lacking:
        number = next_number(number)
        lacks = WorkersOrdered(
            queue=demand.queue,
            wanted=wanted,
            live=demand.live,
            expected=wanted,
            ordered=wanted - demand.live,
            resource_type=demand.resource_type,
            number=number,
        )
        orders.append(lacks)
    sizes = [_by_class(demand, wanted - demand.live) for demand, wanted in lacking]
    handed = (*waiting, *(_set_workers(one, size, by.issued_at) for one, size in zip(orders, sizes, strict=True)))
    news = [HarvesterOrdersServed(queues=served)] if served else []
    told = [HarvesterCommandsHandedOut(commands=handed, orders=tuple(orders))] if handed else []
    return accept(*news, *told, harvester_orders=handed)


def _lacking(
    harvester: PandaHarvester, command: AcquireHarvesterCommands, served: frozenset[str], now: int
) -> Iterator[tuple[HarvesterDemand, int]]:
    """Each queue, once, that lacks workers and has no order under way: its demand, and how many it may have."""
    seen = set[str]()
    for demand in command.demands:
        ordered = harvester.expected.get(demand.queue)
        is_under_way = ordered is not None and demand.queue not in served and now < ordered.until
        has_room = ordered is not None or len(harvester.expected) < EXPECTED_MAX
        if demand.queue in seen or is_under_way or not has_room:
            continue
        seen.add(demand.queue)
        wanted = demand.wanted
        slots = harvester.slots.get(demand.queue)
        if slots is not None and (slots.until is None or now < slots.until):
            wanted = min(wanted, slots.slots)
        if wanted > demand.live:
            yield demand, wanted


def _by_class(demand: HarvesterDemand, count: int) -> dict[str, int]:
    """`count` workers by class, as the classes of the queue are wanted; what is left goes to those that lost most by rounding."""
    wanted: dict[str, int] = {}
    for one in demand.classes:
        wanted[one.resource_type] = wanted.get(one.resource_type, 0) + one.wanted
    total = sum(wanted.values())
    if not total:
        return {demand.resource_type: count}
    found = {name: count * number // total for name, number in wanted.items()}
    left = count - sum(found.values())
    for name in sorted(wanted, key=lambda name: (-(count * wanted[name] % total), name))[:left]:
        found[name] += 1
    return {name: number for name, number in found.items() if number}


def _set_workers(ordered: WorkersOrdered, size: dict[str, int], now: int) -> HarvesterOrder:
    return HarvesterOrder(
        number=ordered.number,
        command=f"{SET_WORKERS}:{ordered.queue}",
        parameters_json=json.dumps({JOB_TYPE: size}),
        ordered_at=now,
    )
