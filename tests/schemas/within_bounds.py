"""Anything that the Avro files allow: messages, parts and envelopes within their bounds, drawn by hypothesis.

Extremes are drawn most often: the shortest and longest texts, the smallest and largest numbers, text outside ASCII, no items
and many. `known` puts values of a running system beside them, by name of the field, so that decisions get beyond "no such task".
Hypothesis draws seeds and a message follows from its seed: that is fast, and a failure is named by a number.
HYPOTHESIS=more in the environment draws many examples; without it they are few and the same in every run, and a quarter of that
or less in the profile of `make fast`.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import schemas.types
from schemas.aggregates import AGGREGATES
from schemas.catalog import CATALOG, CatalogEntry
from schemas.characters import SETS
from schemas.types import CommandEnvelope, EventEnvelope, SnapshotEnvelope
from schemas.wire import message_class, to_bytes
from tests.doses import dose, is_fast

Known = Mapping[str, Sequence[Any]]
MORE = os.environ.get("HYPOTHESIS") == "more"
#: Longest text drawn where the bounds allow more: what is too large for a record is another matter.
LONG = 20_000
NUMBERS_MAX = 2_000
RECORD_BYTES_MAX = 800_000
ALPHABETS = {
    "TEXT": "aZ0 .,;'\"\\`$&<>{}[]()\t\n\r\x7f\x85\u2028\u202eé漢😀\ue000\U0010fffd",
    "LINE": "aZ0 .,;'\"\\`$&<>{}[]()\u202eé漢😀\ue000\U0010fffd\u00a0",
    "SUBJECT": "aZ0_.:+@-/#{}|=~%^",
    "URL": "aZ0_.:+@-/#{}?&=%~;^[]",
    "NAME": "aZ0_.:+@-/#{}",
    "WORD": "aZ0_.:+@-",
    "FILE_NAME": "aZ0_.+@-",
}
ODD = (
    "{}", "[]", "null", '"\\ud800"', '{"a":"\\u0000"}', "[" * 900, "NaN", "1e999", "123", "-1", "%s%d", "<b>", "${SN}", "\\1",
    "(a+)+$", "(", "[", "*", ".", "..", "None", "true", "0", "٣", "é", "😀", "\u2028", "\x7f", "'", '"', "a/", "//",
)  # fmt: skip
TEMPLATES = ("x", "log.$JEDITASKID.${SN/P}.tgz", "x" * 500, "x" + "${SN}" * 99, "${MIDDLENAME}x", "$JEDITASKID" * 45)
#: Seeds of messages.
SEEDS = st.integers(0, 2**48)


def examples(few: int) -> settings:
    """How many examples a test draws, and that it draws the same ones in every run unless more are asked for."""
    at_least = dose(few, fast=max(1, few // 4))
    return settings(
        max_examples=few * 50 if MORE else at_least,
        derandomize=not MORE,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def for_any_seed(check: Callable[[int], None], few: int) -> None:
    """Runs `check` with `few` seeds. For a check that a test makes for each of some hundred types of message: hypothesis looks
    through the source of each again, so `make fast` takes one seed without it.
    """
    if is_fast() and not MORE:
        check(0)
    else:
        examples(few)(given(SEEDS)(check))()


def a_message(entry: CatalogEntry, seed: int, known: Known | None = None) -> Any:
    """A message of `entry` without its envelope, small enough for a record of the log."""
    for attempt in range(100):
        random = Random(f"{entry.name}:{seed}:{attempt}")
        message = message_class(entry.full_name).from_avro(_record(entry, random, known or {}))
        if len(_bytes_of(message, entry)) <= RECORD_BYTES_MAX:
            return message
    raise AssertionError(f"{entry.name}: a hundred times too large from seed {seed}")


def a_part(name: str, seed: int, known: Known | None = None) -> Any:
    """A part called `name`, for example JobSpec."""
    entry = next(entry for entry in CATALOG.values() if entry.name == name)
    return getattr(schemas.types, name).from_avro(_record(entry, Random(f"{name}:{seed}"), known or {}))


def an_event_envelope(seed: int, aggregate_id: str, sequence: int = 1) -> EventEnvelope:
    """An envelope of an event of one aggregate."""
    record = _record(CATALOG["culm.envelope.EventEnvelope"], Random(f"event:{seed}"), {})
    return EventEnvelope.from_avro(record | {"aggregate_id": aggregate_id, "sequence": sequence})


def a_command_envelope(seed: int, aggregate_id: str, known: Known | None = None) -> CommandEnvelope:
    """An envelope of a command to one aggregate."""
    record = _record(CATALOG["culm.envelope.CommandEnvelope"], Random(f"command:{seed}"), known or {})
    return CommandEnvelope.from_avro(record | {"aggregate_id": aggregate_id})


def an_aggregate_id(aggregate: str, seed: int) -> str:
    """A key as the topics of an aggregate have them."""
    random, key = Random(f"{aggregate}:{seed}"), AGGREGATES[aggregate].key
    if key.max is not None:
        usual = 100_000_010_000_001 if key.max > 100_000_010_000_001 else min(key.max, 10_000_001)
        return str(random.choice((key.min, usual, key.max)))
    if key.characters is not None:
        return _text(key.characters, key.length_min, key.length_max, random)
    if aggregate == "policy":
        single = ("shares", "retry_rules", "resource_types", "brokers", "source.cric", "storage.D")
        return random.choice((*single, f"queue.{_text('WORD', 1, 128, random)}"))
    return _text("SUBJECT", 1, 1400, random)


def _bytes_of(message: Any, entry: CatalogEntry) -> bytes:
    number = str(UUID(int=1))
    match entry.role:
        case "events" | "facts":
            return to_bytes(message, an_event_envelope(1, "1"))
        case "commands":
            return to_bytes(
                message,
                CommandEnvelope(command_id=number, aggregate_id="1", correlation_id=number, issued_at=0, actor="a", vo="v"),
            )
        case "snapshots":
            return to_bytes(message, SnapshotEnvelope(sequence=1))
        case _:
            return to_bytes(message)


def _record(entry: CatalogEntry, random: Random, known: Known) -> dict[str, Any]:
    fields = [field for field in entry.schema["fields"] if field["name"] != "envelope"]
    return {field["name"]: _value(field, field["type"], random, known) for field in fields}


def _value(field: Mapping[str, Any], node: Any, random: Random, known: Known) -> Any:
    match node:
        case [_, branch]:
            return None if random.random() < 0.3 else _value(field, branch, random, known)
        case {"type": "array", "items": items}:
            return _items(field, items, random, known)
        case {"type": str(primitive)}:
            return _value(field, primitive, random, known)
        case str(name) if name in CATALOG:
            entry = CATALOG[name]
            return random.choice(entry.schema["symbols"]) if entry.schema["type"] == "enum" else _record(entry, random, known)
        case _:
            if field["name"] in known and random.random() < 0.8:
                return random.choice(known[field["name"]])
            return _primitive(field, node, random)


def _items(field: Mapping[str, Any], items: Any, random: Random, known: Known) -> list[Any]:
    count = random.choice((0, 1, 1, 2, 5))
    if random.random() < 0.1:
        # Many small ones: as many numbers as a record holds, of parts fewer.
        one = _value(field, items, random, known)
        return [one] * min(field["items_max"], 20 if items in CATALOG or items == "string" else NUMBERS_MAX)
    return [_value(field, items, random, known) for _ in range(min(count, field["items_max"]))]


def _primitive(field: Mapping[str, Any], kind: str, random: Random) -> Any:
    match kind:
        case "string":
            return _text(field["characters"], field.get("length_min", 0), field["length_max"], random)
        case "boolean":
            return random.random() < 0.5
        case "bytes":
            return random.choice((b"", b"\x00\xff" * 500, b"a"))
        case "double":
            least, most = float(field["min"]), float(field["max"])
            return random.choice((least, most, random.uniform(least, most), min(most, 1.5)))
        case _:
            least, most = field["min"], field["max"]
            near = [number for number in (0, 1, 2, 3) if least <= number <= most]
            return random.choice((least, most, random.randint(least, most), *near, *near))


def _text(name: str, least: int, most: int, random: Random) -> str:
    if name == "UUID":
        return str(random.choice((UUID(int=random.getrandbits(128)), UUID(int=0), UUID(int=2**128 - 1)))).upper()
    if name == "TEMPLATE":
        return random.choice([one for one in TEMPLATES if len(one) <= most])
    alphabet, taken = ALPHABETS[name], SETS[name].takes
    for _ in range(100):
        match random.randrange(4):
            case 0:
                # A text of one sign is what a database compresses; names of many signs fill its indexes.
                length = random.choice((least, min(most, LONG), min(most, 300)))
                signs = (
                    random.choice(alphabet) if random.random() < 0.5 else "".join(random.choices(alphabet, k=min(most, 1_500)))
                )
                text = (signs * -(-length // len(signs)))[:length]
            case 1:
                text = random.choice(ODD)
            case _:
                text = "".join(random.choices(alphabet, k=random.randint(least, max(least, min(most, 30)))))
        if least <= len(text) <= most and taken(text):
            return text
    return "a" * max(least, 1)
