"""The load generator's own reading of HTTP, and its quantiles."""

import math

import pytest

from tests.load.pilot_load import parameters, quantile
from tests.load.wire import parsed

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


def test_an_answer_is_known_when_it_is_whole() -> None:
    found = parsed(WHOLE)

    assert found is not None
    assert (found.status, found.body) == (200, b"{}")


@pytest.mark.parametrize("length", [0, 10, len(WHOLE) - 1])
def test_a_part_of_an_answer_is_none(length: int) -> None:
    assert parsed(WHOLE[:length]) is None


def test_an_answer_without_a_length_is_an_error_and_not_waited_for() -> None:
    with pytest.raises(ValueError, match="an answer without Content-Length"):
        parsed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")


def test_a_quantile_is_one_of_the_values_in_milliseconds() -> None:
    assert quantile([0.3, 0.1, 0.2], 0.5) == 200.0
    assert quantile([0.3, 0.1, 0.2], 0.99) == 300.0
    assert math.isnan(quantile([], 0.5))


def test_a_task_of_the_load_makes_as_many_jobs_as_asked() -> None:
    given = parameters("user.bench.1/", 20)

    assert (given["nEvents"], given["nEventsPerJob"], given["taskName"]) == (20, 1, "user.bench.1/")
