"""Ids are version 5 UUIDs as RFC 9562 makes them; only the way to them is shorter."""

from uuid import NAMESPACE_URL, UUID, uuid5

import pytest

from schemas.ids import caused_command_id, event_id

COMMANDS = ("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-4fff-bfff-ffffffffffff")


@pytest.mark.parametrize("command_id", COMMANDS)
@pytest.mark.parametrize("index", range(20))
def test_an_event_id_is_the_uuid_of_its_place_in_the_decision(command_id: str, index: int) -> None:
    assert event_id(command_id, index) == str(uuid5(UUID(command_id), str(index)))


@pytest.mark.parametrize("part", [*range(20), "Müller", "a:b"])
def test_a_caused_command_id_is_the_uuid_of_its_cause_and_parts(part: object) -> None:
    expected = str(uuid5(uuid5(NAMESPACE_URL, "culm"), f"cause:{part}:RefineTask"))

    assert caused_command_id("cause", part, "RefineTask") == expected
