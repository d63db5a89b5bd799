"""How far a commit may go."""

from hypothesis import given
from hypothesis import strategies as st

from streams.ledger import Ledger


def test_nothing_is_committable_before_something_is_done() -> None:
    ledger = Ledger()
    ledger.deliver(5)

    assert ledger.committable is None


def test_a_commit_goes_behind_the_last_record_before_the_first_open_one() -> None:
    ledger = Ledger()
    for offset in (5, 6, 9, 12):
        ledger.deliver(offset)
    for offset in (6, 12):
        ledger.finish(offset)
    assert ledger.committable is None

    ledger.finish(5)
    assert ledger.committable == 7

    ledger.finish(9)
    assert ledger.committable == 13


@given(
    offsets=st.lists(st.integers(0, 500), unique=True, min_size=1).map(sorted),
    order=st.randoms(use_true_random=False),
    count=st.integers(0, 60),
)
def test_a_commit_never_passes_an_open_record(offsets: list[int], order: object, count: int) -> None:
    ledger = Ledger()
    for offset in offsets:
        ledger.deliver(offset)
    shuffled = list(offsets)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    for offset in shuffled[:count]:
        ledger.finish(offset)

    done = set(shuffled[:count])
    expected = [offset for place, offset in enumerate(offsets) if set(offsets[: place + 1]) <= done]
    assert ledger.committable == (expected[-1] + 1 if expected else None)
