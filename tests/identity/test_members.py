"""Who the claims of a token are, in which virtual organisation, and what they may act on."""

import pytest

from identity.believed import BelievedToken
from identity.claims import TokenKind
from identity.errors import NotAMember
from identity.identity import identity_from, user_name_of
from identity.own_issuers import own_issuers
from identity.profiles import CAPABILITIES, capabilities_of, groups_of
from identity.rights import acting_role, judged_by, may_act_on, problem_of_class
from identity.ruling import EndpointClass
from schemas.types import TrustedIssuer
from tests.api.builders import an_identity
from tests.identity.builders import IAM, VOS, an_issuer

CLAIMS = {"sub": "s", "name": "JANE DOE 1234", "preferred_username": "jdoe", "groups": ["wlcg", "/wlcg/production"]}


def a_believed(issuer: TrustedIssuer | None = None, **changes: object) -> BelievedToken:
    """What a token of `issuer` (the development issuer) with CLAIMS and `changes` proves."""
    issuer, claims = issuer or own_issuers(VOS)[0], CLAIMS | changes
    return BelievedToken(
        issuer, TokenKind.ACCESS, "s", groups_of(claims, issuer.profile), capabilities_of(claims), claims, "digest"
    )


def test_the_name_of_a_token_becomes_dn_and_user_name() -> None:
    jane = identity_from(a_believed(), "wlcg", VOS)

    assert jane.display_name == "Jane Doe 1234"
    assert jane.dn == "Jane Doe 1234/CN=nickname:jdoe"
    assert jane.user_name == "Jane Doe"


@pytest.mark.parametrize(
    ("dn", "expected"),
    [
        ("/DC=ch/DC=cern/OU=Users/CN=jdoe/CN=123456/CN=Jane Doe", "Jane Doe"),
        ("/C=UK/O=eScience/CN=Jane Doe/CN=proxy", "Jane Doe"),
        ("/O=Grid/CN=Jane O'Neil (ext)", "Jane ONeil ext"),
        ("/O=Grid/CN=Jane Doe jane.doe@example.org", "Jane Doe"),
        ("/O=Grid/CN=Jane Doe/emailAddress=x@example.org", "Jane Doe"),
        ("Jane Doe 1234/CN=nickname:jdoe", "Jane Doe"),
    ],
)
def test_a_dn_is_normalised_as_panda_does(dn: str, expected: str) -> None:
    assert user_name_of(dn) == expected


@pytest.mark.parametrize("origin", ["wlcg:production", "wlcg.production"])
def test_a_role_is_asked_for_by_origin(origin: str) -> None:
    assert identity_from(a_believed(), origin, VOS).role == "production"


def test_without_asking_no_one_acts_as_production_for_the_compatible_fronts() -> None:
    jane = identity_from(a_believed(), "wlcg", VOS)

    assert jane.role == "user"
    assert acting_role(jane) == "user"
    assert acting_role(jane, by_membership=True) == "production"


@pytest.mark.parametrize(
    ("origin", "groups", "why"),
    [
        ("cms", ["wlcg"], "Unknown vo : cms"),
        ("wlcg:pilot", ["wlcg"], "Not a member of the wlcg/pilot group"),
        ("wlcg:system", ["wlcg", "wlcg/system"], "No member acts as system"),
        ("wlcg", ["other"], "Not a member of the wlcg group"),
        ("wlcg", None, "Not a member of the wlcg group"),
        ("wlcg", "wlcg", "Not a member of the wlcg group"),
        (None, ["other"], "Origin header must name"),
    ],
)
def test_a_token_of_no_member_is_denied(origin: str | None, groups: object, why: str) -> None:
    with pytest.raises(NotAMember, match=why):
        identity_from(a_believed(groups=groups), origin, VOS)


@pytest.mark.parametrize("origin", [None, "http://127.0.0.1:25080", "null"])
def test_a_browser_is_of_the_only_vo_that_its_groups_give(origin: str | None) -> None:
    assert identity_from(a_believed(), origin, VOS).vo == "wlcg"


def test_others_than_the_owner_need_a_role_and_the_same_vo() -> None:
    jane, operator = an_identity(), an_identity(subject="o", role="operator")

    assert may_act_on(jane, "subject-jane", "wlcg")
    assert not may_act_on(jane, "subject-bob", "wlcg")
    assert may_act_on(operator, "subject-bob", "wlcg")
    assert not may_act_on(operator, "subject-bob", "cms")


def test_a_scope_makes_a_member_only_where_the_issuer_speaks_for_one_vo() -> None:
    scope = {"scope": "openid compute.read", "wlcg.groups": None, "groups": None}
    alone, of_two = an_issuer(vos=("wlcg",)), an_issuer(vos=("wlcg", "cms"))

    assert identity_from(a_believed(alone, **scope), "wlcg", ("wlcg", "cms")).capabilities == {"compute.read"}
    with pytest.raises(NotAMember, match="Not a member of the wlcg group"):
        identity_from(a_believed(of_two, **scope), "wlcg", ("wlcg", "cms"))


def test_a_robot_needs_no_name_and_a_stranger_without_one_is_denied() -> None:
    nameless: dict[str, object] = {"name": None, "preferred_username": None, "wlcg.groups": ["/wlcg"]}

    assert identity_from(a_believed(an_issuer(robots=("s",)), **nameless), "wlcg", VOS).user_name == "s"
    with pytest.raises(NotAMember, match="has no name"):
        identity_from(a_believed(an_issuer(), **nameless), "wlcg", VOS)


def test_a_role_of_the_row_is_had_by_members_alone() -> None:
    pilots = an_issuer(auto_roles=("pilot",))

    assert identity_from(a_believed(pilots, **{"wlcg.groups": ["/wlcg"]}), "wlcg:pilot", VOS).roles == {"pilot"}
    with pytest.raises(NotAMember, match="Not a member of the wlcg group"):
        identity_from(a_believed(pilots, **{"wlcg.groups": ["/other"]}), "wlcg:pilot", VOS)


def test_an_issuer_gives_no_membership_of_a_vo_it_does_not_speak_for() -> None:
    cms_alone = an_issuer(issuer=IAM, vos=("cms",))

    with pytest.raises(NotAMember, match="Not a member of the wlcg group"):
        identity_from(a_believed(cms_alone, **{"wlcg.groups": ["/cms"], "groups": ["wlcg"]}), "wlcg", ("wlcg", "cms"))


def test_a_token_for_reading_alone_reads_and_does_nothing_else() -> None:
    some = an_identity(capabilities=frozenset({"compute.read"}))
    every = an_identity(capabilities=frozenset(CAPABILITIES))

    refused = {name: problem_of_class(some, EndpointClass.USER, name) for name in CAPABILITIES}
    assert refused == {
        "compute.read": "",
        "compute.create": "the scope of the token lacks compute.create",
        "compute.modify": "the scope of the token lacks compute.modify",
        "compute.cancel": "the scope of the token lacks compute.cancel",
    }
    assert {problem_of_class(every, EndpointClass.USER, name) for name in CAPABILITIES} == {""}


def test_where_capabilities_decide_groups_give_nothing_more() -> None:
    shifter = an_identity(role="production", roles=frozenset({"production"}), capabilities=frozenset({"compute.cancel"}))

    judged = judged_by(shifter, "compute.cancel")

    assert (judged.role, judged.roles) == ("user", frozenset())
    assert not may_act_on(judged, "someone else", "wlcg", by_membership=True)
    assert may_act_on(shifter, "someone else", "wlcg", by_membership=True)
    assert judged_by(shifter, "") is shifter


def test_a_group_named_as_the_administrators_role_makes_no_administrator() -> None:
    token = a_believed(groups=["wlcg", "wlcg/administrator"])

    with pytest.raises(NotAMember, match="Not a member of the wlcg/administrator group"):
        identity_from(token, "wlcg:administrator", VOS)
