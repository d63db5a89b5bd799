"""Which groups give which roles and what roles may do: the built-in policy, others, and what is refused as none."""

import pytest

from identity.access_policy import BUILT_IN, AccessRules, locks_out, problem_of_access
from identity.identity import identity_from
from identity.rights import acting_role, grounds_of, role_of_command, rule_on_command
from identity.ruling import BUILT_IN_RIGHTS, EndpointClass, Thing, rule_on_class
from schemas.records import replace
from schemas.types import AccessPolicy, CertificateAuthority, CertifiedPerson, CommandEnvelope, RoleGrant, RoleRights
from tests.identity.builders import VOS
from tests.identity.test_members import a_believed

NUMBER = "00000000-0000-0000-0000-000000000001"
#: What the groups of a token gave before there was a policy.
ROLES_OF_GROUPS = {
    "wlcg": {},
    "wlcg/production": {"production": "wlcg/production"},
    "wlcg/pilot": {"pilot": "wlcg/pilot"},
    "wlcg/operator": {"operator": "wlcg/operator"},
    "wlcg/administrator": {},
    "wlcg/system": {},
    "wlcg/production/child": {},
    "dune/production": {},
}


def a_policy(*grants: RoleGrant, **more: object) -> AccessPolicy:
    return replace(BUILT_IN, grants=(*BUILT_IN.grants, *grants), **more)


@pytest.mark.parametrize("group", list(ROLES_OF_GROUPS))
def test_the_built_in_policy_gives_what_groups_always_gave(group: str) -> None:
    assert AccessRules().roles_of("wlcg", (group,)) == ROLES_OF_GROUPS[group]


def test_the_built_in_rows_are_the_built_in_rights() -> None:
    assert AccessRules().rights is BUILT_IN_RIGHTS
    assert {row.role: row.rights for row in BUILT_IN.rights} == {
        "user": ("user",),
        "pilot": ("pilot",),
        "production": ("user", "operator", "others"),
        "operator": ("user", "operator", "others"),
        "administrator": ("user", "operator", "others", "administrator"),
    }


def test_a_row_gives_a_role_by_a_group_of_its_organisation_alone() -> None:
    rules = AccessRules(a_policy(RoleGrant(vo="wlcg", group="ops/shift-*", role="operator")))

    assert rules.roles_of("wlcg", ("wlcg/ops/shift-day",)) == {"operator": "wlcg/ops/shift-day"}
    assert rules.roles_of("wlcg", ("wlcg/ops/shift-day/guest", "wlcg/xops/shift-day", "wlcg/ops")) == {}
    assert rules.roles_of("dune", ("dune/ops/shift-day",)) == {}


def test_a_group_that_gives_its_role_no_more_is_not_asked_for_by_name_either() -> None:
    rules = AccessRules(replace(BUILT_IN, grants=()))
    token = a_believed(groups=["/wlcg", "/wlcg/production"])

    assert identity_from(token, "wlcg", VOS, rules).roles == frozenset()
    with pytest.raises(Exception, match="Not a member of the wlcg/production group"):
        identity_from(token, "wlcg:production", VOS, rules)


def test_a_role_of_ones_own_has_the_rights_of_its_row_and_its_commands_say_so() -> None:
    shifter = RoleRights(role="shifter", rights=("others", "user"))
    rules = AccessRules(a_policy(RoleGrant(group="shift", role="shifter"), rights=(*BUILT_IN.rights, shifter)))
    jane = identity_from(a_believed(groups=["/wlcg", "/wlcg/shift"]), "wlcg", VOS, rules)

    role = role_of_command("KillTask", jane)
    grounds = grounds_of(jane, role)

    assert (acting_role(jane, by_membership=True), role) == ("shifter", "shifter")
    assert (grounds.rule, grounds.group) == ("role shifter by group wlcg/shift", "wlcg/shift")
    assert grounds.rights == ("others", "user")
    by = an_envelope(role, grounds.rights)
    assert rule_on_command("KillTask", by, Thing("task 1", "wlcg", "bob")).rule == "role shifter"
    assert rule_on_command("KillTask", by, Thing("task 1", "dune", "bob")).rule == "organisation"
    assert not rule_on_command("SetShares", by, Thing("shares", "wlcg")).allowed


def test_a_role_without_rights_may_nothing_and_a_right_that_was_taken_is_gone_at_the_decider() -> None:
    rows = tuple(row if row.role != "production" else RoleRights(role="production") for row in BUILT_IN.rights)
    rules = AccessRules(replace(BUILT_IN, rights=rows))
    jane = identity_from(a_believed(groups=["/wlcg", "/wlcg/production"]), "wlcg", VOS, rules)

    assert not rule_on_class(EndpointClass.USER, jane.roles, jane.rights).allowed
    assert grounds_of(jane, "production").rights == ("none",)
    by = an_envelope("production", ("none",))
    assert not rule_on_command("KillTask", by, Thing("task 1", "wlcg", "bob")).allowed


def test_commands_under_the_built_in_policy_carry_no_rights_but_the_rule() -> None:
    jane = identity_from(a_believed(groups=["/wlcg", "/wlcg/production"]), "wlcg:production", VOS)

    grounds = grounds_of(jane, "production")

    assert (grounds.rule, grounds.rights) == ("role production by group wlcg/production", ())


REFUSED = [
    (a_policy(RoleGrant(group="x", role="administrator")), "grant 4: role administrator is given by no group"),
    (a_policy(RoleGrant(group="x", role="system")), "grant 4: role system is given by no group"),
    (a_policy(RoleGrant(group="x", role="wizard")), "grant 4: role 'wizard' has no row of rights"),
    (a_policy(RoleGrant(group="a**", role="pilot")), "grant 4: group 'a**', expected a name"),
    (a_policy(RoleGrant(group="/x", role="pilot")), "grant 4: group '/x', expected a name"),
    (a_policy(RoleGrant(group="pilot", role="pilot")), "grant 4 stands there twice"),
    (a_policy(*(RoleGrant(group=f"x{n}*", role="pilot") for n in range(101))), "101 grants have a *"),
    (a_policy(rights=(*BUILT_IN.rights, RoleRights(role="x", rights=("fly",)))), "role x has the unknown right 'fly'"),
    (a_policy(rights=(*BUILT_IN.rights, RoleRights(role="x", rights=("pilot",)))), "role x has the right 'pilot', which only"),
    (a_policy(rights=(*BUILT_IN.rights, RoleRights(role="user"))), "role user has two rows"),
    (a_policy(rights=(*BUILT_IN.rights, RoleRights(role="system"))), "role system is that of Culm itself"),
    (a_policy(persons=(CertifiedPerson(authority="/CN=CA", name="Jane", groups=("wlcg",)),)), "no distinguished name"),
    (a_policy(persons=(CertifiedPerson(authority="/CN=CA", name="/CN=J", groups=("wlcg/*",)),)), "groups are wlcg/*"),
    (a_policy(persons=2 * (CertifiedPerson(authority="/CN=CA", name="/CN=J", groups=("wlcg",)),)), "person /CN=J has two rows"),
    (a_policy(authorities=2 * (CertificateAuthority(name="/CN=CA", vos=("wlcg",)),)), "authority /CN=CA has two rows"),
]  # fmt: skip


@pytest.mark.parametrize(("policy", "why"), REFUSED, ids=[why[:40] for _, why in REFUSED])
def test_a_policy_that_says_nothing_sensible_is_refused_by_row_and_value(policy: AccessPolicy, why: str) -> None:
    assert why in problem_of_access(policy)


def test_the_built_in_policy_can_be_set_and_one_without_administrators_locks_out() -> None:
    without = tuple(row for row in BUILT_IN.rights if row.role != "administrator")

    assert problem_of_access(BUILT_IN) == ""
    assert (locks_out(BUILT_IN), locks_out(replace(BUILT_IN, rights=without))) == (False, True)


def an_envelope(role: str, rights: tuple[str, ...]) -> CommandEnvelope:
    return CommandEnvelope(
        command_id=NUMBER, aggregate_id="1", correlation_id=NUMBER, issued_at=0, actor="jane", role=role, vo="wlcg", rights=rights
    )
