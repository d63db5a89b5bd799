"""A question that costs too much ends as a refusal, holds its connection once, and a value of a request stays a value."""

from typing import Any

import psycopg2
import pytest

from api.http.errors import ApiError, BadRequest, ReadModelsUnavailable
from api.queries.comparisons import containing, with_stars
from api.queries.read_models import Parameters, ReadModels
from tests.api.builders import run


class Failing(ReadModels):
    """Every question meets `problem`; `asked` counts them."""

    def __init__(self, problem: Exception) -> None:
        super().__init__("postgresql://nowhere", connections=1)
        self.problem = problem
        self.asked = 0

    def _ask(self, sql: str, parameters: Parameters, *, fresh: bool) -> list[dict[str, Any]]:
        self.asked += 1
        raise self.problem


@pytest.mark.parametrize(
    ("problem", "refusal", "said"),
    [
        (
            psycopg2.errors.QueryCanceled("canceling statement due to statement timeout"),
            ReadModelsUnavailable,
            "the database did not find the answer within 30 s",
        ),
        (
            psycopg2.errors.InternalError_("invalid memory alloc request size 2500887528\n"),
            BadRequest,
            "the request asks too much of the database: invalid memory alloc request size 2500887528",
        ),
        (
            psycopg2.errors.StatementTooComplex("stack depth limit exceeded\nHINT: none"),
            BadRequest,
            "the request asks too much of the database: stack depth limit exceeded",
        ),
    ],
    ids=lambda given: type(given).__name__,
)
def test_a_question_that_costs_too_much_is_asked_once_and_refused(
    problem: Exception, refusal: type[ApiError], said: str
) -> None:
    read_models = Failing(problem)

    with pytest.raises(refusal) as refused:
        run(read_models.rows("select 1"))
    read_models.close()

    assert (read_models.asked, refused.value.detail) == (1, said)


def test_a_lost_connection_is_replaced_once() -> None:
    read_models = Failing(psycopg2.OperationalError("server closed the connection unexpectedly"))

    with pytest.raises(ReadModelsUnavailable, match="the read models cannot be asked now"):
        run(read_models.rows("select 1"))
    read_models.close()

    assert read_models.asked == 2


def test_a_text_is_looked_for_as_it_is() -> None:
    assert containing("50%_a\\") == "%50\\%\\_a\\\\%"
    assert containing("a*b") == "%a*b%"
    assert containing(None) is None
    assert with_stars("a*_b*") == "a%\\_b%"


def test_a_text_longer_than_any_name_is_refused() -> None:
    with pytest.raises(BadRequest, match="has 2001 characters, expected at most 2000"):
        containing("%" * 2_001)
