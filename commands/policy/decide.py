"""What a policy says to a command. Guards: a malformed rule is refused, named with what was found and expected."""

import re
from collections import defaultdict
from typing import assert_never

from commands.decision import Decision, FollowUp, accept, refuse
from commands.policy.model import Policy
from commands.policy.revoking import end_login, restore_identity, revoke_identity, revoke_token, revoke_tokens_before
from schemas.patterns import PatternRefused, compile_pattern
from schemas.policy import (
    ConfigureQueue,
    EndLogin,
    IssuersSet,
    PolicyCommand,
    QueueConfigured,
    RestoreIdentity,
    RetryRulesSet,
    RevokeIdentity,
    RevokeToken,
    RevokeTokensBefore,
    SetIssuers,
    SetRetryRules,
    SetShares,
    SharesSet,
)
from schemas.queue import ConfigureDispatch
from schemas.types import CommandEnvelope, GlobalShare, IssuerProfile, QueueSettings, SignatureAlgorithm, TrustedIssuer

PERCENT_TOLERANCE = 0.01


def decide(policy: Policy, command: PolicyCommand, by: CommandEnvelope) -> Decision:
    """Answer `command` against `policy`; never look anywhere else."""
    match command:
        case SetIssuers():
            return set_issuers(policy, command, by)
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
        case ConfigureQueue():
            return configure_queue(policy, command, by)
        case SetShares():
            return set_shares(policy, command, by)
        case SetRetryRules():
            return set_retry_rules(policy, command, by)
        case _:
            assert_never(command)


def configure_queue(policy: Policy, command: ConfigureQueue, by: CommandEnvelope) -> Decision:
    """New settings of a queue, sent on to the queue itself."""
    settings = command.settings
    if by.aggregate_id != f"queue.{settings.name}":
        return refuse("BAD_KEY", f"queue {settings.name!r} was sent to {by.aggregate_id!r}, expected queue.{settings.name}")
    problem = _problem_of(settings)
    if problem:
        return refuse("BAD_SETTINGS", f"queue {settings.name}: {problem}")
    if policy.settings == settings:
        return accept()
    forward = FollowUp(settings.name, ConfigureDispatch(settings=settings))
    return accept(QueueConfigured(settings=settings), follow_ups=(forward,))


def set_shares(policy: Policy, command: SetShares, by: CommandEnvelope) -> Decision:
    """The tree of shares, whole; siblings add up to 100 percent."""
    if by.aggregate_id != "shares":
        return refuse("BAD_KEY", f"shares were sent to {by.aggregate_id!r}, expected 'shares'")
    problem = _problem_of_shares(command.shares)
    if problem:
        return refuse("BAD_SHARES", problem)
    return accept() if policy.shares == command.shares else accept(SharesSet(shares=command.shares))


def set_retry_rules(policy: Policy, command: SetRetryRules, by: CommandEnvelope) -> Decision:
    """The retry rules, whole, in the order they are tried."""
    if by.aggregate_id != "retry_rules":
        return refuse("BAD_KEY", f"retry rules were sent to {by.aggregate_id!r}, expected 'retry_rules'")
    for number, rule in enumerate(command.rules):
        problem = _problem_of_pattern(rule.pattern)
        if problem:
            return refuse("BAD_RULES", f"rule {number}: {problem}")
    return accept() if policy.rules == command.rules else accept(RetryRulesSet(rules=command.rules))


def set_issuers(policy: Policy, command: SetIssuers, by: CommandEnvelope) -> Decision:
    """The issuers of tokens, whole; each once, for someone and for us."""
    if by.aggregate_id != "issuers":
        return refuse("BAD_KEY", f"issuers were sent to {by.aggregate_id!r}, expected 'issuers'")
    if command.revision is not None and command.revision != policy.revision:
        return refuse("STALE", f"the issuers are at revision {policy.revision}, expected {command.revision}: look again")
    problem = _problem_of_issuers(command.issuers)
    if problem:
        return refuse("BAD_ISSUERS", problem)
    return accept() if policy.issuers == command.issuers else accept(IssuersSet(issuers=command.issuers))


def _problem_of_issuers(issuers: tuple[TrustedIssuer, ...]) -> str:
    names = [row.issuer.removesuffix("/") for row in issuers]
    for row, name in zip(issuers, names, strict=True):
        if names.count(name) > 1:
            return f"issuer {row.issuer} is named twice"
        if not row.vos or not row.audiences or not row.algorithms:
            return f"issuer {row.issuer} needs at least one organisation, one audience and one algorithm"
        if row.profile is IssuerProfile.UNKNOWN or SignatureAlgorithm.UNKNOWN in row.algorithms:
            return f"issuer {row.issuer} has a profile or an algorithm that is not known, expected those of docs/identity.md"
    return ""


def _problem_of(settings: QueueSettings) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", settings.name):
        return f"name {settings.name!r}, expected letters, digits, '_', '.', '-'"
    if settings.rss_mb_max and settings.rss_mb_min > settings.rss_mb_max:
        return f"rss_mb_min is {settings.rss_mb_min}, expected at most rss_mb_max {settings.rss_mb_max}"
    return ""


def _problem_of_shares(shares: tuple[GlobalShare, ...]) -> str:
    names = [share.name for share in shares]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        return f"share {twice[0]} is named twice"
    sums: dict[str | None, float] = defaultdict(float)
    for share in shares:
        if share.parent is not None and share.parent not in names:
            return f"share {share.name} has the unknown parent {share.parent}"
        for pattern in (share.label_pattern, share.working_group_pattern, share.processing_type_pattern):
            problem = _problem_of_pattern(pattern)
            if problem:
                return f"share {share.name}: {problem}"
        sums[share.parent] += share.percent
    for parent, total in sums.items():
        if abs(total - 100) > PERCENT_TOLERANCE:
            return f"shares below {parent or 'the top'} add up to {total:g} percent, expected 100"
    return ""


def _problem_of_pattern(pattern: str | None) -> str:
    try:
        compile_pattern(pattern or "", dot_all=True)
    except PatternRefused as problem:
        return str(problem)
    return ""
