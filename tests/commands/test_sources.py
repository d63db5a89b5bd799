"""Sources outside: taken over whole, held back when too much of them is gone, younger before older."""

from typing import Any

import pytest

from schemas.policy import OutsideFactSet, SetOutsideFact, SourceHeldBack, SourceTaken, TakeSource
from schemas.types import DatasetReplicas, NetworkLink, OutsideFact, ReplicaCopy, StorageElement
from tests.commands.in_memory import a_culm

NOON = 1_795_000_000_000_000
TEN = tuple(f"storage.D{number}" for number in range(10))


def take(culm: Any, entries: tuple[str, ...], at: int = NOON, confirmed: bool = False) -> Any:
    command = TakeSource(source="cric", source_at=at, entries=entries, confirmed=confirmed)
    return culm.send(command, "source.cric", role="operator")


def disk(usable_gb: int | None = None, **more: Any) -> OutsideFact:
    return OutsideFact(storage=StorageElement(name="DISK", space_usable_gb=usable_gb, **more))


def set_fact(culm: Any, fact: OutsideFact | None, key: str = "storage.DISK", at: int = NOON) -> Any:
    return culm.send(SetOutsideFact(source="cric", source_at=at, fact=fact), key, role="operator")


def test_a_source_says_what_it_names_more_and_less_than_before() -> None:
    culm = a_culm()
    assert take(culm, TEN).accepted

    assert take(culm, (*TEN[1:], "site.S"), at=NOON + 1).accepted

    taken = culm.last(SourceTaken)
    assert (taken.added, taken.removed, taken.entries) == (("site.S",), ("storage.D0",), 10)
    assert culm.state("policy", "source.cric").source_entries == tuple(sorted((*TEN[1:], "site.S")))


@pytest.mark.parametrize(("left", "accepted"), [(8, True), (7, False), (0, False)])
def test_a_source_that_lost_more_than_a_fifth_of_its_entries_is_held_back(left: int, accepted: bool) -> None:
    culm = a_culm()
    take(culm, TEN)

    answer = take(culm, TEN[:left], at=NOON + 1)

    assert answer.accepted is accepted
    assert len(culm.state("policy", "source.cric").source_entries) == (left if accepted else 10)
    assert culm.state("policy", "source.cric").source_held_back is not accepted


def test_what_is_held_back_leaves_a_trace_and_a_person_may_confirm_it() -> None:
    culm = a_culm()
    take(culm, TEN)

    refused = take(culm, TEN[:5], at=NOON + 1)
    held = culm.last(SourceHeldBack)
    confirmed = take(culm, TEN[:5], at=NOON + 1, confirmed=True)

    assert (refused.reason, held.entries_before, held.entries_gone) == ("SHRUNK", 10, 5)
    assert "5 of the 10 entries of cric are gone (storage.D5" in refused.message
    assert confirmed.accepted
    assert culm.last(SourceTaken).confirmed
    assert not culm.state("policy", "source.cric").source_held_back


def test_an_older_document_does_not_go_before_a_younger_one() -> None:
    culm = a_culm()
    take(culm, TEN)
    set_fact(culm, disk(500))

    assert take(culm, TEN, at=NOON - 1).reason == "STALE"
    assert set_fact(culm, disk(400), at=NOON - 1).reason == "STALE"
    assert culm.state("policy", "storage.DISK").outside == disk(500)


def test_a_younger_document_that_says_the_same_tells_its_age_once() -> None:
    culm = a_culm()
    take(culm, TEN)
    set_fact(culm, disk(500))

    again = [take(culm, TEN), take(culm, TEN, at=NOON + 1), take(culm, TEN, at=NOON + 1), set_fact(culm, disk(500), at=NOON + 1)]

    assert [one.event_types for one in again] == [(), ("SourceTaken",), (), ()]


def test_a_fact_is_set_and_taken_away() -> None:
    culm = a_culm()

    assert set_fact(culm, disk(500)).event_types == ("OutsideFactSet",)
    assert set_fact(culm, None, at=NOON + 1).event_types == ("OutsideFactSet",)

    assert culm.last(OutsideFactSet).fact is None
    assert culm.state("policy", "storage.DISK").outside is None


@pytest.mark.parametrize(
    ("fact", "key", "message"),
    [
        (disk(), "storage.OTHER", "the fact was sent to 'storage.OTHER', expected 'storage.DISK'"),
        (
            OutsideFact(),
            "storage.DISK",
            "fact holds nothing, expected exactly one of storage, site, link, software, nodes, replicas",
        ),
        (
            OutsideFact(storage=StorageElement(name="DISK"), link=NetworkLink(source="A", destination="B")),
            "storage.DISK",
            "fact holds storage, link, expected exactly one of storage, site, link, software, nodes, replicas",
        ),
        (
            disk(down_from=NOON, down_until=NOON - 1),
            "storage.DISK",
            f"storage.down_until is {NOON - 1}, expected a time from down_from on, which is {NOON}",
        ),
        (
            OutsideFact(replicas=DatasetReplicas(dataset="s:d", files=5, copies=(ReplicaCopy(storage="D", files=6),))),
            "replicas.s:d",
            "replicas.copies of D: files is 6, expected at most 5, as in the dataset",
        ),
    ],
)
def test_a_fact_that_does_not_fit_is_refused(fact: OutsideFact, key: str, message: str) -> None:
    answer = set_fact(a_culm(), fact, key)

    assert (answer.accepted, answer.message) == (False, message)


def test_a_source_is_sent_to_its_own_key_and_names_each_entry_once() -> None:
    culm = a_culm()
    wrong = culm.send(TakeSource(source="cric", source_at=NOON, entries=TEN), "source.agis", role="operator")

    assert wrong.reason == "BAD_KEY"
    assert take(culm, (*TEN, TEN[0])).reason == "BAD_SOURCE"
