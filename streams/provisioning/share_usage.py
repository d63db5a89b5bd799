"""What each global share uses, and whether that is news. Pure.

In: the tree of shares and the queues' jobs by share. Out: the standing of each share. Usage is HS23: cores of the jobs that
pilots hold, times the corepower of their queue. Source: docs/reference/jedi.md, "Global shares"; docs/decisions/0073.
"""

from collections.abc import Sequence

from schemas.share_tree import order_of, standings_of
from schemas.types import ShareStanding
from streams.facts.snapshot import Snapshot

#: A share whose usage moved by more than this part of all usage is news even if the order stays.
MOVED_PART = 0.01


def standings(facts: Snapshot) -> tuple[ShareStanding, ...]:
    """The tree with what each share uses; empty where there is no tree."""
    used: dict[str, float] = {}
    for queue in facts.queues.values():
        for name, load in queue.shares.items():
            if load.cores:
                used[name] = used.get(name, 0.0) + load.cores * queue.settings.corepower
    return standings_of(facts.shares, used)


def is_urgent(found: Sequence[ShareStanding], before: Sequence[ShareStanding]) -> bool:
    """True when shares are served in another order than before, or one of them uses noticeably more or less."""
    if [(one.name, one.percent) for one in found] != [(one.name, one.percent) for one in before]:
        return True
    total = sum(one.used for one in found if one.parent is None)
    moved = any(abs(one.used - other.used) > MOVED_PART * total for one, other in zip(found, before, strict=True))
    return moved or order_of(found) != order_of(before)
