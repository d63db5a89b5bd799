"""Which commands a client may send, and to whose things.

Everything that is not named here is Culm's own business (refining, generating jobs, leases ...): only operators may
send it, to mend something by hand; deciders keep their invariants all the same.
"""

from collections.abc import Mapping
from enum import StrEnum

from api.identity.access import EndpointClass


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
