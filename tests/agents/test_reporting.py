"""Reports of workers to Culm: in their order, many in one request, none lost and none that blocks the others."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from agents.errors import Rejected, Unreachable
from agents.harvester.clock import SYSTEM_CLOCK
from agents.harvester.journal import ReportJournal
from agents.harvester.reporting import ALONE_SECONDS, REPORTS_MAX, Reporting
from agents.session import AgentSession

Body = Mapping[str, Any]
TAKEN = {"status": 200, "accepted": True, "reason": "", "message": ""}


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now

    def __getattr__(self, name: str) -> Any:
        return getattr(SYSTEM_CLOCK, name)


class Site:
    """Reporting over a session whose answers are given."""

    def __init__(self, folder: Path, answer: Callable[[str, Body], dict[str, Any]] | None = None) -> None:
        self.answer, self.asked = answer or _all_taken, list[tuple[str, list[str]]]()
        self.clock, self.journal = Clock(), ReportJournal(folder / "reports")
        self.reporting = Reporting(cast(AgentSession, self), self.journal, cast(Any, self.clock))

    def post(self, path: str, body: Body, seconds: float) -> dict[str, Any]:
        self.asked.append((path, [one["worker_id"] for one in body.get("reports", [body])]))
        return self.answer(path, body)

    def tell(self, queue: str, *worker_ids: str) -> None:
        self.reporting.tell(queue, *({"worker_id": name, "state": "running"} for name in worker_ids))

    def send_all(self) -> None:
        while self.reporting.send_oldest(0.0):
            pass

    @property
    def left(self) -> list[str]:
        return [one["body"]["worker_id"] for one in self.journal.first(1_000, 1 << 30)]


MakeSite = Callable[..., Site]


@pytest.fixture
def a_site(tmp_path: Path) -> Iterator[MakeSite]:
    made = list[Site]()

    def make(*answer: Callable[[str, Body], dict[str, Any]]) -> Site:
        made.append(Site(tmp_path, *answer))
        return made[-1]

    yield make
    for site in made:
        site.journal.close()


def _all_taken(path: str, body: Body) -> dict[str, Any]:
    return {"answers": [TAKEN] * len(body["reports"])} if path.endswith("/reports") else {"accepted": True}


def test_reports_of_one_queue_go_together_and_those_of_several_in_their_order(a_site: MakeSite) -> None:
    site = a_site()
    site.tell("A", "a1", "a2", "a3")
    site.tell("B", "b1")
    site.tell("A", "a4", "a5")

    site.send_all()

    assert site.asked == [
        ("/v1/queues/A/workers/reports", ["a1", "a2", "a3"]),
        ("/v1/queues/B/workers", ["b1"]),
        ("/v1/queues/A/workers/reports", ["a4", "a5"]),
    ]
    assert site.left == []


def test_no_request_has_more_reports_or_bytes_than_the_api_takes(a_site: MakeSite) -> None:
    site = a_site()
    site.tell("A", *(f"w{number}" for number in range(REPORTS_MAX + 50)))
    site.reporting.tell("A", *({"worker_id": f"long{number}", "diagnostic": "x" * 150_000} for number in range(3)))

    site.send_all()

    assert [len(names) for _, names in site.asked] == [REPORTS_MAX, 52, 1]


def test_a_report_without_an_answer_and_all_after_it_are_sent_again_and_those_before_it_are_not(a_site: MakeSite) -> None:
    late = {"status": 503, "detail": "report again"}
    site = a_site(lambda *_: {"answers": [TAKEN, late, TAKEN]})
    site.tell("A", "w1", "w2", "w3")

    taken = site.reporting.send_oldest(0.0)

    assert (taken, site.left) == (True, ["w2", "w3"])
    site.answer = _all_taken
    site.send_all()
    assert [names for _, names in site.asked] == [["w1", "w2", "w3"], ["w2", "w3"]]


def test_a_bad_report_and_a_refused_one_are_not_sent_again(a_site: MakeSite) -> None:
    refused = {**TAKEN, "accepted": False, "reason": "WORKER_ENDED"}
    site = a_site(lambda *_: {"answers": [refused, {"status": 400, "detail": "state: found 7"}, TAKEN]})
    site.tell("A", "w1", "w2", "w3")

    site.send_all()

    assert (len(site.asked), site.left) == (1, [])


@pytest.mark.parametrize(
    "odd", [{}, {"answers": None}, {"answers": [TAKEN]}, {"answers": [None, TAKEN]}, {"answers": [{"status": "200"}, TAKEN]}]
)
def test_an_odd_answer_takes_nothing(a_site: MakeSite, odd: dict[str, Any]) -> None:
    site = a_site(lambda *_: odd)
    site.tell("A", "w1", "w2")

    assert site.reporting.send_oldest(0.0) is False
    assert site.left == ["w1", "w2"]


def test_a_server_that_is_away_takes_nothing(a_site: MakeSite) -> None:
    def away(*_: Any) -> dict[str, Any]:
        raise Unreachable("no answer")

    site = a_site(away)
    site.tell("A", "w1", "w2")

    assert site.reporting.send_oldest(0.0) is False
    assert site.left == ["w1", "w2"]


def test_a_server_of_an_earlier_release_gets_one_report_at_a_time_and_is_asked_again_later(a_site: MakeSite) -> None:
    def older(path: str, body: Body) -> dict[str, Any]:
        if path.endswith("/reports"):
            raise Rejected("status 404: no such route", 404)
        return _all_taken(path, body)

    site = a_site(older)
    site.tell("A", "w1", "w2", "w3")
    site.send_all()
    site.clock.now += ALONE_SECONDS
    site.answer = _all_taken
    site.tell("A", "w4", "w5")
    site.send_all()

    alone = "/v1/queues/A/workers"
    assert site.asked == [
        (f"{alone}/reports", ["w1", "w2", "w3"]), (alone, ["w1"]), (alone, ["w2"]), (alone, ["w3"]),
        (f"{alone}/reports", ["w4", "w5"]),
    ]  # fmt: skip
    assert site.left == []
