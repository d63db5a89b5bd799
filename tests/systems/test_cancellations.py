"""Conformance of plugins: cancellation, what is left behind, and the plugin's word about itself."""

from dataclasses import replace
from pathlib import Path

import pytest

from agents.harvester.systems.contract import CancelOutcome, NativeState, NativeWorker, Submitted
from tests.systems.kit import SECRET, Ability, Adapter, Fault, Outcome, a_spec, needs, shown, submitted


def test_a_cancelled_worker_that_waited_is_over(adapter: Adapter) -> None:
    plugin = adapter.plugin()
    (tag,) = submitted(adapter, plugin)

    (outcome,) = plugin.cancel([shown(plugin.listing(), tag)])

    assert outcome is CancelOutcome.ORDERED
    adapter.settle()
    assert adapter.copies(tag) == 0


def test_a_cancelled_worker_that_ran_is_over_and_called_cancelled(adapter: Adapter) -> None:
    needs(adapter, Ability.START)
    plugin = adapter.plugin()
    (tag,) = submitted(adapter, plugin)
    adapter.start(tag)

    (outcome,) = plugin.cancel([shown(plugin.listing(), tag)])

    assert outcome is CancelOutcome.ORDERED
    adapter.settle()
    assert adapter.copies(tag) == 0
    found = [worker.state for worker in plugin.listing().workers if worker.tag == tag]
    assert found in ([NativeState.CANCELLED], [])


def test_a_held_worker_can_be_cancelled(adapter: Adapter) -> None:
    needs(adapter, Ability.HOLD)
    plugin = adapter.plugin()
    (tag,) = submitted(adapter, plugin)
    adapter.hold(tag)

    (outcome,) = plugin.cancel([shown(plugin.listing(), tag)])

    assert outcome is CancelOutcome.ORDERED
    adapter.settle()
    assert adapter.copies(tag) == 0


def test_cancelling_what_is_over_does_not_change_its_end(adapter: Adapter) -> None:
    needs(adapter, Ability.START)
    plugin = adapter.plugin()
    (tag,) = submitted(adapter, plugin)
    adapter.start(tag)
    adapter.end(tag, Outcome.FAILED)
    worker = shown(plugin.listing(), tag)

    plugin.cancel([worker])

    later = [found for found in plugin.listing().workers if found.tag == tag]
    assert later in ([worker], [])


def test_a_worker_that_is_not_there_is_gone_or_unknown_and_no_other_is_touched(adapter: Adapter) -> None:
    plugin = adapter.plugin()
    (tag,) = submitted(adapter, plugin)
    absent = NativeWorker(f"{adapter.stack}-absent", "999999", NativeState.RUNNING, "RUNNING")

    (outcome,) = plugin.cancel([absent])

    assert outcome in (CancelOutcome.GONE, CancelOutcome.UNKNOWN)
    assert adapter.copies(tag) == 1


def test_an_id_that_now_belongs_to_another_tag_cancels_nothing(adapter: Adapter) -> None:
    plugin = adapter.plugin()
    first, second = submitted(adapter, plugin, "w1", "w2")
    listing = plugin.listing()
    stale = replace(shown(listing, first), tag=f"{adapter.stack}-older", batch_id=shown(listing, second).batch_id)

    plugin.cancel([stale])

    assert (adapter.copies(first), adapter.copies(second)) == (1, 1)


def test_a_worker_of_another_stack_is_not_touched(adapter: Adapter) -> None:
    needs(adapter, Ability.FOREIGN)
    key = adapter.foreign("other-w1")
    plugin = adapter.plugin()

    (outcome,) = plugin.cancel([NativeWorker("other-w1", key, NativeState.PENDING, "PENDING")])

    assert outcome is not CancelOutcome.ORDERED
    assert adapter.foreign_lives(key)


def test_a_foreign_worker_that_bears_our_tag_is_not_touched(adapter: Adapter) -> None:
    needs(adapter, Ability.FOREIGN)
    key = adapter.foreign(f"{adapter.stack}-w1")
    plugin = adapter.plugin()

    plugin.cancel([NativeWorker(f"{adapter.stack}-w1", key, NativeState.PENDING, "PENDING")])

    assert adapter.foreign_lives(key)


def test_one_of_two_workers_with_the_same_tag_can_be_cancelled_alone(adapter: Adapter) -> None:
    plugin = adapter.plugin()
    if plugin.describe().submits_once:
        pytest.skip("the system has no two workers with one tag")
    (tag,) = submitted(adapter, plugin)
    submitted(adapter, plugin)
    one, other = (worker for worker in plugin.listing().workers if worker.tag == tag)

    plugin.cancel([one])

    adapter.settle()
    states = {worker.batch_id: worker.state for worker in plugin.listing().workers if worker.tag == tag}
    assert states.get(one.batch_id, NativeState.CANCELLED).is_end
    assert states[other.batch_id] is not NativeState.CANCELLED


@pytest.mark.parametrize("fault", [Fault.CANCEL_FAILS, Fault.CANCEL_HANGS])
def test_an_order_that_was_not_acknowledged_is_unknown(adapter: Adapter, fault: Fault) -> None:
    needs(adapter, fault)
    plugin = adapter.plugin()
    (tag,) = submitted(adapter, plugin)
    worker = shown(plugin.listing(), tag)
    adapter.inject(fault)

    (outcome,) = adapter.plugin(impatient=True).cancel([worker])

    assert outcome is CancelOutcome.UNKNOWN


def test_an_order_that_did_nothing_leaves_the_worker_in_the_next_listing(adapter: Adapter) -> None:
    needs(adapter, Fault.CANCEL_DOES_NOTHING)
    plugin = adapter.plugin()
    (tag,) = submitted(adapter, plugin)
    adapter.inject(Fault.CANCEL_DOES_NOTHING)

    plugin.cancel([shown(plugin.listing(), tag)])

    assert not shown(plugin.listing(), tag).state.is_end


def test_outcomes_of_cancellations_come_in_the_order_of_the_workers(adapter: Adapter) -> None:
    plugin = adapter.plugin()
    tags = submitted(adapter, plugin, "w1", "w2", "w3")
    listing = plugin.listing()
    orders = [shown(listing, tags[0]), NativeWorker("other-w", "5", NativeState.PENDING, "PENDING"), shown(listing, tags[2])]

    outcomes = plugin.cancel(orders)

    assert [outcome is CancelOutcome.ORDERED for outcome in outcomes] == [True, False, True]
    adapter.settle()
    assert [adapter.copies(tag) for tag in tags] == [0, 1, 0]


def test_a_cancellation_after_a_cold_restart_does_not_touch_who_has_the_id_now(adapter: Adapter) -> None:
    needs(adapter, Ability.ID_REUSE)
    adapter.restart(cold=True)
    plugin = adapter.plugin()
    (first,) = submitted(adapter, plugin, "w1")
    old = shown(plugin.listing(), first)
    adapter.restart(cold=True)
    (second,) = submitted(adapter, plugin, "w2")

    plugin.cancel([old])

    assert adapter.copies(second) == 1


def test_a_sweep_removes_what_workers_left_and_keeps_what_the_living_need(adapter: Adapter, tmp_path: Path) -> None:
    needs(adapter, Ability.FILES)
    token = tmp_path / "token"
    token.write_bytes(SECRET)
    plugin = adapter.plugin()
    over, lives = submitted(adapter, plugin, "w1", "w2", files=(token,))
    plugin.cancel([shown(plugin.listing(), over)])
    adapter.settle()

    plugin.sweep(lambda tag: tag != lives)

    assert adapter.left_behind(over) == []
    assert adapter.files(lives)["token"][1] == SECRET
    assert plugin.sweep(lambda tag: tag != lives) == 0


def test_a_sweep_touches_nothing_of_another_stack(adapter: Adapter) -> None:
    needs(adapter, Ability.FOREIGN)
    key = adapter.foreign("other-w1")

    adapter.plugin().sweep(lambda tag: True)

    assert adapter.foreign_lives(key)


def test_a_plugin_describes_itself_without_asking_the_system(adapter: Adapter) -> None:
    if Fault.LISTING_HANGS not in adapter.lacks:
        adapter.inject(Fault.LISTING_HANGS)

    about = adapter.plugin().describe()

    assert about.name
    assert about.bulk_max >= 1


def test_a_plugin_that_can_be_used_has_no_problem(adapter: Adapter) -> None:
    assert adapter.plugin().problem() == ""


def test_a_setting_that_the_plugin_does_not_know_is_its_problem_by_name(adapter: Adapter) -> None:
    assert "no_such_setting" in adapter.plugin(no_such_setting="1").problem()


def test_workers_of_one_plugin_are_cancelled_by_another(adapter: Adapter) -> None:
    (outcome,) = adapter.plugin().submit([a_spec(adapter)])
    other = adapter.plugin()

    other.cancel([shown(other.listing(), outcome.tag)])

    assert isinstance(outcome, Submitted)
    adapter.settle()
    assert adapter.copies(outcome.tag) == 0
