"""Rules that people set: queue settings, shares, retry rules, issuers of tokens, roles and rights, what is believed no more.

One aggregate a name: `queue.<NAME>`, `shares`, `retry_rules`, `resource_types`, `brokers`, `clocks`, `issuers`, `access`;
`revoked.<ACTOR>` for the tokens of one identity, `revoked_before.<DIGEST OF THE ISSUER>` for those of an issuer;
`linked.<ACTOR>` for the ids of one person; `enrolment.<DIGEST OF THE CODE>` for what came of a code; `source.<NAME>` and what it
says, `storage.<NAME>` and so on (`schemas/outside.py`).
Guards: tokens that have ended leave the state.
"""

from dataclasses import dataclass

from identity.ruling import Thing
from schemas import records
from schemas.policy import (
    AccessPolicySet,
    BrokersSet,
    ClocksSet,
    EnrolmentEnded,
    EnrolmentOffered,
    EnrolmentRedeemed,
    IdentityLinked,
    IdentityRestored,
    IdentityRevoked,
    IdentityUnlinked,
    IssuersSet,
    OutsideFactSet,
    PolicyCommand,
    PolicyEvent,
    QueueConfigured,
    ResourceTypesSet,
    RetryRulesSet,
    SharesSet,
    SourceHeldBack,
    SourceTaken,
    ThrottlesSet,
    TokenRevoked,
    TokensRevokedBefore,
)
from schemas.types import (
    AccessPolicy,
    AccountCap,
    BrokerFigure,
    BrokerRule,
    ClockSetting,
    CommandEnvelope,
    Enrolment,
    EventEnvelope,
    GlobalShare,
    OutsideFact,
    QueueSettings,
    ResourceType,
    RetryRule,
    RevokedToken,
    ThrottleLimits,
    TrustedIssuer,
)


@dataclass(slots=True)
class Policy:
    """What was set last; one of them is in use, by the aggregate's name. revision: how many times the issuers, or roles and
    rights, were set.

    identity_revoked: every token of the identity is refused. revoked_tokens: single ones. tokens_before: those of the issuer
    that were issued earlier are refused. linked: ids of the same person as the one of the key.
    vo: organisation of the one who set it first, to whom it belongs; issuers belong to no one. access: roles and rights.
    outside: what a source says of one thing. source_entries: keys that a source names. source_at: when the source was made
    (microseconds UTC); 0 where none was. throttle_limits, account_caps: limits of orders that differ from the built-in ones.
    source_held_back: the last document of the source was not taken over.
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
    access: AccessPolicy | None = None
    enrolment: Enrolment | None = None
    linked: tuple[str, ...] = ()
    resource_types: tuple[ResourceType, ...] = ()
    outside: OutsideFact | None = None
    source_entries: tuple[str, ...] = ()
    source_at: int = 0
    source_held_back: bool = False
    broker_rules: tuple[BrokerRule, ...] = ()
    broker_figures: tuple[BrokerFigure, ...] = ()
    clocks: tuple[ClockSetting, ...] = ()
    throttle_limits: tuple[ThrottleLimits, ...] = ()
    account_caps: tuple[AccountCap, ...] = ()


def initial() -> Policy:
    """A policy before it is set."""
    return Policy()


def evolve(policy: Policy, event: PolicyEvent, envelope: EventEnvelope) -> Policy:
    """`policy` after `event`."""
    policy.vo = policy.vo or envelope.vo
    match event:
        case QueueConfigured() | SharesSet() | RetryRulesSet() | ResourceTypesSet() | BrokersSet() | ClocksSet():
            _set(policy, event)
        case ThrottlesSet():
            policy.throttle_limits, policy.account_caps = event.limits, event.caps
        case IssuersSet():
            policy.issuers = event.issuers
            policy.revision += 1
        case AccessPolicySet():
            policy.access = event.policy
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
        case EnrolmentOffered() | EnrolmentRedeemed() | EnrolmentEnded():
            policy.enrolment = _enrolment(policy, event)
        case IdentityLinked() | IdentityUnlinked():
            others = tuple(other for other in policy.linked if other != event.other)
            policy.linked = (*others, event.other) if isinstance(event, IdentityLinked) else others
        case OutsideFactSet() | SourceTaken() | SourceHeldBack():
            _set_outside(policy, event)
    return policy


def _set(policy: Policy, event: QueueConfigured | SharesSet | RetryRulesSet | ResourceTypesSet | BrokersSet | ClocksSet) -> None:
    match event:
        case BrokersSet():
            policy.broker_rules, policy.broker_figures = event.rules, event.figures
        case QueueConfigured():
            policy.settings = event.settings
        case SharesSet():
            policy.shares = event.shares
        case RetryRulesSet():
            policy.rules = event.rules
        case ResourceTypesSet():
            policy.resource_types = event.rows
        case ClocksSet():
            policy.clocks = event.clocks


def _set_outside(policy: Policy, event: OutsideFactSet | SourceTaken | SourceHeldBack) -> None:
    match event:
        case OutsideFactSet():
            policy.outside, policy.source_at = event.fact, event.source_at
        case SourceTaken():
            kept = set(policy.source_entries).difference(event.removed)
            policy.source_entries = tuple(sorted(kept.union(event.added)))
            policy.source_at, policy.source_held_back = event.source_at, False
        case SourceHeldBack():
            policy.source_held_back = True


def _enrolment(policy: Policy, event: EnrolmentOffered | EnrolmentRedeemed | EnrolmentEnded) -> Enrolment:
    match event:
        case EnrolmentOffered():
            return Enrolment(
                queues=event.queues,
                worker_id=event.worker_id,
                expires_at=event.expires_at,
                tokens_until=event.tokens_until,
            )
        case EnrolmentRedeemed():
            return records.replace(_offered(policy), redeemer=event.redeemer)
        case EnrolmentEnded():
            return records.replace(_offered(policy), ended=True)


def _offered(policy: Policy) -> Enrolment:
    assert policy.enrolment is not None, "a code is offered before anything becomes of it"
    return policy.enrolment


def living(tokens: tuple[RevokedToken, ...], at: int) -> tuple[RevokedToken, ...]:
    """Those of `tokens` that have not ended at `at`."""
    return tuple(row for row in tokens if row.until > at)


def is_closed(policy: Policy) -> bool:
    """A policy can always be set again."""
    return False


def belongs(policy: Policy, command: PolicyCommand, by: CommandEnvelope) -> Thing:
    """A policy is of the organisation that set it first."""
    return Thing(by.aggregate_id, policy.vo)
