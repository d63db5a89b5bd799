"""What the policies of revocation say to a command. Guards: an identity does not lock itself out; no time lies in the future of
the command, but for the end of a token; the tokens that one identity has revoked are bounded, so a flood of logouts ends with its
sender."""

from typing import assert_never

from commands.decision import Decision, accept, refuse
from commands.policy.model import Policy, living
from schemas.ids import revoked_identity_key, revoked_issuer_key
from schemas.instants import DAY, MINUTE
from schemas.policy import (
    EndLogin,
    IdentityRestored,
    IdentityRevoked,
    RestoreIdentity,
    RevokeIdentity,
    RevokeToken,
    RevokeTokensBefore,
    TokenRevoked,
    TokensRevokedBefore,
)
from schemas.times import utc
from schemas.types import CommandEnvelope

#: As many as the snapshot of a policy takes.
TOKENS_MAX = 500
#: No issuer's row allows a token to live longer (identity/own_issuers.py).
TOKEN_LIFETIME_MAX = 400 * DAY
#: How far clocks may differ.
AHEAD_MAX = MINUTE

Revocation = RevokeIdentity | RestoreIdentity | RevokeToken | EndLogin | RevokeTokensBefore


def decide_revocation(policy: Policy, command: Revocation, by: CommandEnvelope) -> Decision:
    """Answer what concerns who and what is believed no more."""
    match command:
        case RevokeIdentity():
            return revoke_identity(policy, command, by)
        case RestoreIdentity():
            return restore_identity(policy, command, by)
        case RevokeToken():
            return revoke_token(policy, command, by)
        case EndLogin():
            return end_login(policy, command, by)
        case RevokeTokensBefore():
            return revoke_tokens_before(policy, command, by)
        case _:
            assert_never(command)


def revoke_identity(policy: Policy, command: RevokeIdentity, by: CommandEnvelope) -> Decision:
    """Every token of an identity is refused; not of the one that asks for it."""
    if by.aggregate_id != revoked_identity_key(command.actor):
        return _bad_key(by, revoked_identity_key(command.actor))
    if command.actor == by.actor:
        return refuse("ONESELF", "an administrator cannot revoke the identity that asks for it: only another can undo it")
    if command.since is not None and command.since > by.issued_at + AHEAD_MAX:
        return refuse("BAD_TIME", f"since is {utc(command.since)}, expected a time that has passed")
    if policy.identity_revoked:
        return accept()
    return accept(IdentityRevoked(actor=command.actor, since=command.since, reason=command.reason))


def restore_identity(policy: Policy, command: RestoreIdentity, by: CommandEnvelope) -> Decision:
    """Tokens of an identity are taken again, but for those that were revoked one by one."""
    if by.aggregate_id != revoked_identity_key(command.actor):
        return _bad_key(by, revoked_identity_key(command.actor))
    if not policy.identity_revoked:
        return refuse("NOT_REVOKED", f"{command.actor} is not revoked")
    return accept(IdentityRestored(actor=command.actor, reason=command.reason))


def revoke_token(policy: Policy, command: RevokeToken, by: CommandEnvelope) -> Decision:
    """One token of anyone is refused until it ends."""
    event = TokenRevoked(
        actor=command.actor, issuer=command.issuer, token=command.token, until=command.until, reason=command.reason
    )
    return _one_token(policy, event, by)


def end_login(policy: Policy, command: EndLogin, by: CommandEnvelope) -> Decision:
    """One token of the sender is refused until it ends; under the key of anyone else nothing happens."""
    return _one_token(
        policy, TokenRevoked(actor=by.actor, issuer=command.issuer, token=command.token, until=command.until), by
    )


def revoke_tokens_before(policy: Policy, command: RevokeTokensBefore, by: CommandEnvelope) -> Decision:
    """Tokens of an issuer from before a time are refused; without a time none is any more."""
    if by.aggregate_id != revoked_issuer_key(command.issuer):
        return _bad_key(by, revoked_issuer_key(command.issuer))
    if command.time is not None and command.time > by.issued_at + AHEAD_MAX:
        return refuse("BAD_TIME", f"time is {utc(command.time)}, expected one that has passed: no one could log in until then")
    if policy.tokens_before == command.time:
        return accept()
    return accept(TokensRevokedBefore(issuer=command.issuer, time=command.time, reason=command.reason))


def _one_token(policy: Policy, event: TokenRevoked, by: CommandEnvelope) -> Decision:
    if by.aggregate_id != revoked_identity_key(event.actor):
        return _bad_key(by, revoked_identity_key(event.actor))
    if event.until > by.issued_at + TOKEN_LIFETIME_MAX:
        return refuse("BAD_TIME", f"until is {utc(event.until)}, expected at most 400 days ahead, as no token lives longer")
    if event.until <= by.issued_at:
        return accept()
    left = living(policy.revoked_tokens, by.issued_at)
    if any(row.token == event.token and row.until >= event.until for row in left):
        return accept()
    if len(left) >= TOKENS_MAX:
        return refuse(
            "TOO_MANY_TOKENS", f"{TOKENS_MAX} tokens of {event.actor} are revoked and have not ended: revoke the identity"
        )
    return accept(event)


def _bad_key(by: CommandEnvelope, expected: str) -> Decision:
    return refuse("BAD_KEY", f"the command was sent to {by.aggregate_id!r}, expected {expected!r}")
