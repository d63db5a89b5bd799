"""Faust's client and ours put a key into the same partition: both count murmur2."""

from aiokafka.partitioner import DefaultPartitioner

from schemas.partition import partition_of


def test_both_clients_agree_on_a_thousand_keys() -> None:
    theirs = DefaultPartitioner()
    keys = [f"{10_000_000 + number}" for number in range(400)]
    keys += [f"{(10_000_000 + number) * 10_000_000 + 1}" for number in range(300)]
    keys += [f"user.jdoe.dataset.{number}/ü" for number in range(150)] + [f"QUEUE_{number}" for number in range(150)]

    for partitions in (4, 24):
        places = list(range(partitions))
        found = [theirs(key.encode(), places, places) for key in keys]
        assert found == [partition_of(key, partitions) for key in keys]
        assert set(found) == set(places)
