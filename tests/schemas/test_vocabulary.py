"""The vocabulary: documented, generated, evolving without breaking a reader, the same bytes for ever."""

import json
import re
from pathlib import Path
from typing import Any

import avro.io
import avro.schema
import pytest

from schemas.catalog import CATALOG, FOLDER, CatalogEntry, messages, self_contained
from schemas.evolution import incompatibilities, releases, violations
from schemas.generate import generated_files
from schemas.wire import Codec, Poison, message_class, own_schema
from tests.schemas.samples import a_sample

GOLDEN = Path(__file__).parent.parent / "golden" / "records"


@pytest.mark.parametrize("entry", CATALOG.values(), ids=lambda entry: entry.name)
def test_every_record_and_field_says_what_it_means(entry: CatalogEntry) -> None:
    assert entry.schema["doc"].endswith(".")
    for field in entry.schema.get("fields", ()):
        assert field["doc"], f"{entry.name}.{field['name']}"


@pytest.mark.parametrize("entry", CATALOG.values(), ids=lambda entry: entry.name)
def test_optional_fields_put_null_first_and_default_to_it(entry: CatalogEntry) -> None:
    for field in entry.schema.get("fields", ()):
        if isinstance(field["type"], list):
            assert field["type"][0] == "null"
            assert field["default"] is None


def test_every_enumeration_has_a_default_for_words_it_does_not_know_yet() -> None:
    enums = [entry for entry in CATALOG.values() if entry.schema["type"] == "enum"]

    assert {entry.schema["default"] for entry in enums} == {"UNKNOWN"}


def test_generating_the_types_again_changes_nothing() -> None:
    changed = [str(path) for path, text in generated_files().items() if path.read_text(encoding="utf-8") != text]

    assert changed == []


def test_every_version_ever_released_reads_and_is_read() -> None:
    assert [number for number, _ in releases()] == list(range(1, len(list(releases())) + 1))
    assert list(releases()), "no release is on record"
    assert violations() == []


def test_a_field_without_default_would_be_noticed() -> None:
    old = self_contained(CATALOG["culm.queue.TaskHeld"])
    new = json.loads(json.dumps(old))
    new["fields"].append({"name": "extra", "type": "string", "doc": "x"})

    assert any("new cannot read old" in why for why in incompatibilities(old, new))


def test_a_field_that_is_gone_would_be_noticed() -> None:
    old = self_contained(CATALOG["culm.queue.TaskHeld"])
    new = json.loads(json.dumps(old))
    new["fields"] = [field for field in new["fields"] if field["name"] != "task_id"]

    assert any("old cannot read new" in why for why in incompatibilities(old, new))


@pytest.mark.parametrize("entry", messages(), ids=lambda entry: entry.name)
def test_a_message_comes_back_from_bytes_as_it_went(entry: CatalogEntry) -> None:
    codec = Codec({entry.full_name: 1}, _no_registry)
    message, envelope = a_sample(entry)

    decoded = codec.decode(codec.encode(message, envelope))

    assert (decoded.message, decoded.envelope) == (message, envelope)


@pytest.mark.parametrize("entry", messages(), ids=lambda entry: entry.name)
def test_the_apache_library_reads_what_we_write(entry: CatalogEntry) -> None:
    codec = Codec({entry.full_name: 1}, _no_registry)
    message, envelope = a_sample(entry)
    schema = avro.schema.parse(json.dumps(self_contained(entry)))

    import io

    reader = avro.io.DatumReader(schema)
    record: Any = reader.read(avro.io.BinaryDecoder(io.BytesIO(codec.encode(message, envelope)[5:])))

    expected = message.to_avro()
    assert {key: record[key] for key, value in expected.items() if isinstance(value, int | str)} == {
        key: value for key, value in expected.items() if isinstance(value, int | str) and not _is_time(entry, key)
    } | {key: record[key] for key in expected if _is_time(entry, key)}


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*/*.bin")), ids=lambda path: path.stem)
def test_records_of_every_release_still_decode_to_what_they_meant(path: Path) -> None:
    number = int(path.parent.name)
    schemas = dict(releases())[number]
    full_name = next(name for name in schemas if name == path.stem)
    codec = Codec({}, lambda _: schemas[full_name])

    decoded = codec.decode(path.read_bytes())

    expected = _under_todays_names(CATALOG[full_name], json.loads(path.with_suffix(".json").read_text(encoding="utf-8")))
    found = json.loads(json.dumps(decoded.message.to_avro(), default=lambda value: value.hex()))
    assert _meant(found, expected) == expected


def test_golden_records_exist_for_every_message_of_the_first_release() -> None:
    names = {path.stem for path in GOLDEN.glob("1/*.bin")}

    assert names == set(dict(releases())[1])


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (None, "value of 0 bytes, expected at least 5"),
        (b"\x00", "value of 1 bytes, expected at least 5"),
        (b"\x01\x00\x00\x00\x01", "magic byte 1, expected 0 (Confluent wire format)"),
        (b"\x00\x00\x00\x00\x01\x02", "culm.queue.TaskHeld: not decodable as Avro"),
    ],
)
def test_what_cannot_be_read_is_poison_and_says_why(value: bytes | None, error: str) -> None:
    codec = Codec({"culm.queue.TaskHeld": 1}, _no_registry)

    with pytest.raises(Poison) as raised:
        codec.decode(value)

    assert str(raised.value).startswith(error)


def test_a_record_written_by_a_newer_version_is_read_without_what_we_do_not_know() -> None:
    newer = self_contained(CATALOG["culm.worker.WantWorkers"])
    newer["fields"].append({"name": "colour", "type": "string", "default": "red", "doc": "x"})
    entry = CATALOG["culm.worker.WantWorkers"]
    message, envelope = a_sample(entry)
    import io

    import fastavro

    buffer = io.BytesIO()
    record = message.to_avro() | {"envelope": envelope.to_avro(), "colour": "blue"}
    fastavro.schemaless_writer(buffer, fastavro.parse_schema(newer), record)
    codec = Codec({entry.full_name: 1}, lambda number: newer)

    decoded = codec.decode(b"\x00\x00\x00\x00\x09" + buffer.getvalue())

    assert decoded.message == message


def test_an_answer_from_before_its_order_was_renamed_keeps_its_command_to_the_pilot() -> None:
    old = dict(releases())[1]["culm.answer.CommandAnswered"]

    answer = Codec({}, lambda _: old).decode((GOLDEN / "1" / "culm.answer.CommandAnswered.bin").read_bytes()).message

    assert answer.pilot_command == "a order Ω"


def test_every_message_has_its_class_and_schema() -> None:
    for entry in messages():
        assert message_class(entry.full_name).__name__ == entry.name
        assert own_schema(entry.full_name)


def _is_time(entry: CatalogEntry, name: str) -> bool:
    kind = next(field["type"] for field in entry.schema["fields"] if field["name"] == name)
    return "timestamp-micros" in json.dumps(kind)


def _no_registry(number: int) -> dict[str, Any]:
    raise AssertionError(f"asked the registry for schema {number}")


def _under_todays_names(entry: CatalogEntry, record: dict[str, Any]) -> dict[str, Any]:
    """An older record with each field that was renamed since under the name that has the older one as an alias."""
    renamed = {alias: field["name"] for field in entry.schema["fields"] for alias in field.get("aliases", ())}
    return {renamed.get(name, name): value for name, value in record.items()}


def _meant(found: Any, expected: Any) -> Any:
    """`found` without what later versions added."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return {key: _meant(found.get(key), value) for key, value in expected.items()}
    if isinstance(expected, list) and isinstance(found, list) and len(found) == len(expected):
        return [_meant(one, other) for one, other in zip(found, expected, strict=True)]
    return found


def test_no_text_has_a_document_as_default_which_the_registry_refuses() -> None:
    texts = [path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.avsc")]

    assert [text for text in texts if re.search(r'"default": "[{\[]', text)] == []
