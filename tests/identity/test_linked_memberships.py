"""What a link gives the other id of a person: recorded from a token, for some days, and never the groups of pilots."""

from dataclasses import replace as replace_token
from pathlib import Path

from identity.linked import Links
from identity.linked_memberships import LIFETIME, groups_by_link, membership_by
from schemas.ids import linked_identity_key
from schemas.instants import DAY, MICROSECONDS
from schemas.policy import IdentityLinked, IdentityUnlinked
from schemas.records import replace
from schemas.types import LinkedMembership
from tests.identity.builders import a_gate, a_token

NOW = 1_800_000_000 * MICROSECONDS
MEMBERSHIP = LinkedMembership(
    prover="jane", issuer="https://iam", issued_at=NOW, groups=("wlcg", "wlcg/production"), until=NOW + LIFETIME
)


def linked(membership: LinkedMembership | None = MEMBERSHIP) -> Links:
    links = Links()
    links.take(IdentityLinked(actor="dn", other="jane", membership=membership))
    return links


def test_the_other_id_of_a_link_has_what_the_token_proved_and_its_owner_has_nothing_by_it() -> None:
    links = linked()

    assert (links.memberships.of("dn"), links.memberships.of("jane"), links.memberships.holders()) == ((MEMBERSHIP,), (), ("dn",))


def test_a_link_without_a_membership_gives_no_groups_and_takes_none_away() -> None:
    links = linked()
    links.take(IdentityLinked(actor="dn", other="jane"))

    assert (links.memberships.of("dn"), linked(None).memberships.holders()) == ((MEMBERSHIP,), ())


def test_a_membership_that_neither_of_the_two_proved_counts_for_no_one() -> None:
    assert linked(replace(MEMBERSHIP, prover="joe")).memberships.holders() == ()


def test_what_is_recorded_again_replaces_what_was_recorded_before() -> None:
    links, later = linked(), replace(MEMBERSHIP, groups=("wlcg",), until=NOW + 2 * LIFETIME)
    links.take(IdentityLinked(actor="dn", other="jane", membership=later))

    assert links.memberships.of("dn") == (later,)


def test_a_link_that_is_taken_back_or_cannot_be_read_gives_nothing_any_more() -> None:
    unlinked, unreadable = linked(), linked()
    unlinked.take(IdentityUnlinked(actor="dn", other="jane"))
    unreadable.take_unreadable(linked_identity_key("dn"))

    for links in (unlinked, unreadable):
        assert (links.memberships.of("dn"), list(links.memberships.due("jane", (), NOW + LIFETIME))) == ((), [])
    unreadable.take(IdentityLinked(actor="dn", other="jane", membership=MEMBERSHIP))
    assert unreadable.memberships.of("dn") == ()


def test_it_is_due_after_half_its_life_or_after_a_day_where_the_groups_are_others() -> None:
    memberships = linked().memberships

    def due(groups: tuple[str, ...], days: float) -> list[str]:
        return list(memberships.due("jane", groups, NOW + int(days * DAY)))

    assert [due(MEMBERSHIP.groups, days) for days in (0, 3.4, 3.5, 8)] == [[], [], ["dn"], ["dn"]]
    assert [due(("wlcg",), days) for days in (0.9, 1)] == [[], ["dn"]]
    assert list(memberships.due("dn", (), NOW + LIFETIME)) == []


def test_groups_of_pilots_are_not_had_by_a_link_and_organisations_come_first() -> None:
    found = groups_by_link(("wlcg/pilot", "wlcg/production", "wlcg/pilot/CERN", "wlcg/pilots", "wlcg", "a b", "x" * 256))

    assert found == ("wlcg", "wlcg/production", "wlcg/pilots")
    assert len(groups_by_link([f"wlcg/g{number}" for number in range(10_000)] + ["wlcg"])) == 100


def test_a_token_proves_its_groups_and_one_for_some_capabilities_or_of_a_service_nothing(tmp_path: Path) -> None:
    token = a_gate(tmp_path).verifier.believe(a_token(tmp_path))

    proven = membership_by(token, NOW)

    assert proven is not None
    assert (proven.prover, proven.issuer, proven.until) == (token.actor, token.issuer.issuer, NOW + LIFETIME)
    assert (proven.groups, proven.issued_at) == (groups_by_link(token.groups), token.claims["iat"] * MICROSECONDS)
    assert membership_by(replace_token(token, capabilities=frozenset({"compute.read"})), NOW) is None
    robots = replace(token.issuer, robots=(token.claims["sub"],))
    assert membership_by(replace_token(token, issuer=robots), NOW) is None
    assert membership_by(replace_token(token, groups=()), NOW) is None
