"""Position tokens: opaque, bounded, exact."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.errors import BadRequest
from api.log.positions import TOKEN_LENGTH_MAX, Position, covered_at, position_from


@given(st.integers(0, 9_999), st.integers(0, 2**62 - 1))
def test_a_token_comes_back_as_the_position_it_was(partition: int, offset: int) -> None:
    position = Position("culm.task_name.events.v1", partition, offset)

    assert position_from(position.token()) == position
    assert len(position.token()) <= TOKEN_LENGTH_MAX


@pytest.mark.parametrize(
    "token",
    ["", "x", "AAAA", "é", "x" * 500, Position("culm.task.commands.v1", 0, 1).token(), Position("x", 0, 1).token(),
     Position("culm.task.events.v1", -1, 1).token(), Position("culm.task.events.v1", 0, 2**63).token()],
)  # fmt: skip
def test_anything_else_is_a_bad_request(token: str) -> None:
    with pytest.raises(BadRequest):
        position_from(token)


@given(st.text(max_size=200))
def test_no_text_does_worse_than_a_bad_request(token: str) -> None:
    with suppress(BadRequest):
        position_from(token)


def test_the_marker_of_the_last_transaction_is_not_waited_for() -> None:
    assert covered_at(high=12, stable=12) == 11


def test_records_of_an_open_transaction_are_waited_for() -> None:
    assert covered_at(high=12, stable=10) == 12


def test_an_empty_partition_is_covered() -> None:
    assert covered_at(high=0, stable=0) == 0
