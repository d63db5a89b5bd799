"""Global shares of a queue: how many jobs of each wait and run, and in which order they are served. Pure.

In: jobs that come and go, the ranking that a request brings. Out: counts that events carry, for shares alone that they concern;
the order of the leaves. What the queue gave since that ranking is added to its usage, so that many requests between two rankings
do not all serve one share. Source: docs/reference/jedi.md, "Global shares", "Dispatch"; docs/decisions/0073.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from commands.queue.waiting import Needs
from commands.undo import UndoDict
from schemas.share_tree import TEST, UNDEFINED, order_of
from schemas.types import ShareLoad, ShareRanks

#: Of so many requests one is served by age alone, drawn from the id of its command.
BY_AGE_OF = 10


@dataclass(frozen=True, slots=True)
class ShareLoads:
    """Counts by share as (waiting, leased, cores of the leased), which follow from jobs and leases; without a share in none."""

    counts: UndoDict[str, tuple[int, int, int]] = field(default_factory=UndoDict)

    def count(self, share: str, waiting: int = 0, leased: int = 0, cores: int = 0) -> None:
        """So many more of each."""
        if share in ("", UNDEFINED):
            return
        before = self.counts.get(share, (0, 0, 0))
        after = (before[0] + waiting, before[1] + leased, before[2] + cores)
        if after == (0, 0, 0):
            self.counts.pop(share, None)
        else:
            self.counts[share] = after

    def told(self, more: Mapping[str, tuple[int, int, int]]) -> tuple[ShareLoad, ...]:
        """What an event says that changes the counts by `more`."""
        told = []
        for share, change in more.items():
            if share in ("", UNDEFINED):
                continue
            now = [count + step for count, step in zip(self.counts.get(share, (0, 0, 0)), change, strict=True)]
            told.append(ShareLoad(name=share, waiting=now[0], leased=now[1], cores=now[2]))
        return tuple(told)


def cores_of(needs: Needs) -> int:
    """Cores of a job; one that may use any number counts for one."""
    return max(1, needs.cores)


def order_by(ranks: ShareRanks | None, sequence: int, given: Mapping[str, int], corepower: float) -> tuple[str, ...]:
    """The shares, the one to be served first at the front; empty where a request brings no ranking.

    sequence, given: the newest ranking that the queue chose by, and the cores that it gave since then.
    """
    if ranks is None or not ranks.standings:
        return ()
    more = {share: cores * corepower for share, cores in given.items()} if ranks.sequence <= sequence else {}
    order = order_of(ranks.standings, more)
    return (TEST, *(share for share in order if share != TEST))


def rank_of(share: str, order: Sequence[str]) -> int:
    """Place of a share from 1, behind all others for one that is not in `order`; 0 where shares are not ranked."""
    if not order:
        return 0
    return order.index(share) + 1 if share in order else len(order) + 1


def is_by_age(command_id: str) -> bool:
    """True for one request in BY_AGE_OF; the same for the same command."""
    return int.from_bytes(blake2b(command_id.encode(), digest_size=8).digest()) % BY_AGE_OF == 0
