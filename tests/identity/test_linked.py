"""Ids of one person: how they are found of the links, and what a revocation of one of them means."""

import itertools
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from identity.errors import TokenRefused
from identity.linked import BORNE_MAX, Links
from schemas.ids import linked_identity_key
from schemas.policy import IdentityLinked, IdentityRevoked, IdentityUnlinked
from tests.identity.builders import a_gate, a_token


def linked(*pairs: tuple[str, str]) -> Links:
    """Links after these were made."""
    links = Links()
    for one, other in pairs:
        links.take(IdentityLinked(actor=min(one, other), other=max(one, other)))
    return links


def test_two_ids_that_are_linked_are_one_person() -> None:
    links = linked(("dn", "jane"))

    assert (links.others("dn"), links.others("jane"), links.others("joe")) == (("jane",), ("dn",), ())


def test_ids_that_are_linked_to_the_same_id_are_one_person() -> None:
    links = linked(("a", "b"), ("b", "c"))

    assert (links.others("a"), links.others("b"), links.others("c")) == (("b", "c"), ("a", "c"), ("a", "b"))
    assert links.pairs("c") == (("a", "b"), ("b", "c"))


def test_a_link_that_is_taken_back_parts_what_hung_on_it() -> None:
    links = linked(("a", "b"), ("b", "c"), ("c", "d"))

    links.take(IdentityUnlinked(actor="b", other="c"))

    assert [links.others(one) for one in "abcd"] == [("b",), ("a",), ("d",), ("c",)]


def test_a_circle_of_links_is_one_person_until_it_is_cut_twice() -> None:
    links = linked(("a", "b"), ("b", "c"), ("a", "c"))
    links.take(IdentityUnlinked(actor="a", other="b"))
    assert links.others("a") == ("b", "c")

    links.take(IdentityUnlinked(actor="a", other="c"))

    assert (links.others("a"), links.others("b")) == ((), ("c",))


def test_links_that_are_read_again_change_nothing() -> None:
    links = linked(("a", "b"), ("a", "b"))

    links.take(IdentityUnlinked(actor="a", other="b"))
    links.take(IdentityUnlinked(actor="a", other="b"))

    assert (links.others("a"), links._direct, links._persons) == ((), {}, {})


def test_of_two_hundred_links_a_command_bears_a_bounded_number() -> None:
    links = linked(*((f"id{number:04}", f"id{number + 1:04}") for number in range(200)))

    assert len(links.others("id0100")) == BORNE_MAX
    assert len(links.person("id0100")) == 201


class CountedId(str):
    """An id that counts how often ids are looked up or compared."""

    steps = 0

    def __hash__(self) -> int:
        CountedId.steps += 1
        return super().__hash__()

    def __eq__(self, other: object) -> bool:
        CountedId.steps += 1
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        CountedId.steps += 1
        return super().__ne__(other)


def a_chain(length: int) -> list[tuple[str, str]]:
    ids = [CountedId(f"id{number:05}") for number in range(length)]
    return list(itertools.pairwise(ids))


def a_star(length: int) -> list[tuple[str, str]]:
    return [(CountedId("id"), CountedId(f"id{number:05}")) for number in range(length)]


def two_halves(length: int) -> list[tuple[str, str]]:
    """Chains that meet last, in the middle of which a later cut is."""
    pairs = a_chain(length)
    return [*pairs[: length // 2], *pairs[length // 2 + 1 :], pairs[length // 2]]


@pytest.mark.parametrize("made", [a_chain, a_star, two_halves])
def test_ten_times_as_many_ids_of_one_person_cost_about_ten_times_the_steps(made: Callable[[int], list[tuple[str, str]]]) -> None:
    def steps(length: int) -> int:
        pairs = made(length)
        CountedId.steps = 0
        links = linked(*pairs)
        for one, other in reversed(pairs):
            links.take(IdentityUnlinked(actor=one, other=other))
        assert (links._direct, links._persons) == ({}, {})
        return CountedId.steps

    assert steps(1_000) < 20 * steps(100)


def test_links_are_as_a_search_through_all_of_them_finds() -> None:
    draw = random.Random(7)
    links, there = Links(), set[tuple[str, str]]()
    for _ in range(600):
        one, other = sorted(draw.sample("abcdefghijkl", 2))
        if draw.random() < 0.4:
            there.add((one, other))
            links.take(IdentityLinked(actor=one, other=other))
        else:
            there.discard((one, other))
            links.take(IdentityUnlinked(actor=one, other=other))

        assert [links.person(actor)[1:] for actor in "abcdefghijkl"] == [searched(there, actor) for actor in "abcdefghijkl"]


def searched(pairs: set[tuple[str, str]], actor: str) -> tuple[str, ...]:
    """The others of `actor`, found by going through all pairs until nothing is new."""
    found, before = {actor}, set[str]()
    while found != before:
        before = set(found)
        found |= {one for pair in pairs if not found.isdisjoint(pair) for one in pair}
    return tuple(sorted(found - {actor}))


def test_an_event_that_cannot_be_read_leaves_the_links_of_its_key_without_effect() -> None:
    links = linked(("a", "b"), ("b", "c"))

    links.take_unreadable(linked_identity_key("a"))
    links.take(IdentityLinked(actor="a", other="d"))

    assert (links.others("a"), links.others("b"), links.others("d")) == ((), ("c",), ())


def test_one_who_is_revoked_by_one_id_is_refused_by_all(tmp_path: Path) -> None:
    verifier = a_gate(tmp_path).verifier
    verifier.links.take(IdentityLinked(actor="dn", other="s"))
    token = a_token(tmp_path)
    verifier.believe(token)

    verifier.revocations.take(IdentityRevoked(actor="dn"), 0)

    with pytest.raises(TokenRefused, match="this identity is revoked") as refused:
        verifier.believe(token)
    assert (refused.value.rule, refused.value.actor) == ("revoked", "s")
    verifier.links.take(IdentityUnlinked(actor="dn", other="s"))
    assert verifier.believe(token).actor == "s"
