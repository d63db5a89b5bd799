"""Rules that people set: queue settings, shares, retry rules. Issuers of tokens, too. One aggregate a name:
`queue.<NAME>`, `shares`, `retry_rules`, `issuers`."""

from dataclasses import dataclass

from schemas.policy import IssuersSet, PolicyEvent, QueueConfigured, RetryRulesSet, SharesSet
from schemas.types import EventEnvelope, GlobalShare, QueueSettings, RetryRule, TrustedIssuer


@dataclass(slots=True)
class Policy:
    """What was set last; one of them is in use, by the aggregate's name. revision: how many times the issuers were set."""

    settings: QueueSettings | None = None
    shares: tuple[GlobalShare, ...] | None = None
    rules: tuple[RetryRule, ...] | None = None
    issuers: tuple[TrustedIssuer, ...] | None = None
    revision: int = 0


def initial() -> Policy:
    """A policy before it is set."""
    return Policy()


def evolve(policy: Policy, event: PolicyEvent, envelope: EventEnvelope) -> Policy:
    """`policy` after `event`."""
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
    return policy


def is_closed(policy: Policy) -> bool:
    """A policy can always be set again."""
    return False
