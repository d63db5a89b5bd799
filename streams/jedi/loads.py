"""Jobs at a queue by share, user and resource type, as brokers count them, and as a verdict records them. Pure.

In: facts about queues with their groups of jobs. Out: loads by queue. A recorded decision is made again on the loads in its
verdicts, because the groups of the time are not in them.
"""

from collections.abc import Iterable

from streams.facts.snapshot import QueueFacts
from streams.jedi.candidates import Asked, TypeLoad, UserLoad

#: Numbers in `QueueVerdict.loads`.
LOADS = 9
STARTS = 8
Loads = tuple[UserLoad, TypeLoad]


def loads_in(user: UserLoad, kind: TypeLoad, starts: int) -> tuple[int, ...]:
    """As `QueueVerdict.loads` has them."""
    by_user = (user.queued, user.running, user.users, user.user_queued, user.user_running)
    return (*by_user, kind.queued, kind.running, kind.cores, starts)


def loads_by_queue(queues: Iterable[QueueFacts], asked: Asked, resource_type: str) -> dict[str, Loads]:
    """Loads of the queues of which they are known; none for work of which it is not known whose it is."""
    found: dict[str, Loads] = {}
    for queue in queues:
        if len(queue.met) == LOADS:
            found[queue.settings.name] = UserLoad(*queue.met[:5]), TypeLoad(*queue.met[5:STARTS])
        elif asked.owner and (queue.groups or not queue.waiting + queue.leased):
            found[queue.settings.name] = _loads_of(queue, asked, resource_type)
    return found


def of_all(user: UserLoad) -> UserLoad:
    """Without the user's own jobs: for a verdict that tasks of other users cite, by filters that do not look at them."""
    return UserLoad(user.queued, user.running, user.users, 0, 0)


def _loads_of(queue: QueueFacts, asked: Asked, resource_type: str) -> Loads:
    queued = running = user_queued = user_running = type_queued = type_running = cores = 0
    users: set[tuple[str, str]] = set()
    share = asked.share
    for group in queue.groups:
        cores += group.cores
        if group.share != share:
            continue
        queued, running = queued + group.waiting, running + group.leased
        users.add((group.vo, group.owner))
        if (group.vo, group.owner) == (asked.vo, asked.owner):
            user_queued, user_running = user_queued + group.waiting, user_running + group.leased
        if group.resource_type == resource_type:
            type_queued, type_running = type_queued + group.waiting, type_running + group.leased
    return UserLoad(queued, running, len(users), user_queued, user_running), TypeLoad(type_queued, type_running, cores)
