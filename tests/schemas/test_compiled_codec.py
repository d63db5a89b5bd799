"""Compiled code against fastavro, over every message of the catalogue: the same bytes, and the same records from them."""

from random import Random
from typing import Any

import pytest

from schemas import avro_binary, compiled_codec
from schemas.catalog import CATALOG, CatalogEntry
from schemas.compiled_codec import compiled_form, is_compiled
from schemas.job import CompleteMerge
from schemas.message_forms import Form, form_named, form_of, message_class
from schemas.types import CommandEnvelope, EventEnvelope, ReportedState, SnapshotEnvelope
from schemas.wire import UNREADABLE
from tests.schemas.samples import a_sample
from tests.schemas.within_bounds import a_command_envelope, a_message, an_event_envelope, for_any_seed

MESSAGES = tuple(entry for entry in CATALOG.values() if entry.is_message)
MERGED = CompleteMerge(succeeded=True, merge_job_id=10_000_001)


def compiled(form: Form) -> Any:
    assert form.compiled is not None, "the compiled codec was not built when Culm was installed: is a C compiler there?"
    return form.compiled


def drawn(entry: CatalogEntry, seed: int) -> tuple[Any, Any]:
    """A message within its bounds, and the envelope it has to have."""
    _, sample = a_sample(entry)
    match sample:
        case EventEnvelope():
            envelope: Any = an_event_envelope(seed, "job.1")
        case CommandEnvelope():
            envelope = a_command_envelope(seed, "job.1")
        case SnapshotEnvelope() | None:
            envelope = sample
    return a_message(entry, seed), envelope


def outcome_of(decode: Any, form: Form) -> tuple[str, bytes]:
    """Whether bytes were read, and the record as bytes of fastavro (a NaN is equal to nothing), or that they were refused."""
    try:
        message, envelope = decode()
        return "read", form.encode_interpreted(message, envelope)
    except UNREADABLE:
        return "refused", b""


def damaged(value: bytes, random: Random) -> bytes:
    """The bytes after one of the things that may happen to bytes."""
    place = random.randrange(len(value)) if value else 0
    match random.randrange(4):
        case 0:
            return value[:place]
        case 1:
            return value[:place] + random.randbytes(random.randrange(1, 12)) + value[place:]
        case 2:
            return value[:place] + random.choice((b"\xff" * 9 + b"\x01", b"\xff" * 12, b"\x01", b"\x00")) + value[place + 1 :]
        case _:
            return value[:place] + random.randbytes(1) + value[place + 1 :]


def test_compiled_code_is_at_hand() -> None:
    assert is_compiled()


@pytest.mark.parametrize("entry", MESSAGES, ids=lambda entry: entry.name)
def test_compiled_code_and_fastavro_write_the_same_bytes_and_read_the_same_record(entry: CatalogEntry) -> None:
    form = form_named(entry.full_name)

    def check(seed: int) -> None:
        message, envelope = drawn(entry, seed)
        value = form.encode_interpreted(message, envelope)
        assert compiled(form).encode(b"frame", message, envelope) == b"frame" + value
        assert compiled(form).decode(b"frame" + value, 5) == form.decode_interpreted(value, form.schema) == (message, envelope)

    for_any_seed(check, 4)


@pytest.mark.parametrize("entry", MESSAGES, ids=lambda entry: entry.name)
def test_of_damaged_bytes_compiled_code_reads_what_fastavro_reads_or_refuses_what_no_one_writes(entry: CatalogEntry) -> None:
    form = form_named(entry.full_name)

    def check(seed: int) -> None:
        random = Random(seed)
        whole = form.encode_interpreted(*drawn(entry, seed))
        for _ in range(20):
            value = damaged(whole, random)
            ours = outcome_of(lambda value=value: compiled(form).decode(value, 0), form)
            theirs = outcome_of(lambda value=value: form.decode_interpreted(value, form.schema), form)
            # fastavro takes a length or a place below 0, and numbers of more than 64 bits; what it read is written otherwise.
            assert ours == theirs or (ours[0] == "refused" and not value.startswith(theirs[1]))

    for_any_seed(check, 4)


@pytest.mark.parametrize("item", [avro_binary.LongNode(), avro_binary.StringNode()], ids=["numbers", "texts"])
@pytest.mark.parametrize("count", [1 << 62, -(1 << 62), -(1 << 63)])
def test_as_many_items_as_there_are_bytes_are_believed_at_most(item: avro_binary.Node, count: int) -> None:
    numbers = avro_binary.MessageForm(str, avro_binary.LongNode(), None)
    items = avro_binary.MessageForm(str, avro_binary.ArrayNode(item), None)

    with pytest.raises(EOFError):
        items.decode(numbers.encode(b"", count, None) + bytes(40), 0)


def test_a_length_below_0_and_a_symbol_that_is_not_there_are_refused() -> None:
    numbers = avro_binary.MessageForm(str, avro_binary.LongNode(), None)
    text = avro_binary.MessageForm(str, avro_binary.StringNode(), None)
    symbol = avro_binary.MessageForm(str, avro_binary.EnumNode(tuple(ReportedState)), None)

    for form, number in ((text, -1), (text, 3), (symbol, -1), (symbol, 5)):
        with pytest.raises((EOFError, IndexError)):
            form.decode(numbers.encode(b"", number, None) + b"ab", 0)


@pytest.mark.parametrize("start", [-1, 1, 1 << 40])
def test_a_start_outside_the_bytes_is_refused(start: int) -> None:
    with pytest.raises(EOFError):
        compiled(form_of(CompleteMerge)).decode(b"", start)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [({"merge_job_id": 1 << 63}, OverflowError), ({"merge_job_id": "7"}, TypeError), ({"merge_job_id": None}, TypeError)],
)
def test_a_value_that_the_schema_cannot_hold_is_not_written(changes: dict[str, Any], problem: type[Exception]) -> None:
    _, envelope = a_sample(CATALOG["culm.job.CompleteMerge"])
    fields: dict[str, Any] = {"succeeded": True, "merge_job_id": 1} | changes

    with pytest.raises(problem):
        compiled(form_of(CompleteMerge)).encode(b"", CompleteMerge(**fields), envelope)


def test_without_compiled_code_fastavro_does_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled_codec, "avro_binary", None)
    _, envelope = a_sample(CATALOG["culm.job.CompleteMerge"])
    with_code = form_of(CompleteMerge)
    without = with_code._replace(compiled=compiled_form(with_code.entry, message_class("culm.job.CompleteMerge")))

    value = without.encode(b"frame", MERGED, envelope)

    assert (without.compiled, value) == (None, with_code.encode(b"frame", MERGED, envelope))
    assert without.decode(value, 5, without.schema) == (MERGED, envelope)


def test_bytes_in_another_buffer_are_read_as_well() -> None:
    _, envelope = a_sample(CATALOG["culm.job.CompleteMerge"])
    form = form_of(CompleteMerge)
    value = form.encode(b"", MERGED, envelope)

    assert form.decode(bytearray(value), 0, form.schema) == (MERGED, envelope)  # type: ignore[arg-type]
