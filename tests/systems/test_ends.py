"""Conformance of plugins: states of workers and how their ends are kept apart, also after the system forgot them."""

import pytest

from agents.harvester.systems.contract import REASON_LENGTH_MAX, NativeState, NativeWorker
from tests.systems.kit import HOSTILE, STATE_OF, Ability, Adapter, Outcome, needs, shown, submitted


def test_a_running_worker_is_shown_with_its_node(adapter: Adapter) -> None:
    needs(adapter, Ability.START)
    plugin = adapter.plugin()
    (tag,) = submitted(adapter, plugin)

    adapter.start(tag)

    worker = shown(plugin.listing(), tag)
    assert worker.state is NativeState.RUNNING
    assert worker.node


def ended(adapter: Adapter, outcome: Outcome) -> NativeWorker:
    """A worker that ran and ended so, as the plugin shows it."""
    needs(adapter, Ability.START, outcome)
    plugin = adapter.plugin()
    (tag,) = submitted(adapter, plugin)
    adapter.start(tag)
    adapter.end(tag, outcome)
    return shown(plugin.listing(), tag)


@pytest.mark.parametrize("outcome", Outcome)
def test_each_end_is_kept_apart(adapter: Adapter, outcome: Outcome) -> None:
    worker = ended(adapter, outcome)

    assert worker.state is STATE_OF[outcome]
    assert worker.state.is_end
    assert worker.native_state


@pytest.mark.parametrize("outcome", Outcome)
def test_each_end_is_kept_apart_after_the_system_forgot_the_worker(adapter: Adapter, outcome: Outcome) -> None:
    needs(adapter, Ability.START, Ability.FORGET, outcome)
    plugin = adapter.plugin()
    (tag,) = submitted(adapter, plugin)
    adapter.start(tag)
    adapter.end(tag, outcome)

    adapter.forget(tag)

    assert shown(plugin.listing(), tag).state is STATE_OF[outcome]


def test_an_exit_code_is_shown_as_it_was(adapter: Adapter) -> None:
    assert ended(adapter, Outcome.FAILED).exit_code == 7


def test_a_worker_that_finished_has_exit_code_0_and_no_signal(adapter: Adapter) -> None:
    worker = ended(adapter, Outcome.FINISHED)

    assert (worker.exit_code, worker.signal) == (0, None)


def test_a_signal_is_shown_as_such_or_as_the_shells_exit_code(adapter: Adapter) -> None:
    worker = ended(adapter, Outcome.SIGNALLED)

    assert (worker.exit_code, worker.signal) in ((None, 11), (139, None))


def test_an_end_is_the_same_in_each_later_listing(adapter: Adapter) -> None:
    first = ended(adapter, Outcome.FAILED)

    assert shown(adapter.plugin().listing(), first.tag) == first


def test_a_held_worker_is_held_with_the_reason_and_not_over(adapter: Adapter) -> None:
    needs(adapter, Ability.HOLD)
    plugin = adapter.plugin()
    (tag,) = submitted(adapter, plugin)

    adapter.hold(tag)

    worker = shown(plugin.listing(), tag)
    assert worker.state is NativeState.HELD
    assert worker.reason


def test_a_hostile_reason_is_bounded_and_hurts_no_one_else(adapter: Adapter) -> None:
    needs(adapter, Ability.HOLD, Ability.REASON)
    plugin = adapter.plugin()
    hurt, other = submitted(adapter, plugin, "w1", "w2")

    adapter.hold(hurt, f"{HOSTILE} {'x' * 5000}")

    listing = plugin.listing()
    assert shown(listing, hurt).state is NativeState.HELD
    assert 0 < len(shown(listing, hurt).reason) <= REASON_LENGTH_MAX
    assert shown(listing, other).state in (NativeState.PENDING, NativeState.RUNNING)


def test_a_requeued_worker_waits_again(adapter: Adapter) -> None:
    needs(adapter, Ability.START, Ability.REQUEUE)
    plugin = adapter.plugin()
    (tag,) = submitted(adapter, plugin)
    adapter.start(tag)

    adapter.requeue(tag)

    worker = shown(plugin.listing(), tag)
    assert worker.state is NativeState.PENDING
    assert worker.exit_code is None


def test_a_worker_that_an_administrator_cancelled_while_it_waited_is_cancelled(adapter: Adapter) -> None:
    needs(adapter, Outcome.CANCELLED)
    plugin = adapter.plugin()
    (tag,) = submitted(adapter, plugin)

    adapter.end(tag, Outcome.CANCELLED)

    assert shown(plugin.listing(), tag).state is NativeState.CANCELLED


def test_one_of_many_that_ended_does_not_change_the_others(adapter: Adapter) -> None:
    needs(adapter, Ability.START)
    plugin = adapter.plugin()
    over, lives = submitted(adapter, plugin, "w1", "w2")
    adapter.start(over)
    adapter.start(lives)

    adapter.end(over, Outcome.FAILED)

    listing = plugin.listing()
    assert shown(listing, over).state is NativeState.FAILED
    assert shown(listing, lives).state is NativeState.RUNNING
