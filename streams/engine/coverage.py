"""Notices that no worker reads a topic, which Faust does not.

Faust shares the partitions out by what the broker names at that moment. A broker that has just come back may name none of the
topics; the group then rests, with nothing to read, until one of its workers starts again: so that is what happens here.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection

from eventlog.connection import open_admin
from eventlog.members import unowned
from streams.engine.errors import WorkerStopped

LOOK_SECONDS = 10.0
Unowned = frozenset[tuple[str, int]]


async def watch_coverage(kafka: str, group: str, topics: Collection[str]) -> None:
    """Watch until WorkerStopped is raised: twice in a row a partition of `topics` had no reader in `group`."""
    admin = open_admin(kafka, f"{group}-coverage", hurried=True)
    await until_unowned(lambda: asyncio.to_thread(unowned, admin, group, topics), lambda: asyncio.sleep(LOOK_SECONDS))


async def until_unowned(look: Callable[[], Awaitable[Unowned]], pause: Callable[[], Awaitable[None]]) -> None:
    """Look again and again; raises WorkerStopped when the same partitions are without a reader in two looks in a row."""
    before: Unowned = frozenset()
    while True:
        await pause()
        found = await look()
        lasting = sorted(found & before)
        if lasting:
            which = f"{len(lasting)} partitions, as {lasting[0][0]} {lasting[0][1]}"
            raise WorkerStopped(f"no worker reads {which}: the group must share them out again")
        before = found
