"""Timelines of jobs and tasks as bars, with waits named and what decided the end; jobs side by side."""

from typing import Any, cast

import pytest

from api.http.errors import BadRequest, NotFound
from api.monitor.counting import Counts
from api.monitor.page import PageView
from api.monitor.pages import compare
from api.monitor.pages.compare import compared, numbers_in
from api.monitor.pages.task_timeline import as_data, made_of
from api.monitor.pages.waterfall import Bar, bars_of_job, chain_of, seconds_of
from api.monitor.rendering import Renderer, environment
from api.queries.read_models import ReadModels
from tests.api.builders import ReadModelsStandIn, an_identity, run

NOW, SECOND = 1_800_000_000_000_000, 1_000_000
HOSTILE = "<script>alert(1)</script>"
NOTHING = cast(Any, None)
ABOUT = {"identity": an_identity(), "position": 1, "is_past": False, "live": "/monitor/live", "may_operate": False}


def events(*named: tuple[str, int]) -> list[dict[str, Any]]:
    """Events at so many seconds before now."""
    return [{"event_type": name, "at": NOW - ago * SECOND} for name, ago in named]


def lengths(bars: list[Bar]) -> list[tuple[str, int, bool]]:
    """Name, seconds, and whether it waits."""
    return [(one.name, one.lasted // SECOND, one.waits) for one in bars]


RUN = events(
    ("JobDefined", 100), ("JobActivated", 99), ("JobSent", 60), ("JobStarting", 58), ("JobStarted", 50), ("JobFinished", 10)
)  # fmt: skip


def test_the_life_of_a_job_is_covered_without_a_hole() -> None:
    bars = bars_of_job(RUN, None, NOW)

    assert lengths(bars) == [
        ("queued", 1, True), ("waits for a pilot", 39, True), ("pilot prepares", 10, False), ("runs", 40, False),
    ]  # fmt: skip
    assert [one.until for one in bars[:-1]] == [one.since for one in bars[1:]]
    assert bars[-1].until == NOW - 10 * SECOND


def test_a_run_is_cut_into_what_its_pilot_measured_and_what_it_did_not_measure_is_named() -> None:
    # getjob, stage-in, payload, stage-out, initial setup, payload setup
    bars = bars_of_job(RUN, "1|5|20|3|2|0", NOW)

    assert lengths(bars)[3:] == [
        ("initial setup", 2, False), ("stage-in", 5, False), ("payload", 20, False), ("stage-out", 3, False),
        ("not accounted for", 10, True),
    ]  # fmt: skip


@pytest.mark.parametrize("timing", [None, "", "1|2", "1|5|200|3|2|0", "1|5|x|3|2|0", "1|5|-1|3|2|0", "0|0|0|0|0|0"])
def test_what_a_pilot_measured_is_left_out_when_it_does_not_fit(timing: str | None) -> None:
    assert lengths(bars_of_job(RUN, timing, NOW))[-1] == ("runs", 40, False)


def test_a_job_that_came_back_waits_again_and_the_last_bar_goes_on() -> None:
    bars = bars_of_job(events(("JobDefined", 50), ("JobSent", 40), ("JobReturned", 30), ("JobSent", 20)), None, NOW)

    assert lengths(bars) == [
        ("queued", 10, True), ("pilot prepares", 10, False), ("waits for a pilot", 10, True), ("pilot prepares", 20, False),
    ]  # fmt: skip
    assert bars[-1].until is None
    assert bars_of_job([], None, NOW) == []


def test_six_whole_numbers_are_a_timing() -> None:
    assert seconds_of("1|2|3|4|5|6") == {
        "getjob": 1, "stage-in": 2, "payload": 3, "stage-out": 4, "initial setup": 5, "payload setup": 6,
    }  # fmt: skip
    assert seconds_of("1|2|3|4|5|9999999999") is None


def job(number: int, sent: int | None, ended: int | None, **more: Any) -> dict[str, Any]:
    """A job that got a pilot and ended so many seconds before now."""
    times = {name: None if ago is None else NOW - ago * SECOND for name, ago in (("sent_at", sent), ("ended_at", ended))}
    facts = {"job_id": number, "kind": "NORMAL", "attempt": 1, "status": "finished", "created_at": NOW - 90 * SECOND}
    return {**facts, **times, **more}


def test_the_jobs_that_waited_for_each_other_decide_the_end_with_the_waits_between_them() -> None:
    chain = [job(1, 80, 60, status="failed"), job(2, 40, 20, attempt=2)]

    bars = chain_of(chain, NOW - 90 * SECOND, NOW)

    assert lengths(bars) == [("job 1", 10, True), ("job 1", 20, False), ("job 2", 20, True), ("job 2", 20, False)]
    assert [one.meaning for one in bars[1:3]] == [
        "attempt 1: in its pilot's hands, failed", "attempt 2: made, and not yet taken by a pilot",
    ]  # fmt: skip
    assert bars[1].path == "/job/1/"


def test_a_job_without_a_pilot_waits_until_now() -> None:
    bars = chain_of([job(1, None, None, status="activated")], NOW - 90 * SECOND, NOW)

    assert lengths(bars) == [("job 1", 90, True)]
    assert bars[0].until is None


def test_the_timeline_of_a_task_names_its_gaps_and_what_decided_its_end() -> None:
    happened = events(
        ("TaskSubmitted", 100), ("TaskRefined", 98), ("JobsOrdered", 95), ("JobsGenerated", 90), ("TaskPaused", 58),
        ("TaskResumed", 45), ("TaskFinalized", 10),
    )  # fmt: skip
    first = {"kind": "NORMAL", "attempt": 1, "count": 1200, "failed": 7, "since": NOW - 80 * SECOND, "until": NOW - 60 * SECOND}
    steps = [first, {**first, "attempt": 2, "count": 7, "failed": 0, "since": NOW - 40 * SECOND, "until": NOW - 20 * SECOND}]
    idle = [{"since": NOW - 60 * SECOND, "until": NOW - 40 * SECOND}]
    chain = [job(1, 80, 60, status="failed"), job(2, 40, 20, attempt=2)]

    bars = made_of(happened, steps, idle, chain, NOW)
    drawn = as_data(bars, NOW)

    assert [one.name for one in bars] == [
        "reads its parameters", "collects its input", "is placed on queues", "job 1", "run", "job 1", "job 2", "paused",
        "run, attempt 2", "job 2", "settles",
    ]  # fmt: skip
    assert next(one.meaning for one in bars if one.name == "run") == "1,200 jobs, 7 of them failed"
    assert next(one.lasted for one in bars if one.name == "paused") == 13 * SECOND
    assert (drawn["lasted"], drawn["waited"], drawn["decided"]) == (90 * SECOND, 30 * SECOND, True)
    assert (drawn["bars"][0]["x"], drawn["bars"][0]["width"]) == (0.0, 22.2)


def test_a_gap_that_no_chain_names_stays_and_an_open_task_settles_so_far() -> None:
    bars = made_of([], [], [{"since": NOW - 9 * SECOND, "until": NOW - 5 * SECOND}], [job(1, 80, 3)], NOW)

    assert [(one.name, one.until is None) for one in bars] == [
        ("job 1", False), ("job 1", False), ("idle", False), ("settles", True),
    ]  # fmt: skip
    assert as_data([], NOW)["bars"] == []


def test_a_waterfall_says_in_words_what_waits_and_what_decides() -> None:
    drawn = as_data(chain_of([job(1, 80, 60)], NOW - 90 * SECOND, NOW), NOW)

    html = environment().from_string("{{ waterfall_of(drawn, 'Timeline') }}").render(drawn=drawn)

    assert "(waits)" in html
    assert 'href="/job/1/"' in html
    assert '<rect class="waits"' in html
    assert "10 s of it were waits" in html


SPEC = {"inputs": [{"lfn": HOSTILE, "size_bytes": 5}], "transformation": "http://x/runGen", "release": ""}
ROW: dict[str, Any] = {
    **dict.fromkeys(("pilot", "worker_id", "harvester_id", "exit_code", "activated_at", "sent_at", "started_at", "ended_at")),
    "job_id": 1, "task_id": 5, "status": "finished", "attempt": 2, "errors": [], "queue": "CERN", "node": "n1", "core_count": 1,
    "ram_mb_min": 2000, "priority": 1, "share": "s", "resource_type": "SCORE", "spec": SPEC, "usage": {"rss_kb_max": 2_048_000},
}  # fmt: skip


def test_jobs_stand_side_by_side_with_what_differs_first() -> None:
    failed = ROW | {"job_id": 2, "status": "failed", "attempt": 1, "queue": "FZK", "started_at": NOW - 9 * SECOND,
                    "ended_at": NOW, "errors": [{"source": "pilot", "code": 1212, "diagnostic": HOSTILE}],
                    "usage": None}  # fmt: skip

    found = compared([failed, ROW])

    differ = {row["name"]: row["values"] for row in found["differ"]}
    assert differ == {
        "status": ["failed", "finished"], "attempt": [1, 2], "first error": [f"pilot:1212 {HOSTILE}", None],
        "queue": ["FZK", "CERN"],
        "memory used, MB": [None, 2000], "ran, lasted": [9 * SECOND, None], "began at": [NOW - 9 * SECOND, None],
        "ended at": [NOW, None],
    }  # fmt: skip
    same = {row["name"]: row["values"][0] for row in found["same"]}
    assert same["input"] == HOSTILE
    assert same["input bytes"] == 5
    assert "software" not in same


def looked(pandaid: str, rows: list[dict[str, Any]]) -> str:
    read_models = cast(ReadModels, ReadModelsStandIn({"select * from job": rows}))
    view = PageView(
        an_identity(), "/compare/", {}, {"pandaid": pandaid}, read_models, NOTHING, NOTHING, Counts(), NOTHING, NOW
    )
    data = run(compare.load(view))
    html = Renderer().page(compare.PAGE, view, data, ABOUT)
    assert [one for one in Renderer().regions(compare.PAGE, view, data).values() if one.strip() not in html] == []
    return html


def test_compared_jobs_are_shown_as_text() -> None:
    html = looked("1|2", [ROW])

    assert HOSTILE not in html
    assert "What differs" in html
    assert "Type the ids" in looked("", [])


def test_a_job_of_another_organisation_is_not_compared() -> None:
    with pytest.raises(NotFound, match="no job 1 in wlcg"):
        looked("1|2", [])


@pytest.mark.parametrize("text", ["1|x", "1|2|3|4|5|6|7", "-1", "1|99999999999999999999", "a\0b", HOSTILE])
def test_what_is_no_list_of_a_few_ids_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match="pandaid: found"):
        numbers_in(text)


def test_an_id_that_is_named_twice_is_compared_once() -> None:
    assert numbers_in(" 7|8, 7 |") == [7, 8]
