"""Whether the sender of a command may do what it says: asked once, before every decision, of every aggregate.

In: the command with its envelope, the state. Out: the refusal, None when it may. The rules stand in `identity/ruling.py`, whose
things a state holds in the aggregate's `belongs`. The answer orders a pilot that holds no lease to stop.
"""

from typing import Any

from commands.aggregates import Aggregate
from commands.decision import Decision, refuse
from identity.rights import rule_on_command, scope_of_command
from identity.ruling import Scope
from schemas.wire import Decoded

TO_BE_KILLED = "tobekilled"


def refusal_of_rights(aggregate: Aggregate, state: Any, decoded: Decoded) -> Decision | None:
    """Why `decoded` is not decided on."""
    thing = aggregate.belongs(state, decoded.message, decoded.envelope)
    ruling = rule_on_command(decoded.name, decoded.envelope, thing)
    if ruling.allowed:
        return None
    pilot_command = TO_BE_KILLED if scope_of_command(decoded.name) is Scope.OWN_LEASE else None
    return refuse(ruling.reason, ruling.sentence, pilot_command=pilot_command)
