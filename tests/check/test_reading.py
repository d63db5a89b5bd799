"""A command that deciders keep as poison is owed no answer; the reader counts it as they do."""


from check.reading import LogReader
from schemas.reading import Place
from schemas.records import replace
from schemas.snapshot import SnapshotMarker
from schemas.task import KillTask
from schemas.types import CommandEnvelope, SnapshotEnvelope
from tests.commands.in_memory import a_codec

PLACE = Place("culm.task.commands.v1", 0, 1)
ENVELOPE = CommandEnvelope(
    command_id="00000000-0000-4000-8000-000000000001",
    aggregate_id="10000001",
    correlation_id="00000000-0000-4000-8000-000000000002",
    issued_at=1_800_000_000_000_000,
    actor="jdoe",
    role="user",
    vo="wlcg",
)


def test_a_command_whose_envelope_is_out_of_bounds_is_poison_as_it_is_for_deciders() -> None:
    reader = LogReader("nowhere:1", a_codec())
    value = reader.codec.encode(KillTask(), replace(ENVELOPE, correlation_id="no uuid"))

    assert list(reader._seen(PLACE, b"10000001", value)) == []
    assert reader.poison == 1


def test_a_row_of_a_snapshot_on_a_topic_of_commands_is_poison_although_its_envelope_names_no_aggregate() -> None:
    reader = LogReader("nowhere:1", a_codec())
    value = reader.codec.encode(SnapshotMarker(positions=(), writer_epoch=1), SnapshotEnvelope(sequence=0))

    assert list(reader._seen(PLACE, b"10000001", value)) == []
    assert reader.poison == 1


def test_a_command_within_bounds_is_shown_to_the_laws() -> None:
    reader = LogReader("nowhere:1", a_codec())
    value = reader.codec.encode(KillTask(), ENVELOPE)

    assert [(seen.name, seen.place) for seen in reader._seen(PLACE, b"10000001", value)] == [("KillTask", PLACE)]
    assert reader.poison == 0
