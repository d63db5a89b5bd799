"""A request to iDDS as the log keeps it: its parts, read when they are asked for.

The topic has no index. A request lies in the partition of its key, shortly before its announcement: the API keeps it first
(docs/decisions/0095), and again each time it is sent. So the look begins at the time of the announcement, less what clocks of
hosts and a slow log may differ.
"""

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from api.http.errors import BadRequest, LogUnavailable
from eventlog.consumers import one_shot_reader
from eventlog.reading import take_what_is_there
from schemas.catalog import CATALOG
from schemas.partition import partition_of
from schemas.wire import Codec, Poison
from schemas.workflow import RequestKept

TOPIC = CATALOG["culm.workflow.RequestKept"].topic
CLIENT = "culm-api-kept"
SECONDS_MAX = 5.0
EARLIER_MS = 600_000
#: Records of the partition that are looked at: some 4 GB at most.
LOOKED_AT_MAX, TAKEN_MAX = 10_000, 50


def parts_of_request(kafka: str, codec: Codec, digest: str, announced_at: int, parts_max: int) -> dict[int, bytes]:
    """All parts by number. announced_at: microseconds. Raises LogUnavailable, BadRequest for one of more than `parts_max`."""
    consumer = one_shot_reader(kafka, CLIENT)
    try:
        count = len(consumer.list_topics(TOPIC, timeout=SECONDS_MAX).topics[TOPIC].partitions)
        asked = TopicPartition(TOPIC, partition_of(digest, count), max(announced_at // 1_000 - EARLIER_MS, 0))
        (start,) = consumer.offsets_for_times([asked], timeout=SECONDS_MAX)
        consumer.assign([start])
        return _found(consumer, codec, digest, parts_max)
    except KafkaException as problem:
        raise LogUnavailable(f"the kept request cannot be read: {problem}") from problem
    finally:
        consumer.close()


def _found(consumer: Consumer, codec: Codec, digest: str, parts_max: int) -> dict[int, bytes]:
    parts: dict[int, bytes] = {}
    looked_at = 0
    while looked_at < LOOKED_AT_MAX:
        messages = take_what_is_there(consumer, TAKEN_MAX, SECONDS_MAX)
        if not messages:
            raise LogUnavailable("the kept request could not be read in time")
        looked_at += len(messages)
        for message in messages:
            failure = message.error()
            if failure is not None and failure.code() == KafkaError._PARTITION_EOF:
                raise LogUnavailable("the request is not in the log as it was sent")
            if failure is not None:
                raise KafkaException(failure)
            part = _part(codec, message.key(), message.value(), digest)
            if part is None:
                continue
            if part.parts > parts_max:
                raise BadRequest(f"the request has {part.parts} parts as it was sent; at most {parts_max} are given back")
            parts[part.part] = part.content
            if len(parts) == part.parts:
                return parts
    raise LogUnavailable(f"the request is not among {LOOKED_AT_MAX:,} records after its time")


def _part(codec: Codec, key: bytes | None, value: bytes | None, digest: str) -> RequestKept | None:
    """A part of the request with that digest; None for another record."""
    if key != digest.encode():
        return None
    try:
        found = codec.decode(value).message
    except Poison:
        return None
    return found if isinstance(found, RequestKept) and found.digest == digest else None
