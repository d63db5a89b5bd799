"""Names, groups, signing policies and rights of people with certificates."""

import pytest

from identity.x509.chains import ProvenPerson
from identity.x509.errors import CertificateRefused
from identity.x509.fqans import groups_of_fqans, role_of_first
from identity.x509.names import dn_from_text, last_common_name
from identity.x509.rights import (
    Attributes,
    CertificateRows,
    LinkedGroups,
    member_of,
    member_who_links,
    subject_of_person,
)
from identity.x509.signing_policies import SigningPolicy, from_namespaces, from_signing_policy

CA = "/DC=org/O=Grid/CN=Test CA"
JANE = "/DC=org/O=Grid/CN=Jane Doe"


@pytest.mark.parametrize(
    ("text", "dn"),
    [
        ("/DC=org/O=Grid/CN=Jane Doe", JANE),
        (" CN=Jane Doe,O=Grid,DC=org ", JANE),
        ("cn=Jane Doe, o=Grid, dc=org", JANE),
        ("/C=DE/CN=x/Email=a@b", "/C=DE/CN=x/emailAddress=a@b"),
        ("/DC=org/UID=jane", "/DC=org/UID=jane"),
        ("/DC=org/USERID=jane", "/DC=org/UID=jane"),
        (r"CN=Doe\, Jane,O=Grid", "/O=Grid/CN=Doe, Jane"),
        ("/1.2.3.4=x/CN=y", "/1.2.3.4=x/CN=y"),
        ("/2.5.4.3=y", "/CN=y"),
    ],
)
def test_a_name_has_one_form_however_it_is_written(text: str, dn: str) -> None:
    assert dn_from_text(text) == dn


@pytest.mark.parametrize("text", ["", "Jane", "/", "/CN=", "/CN=a\n", "CN=a/b", "/CN=a\0/CN=b", "=x", "/C N=x"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no distinguished name"):
        dn_from_text(text)


def test_a_person_is_called_by_the_last_common_name_that_is_no_number() -> None:
    assert last_common_name("/O=Grid/CN=jdoe/CN=Jane Doe/CN=12345") == "Jane Doe"
    assert last_common_name("/O=Grid/OU=x") == ""


def test_groups_of_an_attribute_certificate_are_those_of_tokens() -> None:
    fqans = ("/wlcg/Role=production/Capability=NULL", "/wlcg/Role=NULL/Capability=NULL", "/wlcg/pilot", "/wlcg/sub/Role=operator")

    assert groups_of_fqans("wlcg", fqans) == ("wlcg", "wlcg/production", "wlcg/pilot", "wlcg/sub", "wlcg/sub/operator")
    assert role_of_first("wlcg", fqans) == "production"
    assert role_of_first("wlcg", fqans[1:]) == role_of_first("wlcg", fqans[3:]) == role_of_first("wlcg", ()) == ""


ODD_GROUPS = (
    "",
    "wlcg",
    "/cms",
    "/wlcgx/Role=production",
    "/wlcg/Role=",
    "/wlcg/Role=a/Role=b",
    "/wlcg//x",
    "/wlcg/Role=a b",
    "/wlcg\n",
    "/wlcg/" + "x" * 255,
    "/wlcg/../cms/",
    "/WLCG",
)


@pytest.mark.parametrize("fqan", ODD_GROUPS)
def test_one_odd_group_and_none_of_the_attribute_certificate_counts(fqan: str) -> None:
    with pytest.raises(CertificateRefused) as refused:
        groups_of_fqans("wlcg", ("/wlcg", fqan))

    assert refused.value.rule == "voms"


def test_ten_thousand_groups_are_refused() -> None:
    with pytest.raises(CertificateRefused, match="names 10000 groups"):
        groups_of_fqans("wlcg", ["/wlcg"] * 10_000)


POLICY = """# who may
access_id_CA   X509   '/DC=org/O=Grid/CN=Test CA'
pos_rights     globus CA:sign
cond_subjects  globus '"/DC=org/O=Grid/*" "/O=Old/CN=?"'

access_id_CA   X509   '/CN=Other'
pos_rights     globus CA:sign
cond_subjects  globus '"*"'
"""


def test_an_authority_signs_for_the_names_of_its_policy_alone() -> None:
    policy = from_signing_policy(POLICY, CA)

    assert policy.permits(JANE)
    assert policy.permits("/O=Old/CN=x")
    assert not policy.permits("/DC=org/O=Other/CN=Jane Doe")
    assert not policy.permits("x/DC=org/O=Grid/CN=y")
    assert not policy.permits("/O=Old/CN=xy")


def test_namespaces_say_it_by_expressions() -> None:
    text = (
        'TO Issuer "/DC=org/O=Grid/CN=Test CA" \\\n  PERMIT Subject "/DC=org/O=Grid/.*"\nTO Issuer "/CN=X" PERMIT Subject ".*"\n'
    )

    policy = from_namespaces(text, CA)

    assert policy.permits(JANE)
    assert not policy.permits("/O=Old/CN=x")


@pytest.mark.parametrize(
    "text",
    [
        "access_id_CA X509 /CN=x",
        "access_id_CA X509 'x'",
        "nonsense",
        "neg_rights globus CA:sign",
        "cond_subjects x 'y'",
        "x" * 200000,
        "pos_rights",
    ],
)
def test_a_policy_that_cannot_be_read_names_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        from_signing_policy(text, CA)


def test_a_policy_for_another_authority_or_without_the_right_to_sign_permits_no_one() -> None:
    assert not from_signing_policy(POLICY, "/CN=Third").permits(JANE)
    assert not from_signing_policy(POLICY.replace("CA:sign", "CA:look"), CA).permits(JANE)
    assert not SigningPolicy(CA, ()).permits(JANE)
    with pytest.raises(ValueError, match="expected TO Issuer"):
        from_namespaces('TO Issuer "/CN=X" DENY Subject ".*"', "/CN=X")


PERSON = ProvenPerson(JANE, CA, 1000.0)
LIMITED = ProvenPerson(JANE, CA, 1000.0, 1, is_limited=True)
MEMBER = Attributes("wlcg", ("/wlcg",), 900.0)


def test_a_name_has_what_a_row_gives_it_or_nothing() -> None:
    rows = CertificateRows({(CA, JANE): ("wlcg", "wlcg/pilot")})

    assert member_of(PERSON, (), rows, 0.0).groups == ("wlcg", "wlcg/pilot")
    for stranger in (ProvenPerson("/DC=org/O=Grid/CN=John", CA, 1.0), ProvenPerson(JANE, "/CN=Other CA", 1.0)):
        with pytest.raises(CertificateRefused) as refused:
            member_of(stranger, (), rows, 0.0)
        assert refused.value.rule == "rights"


def test_attributes_add_groups_and_end_what_they_give() -> None:
    found = member_of(PERSON, (Attributes("wlcg", ("/wlcg/Role=production", "/wlcg"), 900.0),), CertificateRows(), 0.0)

    assert (found.groups, found.wanted, found.ends) == (("wlcg", "wlcg/production"), "wlcg:production", 900.0)
    assert found.fqans == ("/wlcg/Role=production", "/wlcg")


def test_the_same_name_of_two_authorities_is_two_actors() -> None:
    assert subject_of_person(PERSON) != subject_of_person(ProvenPerson(JANE, "/CN=Other CA", 1000.0))
    assert subject_of_person(PERSON) == subject_of_person(LIMITED)


def test_an_authority_counts_for_its_vos_alone() -> None:
    of_cms = CertificateRows(authorities={CA: frozenset({"cms"})})

    assert member_of(PERSON, (MEMBER, Attributes("cms", ("/cms",), 900.0)), of_cms, 0.0).groups == ("cms",)
    for rows in (of_cms, CertificateRows(authorities={"/CN=Other CA": frozenset({"wlcg"})})):
        with pytest.raises(CertificateRefused):
            member_of(PERSON, (MEMBER,), rows, 0.0)


def test_a_limited_proxy_is_a_pilots_or_no_ones() -> None:
    rich = Attributes("wlcg", ("/wlcg/Role=production", "/wlcg/Role=pilot"), 900.0)

    found = member_of(LIMITED, (rich,), CertificateRows(), 0.0)

    assert (found.groups, found.wanted) == (("wlcg", "wlcg/pilot"), "wlcg:pilot")
    with pytest.raises(CertificateRefused) as refused:
        member_of(LIMITED, (MEMBER,), CertificateRows({(CA, JANE): ("cms", "cms/production")}), 0.0)
    assert refused.value.rule == "limited"


def by_link(*groups: str, ends: float = 500.0, **more: object) -> CertificateRows:
    """Rows that give Jane `groups` by a link."""
    return CertificateRows(linked={subject_of_person(PERSON): LinkedGroups(groups, ends)}, **more)  # type: ignore[arg-type]


def test_a_name_without_a_row_has_what_a_link_gives_it_until_that_ends() -> None:
    found = member_of(PERSON, (), by_link("wlcg", "wlcg/production"), 499.0)

    assert (found.groups, found.ends, found.wanted) == (("wlcg", "wlcg/production"), 500.0, "")
    with pytest.raises(CertificateRefused, match="ended 1 s ago") as refused:
        member_of(PERSON, (), by_link("wlcg"), 501.0)
    assert (refused.value.rule, refused.value.may_link) == ("link", True)
    assert "use that login once" in refused.value.told


def test_a_row_and_an_attribute_certificate_come_before_a_link() -> None:
    rows = by_link("wlcg", "wlcg/production", persons={(CA, JANE): ("cms",)})

    assert member_of(PERSON, (), rows, 0.0).groups == ("cms",)
    assert member_of(PERSON, (MEMBER,), by_link("wlcg/production"), 0.0).groups == ("wlcg",)
    assert member_of(PERSON, (), rows, 501.0).groups == ("cms",)


def test_a_link_gives_no_more_than_the_authority_counts_for_and_nothing_to_a_limited_proxy() -> None:
    of_cms = by_link("wlcg", "cms", authorities={CA: frozenset({"cms"})})
    assert member_of(PERSON, (), of_cms, 0.0).groups == ("cms",)

    for person, rows, rule in (
        (PERSON, by_link("wlcg", authorities={CA: frozenset({"cms"})}), "rights"),
        (LIMITED, by_link("wlcg", "wlcg/pilot"), "limited"),
    ):
        with pytest.raises(CertificateRefused) as refused:
            member_of(person, (), rows, 0.0)
        assert (refused.value.rule, refused.value.told, refused.value.may_link) == (rule, "", False)


def test_one_whom_nothing_gives_anything_may_link_and_has_no_groups() -> None:
    with pytest.raises(CertificateRefused) as refused:
        member_of(PERSON, (), by_link(), 0.0)
    assert (refused.value.rule, refused.value.told, refused.value.may_link) == ("rights", "", True)
    assert member_who_links(PERSON, CertificateRows()).groups == ()
    for person, rows in ((LIMITED, CertificateRows()), (PERSON, CertificateRows(authorities={"": frozenset()}))):
        with pytest.raises(CertificateRefused):
            member_who_links(person, rows)
