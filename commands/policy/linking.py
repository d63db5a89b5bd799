"""What the policy of a link says to a command: which ids are of one person.

Guards: a person links ids of his own, whose credentials the API has seen, or an administrator does; each pair stands under one
key; the links under a key are bounded. What a token proved is recorded with the link, also again with one that stands; only the
owner of that token says so, and it ends within `LIFETIME`.
"""

from commands.decision import Decision, accept, refuse
from commands.policy.model import Policy
from identity.linked_memberships import LIFETIME
from identity.ruling import ADMINISTRATOR, NOT_PERMITTED
from schemas.ids import linked_identity_key
from schemas.policy import IdentityLinked, IdentityUnlinked, LinkIdentities, UnlinkIdentities
from schemas.types import CommandEnvelope

#: The ids of one person but one (identity/linked.py).
LINKS_MAX = 7


def link_identities(policy: Policy, command: LinkIdentities, by: CommandEnvelope) -> Decision:
    """Two ids are of one person."""
    problem = _problem_of(command, by) or _problem_of_membership(command, by)
    stands = command.other in policy.linked
    if problem is not None or (stands and command.membership is None):
        return problem or accept()
    if not stands and len(policy.linked) >= LINKS_MAX:
        return refuse("TOO_MANY_LINKS", f"{command.actor} is linked to {LINKS_MAX} ids already, which is the most")
    linked = IdentityLinked(actor=command.actor, other=command.other, reason=command.reason, membership=command.membership)
    return accept(linked)


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


def _problem_of_membership(command: LinkIdentities, by: CommandEnvelope) -> Decision | None:
    found = command.membership
    if found is None:
        return None
    if found.prover != by.actor or found.prover not in (command.actor, command.other):
        return refuse(NOT_PERMITTED, "what a token proved is recorded by its owner, who is one of the two")
    if found.until > by.issued_at + LIFETIME:
        return refuse("BAD_MEMBERSHIP", f"until is {found.until}, expected at most {by.issued_at + LIFETIME}")
    return None
