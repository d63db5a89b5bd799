"""Counts that cost much are counted as often as they are worth, and say when they were."""

import asyncio
from typing import Any

from api.monitor.counting import OLD_SECONDS, Counts
from tests.api.builders import run


class Slow:
    """Counts upwards; each count takes `cost` seconds of a clock that stands otherwise."""

    def __init__(self, cost: float) -> None:
        self.now, self.cost, self.count = 1_000.0, cost, 0

    async def load(self) -> dict[str, Any]:
        """The next number."""
        self.now += self.cost
        self.count += 1
        return {"count": self.count}


def counts(source: Slow) -> Counts:
    return Counts(lambda: source.now)


def test_what_costs_little_is_counted_again_each_time() -> None:
    source = Slow(0.005)
    asked = counts(source)

    async def twice() -> list[dict[str, Any]]:
        return [await asked.of("a", source.load), await asked.of("a", source.load)]

    first, second = run(twice())

    assert (first["count"], second["count"]) == (1, 2)
    assert not second["counted_again"]
    assert second["counted_at"] > 0


def test_what_costs_much_is_served_as_it_is_and_counted_again_when_it_is_worth_it() -> None:
    source = Slow(1.0)
    asked = counts(source)

    async def later() -> list[tuple[int, bool]]:
        found = [await asked.of("a", source.load), await asked.of("a", source.load)]
        source.now += 21
        found.append(await asked.of("a", source.load))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        found.append(await asked.of("a", source.load))
        return [(one["count"], one["counted_again"]) for one in found]

    assert run(later()) == [(1, False), (1, False), (1, True), (2, False)]


def test_nothing_old_is_served() -> None:
    source = Slow(1.0)
    asked = counts(source)

    async def much_later() -> int:
        await asked.of("a", source.load)
        source.now += OLD_SECONDS
        found: int = (await asked.of("a", source.load))["count"]
        return found

    assert run(much_later()) == 2


def test_many_who_ask_at_once_are_answered_by_one_count() -> None:
    source = Slow(1.0)
    asked = counts(source)

    async def together() -> list[int]:
        return [one["count"] for one in await asyncio.gather(*(asked.of("a", source.load) for _ in range(5)))]

    assert run(together()) == [1, 1, 1, 1, 1]
