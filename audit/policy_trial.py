"""What another access policy would have refused and allowed: recorded commands and refusals judged again. Pure.

In: commands of people with their envelopes, the ids of those that were refused for want of rights, recorded refusals of requests,
the owners of what was touched, the rules to try. Out: a tally. Guards: what a record does not say is counted as not known, not
guessed: commands say which group gave their role, refusals which groups the caller had.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from identity.access_policy import NOT_GRANTED, AccessRules
from identity.rights import class_of_command, scope_of_command
from identity.ruling import OTHERS, SYSTEM, USER, Caller, EndpointClass, Scope, Thing, roles_with, rule_on, rule_on_class
from schemas.refusal import RequestsRefused
from schemas.types import CommandEnvelope

#: Whose a thing is, by scope and id: owner and organisation; None for what is not known.
OwnerOf = Callable[[Scope, str], tuple[str, str] | None]
OWNED = (Scope.OWN_TASK, Scope.OWN_JOB, Scope.OWN_DATASET)
EXAMPLES_MAX = 20


@dataclass(frozen=True, slots=True)
class RecordedCommand:
    """A command that someone sent."""

    name: str
    envelope: CommandEnvelope


@dataclass(frozen=True, slots=True)
class OtherRuling:
    """One answer that would be another. actor, vo, what: who and which command or route. rule: that of the new policy."""

    actor: str
    vo: str
    what: str
    rule: str


@dataclass(slots=True)
class TrialTally:
    """What would change. commands, refusals: how many were judged. unknown: refusals that do not say the groups of the caller."""

    commands: int = 0
    refusals: int = 0
    unknown: int = 0
    refused: int = 0
    allowed: int = 0
    refused_people: set[str] = field(default_factory=set)
    allowed_people: set[str] = field(default_factory=set)
    examples: list[tuple[str, OtherRuling]] = field(default_factory=list)

    def sentence(self) -> str:
        """`would refuse 12 commands of 3 people, allow 4 that were refused`."""
        return (
            f"would refuse {_counted(self.refused, 'command')} of {_counted(len(self.refused_people), 'person', 'people')},"
            f" allow {self.allowed} that were refused, of {_counted(len(self.allowed_people), 'person', 'people')}"
        )

    def note(self, is_allowed: bool, changed: OtherRuling, times: int = 1) -> None:
        """An answer changes, `times` times."""
        if is_allowed:
            self.allowed += times
            self.allowed_people.add(changed.actor)
        else:
            self.refused += times
            self.refused_people.add(changed.actor)
        if len(self.examples) < EXAMPLES_MAX:
            self.examples.append(("allow" if is_allowed else "refuse", changed))


def try_commands(
    tally: TrialTally, commands: Iterable[RecordedCommand], refused: Collection[str], rules: AccessRules, owner_of: OwnerOf
) -> None:
    """Judge `commands`; `refused` are the ids of those that were refused for want of rights."""
    for command in commands:
        by = command.envelope
        if by.role == SYSTEM:
            continue
        tally.commands += 1
        kind, scope = class_of_command(command.name), scope_of_command(command.name)
        caller = Caller(by.actor, by.vo, frozenset({_role_now(by, rules)}), rules.rights)
        was_refused = by.command_id in refused
        ruling = rule_on(kind, scope, caller, _thing(by, scope, owner_of, was_refused))
        if ruling.allowed is was_refused:
            tally.note(ruling.allowed, OtherRuling(by.actor, by.vo, f"{command.name} {by.aggregate_id}"[:200], ruling.rule))


def try_refusals(tally: TrialTally, refusals: Iterable[RequestsRefused], rules: AccessRules) -> None:
    """Judge requests that the API refused for want of a role, or because they touched what others own."""
    for one in refusals:
        if one.rule not in ("role", "owner"):
            continue
        tally.refusals += one.requests
        if not one.groups:
            tally.unknown += one.requests
            continue
        roles = frozenset(rules.roles_of(one.vo, one.groups))
        if one.rule == "owner":
            giving = roles_with(OTHERS, roles, rules.rights)
            allowed, rule = bool(giving), f"role {giving[0]}" if giving else "owner"
        else:
            ruling = rule_on_class(_class(one.route_class), roles, rules.rights)
            allowed, rule = ruling.allowed, ruling.rule
        if allowed:
            tally.note(True, OtherRuling(one.caller, one.vo, one.route or one.route_class, rule), one.requests)


def _role_now(by: CommandEnvelope, rules: AccessRules) -> str:
    """What the sender would act as: its role, unless a group gave it that gives it no more."""
    role = by.role or USER
    if not by.group or role in NOT_GRANTED or rules.gives(by.vo, by.group, role):
        return role
    return USER


def _thing(by: CommandEnvelope, scope: Scope, owner_of: OwnerOf, was_refused: bool) -> Thing:
    """What was touched. Of things whose owner only the decider knows its answer tells that they were the sender's."""
    if scope not in OWNED:
        return Thing(by.aggregate_id, "" if was_refused else by.vo, by.actor)
    found = owner_of(scope, by.aggregate_id)
    return Thing(by.aggregate_id) if found is None else Thing(by.aggregate_id, found[1], found[0])


def _class(name: str) -> EndpointClass:
    return next((kind for kind in EndpointClass if kind.value == name), EndpointClass.SYSTEM)


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
