"""What the policy of an enrolment code says to a command: offered by an operator, used once by an agent, ended.

Guards: a code is used by one agent alone, which may repeat that; a second one ends it, with every token that came of it, because
one of the two had stolen it. No code stands here, only its digest.
"""

from typing import assert_never

from commands.decision import Decision, accept, refuse
from commands.policy.model import Policy
from schemas.ids import enrolment_key
from schemas.instants import DAY
from schemas.policy import (
    EndEnrolment,
    EnrolmentEnded,
    EnrolmentOffered,
    EnrolmentRedeemed,
    OfferEnrolment,
    RedeemEnrolment,
)
from schemas.times import utc
from schemas.types import CommandEnvelope

#: How long a code may wait to be used, and how long what comes of it may be renewed.
CODE_LIFETIME_MAX, TOKENS_LIFETIME_MAX = DAY, 400 * DAY


def decide_enrolment(policy: Policy, command: OfferEnrolment | RedeemEnrolment | EndEnrolment, by: CommandEnvelope) -> Decision:
    """Answer what concerns an enrolment code; each command goes to the key of its code."""
    if by.aggregate_id != enrolment_key(command.code):
        return refuse("BAD_KEY", f"the command was sent to {by.aggregate_id!r}, expected {enrolment_key(command.code)!r}")
    match command:
        case OfferEnrolment():
            return offer_enrolment(policy, command, by)
        case RedeemEnrolment():
            return redeem_enrolment(policy, command, by)
        case EndEnrolment():
            return end_enrolment(policy, command)
        case _:
            assert_never(command)


def offer_enrolment(policy: Policy, command: OfferEnrolment, by: CommandEnvelope) -> Decision:
    """A code for one agent of some queues of the sender's organisation."""
    if policy.enrolment is not None:
        return refuse("ALREADY_EXISTS", "this code was offered before: make another one")
    if not command.queues:
        return refuse("BAD_ENROLMENT", "queues is empty, expected at least one queue")
    if not by.issued_at < command.expires_at <= by.issued_at + CODE_LIFETIME_MAX:
        return refuse("BAD_TIME", f"expires_at is {utc(command.expires_at)}, expected a time within the next 24 hours")
    if not command.expires_at <= command.tokens_until <= by.issued_at + TOKENS_LIFETIME_MAX:
        return refuse("BAD_TIME", f"tokens_until is {utc(command.tokens_until)}, expected expires_at to 400 days ahead")
    offered = EnrolmentOffered(
        code=command.code,
        queues=command.queues,
        worker_id=command.worker_id,
        expires_at=command.expires_at,
        tokens_until=command.tokens_until,
    )
    return accept(offered)


def redeem_enrolment(policy: Policy, command: RedeemEnrolment, by: CommandEnvelope) -> Decision:
    """The agent that uses a code first has it; another one that does ends it for both."""
    found = policy.enrolment
    if found is None:
        return refuse("UNKNOWN_CODE", "no such code was offered")
    if found.ended:
        return refuse("CODE_ENDED", "the code and what came of it are refused: ask for another one")
    if found.redeemer is not None and found.redeemer != command.redeemer:
        ended = EnrolmentEnded(code=command.code, used_twice=True)
        return refuse("CODE_USED", "the code was used before: it is refused from now on, with what came of it", ended)
    if found.redeemer is not None:
        return accept()
    if by.issued_at >= found.expires_at:
        return refuse("CODE_EXPIRED", f"the code could be used until {utc(found.expires_at)}")
    return accept(EnrolmentRedeemed(code=command.code, redeemer=command.redeemer))


def end_enrolment(policy: Policy, command: EndEnrolment) -> Decision:
    """The code and every token that came of it are refused."""
    if policy.enrolment is None:
        return refuse("UNKNOWN_CODE", "no such code was offered")
    if policy.enrolment.ended:
        return accept()
    return accept(EnrolmentEnded(code=command.code, reason=command.reason))
