"""What a job used over time: memory and CPU, from its pilot's heartbeats.

Heartbeats are no state and stay in their topic for days; they are read when they are asked for, from the time at which the
job began. The answer says how much was looked at, and whether it is all.
"""

import asyncio
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from api.http.errors import LogUnavailable, NotFound
from api.queries import jobs
from api.queries.read_models import ReadModels
from eventlog.consumers import one_shot_reader
from eventlog.reading import take_what_is_there
from identity.identity import Identity
from schemas.catalog import CATALOG
from schemas.heartbeat import PilotHeartbeat
from schemas.instants import MICROSECONDS, MINUTE, micros_of_millis, millis_of
from schemas.partition import partition_of
from schemas.wire import Codec, Poison

TOPIC = CATALOG["culm.heartbeat.PilotHeartbeat"].topic
SECONDS_MAX = 5.0
TAKEN_MAX = 2_000
RECORDS_MAX, POINTS_MAX = 300_000, 500


async def usage_of(
    read_models: ReadModels, kafka: str, codec: Codec, identity: Identity, job_id: int
) -> dict[str, Any]:
    """{"x": seconds, "series": {...}, "records": looked at, "whole": bool}; raises NotFound, LogUnavailable."""
    job = await jobs.times(read_models, identity.vo, job_id)
    if job is None:
        raise NotFound(f"no job {job_id} in {identity.vo}")
    if job["sent_at"] is None:
        return {"x": [], "series": {}, "records": 0, "whole": True}
    try:
        beats, looked_at, whole = await asyncio.to_thread(_read, kafka, codec, job_id, job["sent_at"], job["ended_at"])
    except KafkaException as problem:
        raise LogUnavailable(f"the heartbeats cannot be read: {problem}") from problem
    return {**series_of(beats), "records": looked_at, "whole": whole}


def series_of(beats: list[PilotHeartbeat]) -> dict[str, Any]:
    """Curves from heartbeats: memory in MB, CPU seconds, and cores busy between two beats."""
    used = [beat for beat in beats if beat.usage is not None]
    step = max(1, len(used) // POINTS_MAX)
    used = used[::step]
    memory = [_mb(beat) for beat in used]
    cpu = [beat.usage.cpu_seconds if beat.usage else None for beat in used]
    return {"x": [beat.seen_at // MICROSECONDS for beat in used], "series": {"memory MB": memory, "CPU s": cpu}}


def _mb(beat: PilotHeartbeat) -> float | None:
    usage = beat.usage
    kilobytes = (usage.rss_kb_max or usage.pss_kb_max) if usage else None
    return None if kilobytes is None else round(kilobytes / 1024, 1)


def _read(
    kafka: str, codec: Codec, job_id: int, begin: int, end: int | None
) -> tuple[list[PilotHeartbeat], int, bool]:
    consumer = one_shot_reader(kafka, "culm-api-usage")
    try:
        count = len(consumer.list_topics(TOPIC, timeout=SECONDS_MAX).topics[TOPIC].partitions)
        number = partition_of(str(job_id), count)
        place = consumer.offsets_for_times([TopicPartition(TOPIC, number, millis_of(begin))], timeout=SECONDS_MAX)[0]
        if place.offset < 0:
            return [], 0, True
        consumer.assign([place])
        return _beats(codec, consumer, job_id, end)
    finally:
        consumer.close()


def _beats(codec: Codec, consumer: Consumer, job_id: int, end: int | None) -> tuple[list[PilotHeartbeat], int, bool]:
    found: list[PilotHeartbeat] = []
    key, looked_at = str(job_id).encode(), 0
    while looked_at < RECORDS_MAX:
        messages = take_what_is_there(consumer, TAKEN_MAX, SECONDS_MAX)
        if not messages:
            return found, looked_at, False
        for message in messages:
            failure = message.error()
            if failure is not None:
                if failure.code() == KafkaError._PARTITION_EOF:
                    return found, looked_at, True
                raise KafkaException(failure)
            looked_at += 1
            if end is not None and micros_of_millis(message.timestamp()[1]) > end + MINUTE:
                return found, looked_at, True
            if message.key() == key:
                try:
                    found.append(codec.decode(message.value()).message)
                except Poison:
                    continue
    return found, looked_at, False
