"""(h) What a life cycle costs with one and with two of each process: CPU by kind, in one run on one stack."""

import os
import re
from collections import Counter
from dataclasses import dataclass

from deploy.stack import Stack
from process.instances import KINDS
from tests.bench import life_cycles

#: An agent of a site is no part of it: pilots are played by the load.
SHARED = tuple(kind for kind in KINDS if not kind.is_agent and kind.is_always_there)


@dataclass(frozen=True, slots=True)
class WithInstances:
    """With so many of each. costs: microseconds of CPU per finished job, by kind of process; `sum` of them, without the load."""

    of_each: int
    per_second: float
    finished: int
    get_job_p99_ms: float
    costs: dict[str, int]


def measure(stack: Stack, seconds: float, pilots: int, turns: tuple[int, ...] = (1, 2)) -> list[WithInstances]:
    """A measurement for each number in `turns`; the stack has one of each afterwards."""
    found = []
    for count in turns:
        resized(stack, count)
        cycles = life_cycles.measure(Stack.running(), seconds, pilots)
        costs: Counter[str] = Counter()
        for name, cost in cycles.costs.items():
            costs[re.sub(r"-\d+$", "", name)] += round(cost)
        costs["sum"] = sum(cost for name, cost in costs.items() if name != "load")
        found.append(WithInstances(count, cycles.per_second, cycles.finished, cycles.get_job_p99_ms, dict(costs)))
    resized(stack, 1)
    return found


def resized(stack: Stack, count: int) -> None:
    """So many of each kind."""
    Stack(stack.config, {**os.environ, **{kind.count_variable: str(count) for kind in SHARED}}).up()
