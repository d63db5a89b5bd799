"""Records written to Kafka directly, as no client of the API can: well-formed ones with hostile values, and malformed ones.

An outsider cannot write topics in production. Here they stand for faults of our own and of neighbours: no record may stop
a loop.
"""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import fastavro
from hypothesis import strategies as st

from schemas.catalog import CatalogEntry, messages
from schemas.topics import topics_of_role
from schemas.wire import FRAME, MAGIC, own_schema
from tests.hostile import naughty
from tests.hostile.ground import VO, Ground, uuid_of
from tests.hostile.message import Record
from tests.hostile.preludes import ground_of, prelude
from tests.hostile.records import hostile_records, hostile_values, plausible

Drawn = tuple[Record, str]
ENVELOPE_FIELDS: Mapping[str, Any] = {
    "aggregate_id": "string", "command_id": "string", "correlation_id": "string", "causation_id": ["null", "string"],
    "role": "string",
    "issued_at": {"type": "long", "logicalType": "timestamp-micros"}, "actor": "string", "vo": "string",
    "expected_sequence": ["null", "long"],
}  # fmt: skip
#: A valid record inflated to this many bytes: within and beyond what the broker takes.
SIZES = (200_000, 900_000, 1_040_000, 1_100_000, 4_000_000)
MALFORMED = (
    "wrong key",
    "no key",
    "no value",
    "garbage",
    "cut off",
    "trailing",
    "wrong schema id",
    "unknown schema id",
    "wrong topic",
    "huge",
    "bit flip",
    "empty key",
)


def record_kinds(ground: Ground, ids: Mapping[str, int]) -> dict[str, st.SearchStrategy[Drawn]]:
    """Kind -> strategy: each command and the heartbeat well-formed, each topic malformed. ids: full name -> schema id."""
    entries = [entry for entry in messages() if entry.role in ("commands", "heartbeats")]
    kinds = {f"record {entry.name}": well_formed(entry, ground, ids) for entry in entries}
    for topic in (*topics_of_role("commands"), *topics_of_role("heartbeats")):
        of_topic = [entry for entry in entries if entry.topic == topic]
        kinds[f"malformed {topic}"] = malformed(of_topic, entries, ground, ids)
    return kinds


def well_formed_record(entry: CatalogEntry, ground: Ground, ids: Mapping[str, int], number: int) -> Record:
    """A plausible record with nothing odd in it, after what brings its aggregate there."""
    ground = ground_of(ground, number)
    key, value = _good(entry, ground, ids, number)
    before = () if entry.role == "heartbeats" else prelude(entry.name, entry.aggregate, ground, ids)
    return Record(entry.topic, key, value, before)


@st.composite
def well_formed(draw: st.DrawFn, entry: CatalogEntry, ground: Ground, ids: Mapping[str, int]) -> Drawn:
    """A record that every reader can decode, with hostile values."""
    number = draw(st.integers(0, 2**40))
    ground = ground_of(ground, number)
    record, description = draw(hostile_records(entry, ground, from_json=False))
    if entry.role == "heartbeats":
        return Record(entry.topic, str(record["job_id"]).encode(), encoded(entry, record, ids)), description
    envelope = _envelope(entry, ground, number)
    if draw(st.integers(0, 3)) == 0:
        name = draw(st.sampled_from(sorted(ENVELOPE_FIELDS)))
        envelope[name] = draw(hostile_values(ENVELOPE_FIELDS[name], envelope, (name,), from_json=False))
        description += f"; envelope.{name}={repr(envelope[name])[:60]}"
    before = prelude(entry.name, entry.aggregate, ground, ids)
    value = encoded(entry, {"envelope": envelope, **record}, ids)
    return Record(entry.topic, envelope["aggregate_id"].encode(), value, before), description


@st.composite
def malformed(
    draw: st.DrawFn, of_topic: list[CatalogEntry], entries: list[CatalogEntry], ground: Ground, ids: Mapping[str, int]
) -> Drawn:
    """A record that does not belong where it stands."""
    how = draw(st.sampled_from(MALFORMED))
    entry = draw(st.sampled_from(of_topic))
    topic, number = entry.topic, draw(st.integers(0, 2**40))
    key, value = _good(entry, ground, ids, number)
    match how:
        case "wrong key":
            key = draw(
                st.sampled_from((b"\xff\xfe", b"x" * 3_000, b"\x00", ground.queue.encode(), "é".encode("latin-1"), b" " + key))
            )
        case "no key":
            return Record(topic, None, value), how
        case "empty key":
            return Record(topic, b"", value), how
        case "no value":
            return Record(topic, key, None), how
        case "garbage":
            value = draw(st.one_of(st.sampled_from(naughty.BYTES), st.binary(max_size=60)))
        case "cut off":
            value = value[: draw(st.integers(0, max(0, len(value) - 1)))]
        case "trailing":
            value += draw(st.sampled_from((b"\x00", b"x" * 5_000, value)))
        case "wrong schema id":
            other = draw(st.sampled_from(sorted(set(ids.values()) - {ids[entry.full_name]})))
            value = FRAME.pack(MAGIC, other) + value[FRAME.size :]
        case "unknown schema id":
            value = FRAME.pack(MAGIC, draw(st.sampled_from((0, 99_999, 2**31 - 1, 2**32 - 1)))) + value[FRAME.size :]
        case "wrong topic":
            foreign = draw(st.sampled_from([one for one in entries if one.topic != topic]))
            key, value = _good(foreign, ground, ids, number)
            entry = foreign
        case "huge":
            value += b"\x00" * max(0, draw(st.sampled_from(SIZES)) - len(value))
        case _:
            place = draw(st.integers(FRAME.size, len(value) - 1))
            value = value[:place] + bytes([value[place] ^ 0xFF]) + value[place + 1 :]
    return Record(topic, key, value), f"{how} ({entry.name})"


def encoded(entry: CatalogEntry, record: Mapping[str, Any], ids: Mapping[str, int]) -> bytes:
    """The value of a record, with lone surrogates where the dictionary asks for them."""
    buffer = BytesIO()
    fastavro.schemaless_writer(buffer, own_schema(entry.full_name), record)
    body = buffer.getvalue().replace(naughty.SURROGATES.encode(), b"\xed\xa0\x80" * 3)
    return FRAME.pack(MAGIC, ids[entry.full_name]) + body


def _good(entry: CatalogEntry, ground: Ground, ids: Mapping[str, int], number: int) -> tuple[bytes, bytes]:
    record = plausible(entry, ground)
    if entry.role == "heartbeats":
        return str(record["job_id"]).encode(), encoded(entry, record, ids)
    envelope = _envelope(entry, ground, number)
    return envelope["aggregate_id"].encode(), encoded(entry, {"envelope": envelope, **record}, ids)


def _envelope(entry: CatalogEntry, ground: Ground, number: int) -> dict[str, Any]:
    return {
        "command_id": uuid_of(entry.name, ground.now, number),
        "aggregate_id": ground.key_of(entry.aggregate, entry.name, number),
        "correlation_id": uuid_of(entry.name, "correlation", ground.now, number),
        "causation_id": None,
        "issued_at": ground.now,
        "actor": ground.subject,
        "role": ("system", "operator", "system", "production", "user")[number % 5],
        "vo": VO,
        "expected_sequence": None,
    }
