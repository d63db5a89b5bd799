"""Rules that people set: queue settings, shares, retry rules, issuers of tokens, and what is believed no more.

One aggregate a name: `queue.<NAME>`, `shares`, `retry_rules`, `issuers`; `revoked.<ACTOR>` for the tokens of one identity,
`revoked_before.<DIGEST OF THE ISSUER>` for those of an issuer. Guards: tokens that have ended leave the state.
"""

from dataclasses import dataclass

from identity.ruling import Thing
from schemas.policy import (
    IdentityRestored,
    IdentityRevoked,
    IssuersSet,
    PolicyCommand,
    PolicyEvent,
    QueueConfigured,
    RetryRulesSet,
    SharesSet,
    TokenRevoked,
    TokensRevokedBefore,
)
from schemas.types import CommandEnvelope, EventEnvelope, GlobalShare, QueueSettings, RetryRule, RevokedToken, TrustedIssuer


@dataclass(slots=True)
class Policy:
    """What was set last; one of them is in use, by the aggregate's name. revision: how many times the issuers were set.

    identity_revoked: every token of the identity is refused. revoked_tokens: single ones. tokens_before: those of the issuer
    that were issued earlier are refused.
    vo: organisation of the one who set it first, to whom it belongs; issuers belong to no one.
    """

    settings: QueueSettings | None = None
    shares: tuple[GlobalShare, ...] | None = None
    rules: tuple[RetryRule, ...] | None = None
    issuers: tuple[TrustedIssuer, ...] | None = None
    revision: int = 0
    identity_revoked: bool = False
    revoked_tokens: tuple[RevokedToken, ...] = ()
    tokens_before: int | None = None
    vo: str = ""


def initial() -> Policy:
    """A policy before it is set."""
    return Policy()


def evolve(policy: Policy, event: PolicyEvent, envelope: EventEnvelope) -> Policy:
    """`policy` after `event`."""
    policy.vo = policy.vo or envelope.vo
    match event:
        case QueueConfigured():
            policy.settings = event.settings
        case SharesSet():
            policy.shares = event.shares
        case RetryRulesSet():
            policy.rules = event.rules
        case IssuersSet():
            policy.issuers = event.issuers
            policy.revision += 1
        case IdentityRevoked():
            policy.identity_revoked = True
        case IdentityRestored():
            policy.identity_revoked = False
        case TokenRevoked():
            row = RevokedToken(token=event.token, until=event.until)
            policy.revoked_tokens = (*living(policy.revoked_tokens, envelope.occurred_at), row)
        case TokensRevokedBefore():
            policy.tokens_before = event.time
    return policy


def living(tokens: tuple[RevokedToken, ...], at: int) -> tuple[RevokedToken, ...]:
    """Those of `tokens` that have not ended at `at`."""
    return tuple(row for row in tokens if row.until > at)


def is_closed(policy: Policy) -> bool:
    """A policy can always be set again."""
    return False


def belongs(policy: Policy, command: PolicyCommand, by: CommandEnvelope) -> Thing:
    """A policy is of the organisation that set it first."""
    return Thing(by.aggregate_id, policy.vo)
