"""Rules that people set: queue settings, shares, retry rules. Issuers of tokens, too. One aggregate a name:
`queue.<NAME>`, `shares`, `retry_rules`, `issuers`."""

from dataclasses import dataclass

from identity.ruling import Thing
from schemas.policy import IssuersSet, PolicyCommand, PolicyEvent, QueueConfigured, RetryRulesSet, SharesSet
from schemas.types import CommandEnvelope, EventEnvelope, GlobalShare, QueueSettings, RetryRule, TrustedIssuer


@dataclass(slots=True)
class Policy:
    """What was set last; one of them is in use, by the aggregate's name. revision: how many times the issuers were set.

    vo: organisation of the one who set it first, to whom it belongs; issuers belong to no one.
    """

    settings: QueueSettings | None = None
    shares: tuple[GlobalShare, ...] | None = None
    rules: tuple[RetryRule, ...] | None = None
    issuers: tuple[TrustedIssuer, ...] | None = None
    revision: int = 0
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
    return policy


def is_closed(policy: Policy) -> bool:
    """A policy can always be set again."""
    return False


def belongs(policy: Policy, command: PolicyCommand, by: CommandEnvelope) -> Thing:
    """A policy is of the organisation that set it first."""
    return Thing(by.aggregate_id, policy.vo)
