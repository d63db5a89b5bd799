"""Jobs that wait and run by queue, global share, resource type and user, and their sums over all queues. Pure.

In: facts about the groups of a queue. Out: the groups of each queue, and levels. The memory is bounded by the groups that have
jobs: one without is taken away. Source: docs/decisions/0081.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from operator import attrgetter
from typing import NamedTuple, TypeVar

from schemas.types import JobGroupLoad

#: What is summed: (share, resource type), (tenant, user) or (tenant, working group).
Pair = tuple[str, str]
Key = TypeVar("Key")
IN_ORDER = attrgetter("share", "resource_type", "vo", "owner", "working_group")


class Level(NamedTuple):
    """Jobs that wait, jobs that pilots hold, cores of the latter."""

    waiting: int = 0
    leased: int = 0
    cores: int = 0


@dataclass(frozen=True, slots=True)
class Levels:
    """Over all queues; what has no jobs is not there. by_type: (share, resource type) -> level; by_share: share -> level.

    by_user: (tenant, subject) -> level; by_group: (tenant, working group) -> level.
    """

    by_type: Mapping[Pair, Level] = field(default_factory=dict)
    by_share: Mapping[str, Level] = field(default_factory=dict)
    by_user: Mapping[Pair, Level] = field(default_factory=dict)
    by_group: Mapping[Pair, Level] = field(default_factory=dict)

    def of_account(self, vo: str, owner: str, working_group: str) -> Level:
        """The jobs that count for the priority and the cap of a job: those of its group, or of its user where it has none."""
        if working_group:
            return self.by_group.get((vo, working_group), NOTHING)
        return self.by_user.get((vo, owner), NOTHING)


NOTHING = Level()


@dataclass(slots=True)
class GroupTable:
    """The groups while they change. Rows are by what `group_of` says; sums change with each row."""

    _rows: dict[str, tuple[str, JobGroupLoad]] = field(default_factory=dict)
    _of_queue: dict[str, dict[str, JobGroupLoad]] = field(default_factory=dict)
    _shown: dict[str, tuple[JobGroupLoad, ...]] = field(default_factory=dict)
    _by_type: dict[Pair, Level] = field(default_factory=dict)
    _by_share: dict[str, Level] = field(default_factory=dict)
    _by_user: dict[Pair, Level] = field(default_factory=dict)
    _by_group: dict[Pair, Level] = field(default_factory=dict)
    _made: Levels | None = None

    def know(self, queue: str, load: JobGroupLoad) -> None:
        """Take a fact about a group of `queue`."""
        key = group_of(queue, load)
        self.forget(key)
        self._rows[key] = (queue, load)
        self._shown.pop(queue, None)
        self._of_queue.setdefault(queue, {})[key] = load
        self._sum(load, 1)

    def forget(self, key: str) -> None:
        """The group of this name has no jobs any more."""
        if key not in self._rows:
            return
        queue, load = self._rows.pop(key)
        del self._of_queue[queue][key]
        self._shown.pop(queue, None)
        self._sum(load, -1)

    def of(self, queue: str) -> tuple[JobGroupLoad, ...]:
        """The groups of a queue, by name; the same object until one of them changes."""
        if queue not in self._shown:
            rows = self._of_queue.get(queue, {}).values()
            self._shown[queue] = tuple(sorted(rows, key=IN_ORDER))
        return self._shown[queue]

    def levels(self) -> Levels:
        """The sums as they are now; the same object until one of them changes."""
        if self._made is None:
            self._made = Levels(dict(self._by_type), dict(self._by_share), dict(self._by_user), dict(self._by_group))
        return self._made

    def _sum(self, load: JobGroupLoad, sign: int) -> None:
        self._made = None
        _add(self._by_type, (load.share, load.resource_type), load, sign)
        _add(self._by_share, load.share, load, sign)
        _add(self._by_user, (load.vo, load.owner), load, sign)
        if load.working_group:
            _add(self._by_group, (load.vo, load.working_group), load, sign)


def group_of(queue: str, load: JobGroupLoad) -> str:
    """Name of the group: those of its parts may be of any length, the key of a fact may not."""
    group = json.dumps([load.share, load.resource_type, load.vo, load.owner, load.working_group])
    return f"{queue}/{blake2b(group.encode(), digest_size=16).hexdigest()}"


def _add(sums: dict[Key, Level], key: Key, load: JobGroupLoad, sign: int) -> None:
    before = sums.get(key, NOTHING)
    after = Level(before.waiting + sign * load.waiting, before.leased + sign * load.leased, before.cores + sign * load.cores)
    if after == NOTHING:
        sums.pop(key, None)
    else:
        sums[key] = after
