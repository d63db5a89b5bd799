"""Bugs to be planted in the order of shares: see `planted.py`."""

from typing import Any
from unittest.mock import patch

from commands.queue import decide as queue_decide
from commands.queue import groups as queue_groups
from commands.queue import shares as queue_shares
from commands.ranking import decide as ranking_decide
from schemas import share_tree
from streams.provisioning import throttle_watch


def shares_ranked_upside_down() -> Any:
    """The share that has most of what it may have is served first."""
    return patch.object(ranking_decide, "order_of", lambda standings: share_tree.order_of(standings)[::-1])


def a_lease_leaves_the_counts() -> Any:
    """A job that a pilot takes is counted for no user any more."""
    return patch.object(queue_groups, "_after", lambda before, step: (before[0] + step.waiting, 0, 0))


def levels_not_watched() -> Any:
    """An order that was throttled is never made again."""
    return patch.object(throttle_watch, "released", lambda *_: [])


def given_is_forgotten() -> Any:
    """Requests between two rankings all serve the share that was first."""
    return patch.object(queue_decide, "order_by", lambda ranks, *_: queue_shares.order_by(ranks, 0, {}, 1.0))
