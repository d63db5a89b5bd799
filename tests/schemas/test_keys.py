"""A message stands under a key that an aggregate of its kind can have, and under its own where it names one."""

from typing import Any

import pytest

from schemas.keys import key_problems
from schemas.queue import HoldTask
from schemas.task import KillTask, SubmitTask
from schemas.worker import WantWorkers

SUBMISSION = SubmitTask(task_id=5, name="n", user_name="u", label="user", priority=1, parameters_json="{}")


@pytest.mark.parametrize(
    ("message", "key", "problem"),
    [
        (KillTask(), "abc", "aggregate_id: found 'abc', expected a task id, 1 to 900,000,000,000"),
        (KillTask(), "0", "aggregate_id: found '0', expected a task id, 1 to 900,000,000,000"),
        (KillTask(), "05", "aggregate_id: found '05', expected a task id, 1 to 900,000,000,000"),
        (KillTask(), "", "aggregate_id: found '', expected a task id, 1 to 900,000,000,000"),
        (KillTask(), "٣", "aggregate_id: found '\\u0663', expected a task id, 1 to 900,000,000,000"),
        (SUBMISSION, "6", "aggregate_id: found '6', expected '5', as the message says"),
    ],
)
def test_a_key_that_readers_could_not_take_is_named(message: Any, key: str, problem: str) -> None:
    assert [str(found) for found in key_problems(message, key)] == [problem]


@pytest.mark.parametrize("key", ["A B", "a/b", "x" * 129])
def test_a_queue_has_a_word_for_its_key(key: str) -> None:
    assert [len(key_problems(one, key)) for one in (HoldTask(task_id=1), WantWorkers(wanted=1))] == [1, 1]


def test_a_message_under_its_own_key_has_no_problem() -> None:
    assert (key_problems(SUBMISSION, "5"), key_problems(HoldTask(task_id=1), "CERN-PROD")) == ((), ())
