"""Which commands a client may send, and to whose things.

Each command's Avro file says it as `right`: a class, and for users a scope. A command of class `system`, and one that says
nothing, is Culm's own business (refining, generating jobs, leases ...): only operators may send it, to mend something by hand;
deciders keep their invariants all the same.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from api.identity.access import EndpointClass
from schemas.catalog import CATALOG


class Scope(StrEnum):
    """Whose things a command touches."""

    OWN_TASK = "own task"
    OWN_JOB = "own job"
    OWN_DATASET = "own dataset"
    NOTHING_OWNED = "nothing owned"


RIGHTS: Mapping[str, Mapping[str, Any]] = {
    entry.name: entry.schema.get("right", {}) for entry in CATALOG.values() if entry.role == "commands"
}


def class_of_command(name: str) -> EndpointClass:
    """Who may send the command `name`."""
    match RIGHTS.get(name, {}).get("class"):
        case "user":
            return EndpointClass.USER
        case "pilot":
            return EndpointClass.PILOT
        case _:
            return EndpointClass.OPERATOR


def scope_of_command(name: str) -> Scope:
    """Whose things the command `name` touches when a user sends it."""
    return Scope(RIGHTS.get(name, {}).get("scope", Scope.NOTHING_OWNED))


def right_in_words(name: str) -> str:
    """Who may send the command `name`, for documents."""
    kind = class_of_command(name)
    return f"For {kind}s: {scope_of_command(name)}." if kind is EndpointClass.USER else f"For {kind}s."
