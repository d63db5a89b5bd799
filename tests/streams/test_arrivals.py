"""What was read is sifted and accounted for before anybody hears it."""

from types import SimpleNamespace
from typing import Any

from streams.engine.arrivals import arrivals
from streams.engine.offset_ledger import OffsetLedger


def record(offset: int) -> Any:
    return SimpleNamespace(offset=offset)


def test_only_what_concerns_somebody_arrives_and_holds_the_commit() -> None:
    ledger = OffsetLedger()

    found = arrivals([3, record(4), 5, record(7), 8], ledger, ledger.finish)

    assert [one.message.offset for one in found] == [4, 7]
    assert ledger.committable == 4


def test_acknowledged_arrivals_let_the_commit_go_past_what_was_passed_over() -> None:
    ledger = OffsetLedger()
    found = arrivals([3, record(4), 5, record(7), 8], ledger, ledger.finish)

    found[1].ack()
    assert ledger.committable == 4
    found[0].ack()
    assert ledger.committable == 9


def test_a_fetch_that_concerns_nobody_is_done_at_once() -> None:
    ledger = OffsetLedger()

    assert arrivals([3, 4, 9], ledger, ledger.finish) == []
    assert ledger.committable == 10
