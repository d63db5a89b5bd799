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


def test_only_tasks_and_requests_are_numbered_so() -> None:
    answer = a_culm().send(GiveNumbers(), "jobs")

    assert (answer.reason, answer.message) == ("UNKNOWN_NUMBERS", "numbers of jobs, expected task or request")


def test_requests_are_numbered_from_one_and_stay_below_the_tasks() -> None:
    culm = a_culm()

    first = culm.send(GiveNumbers(count=2), "request")
    second = culm.send(GiveNumbers(count=2), "request")
    task = culm.send(GiveNumbers(count=2), "task")

    assert (first.numbers_from, second.numbers_from, task.numbers_from) == (1, 3, 10_000_000)


def test_numbers_of_requests_end_before_those_of_tasks_and_do_not_begin_again() -> None:
    culm = a_culm()
    for after in range(999_999, 9_000_000, 999_999):
        culm.send(GiveNumbers(count=1, after=after), "request")
    last = culm.send(GiveNumbers(count=1000, after=9_998_997), "request")

    beyond = culm.send(GiveNumbers(count=1), "request")

    assert last.numbers_from == 9_998_998
    assert culm.last(NumbersGiven) == NumbersGiven(first=9_999_998, last=9_999_998)
    assert beyond.numbers_from == 9_999_998
    assert culm.send(GiveNumbers(count=1), "request").reason == "NUMBERS_EXHAUSTED"
