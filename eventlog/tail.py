"""A consumer placed where some topics end now, also while the broker is away."""

import threading
from collections.abc import Iterable

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition

from eventlog.consumers import tail_reader

ANSWER_SECONDS = 5.0
PAUSE_SECONDS_MAX = 2.0
log = structlog.get_logger()


def tail_of(kafka: str, name: str, topics: Iterable[str], ending: threading.Event) -> Consumer | None:
    """A reader at the present ends of all partitions of `topics`; None, with nothing left open, when `ending` is set first.

    Tries again for as long as the broker does not answer or a topic is missing.
    """
    consumer, wanted = tail_reader(kafka, name), tuple(topics)
    pause = 0.1
    while not ending.is_set():
        try:
            consumer.assign(_ends(consumer, wanted))
            log.info("tail_opened", reader=name, topics=list(wanted))
            return consumer
        except KafkaException as problem:
            reason = str(problem)
        except KeyError as missing:
            reason = f"topic {missing} is not there; run `python -m eventlog apply`"
        log.warning("log_not_reachable", reader=name, problem=reason[:200], retry_in_seconds=pause)
        ending.wait(pause)
        pause = min(pause * 2, PAUSE_SECONDS_MAX)
    consumer.close()
    return None


def _ends(consumer: Consumer, topics: tuple[str, ...]) -> list[TopicPartition]:
    """The present ends; raises KeyError naming a topic without partitions."""
    places = []
    for topic in topics:
        found = consumer.list_topics(topic, timeout=ANSWER_SECONDS).topics.get(topic)
        if found is None or not found.partitions:
            raise KeyError(topic)
        places += [TopicPartition(topic, number) for number in found.partitions]
    for place in places:
        place.offset = consumer.get_watermark_offsets(place, timeout=ANSWER_SECONDS)[1]
    return places
