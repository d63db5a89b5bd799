"""Conformance of plugins: which listings prove something, and whose workers they show."""

import threading
import time

import pytest

from agents.harvester.systems.contract import Listing, NativeState, Submitted
from tests.systems.kit import HOSTILE, Ability, Adapter, Fault, a_spec, needs, shown, submitted

#: The listing under each of these proves nothing.
PROVES_NOTHING = (
    Fault.LISTING_FAILS,
    Fault.LISTING_FAILS_POLITELY,
    Fault.LISTING_CUT,
    Fault.LISTING_KILLED,
    Fault.LISTING_EMPTY_WHILE_RESTARTING,
    Fault.LISTING_NOISE,
    Fault.LISTING_UNREACHABLE,
)


def test_an_empty_system_has_a_complete_listing_without_workers(adapter: Adapter) -> None:
    listing = adapter.plugin().listing()

    assert listing.complete, listing.problem
    assert listing.workers == ()


@pytest.mark.parametrize("fault", PROVES_NOTHING)
def test_a_listing_that_is_not_whole_is_incomplete_and_says_why(adapter: Adapter, fault: Fault) -> None:
    needs(adapter, fault)
    plugin = adapter.plugin()
    submitted(adapter, plugin, "w1", "w2", "w3")
    adapter.inject(fault)

    listing = plugin.listing()

    assert not listing.complete
    assert listing.problem.isprintable()
    assert 0 < len(listing.problem) <= 1100


@pytest.mark.parametrize("fault", [Fault.LISTING_HANGS, Fault.LISTING_ENDLESS])
def test_a_listing_without_an_end_is_given_up_and_incomplete(adapter: Adapter, fault: Fault) -> None:
    needs(adapter, fault)
    submitted(adapter, adapter.plugin())
    adapter.inject(fault)

    listing = adapter.plugin(impatient=True).listing()

    assert not listing.complete
    assert listing.problem


@pytest.mark.parametrize("fault", [Fault.LISTING_FAILS, Fault.LISTING_CUT, Fault.LISTING_UNREACHABLE])
def test_the_listing_after_a_fault_is_complete_again(adapter: Adapter, fault: Fault) -> None:
    needs(adapter, fault)
    plugin = adapter.plugin()
    (tag,) = submitted(adapter, plugin)
    adapter.inject(fault)
    plugin.listing()
    adapter.heal()

    assert shown(plugin.listing(), tag).tag == tag


def test_a_listing_says_when_it_began_by_this_hosts_clock(adapter: Adapter) -> None:
    before = time.time()

    listing = adapter.plugin().listing()

    assert before <= listing.began_at <= time.time()


def test_a_listing_that_arrives_late_began_before_the_system_made_it(adapter: Adapter) -> None:
    needs(adapter, Fault.LISTING_LATE)
    plugin, other = adapter.plugin(), adapter.plugin()
    adapter.inject(Fault.LISTING_LATE)
    listings: list[Listing] = []
    thread = threading.Thread(target=lambda: listings.append(plugin.listing()))
    thread.start()
    while not adapter.late_listing_is_made():
        time.sleep(0.01)
    made = time.time()
    (outcome,) = other.submit([a_spec(adapter)])
    adapter.release_listing()
    thread.join()

    (listing,) = listings

    assert isinstance(outcome, Submitted)
    assert listing.workers == ()
    assert listing.began_at <= made


@pytest.mark.slow  # ten thousand are made and read
def test_ten_thousand_workers_stand_in_one_listing(adapter: Adapter) -> None:
    needs(adapter, Ability.FILL)
    adapter.fill(10_000)

    listing = adapter.plugin().listing()

    assert listing.complete, listing.problem
    assert len({worker.tag for worker in listing.workers}) == 10_000
    assert {worker.state for worker in listing.workers} == {NativeState.PENDING}


def test_workers_of_others_are_not_shown(adapter: Adapter) -> None:
    needs(adapter, Ability.FOREIGN)
    adapter.foreign("a-foreign-worker")
    plugin = adapter.plugin()
    (tag,) = submitted(adapter, plugin)

    listing = plugin.listing()

    assert listing.complete, listing.problem
    assert [worker.tag for worker in listing.workers] == [tag]


def test_a_worker_of_another_user_with_a_name_like_our_tag_is_not_ours(adapter: Adapter) -> None:
    needs(adapter, Ability.FOREIGN)
    adapter.foreign(f"{adapter.stack}-w1")

    listing = adapter.plugin().listing()

    assert listing.complete, listing.problem
    assert listing.workers == ()


def test_a_stack_whose_name_begins_with_ours_has_workers_of_its_own(adapter: Adapter) -> None:
    plugin = adapter.plugin()
    (tag,) = submitted(adapter, plugin)
    needs(adapter, Ability.FOREIGN)
    adapter.foreign(f"{adapter.stack}2-w1")

    assert [worker.tag for worker in plugin.listing().workers] == [tag]


def test_hostile_text_of_others_does_not_make_a_listing_incomplete(adapter: Adapter) -> None:
    needs(adapter, Ability.FOREIGN)
    adapter.foreign(HOSTILE)
    plugin = adapter.plugin()
    (tag,) = submitted(adapter, plugin)

    assert shown(plugin.listing(), tag).tag == tag


def test_a_plugin_made_later_finds_the_workers_of_an_earlier_one(adapter: Adapter) -> None:
    tags = submitted(adapter, adapter.plugin(), "w1", "w2")

    listing = adapter.plugin().listing()

    assert sorted(worker.tag for worker in listing.workers) == tags


def test_workers_outlive_a_restart_of_the_controller(adapter: Adapter) -> None:
    needs(adapter, Ability.RESTART)
    plugin = adapter.plugin()
    (tag,) = submitted(adapter, plugin)

    adapter.restart(cold=False)

    assert shown(plugin.listing(), tag).tag == tag


def test_after_a_cold_restart_a_complete_listing_shows_that_the_workers_are_gone(adapter: Adapter) -> None:
    needs(adapter, Ability.COLD_RESTART)
    plugin = adapter.plugin()
    (tag,) = submitted(adapter, plugin)

    adapter.restart(cold=True)

    listing = plugin.listing()
    assert listing.complete, listing.problem
    assert [worker for worker in listing.workers if worker.tag == tag and not worker.state.is_end] == []


def test_an_id_that_is_given_out_again_belongs_to_the_new_tag(adapter: Adapter) -> None:
    needs(adapter, Ability.ID_REUSE)
    adapter.restart(cold=True)
    plugin = adapter.plugin()
    (first,) = plugin.submit([a_spec(adapter, "w1")])
    adapter.restart(cold=True)

    (second,) = plugin.submit([a_spec(adapter, "w2")])

    assert isinstance(first, Submitted)
    assert isinstance(second, Submitted)
    assert first.batch_id == second.batch_id
    assert shown(plugin.listing(), second.tag).batch_id == first.batch_id


def test_a_worker_that_vanished_without_a_trace_is_absent_from_a_complete_listing(adapter: Adapter) -> None:
    needs(adapter, Ability.LEAVE_NO_TRACE)
    plugin = adapter.plugin()
    gone, stays = submitted(adapter, plugin, "w1", "w2")

    adapter.erase(gone)

    listing = plugin.listing()
    assert listing.complete, listing.problem
    assert [worker.tag for worker in listing.workers] == [stays]


def test_a_clock_that_is_an_hour_ahead_changes_no_listing(adapter: Adapter) -> None:
    needs(adapter, Ability.CLOCK)
    plugin = adapter.plugin()
    (tag,) = submitted(adapter, plugin)
    adapter.set_clock_off()
    before = time.time()

    listing = plugin.listing()

    assert shown(listing, tag).tag == tag
    assert before <= listing.began_at <= time.time()
