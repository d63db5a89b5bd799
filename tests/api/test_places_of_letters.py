"""A place where no dead letter can be is known at once: waiting for a record holds a thread that all requests share."""

from types import SimpleNamespace
from typing import Any

import pytest

from api.http.errors import NotFound
from api.log import dead_letters
from api.log.dead_letters import TOPIC, letter_at
from schemas.deadletter import DeadLetter
from schemas.snapshot import SnapshotMarker
from schemas.types import SnapshotEnvelope
from tests.commands.in_memory import a_codec


class FourPartitions:
    """A consumer of a topic whose partitions hold the offsets 5 to 9; it waits for no record."""

    def list_topics(self, topic: str, timeout: float) -> Any:
        return SimpleNamespace(topics={topic: SimpleNamespace(partitions=dict.fromkeys(range(4)))})

    def get_watermark_offsets(self, place: Any, timeout: float) -> tuple[int, int]:
        assert place.partition in range(4)
        return 5, 10

    def assign(self, places: list[Any]) -> None:
        raise AssertionError(f"{places} is waited for")

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("partition", "offset"), [(4, 7), (99, 0), (0, 4), (0, 10), (3, 2**63 - 1), (-1, 7), (2**31, 7), (0, 2**63)]
)
def test_a_place_without_a_letter_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, partition: int, offset: int) -> None:
    monkeypatch.setattr(dead_letters, "one_shot_reader", lambda *_: FourPartitions())

    with pytest.raises(NotFound, match=f"no dead letter at {TOPIC}/{partition}/{offset}"):
        letter_at("nowhere:1", a_codec(), partition, offset)


def test_a_letter_about_a_row_of_a_snapshot_names_no_organisation_and_is_shown() -> None:
    codec = a_codec()
    row = codec.encode(SnapshotMarker(positions=(), writer_epoch=1), SnapshotEnvelope(sequence=0))
    letter = DeadLetter(
        source_topic="culm.task.commands.v1", source_partition=0, source_offset=7, key=b"7", value=row, error_class="Poison",
        error="stands in another topic", process="decider", seen_at=1_800_000_000_000_000,
    )  # fmt: skip

    found = dead_letters._letter(codec, 0, 5, codec.encode(letter))

    assert found is not None
    assert (found.document["name"], found.document["vo"], found.document["about"]) == ("SnapshotMarker", None, None)


def test_a_place_where_a_record_is_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_letters, "one_shot_reader", lambda *_: FourPartitions())

    with pytest.raises(AssertionError, match="is waited for"):
        letter_at("nowhere:1", a_codec(), 3, 9)
