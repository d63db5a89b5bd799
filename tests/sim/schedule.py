"""A schedule: turns of a seed, each with a chance of its own, so that leaving turns out changes nothing in the others."""

import random
from dataclasses import dataclass

#: Turns and their weights.
TURNS = {
    "decider": 34,
    "processors": 26,
    "pilot": 20,
    "projector": 6,
    "timers": 3,
    "user": 3,
    "operator": 0.3,
    "time_passes": 3,
    "clock_jumps": 0.3,
    "decider_breaks": 1.5,
    "decider_pauses": 0.5,
    "zombie_wakes": 1.5,
    "decider_returns": 1,
    "closed_rows_are_lost": 0.2,
    "deciders_change": 0.5,
    "processors_break": 1,
    "rebalance": 0.5,
    "projector_breaks": 0.5,
    "path_breaks": 0.4,
    "delivered_twice": 1,
}


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is, and the seed of all chance in it."""

    who: str
    seed: int


def schedule(seed: int, turns: int) -> list[Turn]:
    """The turns of a seed."""
    chance = random.Random(seed)
    names = chance.choices(list(TURNS), list(TURNS.values()), k=turns)
    return [Turn(name, chance.getrandbits(48)) for name in names]
