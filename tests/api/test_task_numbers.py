"""Ids for new tasks: blocks, and submissions without read models."""

import asyncio
from dataclasses import dataclass
from typing import Any, cast

import pytest

from api.http.errors import LogUnavailable, OutcomeUnknown, ReadModelsUnavailable
from api.log.gateway import CommandGateway
from api.log.submission import Submission, submit_task
from api.log.task_numbers import TaskNumbers
from api.queries.read_models import ReadModels
from schemas.answer import CommandAnswered
from schemas.numbers import GiveNumbers
from schemas.task_name import ClaimTaskName
from tests.api.builders import GatewayStandIn, an_answer, an_identity, run

PARAMETERS = {"taskName": "user.jdoe.t1/", "uniqueTaskName": True, "vo": "wlcg", "prodSourceLabel": "user"}


class ReadModelsAway:
    """The database is stopped."""

    async def rows(self, sql: str, parameters: Any = ()) -> Any:
        """No answer."""
        raise ReadModelsUnavailable("the read models cannot be asked now")

    async def row(self, sql: str, parameters: Any = ()) -> Any:
        """No answer."""
        raise ReadModelsUnavailable("the read models cannot be asked now")


@dataclass
class Giver:
    """A gateway whose decider gives blocks. fails: how many requests get no answer."""

    asked: int = 0
    fails: int = 0

    async def submit(self, command: GiveNumbers, *_: Any, **__: Any) -> CommandAnswered | None:
        """The next block."""
        self.asked += 1
        await asyncio.sleep(0)
        if self.asked <= self.fails:
            raise OutcomeUnknown("no answer within 1 s", "x", stands=False)
        return an_answer(numbers_from=10_000_000 + 100 * (self.asked - 1))


def numbers_of(gateway: Any) -> TaskNumbers:
    """Numbers of an API whose read models are away."""
    return TaskNumbers(cast(CommandGateway, gateway), cast(ReadModels, ReadModelsAway()))


def submit(gateway: GatewayStandIn, **changes: Any) -> Submission:
    """Submit a task while the read models are away."""

    async def under_way() -> Submission:
        parts = cast(CommandGateway, gateway), cast(ReadModels, ReadModelsAway()), numbers_of(gateway)
        return await submit_task(*parts, an_identity(), PARAMETERS, **changes)

    done: Submission = run(under_way())
    return done


def test_each_id_is_given_once_to_however_many_ask_at_once() -> None:
    giver = Giver()

    async def all_at_once() -> list[int]:
        numbers = numbers_of(giver)
        return list(await asyncio.gather(*(numbers.next(an_identity(), 1.0) for _ in range(150))))

    found = run(all_at_once())

    assert sorted(found) == list(range(10_000_000, 10_000_150))
    assert giver.asked == 2


def test_all_who_wait_learn_at_once_that_no_block_came_and_the_next_asks_again() -> None:
    giver = Giver(fails=1)

    async def all_at_once() -> tuple[list[Any], int]:
        numbers = numbers_of(giver)
        waiting = [numbers.next(an_identity(), 1.0) for _ in range(20)]
        failed = await asyncio.gather(*waiting, return_exceptions=True)
        return failed, await numbers.next(an_identity(), 1.0)

    failed, later = run(all_at_once())

    assert {type(one) for one in failed} == {LogUnavailable}
    assert (giver.asked, later) == (2, 10_000_100)


def test_a_block_with_a_number_that_a_task_has_is_given_up() -> None:
    async def after_giving_up() -> tuple[int, int]:
        numbers = numbers_of(Giver())
        first = await numbers.next(an_identity(), 1.0)
        numbers.give_up(first)
        return first, await numbers.next(an_identity(), 1.0)

    assert run(after_giving_up()) == (10_000_000, 10_000_100)


def test_a_task_is_submitted_while_the_read_models_are_away() -> None:
    done = submit(GatewayStandIn())

    assert (done.code, done.message) == (0, "succeeded. new jediTaskID=10000005")


def test_the_same_key_finds_its_task_while_the_read_models_are_away() -> None:
    def answer(command: Any, _: str) -> CommandAnswered:
        if isinstance(command, ClaimTaskName):
            return an_answer(accepted=False, reason="NAME_IN_USE", message="10000001")
        return an_answer(repeated=True)

    done = submit(GatewayStandIn(answer), command_id="7b0c5ac4-8f4e-4f2c-9df6-9d8f5e0d1a11")

    assert (done.code, done.task_id) == (0, 10_000_001)


def test_what_becomes_of_a_name_that_is_taken_is_not_known_while_the_read_models_are_away() -> None:
    def answer(command: Any, _: str) -> CommandAnswered:
        if isinstance(command, ClaimTaskName):
            return an_answer(accepted=False, reason="NAME_IN_USE", message="10000001")
        return an_answer(accepted=False, reason="ALREADY_EXISTS", message="task 10000001 exists and is done")

    with pytest.raises(ReadModelsUnavailable):
        submit(GatewayStandIn(answer))
