"""The one function that answers allow or refuse: every class and every scope, with the rule that decides."""

import pytest

from identity.rights import CLASSES, SCOPES
from identity.ruling import Caller, EndpointClass, Scope, Thing, rule_on, rule_on_class

ROLES = ("user", "pilot", "operator", "production", "administrator", "system")
#: Class -> roles that alone open it.
OPEN_TO = {
    "public": {"system"},
    "member": set(ROLES),
    "user": set(ROLES) - {"pilot"},
    "internal": set(ROLES) - {"pilot"},
    "pilot": {"pilot", "system"},
    "report": {"pilot", "system"},
    "operator": {"operator", "production", "administrator", "system"},
    "administrator": {"administrator", "system"},
    "system": {"system"},
}
#: Scope -> who may, of: owner, a member, an operator, an administrator, Culm itself; each within the organisation.
WITHIN = {
    "own task": (True, False, True, True, True),
    "own job": (True, False, True, True, True),
    "own dataset": (True, False, True, True, True),
    "own name": (True, False, True, True, True),
    "own lease": (True, False, False, False, True),
    "own worker": (True, True, True, True, True),
    "own harvester": (True, False, True, True, True),
    "own workflow": (True, False, True, True, True),
    "own settings": (True, True, True, True, True),
    "own secret": (True, False, False, False, True),
    "nothing owned": (True, True, True, True, True),
}
CALLERS = (("jane", "user"), ("bob", "user"), ("bob", "operator"), ("bob", "administrator"), ("bob", "system"))


@pytest.mark.parametrize("kind", list(EndpointClass))
@pytest.mark.parametrize("role", ROLES)
def test_a_class_is_open_to_these_roles_and_no_others(kind: EndpointClass, role: str) -> None:
    assert rule_on_class(kind, frozenset({role})).allowed is (role in OPEN_TO[kind])


@pytest.mark.parametrize("scope", list(Scope))
def test_things_of_an_organisation_are_for_these_of_its_members(scope: Scope) -> None:
    found = [
        rule_on(EndpointClass.MEMBER, scope, Caller(subject, "wlcg", frozenset({role})), Thing("it", "wlcg", "jane")).allowed
        for subject, role in CALLERS
    ]

    assert tuple(found) == WITHIN[scope]


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize(("subject", "role"), CALLERS)
def test_things_of_another_organisation_are_for_none_but_an_administrator_of_settings(
    scope: Scope, subject: str, role: str
) -> None:
    ruling = rule_on(EndpointClass.MEMBER, scope, Caller(subject, "lsst", frozenset({role})), Thing("it", "wlcg", "jane"))

    by_administrator = scope is Scope.OWN_SETTINGS and role == "administrator"
    assert ruling.allowed is (scope is Scope.NOTHING_OWNED or by_administrator)
    assert ruling.rule
    assert bool(ruling.sentence) is not ruling.allowed


def test_a_lease_that_no_subject_is_recorded_to_hold_is_no_pilots() -> None:
    ruling = rule_on(EndpointClass.PILOT, Scope.OWN_LEASE, Caller("jane", "wlcg", frozenset({"pilot"})), Thing("it", "wlcg"))

    assert (ruling.allowed, ruling.rule, ruling.sentence) == (False, "holder of the lease", "no pilot holds the job")


def test_every_command_has_a_class_and_those_of_the_engine_touch_no_ones_things() -> None:
    assert set(CLASSES.values()) == set(EndpointClass) - {EndpointClass.PUBLIC, EndpointClass.MEMBER}
    assert {SCOPES[name] for name, kind in CLASSES.items() if kind is EndpointClass.SYSTEM} == {Scope.NOTHING_OWNED}
