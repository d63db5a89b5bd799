"""Culm says in plain sentences what is wrong with it, and nothing when all is well."""

from datetime import datetime

import pytest

from api.http.stored import stored_json
from api.log.condition import FollowerProgress, sentences
from api.queries.set_aside import Standing
from process.supervised import restarts_since

WELL = [{"name": "decider", "state": "running", "restarts_lately": 0}]
LOG = """ 41
2026-11-29 11:00:00,100 INFO spawned: 'decider' with pid 50
2026-11-29 11:00:00,200 INFO spawned: 'api' with pid 51
2026-11-29 11:10:00,000 WARN exited: decider (exit status 1; not expected)
2026-11-29 11:10:01,000 INFO spawned: 'decider' with pid 60
2026-11-29 11:14:00,000 INFO spawned: 'decider' with pid 61
2026-11-29 11:14:30,000 INFO spawned: 'decider' with pid 62
"""


def test_nothing_is_said_when_all_is_well() -> None:
    assert sentences(WELL, {}, [], Standing()) == ()


def test_a_process_that_dies_again_and_again_is_named() -> None:
    restarted = [{"name": "decider", "state": "running", "restarts_lately": 3}]
    once = [{"name": "decider", "state": "running", "restarts_lately": 1}]

    assert sentences(restarted, {}, [], Standing()) == ("Process decider was restarted 3 times in the last 5 minutes.",)
    assert sentences(once, {}, [], Standing()) == ()


def test_a_process_that_does_not_run_is_named() -> None:
    dead = [{"name": "timers", "state": "backoff", "restarts_lately": 0}]

    assert sentences(dead, {}, [], Standing()) == ("Process timers does not run (state backoff).",)


def test_a_partition_that_stands_still_is_named() -> None:
    stopped = [{"topic": "culm.job.events.v1", "partition": 3, "log_offset": 17, "kind": "gone"}]

    assert sentences(WELL, {}, stopped, Standing()) == (
        "Partition culm.job.events.v1/3 stands still at offset 17 (gone); nothing behind it reaches the read models.",
    )


def test_of_what_is_set_aside_anyone_sees_how_much_and_not_which() -> None:
    aside = Standing({"dataset": 1, "task": 1_002}, 5)

    assert sentences(WELL, {}, [], aside) == (
        "Set aside, with rows as of an earlier event: dataset 1, task 1,002. Operators find which at /v1/health/details.",
        "5 records of event topics could not be read, belong to no aggregate and were passed over.",
    )


def test_a_follower_that_does_not_move_while_records_wait_is_stuck() -> None:
    progress = FollowerProgress()

    at_first = progress.stuck({"projector": (100, 5000)}, 0.0)
    later = progress.stuck({"projector": (300, 5000)}, 45.0)
    moved = progress.stuck({"projector": (300, 5001)}, 60.0)

    assert (at_first, later, moved) == ({}, {"projector": (300, 45.0)}, {})
    assert sentences(WELL, later, [], Standing()) == ("Process projector has handled nothing for 45 s while 300 records wait.",)


@pytest.mark.parametrize("behind", [0, None])
def test_a_follower_with_nothing_to_do_is_not_stuck(behind: int | None) -> None:
    progress = FollowerProgress()
    progress.stuck({"projector": (7, 5000)}, 0.0)
    progress.stuck({"projector": (behind, 5000)}, 10.0)

    assert progress.stuck({"projector": (7, 5000)}, 100.0) == {}


def test_restarts_are_counted_from_the_supervisors_log_and_the_first_start_is_none() -> None:
    assert restarts_since(LOG, datetime.fromisoformat("2026-11-29 11:00:00")) == {"decider": 3}
    assert restarts_since(LOG, datetime.fromisoformat("2026-11-29 11:13:59")) == {"decider": 2}
    assert restarts_since(LOG, datetime.fromisoformat("2026-11-29 12:00:00")) == {}


@pytest.mark.parametrize(
    ("text", "document"),
    [
        ('{"a": 1}', {"a": 1}),
        ('{"a": NaN, "b": [-Infinity]}', {"a": None, "b": [None]}),
        ('{"a": "\\ud800x"}', {"a": "?x"}),
        ("[1e400]", {"unreadable": "[1e400]"}),
        ("[" * 100_000, {"unreadable": "[" * 500}),
        ("", {"unreadable": ""}),
    ],
    ids=["sound", "no numbers", "surrogate", "too large", "too deep", "empty"],
)
def test_stored_json_of_any_age_can_be_sent_on(text: str, document: object) -> None:
    assert stored_json(text) == document
