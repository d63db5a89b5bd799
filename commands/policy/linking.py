"""What the policy of a link says to a command: which ids are of one person.

Guards: a person links ids of his own, whose credentials the API has seen, or an administrator does; each pair stands under one
key; the links under a key are bounded.
"""

from commands.decision import Decision, accept, refuse
from commands.policy.model import Policy
from identity.ruling import ADMINISTRATOR, NOT_PERMITTED
from schemas.ids import linked_identity_key
from schemas.policy import IdentityLinked, IdentityUnlinked, LinkIdentities, UnlinkIdentities
from schemas.types import CommandEnvelope

#: The ids of one person but one (identity/linked.py).
LINKS_MAX = 7


def link_identities(policy: Policy, command: LinkIdentities, by: CommandEnvelope) -> Decision:
    """Two ids are of one person."""
    problem = _problem_of(command, by)
    if problem is not None or command.other in policy.linked:
        return problem or accept()
    if len(policy.linked) >= LINKS_MAX:
        return refuse("TOO_MANY_LINKS", f"{command.actor} is linked to {LINKS_MAX} ids already, which is the most")
    return accept(IdentityLinked(actor=command.actor, other=command.other, reason=command.reason))


def unlink_identities(policy: Policy, command: UnlinkIdentities, by: CommandEnvelope) -> Decision:
    """Two ids are of one person no more."""
    problem = _problem_of(command, by)
    if problem is not None:
        return problem
    if command.other not in policy.linked:
        return refuse("NOT_LINKED", f"{command.actor} and {command.other} are not linked")
    return accept(IdentityUnlinked(actor=command.actor, other=command.other, reason=command.reason))


def _problem_of(command: LinkIdentities | UnlinkIdentities, by: CommandEnvelope) -> Decision | None:
    """Why no one may ask for this, or the sender may not; None when he may."""
    expected = linked_identity_key(command.actor)
    if by.aggregate_id != expected:
        return refuse("BAD_KEY", f"the command was sent to {by.aggregate_id!r}, expected {expected!r}")
    if not command.actor < command.other:
        return refuse("BAD_PAIR", f"found {command.actor} and {command.other}, expected two ids in the order of texts")
    own = {by.actor, *by.linked_actors}
    if by.role != ADMINISTRATOR and own.isdisjoint((command.actor, command.other)):
        return refuse(NOT_PERMITTED, "one links and unlinks ids of one's own, or is an administrator")
    return None
