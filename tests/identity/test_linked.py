"""Ids of one person: how they are found of the links, and what a revocation of one of them means."""

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

    assert (links.others("a"), links._direct, links._others) == ((), {}, {})


def test_of_two_hundred_links_a_command_bears_a_bounded_number() -> None:
    links = linked(*((f"id{number:04}", f"id{number + 1:04}") for number in range(200)))

    assert len(links.others("id0100")) == BORNE_MAX
    assert len(links.person("id0100")) == 201


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
