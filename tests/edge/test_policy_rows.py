"""People and authorities of certificates from the access policy, beside those of the file."""

import pytest

from api.edge.config import EdgeConfig
from api.edge.policy_rows import CLOSED, _NoKeys, both, linked_in, rows_in
from api.edge.watching import TrustWatch
from identity.access_policy import NOTHING_GRANTED
from identity.own_issuers import own_issuers
from identity.verify import Verifier
from identity.x509.rights import CertificateRows, LinkedGroups
from schemas.policy import IdentityLinked, IdentityRestored, IdentityRevoked, IdentityUnlinked, TokensRevokedBefore
from schemas.records import replace
from schemas.types import AccessPolicy, CertificateAuthority, CertifiedPerson, LinkedMembership

JANE = ("/DC=org/CN=CA", "/DC=org/CN=Jane")
POLICY = AccessPolicy(
    persons=(CertifiedPerson(authority=JANE[0], name=JANE[1], groups=("wlcg", "wlcg/pilot")),),
    authorities=(CertificateAuthority(name=JANE[0], vos=("wlcg",)),),
)


def test_rows_of_the_policy_are_rows_as_those_of_the_file() -> None:
    assert rows_in(POLICY) == CertificateRows({JANE: ("wlcg", "wlcg/pilot")}, {JANE[0]: frozenset({"wlcg"})})


def test_of_one_person_the_policy_says_what_it_has() -> None:
    file = CertificateRows({JANE: ("dune",), ("/CN=B", "/CN=Bob"): ("wlcg",)}, {"/CN=B": frozenset({"dune"})})

    rows = both(file, rows_in(POLICY))

    assert rows.persons == {JANE: ("wlcg", "wlcg/pilot"), ("/CN=B", "/CN=Bob"): ("wlcg",)}
    assert rows.authorities == {"/CN=B": frozenset({"dune"}), JANE[0]: frozenset({"wlcg"})}


def test_where_the_policy_cannot_be_read_no_authority_counts() -> None:
    file = CertificateRows({JANE: ("wlcg",)})

    assert rows_in(NOTHING_GRANTED) is CLOSED
    assert both(file, CLOSED).persons == {}
    assert both(file, CLOSED).authorities == {"": frozenset()}


def test_a_change_of_the_policy_is_in_force_at_the_next_look(config: EdgeConfig) -> None:
    rows = [CLOSED]
    watch = TrustWatch(config, policy=lambda: rows[0])
    assert watch.now.rows is CLOSED

    rows[0] = rows_in(POLICY)
    watch.look()

    assert watch.now.rows.persons[JANE] == ("wlcg", "wlcg/pilot")


IAM = replace(own_issuers(("wlcg",))[0], issuer="https://iam.example.org", vos=("wlcg",))
PROVEN = LinkedMembership(
    prover="jane", issuer=IAM.issuer, issued_at=1_800_000_000_000_000, groups=("wlcg", "cms"), until=1_800_600_000_000_000
)
BY_LINK = {"dn": LinkedGroups(("wlcg",), 1_800_600_000.0)}


@pytest.fixture
def verifier() -> Verifier:
    """Believes one issuer; Jane proved what her certificate has."""
    found = Verifier((IAM,), _NoKeys())
    found.links.take(IdentityLinked(actor="dn", other="jane", membership=PROVEN))
    return found


def test_a_link_gives_the_groups_of_the_organisations_that_the_issuer_speaks_for(verifier: Verifier) -> None:
    assert linked_in(verifier) == BY_LINK
    assert both(CertificateRows(), CertificateRows(linked=BY_LINK)).linked == BY_LINK
    assert both(CertificateRows(), CLOSED).linked == {}


@pytest.mark.parametrize("revoked", ["dn", "jane", "third"])
def test_one_who_is_revoked_by_any_id_has_nothing_by_a_link(verifier: Verifier, revoked: str) -> None:
    verifier.links.take(IdentityLinked(actor="jane", other="third"))
    verifier.revocations.take(IdentityRevoked(actor=revoked), 0)
    assert linked_in(verifier) == {}

    verifier.revocations.take(IdentityRestored(actor=revoked), 0)
    assert linked_in(verifier) == BY_LINK


def test_a_link_gives_nothing_when_its_issuer_is_removed_or_speaks_for_others(verifier: Verifier) -> None:
    verifier.trust(())
    assert linked_in(verifier) == {}
    verifier.trust((replace(IAM, vos=("dune",)),))
    assert linked_in(verifier) == {}


def test_a_link_gives_nothing_by_a_token_that_is_too_old_to_be_believed(verifier: Verifier) -> None:
    verifier.revocations.take(TokensRevokedBefore(issuer=IAM.issuer, time=PROVEN.issued_at + 1), 0)
    assert linked_in(verifier) == {}

    renewed = replace(PROVEN, issued_at=PROVEN.issued_at + 2)
    verifier.links.take(IdentityLinked(actor="dn", other="jane", membership=renewed))
    assert linked_in(verifier) == BY_LINK


def test_a_link_that_is_taken_back_gives_nothing(verifier: Verifier) -> None:
    verifier.links.take(IdentityUnlinked(actor="dn", other="jane"))

    assert linked_in(verifier) == {}
