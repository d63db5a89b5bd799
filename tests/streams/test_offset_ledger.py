"""How far a commit may go."""

import random

from hypothesis import given
from hypothesis import strategies as st

from streams.engine.offset_ledger import OffsetLedger


def test_nothing_is_committable_before_something_was_seen() -> None:
    assert OffsetLedger().committable is None


def test_a_commit_goes_before_the_first_open_record() -> None:
    ledger = OffsetLedger()
    for offset in (5, 6, 9, 12):
        ledger.deliver(offset)
    for offset in (6, 12):
        ledger.finish(offset)
    assert ledger.committable == 5

    ledger.finish(5)
    assert ledger.committable == 9

    ledger.finish(9)
    assert ledger.committable == 13


def test_a_record_that_comes_again_stays_done_or_open_as_it_was() -> None:
    ledger = OffsetLedger()
    ledger.deliver(5)
    ledger.deliver(6)
    ledger.finish(5)

    ledger.deliver(5)
    ledger.deliver(6)

    assert ledger.committable == 6


@given(
    offsets=st.lists(st.integers(0, 500), unique=True, min_size=1).map(sorted),
    chance=st.randoms(use_true_random=False),
    count=st.integers(0, 60),
)
def test_a_commit_never_passes_an_open_record(offsets: list[int], chance: random.Random, count: int) -> None:
    ledger = OffsetLedger()
    for offset in offsets:
        ledger.deliver(offset)
    done = set(chance.sample(offsets, min(count, len(offsets))))
    for offset in done:
        ledger.finish(offset)

    still_open = [offset for offset in offsets if offset not in done]
    assert ledger.committable == (still_open[0] if still_open else offsets[-1] + 1)
