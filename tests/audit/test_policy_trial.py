"""What another access policy would have changed of what was recorded."""

from audit.policy_trial import RecordedCommand, TrialTally, try_commands, try_refusals
from identity.access_policy import BUILT_IN, AccessRules
from identity.ruling import Scope
from schemas.records import replace
from schemas.refusal import RequestsRefused
from schemas.types import CommandEnvelope, RoleGrant

WITHOUT_PRODUCTION = AccessRules(replace(BUILT_IN, grants=BUILT_IN.grants[1:]))
WITH_SHIFT = AccessRules(replace(BUILT_IN, grants=(*BUILT_IN.grants, RoleGrant(vo="wlcg", group="shift", role="operator"))))


def owner_of(scope: Scope, name: str) -> tuple[str, str] | None:
    return ("jane", "wlcg") if name == "1" else None


def a_command(
    name: str = "KillTask", key: str = "1", actor: str = "bob", role: str = "production", **more: str
) -> RecordedCommand:
    number = f"00000000-0000-0000-0000-{more.pop('number', '1').zfill(12)}"
    group = more.pop("group", f"wlcg/{role}" if role in ("production", "operator", "pilot") else "")
    envelope = CommandEnvelope(
        command_id=number, aggregate_id=key, correlation_id=number, issued_at=0, actor=actor, role=role, vo="wlcg", group=group
    )
    return RecordedCommand(name, envelope)


def a_refusal(rule: str, *groups: str, caller: str = "bob", route_class: str = "operator", requests: int = 1) -> RequestsRefused:
    return RequestsRefused(
        caller=caller,
        vo="wlcg",
        route_class=route_class,
        rule=rule,
        requests=requests,
        first_at=10**15,
        last_at=10**15,
        groups=groups,
    )


def tally_of(*commands: RecordedCommand, rules: AccessRules, refused: tuple[str, ...] = ()) -> TrialTally:
    tally = TrialTally()
    try_commands(tally, commands, refused, rules, owner_of)
    return tally


def test_commands_of_a_group_that_gives_its_role_no_more_are_refused_but_for_ones_own() -> None:
    tally = tally_of(
        a_command(), a_command(actor="eve"), a_command(actor="jane"), a_command(role="operator"), rules=WITHOUT_PRODUCTION
    )

    assert (tally.commands, tally.refused, tally.refused_people) == (4, 2, {"bob", "eve"})
    assert tally.sentence() == "would refuse 2 commands of 2 people, allow 0 that were refused, of 0 people"
    assert tally.examples[0][1].what == "KillTask 1"


def test_the_policy_in_force_changes_nothing() -> None:
    was_refused = a_command(role="user", number="9")

    tally = tally_of(
        a_command(), a_command(actor="jane", role="user"), a_command("SetShares", "shares", role="operator"), was_refused,
        a_command("ReportJobEnd", "5", role="pilot"), a_command("SetIssuers", "issuers", role="administrator", group="wlcg/x"),
        rules=AccessRules(), refused=(was_refused.envelope.command_id,),
    )  # fmt: skip

    assert (tally.refused, tally.allowed) == (0, 0)


def test_commands_of_culm_itself_are_not_judged() -> None:
    assert tally_of(a_command("RefineTask", role="system"), rules=WITHOUT_PRODUCTION).commands == 0


def test_requests_that_were_refused_for_want_of_a_role_are_allowed_by_a_group_that_gives_it() -> None:
    tally = TrialTally()
    refusals = (
        a_refusal("role", "wlcg", "wlcg/shift", requests=3),
        a_refusal("owner", "wlcg", "wlcg/shift", route_class="any"),
        a_refusal("role", "wlcg", caller="eve"),
        a_refusal("role", caller="old", requests=5),
        a_refusal("exp", "wlcg", "wlcg/shift"),
    )

    try_refusals(tally, refusals, WITH_SHIFT)

    assert (tally.refusals, tally.allowed, tally.allowed_people, tally.unknown) == (10, 4, {"bob"}, 5)
