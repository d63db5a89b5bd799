"""A failing schedule made short, and told: turns are left out, in halves, quarters ... as long as the same law is broken."""

from collections.abc import Callable, Sequence
from typing import Any

from tests.sim.schedule import Turn
from tests.sim.world import run

RUNS_MAX = 150
#: What a schedule breaks, told of its story.
Runs = Callable[..., Any]


def shrunk(turns: Sequence[Turn], law: str, run: Runs = run) -> list[Turn]:
    """A part of `turns` that still breaks `law`."""
    kept, size, runs = list(turns), len(turns) // 2, 0
    while size >= 1 and runs < RUNS_MAX:
        start, removed = 0, False
        while start < len(kept) and runs < RUNS_MAX:
            attempt = kept[:start] + kept[start + size :]
            runs += 1
            if any(violation.law == law for violation in run(attempt)):
                kept, removed = attempt, True
            else:
                start += size
        if not removed or size > len(kept):
            size //= 2
    return kept


def told(turns: Sequence[Turn], run: Runs = run) -> list[str]:
    """Lines: what was done to Culm in the run, and what it broke."""
    lines: list[str] = []
    violations = run(turns, lines.append)
    lines = [f"{len(turns)} turns are enough. What was done to it:", *(f"  {line}" for line in lines), "What it breaks:"]
    return [*lines, *(f"  {one.law}: {one.place}: {one.found}" for one in violations[:5])]
