"""An hour of bursts costs few pilot seconds without payload, and a fixed number of pilots many."""

import pytest

from tests.doses import dose
from tests.load.bursty_hour import Replay, bursty_arrivals


@pytest.mark.parametrize("seed", [1, 2, 3][: dose(3, fast=1)])
def test_less_than_three_hundredths_of_the_pilots_time_is_wasted_in_a_bursty_hour(seed: int) -> None:
    arrivals = bursty_arrivals(seed)

    hour = Replay(arrivals).run()

    assert hour.busy == sum(one.run_seconds for one in arrivals)
    assert len(hour.waits) == len(arrivals)
    assert hour.waste < 0.03


def test_a_fixed_number_with_which_jobs_wait_as_long_wastes_a_third() -> None:
    arrivals = bursty_arrivals(1)

    hour = Replay(arrivals, fixed=146).run()

    assert hour.busy == sum(one.run_seconds for one in arrivals)
    assert round(hour.mean_wait_seconds, 1) == 9.5
    assert 0.33 < hour.waste < 0.4


def test_standing_by_is_paid_for_and_counted() -> None:
    hour = Replay(bursty_arrivals(1)[:1], standby=3).run()

    # Three pilots at all times but for the five seconds in which each new one starts.
    assert 0.9 < hour.waste < 1.0
