"""Numbers: each is given once."""

from uuid import UUID

import pytest

from commands.decision import Refusal
from commands.numbers.decide import decide
from commands.numbers.model import Numbers
from schemas.numbers import GiveNumbers, NumbersGiven
from schemas.types import CommandEnvelope
from tests.commands.in_memory import START, a_culm


def test_numbers_are_given_in_blocks_from_ten_million() -> None:
    culm = a_culm()

    first = culm.send(GiveNumbers(), "task")
    second = culm.send(GiveNumbers(count=5), "task", actor="ann", vo="lsst")

    assert (first.numbers_from, second.numbers_from) == (10_000_000, 10_000_100)
    assert culm.last(NumbersGiven) == NumbersGiven(first=10_000_100, last=10_000_104)


@pytest.mark.parametrize(("after", "first"), [
    (0, 10_000_000), (10_000_042, 10_000_043), (10_999_999, 11_000_000), (11_000_000, 10_000_000), (899_999_999, 10_000_000),
])  # fmt: skip
def test_numbers_in_use_are_passed_over_unless_they_are_far_ahead(after: int, first: int) -> None:
    assert a_culm().send(GiveNumbers(after=after), "task").numbers_from == first


def test_numbers_end_where_ids_of_jobs_would_be_too_large_to_count() -> None:
    by = CommandEnvelope(
        command_id=str(UUID(int=1)),
        aggregate_id="task",
        correlation_id=str(UUID(int=1)),
        issued_at=START,
        actor="jdoe",
        vo="wlcg",
    )

    refused = decide(Numbers(899_999_950), GiveNumbers(), by)
    last = decide(Numbers(899_999_950), GiveNumbers(count=50), by)

    assert refused.refusal == Refusal("NUMBERS_EXHAUSTED", "the next number is 899,999,950, expected 100 up to 899,999,999")
    assert last.events == (NumbersGiven(first=899_999_950, last=899_999_999),)


def test_only_tasks_are_numbered_so() -> None:
    answer = a_culm().send(GiveNumbers(), "jobs")

    assert (answer.reason, answer.message) == ("UNKNOWN_NUMBERS", "numbers of jobs, expected task")
