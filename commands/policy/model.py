"""Rules that people set: queue settings, shares, retry rules. One aggregate a name: `queue.<NAME>`, `shares`, `retry_rules`."""

from dataclasses import dataclass

from schemas.policy import PolicyEvent, QueueConfigured, RetryRulesSet, SharesSet
from schemas.types import EventEnvelope, GlobalShare, QueueSettings, RetryRule


@dataclass(slots=True)
class Policy:
    """What was set last; one of the three is in use, by the aggregate's name."""

    settings: QueueSettings | None = None
    shares: tuple[GlobalShare, ...] | None = None
    rules: tuple[RetryRule, ...] | None = None


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
    return policy


def is_closed(policy: Policy) -> bool:
    """A policy can always be set again."""
    return False
