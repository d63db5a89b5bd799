"""How records are taken from a consumer: what is there, at once."""

from confluent_kafka import Consumer, Message


def take_what_is_there(consumer: Consumer, records_max: int, seconds: float) -> list[Message]:
    """At most `records_max` records and notices (ends of partitions, errors); empty when nothing came within `seconds`.

    Waits for a first one, never for more: `consume` alone would wait until it has as many as it was asked for.
    """
    first = consumer.poll(seconds)
    return [] if first is None else [first, *consumer.consume(records_max - 1, 0)]
