"""Producers of the log, one function for each purpose; no other module makes one.

Both place a record in the partition that murmur2 gives for its key, as every other client of Culm does, and lose or double
none while the broker fails over. Source: docs/reference/kafka.md, "Producers".
"""

from confluent_kafka import Producer

from eventlog.connection import connection
from schemas.partition import PARTITIONER

#: A record is given up so long before the transaction that holds it would be.
MARGIN_MS = 1_000


def idempotent_producer(kafka: str, client_id: str, *, delivery_seconds_max: float | None = None) -> Producer:
    """A producer outside transactions: order is kept for each key, a repeated send is written once.

    delivery_seconds_max: what the log has not taken by then is given up; the library's five minutes when not said.
    """
    purpose: dict[str, str | int | bool] = {"acks": "all"}
    if delivery_seconds_max is not None:
        purpose["message.timeout.ms"] = int(delivery_seconds_max * 1000)
    return _open(kafka, client_id, purpose)


def transactional_producer(kafka: str, transactional_id: str, *, transaction_ms_max: int) -> Producer:
    """A producer of transactions; `init_transactions` fences the earlier owner of `transactional_id`."""
    return _open(
        kafka,
        transactional_id,
        {
            "transactional.id": transactional_id,
            "transaction.timeout.ms": transaction_ms_max,
            "message.timeout.ms": transaction_ms_max - MARGIN_MS,
            # A new leader is known soon. A transaction that follows the last one closely is asked to come back: 100 ms, the
            # default pause, would be most of its time.
            "metadata.max.age.ms": 2_000,
            "retry.backoff.ms": 2,
            "retry.backoff.max.ms": 100,
            "queue.buffering.max.messages": 200_000,
        },
    )


def _open(kafka: str, client_id: str, purpose: dict[str, str | int | bool]) -> Producer:
    return Producer(
        {
            **connection(kafka, client_id),
            "enable.idempotence": True,
            "linger.ms": 1,
            "batch.size": 262_144,
            "compression.type": "lz4",
            "partitioner": PARTITIONER,
            "queue.buffering.max.kbytes": 65_536,
            **purpose,
        }
    )
