"""Who may what: the one place that decides it.

Every route belongs to an endpoint class and every command to one; what a command does to a task, job or dataset of
another member is decided by `may_act_on`. Commands that are not named here are Culm's own business (refining,
generating jobs, leases ...): only operators may send them, to mend something by hand; deciders keep their invariants
all the same.
"""

from collections.abc import Mapping
from enum import StrEnum

from identity.identity import OPERATOR, PILOT, PRODUCTION, Identity


class EndpointClass(StrEnum):
    """Whom a route serves."""

    PUBLIC = "public"
    USER = "user"
    PILOT = "pilot"
    OPERATOR = "operator"


#: Groups of which one is needed, by class; public routes ask for no identity.
ROLES_OF_CLASS: Mapping[EndpointClass, tuple[str, ...]] = {
    EndpointClass.USER: (),
    EndpointClass.PILOT: (PILOT,),
    EndpointClass.OPERATOR: (OPERATOR, PRODUCTION),
}


class Scope(StrEnum):
    """Whose things a command touches."""

    OWN_TASK = "own task"
    OWN_JOB = "own job"
    OWN_DATASET = "own dataset"
    NOTHING_OWNED = "nothing owned"


USER_COMMANDS: Mapping[str, Scope] = {
    "SubmitTask": Scope.NOTHING_OWNED,
    "ClaimTaskName": Scope.NOTHING_OWNED,
    "KillTask": Scope.OWN_TASK,
    "FinishTask": Scope.OWN_TASK,
    "RetryTask": Scope.OWN_TASK,
    "ReloadTask": Scope.OWN_TASK,
    "PauseTask": Scope.OWN_TASK,
    "ResumeTask": Scope.OWN_TASK,
    "IncreaseAttempts": Scope.OWN_TASK,
    "ReassignTask": Scope.OWN_TASK,
    "KillJob": Scope.OWN_JOB,
    "RegisterFiles": Scope.OWN_DATASET,
    "CloseDataset": Scope.OWN_DATASET,
}
PILOT_COMMANDS = frozenset({"LeaseJob", "ReportJobProgress", "ReportJobEnd", "ReportWorker"})


def class_of_command(name: str) -> EndpointClass:
    """Who may send the command `name`."""
    if name in USER_COMMANDS:
        return EndpointClass.USER
    return EndpointClass.PILOT if name in PILOT_COMMANDS else EndpointClass.OPERATOR


def scope_of_command(name: str) -> Scope:
    """Whose things the command `name` touches when a user sends it."""
    return USER_COMMANDS.get(name, Scope.NOTHING_OWNED)


def may_act_on(identity: Identity, owner: str, vo: str, *, by_membership: bool = False) -> bool:
    """True when `identity` may change what `owner` has in `vo`.

    Others than the owner need the production or operator role: the one asked for by Origin or, with `by_membership`,
    given by any group (the native API, which has no habit of asking for a role).
    """
    if identity.vo != vo:
        return False
    return identity.subject == owner or acting_role(identity, by_membership=by_membership) in (OPERATOR, PRODUCTION)


def acting_role(identity: Identity, *, by_membership: bool = False) -> str:
    """What commands of `identity` say it acts as: the role asked for, else (`by_membership`) the strongest it has."""
    if identity.role != "user" or not by_membership:
        return identity.role
    return next((role for role in (OPERATOR, PRODUCTION) if role in identity.roles), "user")
