"""Rates of callers: each has its own, and what is kept of all of them is bounded."""

import pytest
from limits import RateLimitItemPerMinute

from api.login import rates
from api.login.rates import CallerRates

TWICE = RateLimitItemPerMinute(2)


def test_a_caller_beyond_the_limit_is_refused_and_others_are_not() -> None:
    found = CallerRates()

    assert [found.hit(TWICE, "login", "10.0.0.1") for _ in range(3)] == [True, True, False]
    assert found.hit(TWICE, "login", "10.0.0.2")
    assert found.hit(TWICE, "device", "10.0.0.1")


def test_callers_are_kept_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "CALLERS_MAX", 100)
    found, most = CallerRates(), 0

    for number in range(1_000):
        assert found.hit(TWICE, "login", f"2001:db8::{number:x}")
        most = max(most, found.callers)

    assert most == 100


def test_callers_without_hits_leave_before_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "CALLERS_MAX", 3)
    found = CallerRates()
    for caller in ("a", "b", "b", "c"):
        assert found.hit(TWICE, "login", caller)
    # What the library leaves of a caller whose hits are a minute old.
    found._storage.events[next(key for key in found._storage.events if "/a/" in key)].clear()

    assert found.hit(TWICE, "login", "d")

    assert found.callers == 3
    assert not found.hit(TWICE, "login", "b")
