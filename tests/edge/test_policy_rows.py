"""People and authorities of certificates from the access policy, beside those of the file."""

from api.edge.config import EdgeConfig
from api.edge.policy_rows import CLOSED, both, rows_in
from api.edge.watching import TrustWatch
from identity.access_policy import NOTHING_GRANTED
from identity.x509.rights import CertificateRows
from schemas.types import AccessPolicy, CertificateAuthority, CertifiedPerson

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
