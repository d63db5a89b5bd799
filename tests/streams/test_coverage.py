"""A worker ends when no one reads a topic of its group, so that the group shares the partitions out again."""

import asyncio
from uuid import uuid4

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from eventlog.connection import connection
from eventlog.consumers import member
from eventlog.members import unowned
from streams.engine.coverage import Unowned, until_unowned
from streams.engine.errors import WorkerStopped

FIRST, SECOND = ("culm.task.events.v1", 0), ("culm.task.events.v1", 1)


class LooksOver(Exception):
    """No look is left."""


def watched(*looks: Unowned) -> None:
    """What a watch does that sees `looks`, one after the other."""
    left = list(looks)

    async def look() -> Unowned:
        if not left:
            raise LooksOver
        return left.pop(0)

    asyncio.run(until_unowned(look, lambda: asyncio.sleep(0)))


def test_a_partition_that_no_one_reads_in_two_looks_ends_the_worker() -> None:
    with pytest.raises(WorkerStopped, match=r"1 partitions, as culm\.task\.events\.v1 1"):
        watched(frozenset(), frozenset({FIRST, SECOND}), frozenset({SECOND}))


def test_partitions_that_change_hands_are_no_reason_to_end() -> None:
    with pytest.raises(LooksOver):
        watched(frozenset({FIRST}), frozenset({SECOND}), frozenset(), frozenset({FIRST}))


@pytest.mark.stack
def test_the_broker_says_which_partitions_no_member_reads(kafka: str) -> None:
    admin = AdminClient({**connection(kafka, "culm-test")})
    read, left_out = f"read-{uuid4().hex[:8]}", f"left-out-{uuid4().hex[:8]}"
    for made in admin.create_topics([NewTopic(read, 2, 1), NewTopic(left_out, 1, 1)]).values():
        made.result()
    consumer = member(kafka, read, "1", session_seconds=6)
    assigned: list[bool] = []
    consumer.subscribe([read], on_assign=lambda *_: assigned.append(True))
    while not assigned:
        consumer.poll(0.1)

    found = unowned(admin, read, [read, left_out])

    consumer.close()
    assert found == frozenset({(left_out, 0)})
