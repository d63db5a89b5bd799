"""What a harvester makes of answers to its questions for jobs that travel with workers."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

from agents.errors import Unreachable
from agents.harvester.binding import LATE, JobBinding
from agents.harvester.config import ServedQueue
from agents.harvester.culm_calls import BoundJob, CulmCalls, DecidersAnswer
from agents.harvester.demand import Demand, DemandPoller, WantedClass
from agents.harvester.served import QueueService

GIVEN = BoundJob(DecidersAnswer(True), {"PandaID": 7}, "l1", memory_mb=20_000)


class Poller:
    """A demand that does not change."""

    demand = Demand((WantedClass("", 1),), 1, pushes=True)


class Calls:
    """Answers with what it was given, in order."""

    def __init__(self, *answers: BoundJob | Exception) -> None:
        self.answers, self.asked = list(answers), list[str]()

    def bind(self, queue: str, epoch: int, worker: dict[str, Any]) -> BoundJob:
        """The next answer."""
        self.asked.append(worker["worker_id"])
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def bound(calls: Calls, rounds: int, submit_seconds: int = 60) -> tuple[QueueService, list[Any], list[str]]:
    """The service after so many rounds of one wanted worker, what was handed out, and what was missed and why."""
    service = QueueService(ServedQueue("Q"), cast(CulmCalls, calls), cast(DemandPoller, Poller()), 300)
    missed: list[str] = []
    found = []
    with ThreadPoolExecutor(1) as pool:
        binding = JobBinding(
            cast(CulmCalls, calls), pool, "s", submit_seconds, lambda _, worker, why: missed.append(why)
        )
        for _ in range(rounds):
            found += binding.workers(service, 1)[0]
    return service, found, missed


def test_a_question_without_an_answer_is_asked_again_for_the_same_worker() -> None:
    calls = Calls(Unreachable("away"), GIVEN)

    service, found, missed = bound(calls, 2)

    assert len(set(calls.asked)) == 1
    assert ([one.worker.worker_id for one in found], service.asked, missed) == ([calls.asked[0]], {}, [])


def test_a_job_that_came_after_its_time_is_reported_missed_and_not_handed_out() -> None:
    _, found, missed = bound(Calls(GIVEN), 1, submit_seconds=0)

    assert (found, missed) == ([], [LATE])


def test_a_job_that_cannot_be_given_is_reported_missed() -> None:
    _, found, missed = bound(Calls(BoundJob(DecidersAnswer(True), None, "l1")), 1)

    assert (found, missed) == ([], ["its job cannot be given to it"])


@pytest.mark.parametrize("reason", ["NO_JOBS", "NOT_NOW", "NOT_PUSHED"])
def test_a_refused_question_is_not_asked_again_at_once(reason: str) -> None:
    calls = Calls(BoundJob(DecidersAnswer(False, reason)), GIVEN)

    service, found, missed = bound(calls, 2)

    assert (len(calls.asked), found, missed, service.may_ask, service.asked) == (1, [], [], False, {})
