"""What a listing says of workers that are known, that are not, and that are there twice."""

from typing import Any

import pytest

from agents.harvester.known_workers import KnownWorker, compare, excess_of, missing_of
from agents.harvester.systems.contract import Listing, NativeState, NativeWorker


def known(name: str = "w", **more: Any) -> dict[str, KnownWorker]:
    return {f"s-{name}": KnownWorker(name, f"s-{name}", "Q", **more)}


def native(name: str = "w", state: NativeState = NativeState.RUNNING, batch_id: str = "1", **more: Any) -> NativeWorker:
    return NativeWorker(f"s-{name}", batch_id, state, state.value, **more)


def states(found: Any) -> list[str]:
    return [report["state"] for report in found.reports.get("Q", ())]


def test_a_worker_whose_submission_was_open_is_adopted_with_its_batch_id() -> None:
    worker = known(is_unsettled=True)

    found = compare(worker, Listing(True, 1.0, (native(batch_id="77", node="n1"),)), "h")

    assert found.adopted == {"Q": ["w"]}
    assert [(one["state"], one["batch_id"]) for one in found.reports["Q"]] == [("submitted", "77"), ("running", "77")]
    assert worker["s-w"].serves


def test_what_is_known_is_not_reported_again() -> None:
    workers = known(state="running", is_submitted=True)

    assert states(compare(workers, Listing(True, 1.0, (native(),)), "h")) == []


def test_only_a_complete_listing_shows_that_a_worker_is_not_there() -> None:
    workers = known(state="running", is_submitted=True)

    assert compare(workers, Listing(False, 1.0, (), "cut"), "h").absent == {}
    assert compare(workers, Listing(True, 1.0), "h").absent == {"Q": ["w"]}


@pytest.mark.parametrize(
    ("end", "exit_code", "diagnostic"),
    [
        (native(state=NativeState.FAILED, exit_code=7), 7, "the pilot ended with exit code 7"),
        (native(state=NativeState.FAILED, signal=9), -9, "signal 9 ended the pilot"),
        (native(state=NativeState.OUT_OF_MEMORY, reason="OOMKilled", exit_code=0), 0, "OOMKilled"),
        (native(state=NativeState.CANCELLED), None, "it was cancelled in the batch system"),
        (native(state=NativeState.FINISHED, exit_code=0), 0, None),
    ],
)
def test_an_end_is_reported_with_what_the_batch_system_says(
    end: NativeWorker, exit_code: int | None, diagnostic: str | None
) -> None:
    found = compare(known(state="running", is_submitted=True), Listing(True, 1.0, (end,)), "h")

    (report,) = found.reports["Q"]
    assert (report["state"], report["exit_code"], report["diagnostic"]) == (end.state.value.lower(), exit_code, diagnostic)


def test_of_two_with_one_tag_the_one_that_runs_is_kept() -> None:
    workers = known(state="submitted", is_submitted=True)
    listing = Listing(True, 1.0, (native(state=NativeState.PENDING, batch_id="1"), native(batch_id="2")))

    found = compare(workers, listing, "h")

    assert ([one.batch_id for one in found.twice], states(found)) == (["1"], ["running"])


def test_a_batch_id_that_is_given_out_again_means_nothing() -> None:
    workers = known(state="running", is_submitted=True)
    listing = Listing(True, 1.0, (native("other", batch_id="1"),))

    found = compare(workers, listing, "h")

    assert (found.absent, [one.tag for one in found.strays], states(found)) == ({"Q": ["w"]}, ["s-other"], [])


def test_of_too_many_workers_those_that_wait_go_first_then_the_youngest() -> None:
    workers = [
        KnownWorker("old", "t1", "Q", "running", since=1.0),
        KnownWorker("young", "t2", "Q", "running", since=2.0),
        KnownWorker("waits", "t3", "Q", "pending", since=0.0),
        KnownWorker("held", "t4", "Q", "held"),
    ]

    assert [one.worker_id for one in excess_of(workers, 1)] == ["waits", "young"]
    assert missing_of(workers, "", 4) == 1


def test_a_bad_end_has_a_fingerprint_and_a_good_or_an_ordered_one_has_none() -> None:
    workers = {
        **known("bad", state="running", is_submitted=True),
        **known("good", state="running", is_submitted=True),
        **known("ordered", state="running", is_submitted=True, cancel_why="more workers than are wanted"),
        **known("by-hand", state="running", is_submitted=True),
    }
    ends = (
        native("bad", NativeState.FAILED, exit_code=86),
        native("good", NativeState.FINISHED, exit_code=0),
        native("ordered", NativeState.CANCELLED),
        native("by-hand", NativeState.CANCELLED),
    )

    found = compare(workers, Listing(True, 1.0, ends), "h", lambda native: f"cause-of-{native.tag}")

    assert {one["worker_id"]: one.get("fingerprint") for one in found.reports["Q"]} == {
        "bad": "cause-of-s-bad",
        "good": None,
        "ordered": None,
        "by-hand": "cause-of-s-by-hand",
    }
