"""Fetches go out at once until there are many."""

from streams.engine.rate_limit import RateLimit


def test_the_first_fetches_do_not_wait() -> None:
    pace = RateLimit(interval=1.0, burst=3)

    assert [pace.wait(100.0) for _ in range(3)] == [0.0, 0.0, 0.0]


def test_many_fetches_are_one_interval_apart() -> None:
    pace = RateLimit(interval=1.0, burst=3)

    now, gone = 100.0, []
    for _ in range(6):
        now += pace.wait(now)
        gone.append(now)

    assert gone == [100.0, 100.0, 100.0, 101.0, 102.0, 103.0]


def test_a_calm_gives_the_reserve_back_and_no_more() -> None:
    pace = RateLimit(interval=1.0, burst=3)
    for _ in range(3):
        pace.wait(100.0)

    assert pace.wait(101.5) == 0.0
    assert [pace.wait(1000.0) for _ in range(4)] == [0.0, 0.0, 0.0, 1.0]
