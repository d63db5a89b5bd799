"""Many reports of workers in one request: each has its own answer, and a bad one hurts itself alone."""

import gzip
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from api.http.errors import LogUnavailable
from api.native import worker_reports
from api.native.worker_reports import BYTES_MAX, REPORTS_MAX
from tests.api.builders import an_answer
from tests.identity.test_agent_tokens import WORKER, Site

HARVESTER = replace(WORKER, worker_id="")
MANY = "/v1/queues/LOCAL/workers/reports"


def a_site(home: Path, answer: Any = None) -> Site:
    """An API of these routes alone, which is made in no time."""
    return Site(home, answer, only=[worker_reports.build_router])


def where(worker_id: str, state: str = "running", **more: Any) -> dict[str, Any]:
    """A report."""
    return {"worker_id": worker_id, "harvester_id": "h", "state": state, **more}


def statuses(site: Site, *reports: Any) -> list[int]:
    """Of the answers."""
    answer = site.post(site.worker(HARVESTER), MANY, {"reports": reports})
    assert answer.status_code == 200, answer.text
    return [one["status"] for one in answer.json()["answers"]]


def test_each_report_is_a_command_in_its_order_and_has_the_answer_of_the_decider(api_home: Path) -> None:
    said = {"w2": an_answer(accepted=False, reason="WORKER_ENDED", message="w2 ended already")}
    site = a_site(api_home, lambda command, _: said.get(command.worker_id, an_answer()))

    answers = site.post(
        site.worker(HARVESTER), MANY, {"reports": [where("w1", "submitted"), where("w2"), where("w1")]}
    ).json()["answers"]

    assert [(one["status"], one["accepted"], one["reason"]) for one in answers] == [
        (200, True, None), (200, False, "WORKER_ENDED"), (200, True, None),
    ]  # fmt: skip
    assert [(command.worker_id, command.state.value, queue) for command, queue in site.gateway.sent] == [
        ("w1", "SUBMITTED", "LOCAL"), ("w2", "RUNNING", "LOCAL"), ("w1", "RUNNING", "LOCAL"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "bad", [where("w1", "no state"), {}, "text", None, [], 7, where("w1", exit_code="0"), where("w1", unknown=1), where("")]
)
def test_a_bad_report_hurts_itself_alone(api_home: Path, bad: Any) -> None:
    site = a_site(api_home)

    assert statuses(site, where("w1"), bad, where("w3")) == [200, 400, 200]
    assert [command.worker_id for command, _ in site.gateway.sent] == ["w1", "w3"]


def test_a_worker_reports_itself_alone_and_what_it_says_of_others_is_on_record(api_home: Path) -> None:
    site = a_site(api_home)

    answers = site.post(site.worker(), MANY, {"reports": [where("w2"), where("w1")]}).json()["answers"]

    assert [one["status"] for one in answers] == [403, 200]
    assert [command.worker_id for command, _ in site.gateway.sent] == ["w1"]
    assert site.rules() == [("worker", WORKER.subject)]


def test_nothing_is_sent_after_a_report_that_did_not_reach_the_log(api_home: Path) -> None:
    def answer(command: Any, _: str) -> Any:
        if command.worker_id == "w2":
            raise LogUnavailable("the log does not answer")
        return an_answer()

    site = a_site(api_home, answer)

    assert statuses(site, where("w1"), where("w2"), where("w3")) == [200, 503, 503]
    assert [command.worker_id for command, _ in site.gateway.sent] == ["w1", "w2"]


def test_an_answer_that_did_not_come_in_time_costs_the_others_nothing(api_home: Path) -> None:
    site = a_site(api_home, lambda command, _: None if command.worker_id == "w1" else an_answer())

    assert statuses(site, where("w1"), where("w2")) == [503, 200]


@pytest.mark.parametrize("found", [None, [], {}, "text", [where("w")] * (REPORTS_MAX + 1)])
def test_too_many_reports_none_and_what_is_no_list_are_refused_whole(api_home: Path, found: Any) -> None:
    site = a_site(api_home)

    answer = site.post(site.worker(HARVESTER), MANY, {"reports": found})

    assert (answer.status_code, site.gateway.sent) == (400, [])
    assert f"expected a list of 1 to {REPORTS_MAX} objects" in answer.json()["detail"]


@pytest.mark.parametrize("packed", [False, True])
def test_a_request_of_more_bytes_than_are_taken_is_refused_packed_or_not(api_home: Path, packed: bool) -> None:
    site = a_site(api_home)
    body = orjson.dumps({"reports": [where("w1", diagnostic="x" * BYTES_MAX)]})

    answer = site.post_bytes(site.worker(HARVESTER), MANY, gzip.compress(body) if packed else body)

    assert (answer.status_code, site.gateway.sent) == (413, [])
