"""What the decider says to a change of roles and rights."""

from identity.access_policy import BUILT_IN
from schemas.policy import SetAccessPolicy
from schemas.records import replace
from schemas.types import AccessPolicy, RoleGrant, RoleRights
from tests.commands.in_memory import a_culm

WIDER = replace(BUILT_IN, grants=(*BUILT_IN.grants, RoleGrant(vo="wlcg", group="shift", role="operator")))


def test_only_an_administrator_sets_roles_and_rights() -> None:
    culm = a_culm()

    refused = culm.send(SetAccessPolicy(policy=WIDER), "access", role="operator")
    taken = culm.send(SetAccessPolicy(policy=WIDER), "access", role="administrator")

    assert (refused.reason, taken.event_types) == ("NOT_PERMITTED", ("AccessPolicySet",))


def test_two_who_change_roles_and_rights_do_not_undo_each_other() -> None:
    culm = a_culm()
    culm.send(SetAccessPolicy(policy=WIDER, revision=0), "access", role="administrator")

    late = culm.send(SetAccessPolicy(policy=BUILT_IN, revision=0), "access", role="administrator")
    again = culm.send(SetAccessPolicy(policy=BUILT_IN, revision=1), "access", role="administrator")

    assert (late.reason, again.event_types) == ("STALE", ("AccessPolicySet",))


def test_a_policy_after_which_no_one_could_set_another_is_refused() -> None:
    rights = tuple(
        row if row.role != "administrator" else RoleRights(role="administrator", rights=("user",)) for row in BUILT_IN.rights
    )

    answer = a_culm().send(SetAccessPolicy(policy=replace(BUILT_IN, rights=rights)), "access", role="administrator")

    assert answer.reason == "NO_ADMINISTRATOR"


def test_an_unknown_right_is_refused_by_role_and_value() -> None:
    policy = AccessPolicy(rights=(*BUILT_IN.rights, RoleRights(role="x", rights=("fly",))))

    answer = a_culm().send(SetAccessPolicy(policy=policy), "access", role="administrator")

    assert (answer.reason, str(answer.message)[:36]) == ("BAD_POLICY", "role x has the unknown right 'fly', ")


def test_the_same_policy_again_changes_nothing_and_another_key_is_refused() -> None:
    culm = a_culm()

    same = culm.send(SetAccessPolicy(policy=BUILT_IN), "access", role="administrator")
    elsewhere = culm.send(SetAccessPolicy(policy=WIDER), "shares", role="administrator")

    assert (same.accepted, same.event_types, elsewhere.reason) == (True, (), "BAD_KEY")
