"""Which partition a key belongs to: murmur2 as Kafka's Java clients and aiokafka count it.

librdkafka's own default is CRC32; every producer of Culm sets `PARTITIONER` or passes `partition_of(key, n)` itself.
"""

from confluent_kafka import murmur2

PARTITIONER = "murmur2_random"


def partition_of(key: str, partitions: int) -> int:
    """Partition of `key` among `partitions`, 0-based."""
    return int(murmur2(key.encode(), partitions))
