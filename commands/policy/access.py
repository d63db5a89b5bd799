"""What the policy of roles and rights says to a command. Guards: no policy after which no administrator could set another."""

from commands.decision import Decision, accept, refuse
from commands.policy.model import Policy
from identity.access_policy import ACCESS_POLICY_KEY, BUILT_IN, locks_out, problem_of_access
from identity.ruling import ADMINISTRATOR
from schemas.policy import AccessPolicySet, SetAccessPolicy
from schemas.types import CommandEnvelope


def set_access_policy(policy: Policy, command: SetAccessPolicy, by: CommandEnvelope) -> Decision:
    """Roles and rights, whole."""
    if by.aggregate_id != ACCESS_POLICY_KEY:
        return refuse("BAD_KEY", f"the access policy was sent to {by.aggregate_id!r}, expected {ACCESS_POLICY_KEY!r}")
    if command.revision is not None and command.revision != policy.revision:
        return refuse("STALE", f"the access policy is at revision {policy.revision}, expected {command.revision}: look again")
    problem = problem_of_access(command.policy)
    if problem:
        return refuse("BAD_POLICY", problem)
    if locks_out(command.policy):
        return refuse(
            "NO_ADMINISTRATOR", f"role {ADMINISTRATOR} lacks the right 'administrator': no one could set another policy"
        )
    if command.policy == (policy.access or BUILT_IN):
        return accept()
    return accept(AccessPolicySet(policy=command.policy))
