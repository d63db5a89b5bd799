"""What a policy says to a command. Guards: a malformed rule is refused, named with what was found and expected."""

import re
from typing import assert_never

from commands.decision import Decision, FollowUp, accept, refuse
from commands.policy.access import set_access_policy
from commands.policy.enrolling import decide_enrolment
from commands.policy.linking import link_identities, unlink_identities
from commands.policy.model import Policy
from commands.policy.outside import decide_outside
from commands.policy.revoking import decide_revocation
from schemas.brokers import BROKERS_KEY, problem_of_brokers
from schemas.clocks import CLOCKS_KEY, problem_of_clocks
from schemas.patterns import PatternRefused, compile_pattern
from schemas.policy import (
    BrokersSet,
    ClocksSet,
    ConfigureQueue,
    EndEnrolment,
    EndLogin,
    IssuersSet,
    LinkIdentities,
    OfferEnrolment,
    PolicyCommand,
    QueueConfigured,
    RedeemEnrolment,
    ResourceTypesSet,
    RestoreIdentity,
    RetryRulesSet,
    RevokeIdentity,
    RevokeToken,
    RevokeTokensBefore,
    SetAccessPolicy,
    SetBrokers,
    SetClocks,
    SetIssuers,
    SetOutsideFact,
    SetResourceTypes,
    SetRetryRules,
    SetShares,
    SetThrottles,
    SharesSet,
    TakeSource,
    ThrottlesSet,
    UnlinkIdentities,
)
from schemas.queue import ConfigureDispatch
from schemas.queue_classes import problem_of_classes
from schemas.resource_types import RESOURCE_TYPES_KEY, problem_of_resource_types
from schemas.share_tree import SHARES_KEY, problem_of_shares
from schemas.throttles import THROTTLES_KEY, problem_of_throttles
from schemas.types import (
    CommandEnvelope,
    IssuerProfile,
    QueueSettings,
    RetryAction,
    RetryRule,
    SignatureAlgorithm,
    TrustedIssuer,
    WorkerMode,
)

#: pull_ups: Culm orders workers; pull: the Harvester decides itself how many; push: it fetches jobs.
HARVESTER_WORKFLOWS = ("pull_ups", "pull", "push")


def decide(policy: Policy, command: PolicyCommand, by: CommandEnvelope) -> Decision:
    """Answer `command` against `policy`; never look anywhere else."""
    match command:
        case SetAccessPolicy():
            return set_access_policy(policy, command, by)
        case SetIssuers():
            return set_issuers(policy, command, by)
        case RevokeIdentity() | RestoreIdentity() | RevokeToken() | EndLogin() | RevokeTokensBefore():
            return decide_revocation(policy, command, by)
        case OfferEnrolment() | RedeemEnrolment() | EndEnrolment():
            return decide_enrolment(policy, command, by)
        case LinkIdentities():
            return link_identities(policy, command, by)
        case UnlinkIdentities():
            return unlink_identities(policy, command, by)
        case ConfigureQueue():
            return configure_queue(policy, command, by)
        case SetShares():
            return set_shares(policy, command, by)
        case SetRetryRules():
            return set_retry_rules(policy, command, by)
        case SetResourceTypes() | SetBrokers() | SetClocks() | SetThrottles():
            return _set_tables(policy, command, by)
        case TakeSource() | SetOutsideFact():
            return decide_outside(policy, command, by)
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
    if by.aggregate_id != SHARES_KEY:
        return refuse("BAD_KEY", f"shares were sent to {by.aggregate_id!r}, expected {SHARES_KEY!r}")
    problem = problem_of_shares(command.shares)
    if problem:
        return refuse("BAD_SHARES", problem)
    return accept() if policy.shares == command.shares else accept(SharesSet(shares=command.shares))


def set_retry_rules(policy: Policy, command: SetRetryRules, by: CommandEnvelope) -> Decision:
    """The retry rules, whole, in the order they are tried."""
    if by.aggregate_id != "retry_rules":
        return refuse("BAD_KEY", f"retry rules were sent to {by.aggregate_id!r}, expected 'retry_rules'")
    for number, rule in enumerate(command.rules):
        problem = _problem_of_pattern(rule.pattern) or _problem_of_limit(rule)
        if problem:
            return refuse("BAD_RULES", f"rule {number}: {problem}")
    return accept() if policy.rules == command.rules else accept(RetryRulesSet(rules=command.rules))


def _set_tables(
    policy: Policy, command: SetResourceTypes | SetBrokers | SetClocks | SetThrottles, by: CommandEnvelope
) -> Decision:
    match command:
        case SetResourceTypes():
            return set_resource_types(policy, command, by)
        case SetBrokers():
            return set_brokers(policy, command, by)
        case SetClocks():
            return set_clocks(policy, command, by)
        case SetThrottles():
            return set_throttles(policy, command, by)


def _problem_of_limit(rule: RetryRule) -> str:
    if (rule.action is RetryAction.LIMIT_RETRY) is (rule.attempts_max is not None):
        return ""
    found = f"attempts_max is {rule.attempts_max} with {rule.action}"
    return f"{found}, expected a number with LIMIT_RETRY and none with other actions"


def set_resource_types(policy: Policy, command: SetResourceTypes, by: CommandEnvelope) -> Decision:
    """The resource types, whole, in the order they are tried."""
    if by.aggregate_id != RESOURCE_TYPES_KEY:
        return refuse("BAD_KEY", f"resource types were sent to {by.aggregate_id!r}, expected {RESOURCE_TYPES_KEY!r}")
    problem = problem_of_resource_types(command.rows)
    if problem:
        return refuse("BAD_RESOURCE_TYPES", problem)
    return accept() if policy.resource_types == command.rows else accept(ResourceTypesSet(rows=command.rows))


def set_brokers(policy: Policy, command: SetBrokers, by: CommandEnvelope) -> Decision:
    """Which broker chooses for which work, whole, and all figures that are not the defaults."""
    if by.aggregate_id != BROKERS_KEY:
        return refuse("BAD_KEY", f"brokers were sent to {by.aggregate_id!r}, expected {BROKERS_KEY!r}")
    problem = problem_of_brokers(command.rules, command.figures)
    if problem:
        return refuse("BAD_BROKERS", problem)
    if (policy.broker_rules, policy.broker_figures) == (command.rules, command.figures):
        return accept()
    return accept(BrokersSet(rules=command.rules, figures=command.figures))


def set_clocks(policy: Policy, command: SetClocks, by: CommandEnvelope) -> Decision:
    """The clocks of jobs that differ from the built-in ones, whole."""
    if by.aggregate_id != CLOCKS_KEY:
        return refuse("BAD_KEY", f"clocks were sent to {by.aggregate_id!r}, expected {CLOCKS_KEY!r}")
    problem = problem_of_clocks(command.clocks)
    if problem:
        return refuse("BAD_CLOCKS", problem)
    return accept() if policy.clocks == command.clocks else accept(ClocksSet(clocks=command.clocks))


def set_throttles(policy: Policy, command: SetThrottles, by: CommandEnvelope) -> Decision:
    """The limits by which orders are throttled, whole, where they differ from the built-in ones."""
    if by.aggregate_id != THROTTLES_KEY:
        return refuse("BAD_KEY", f"throttles were sent to {by.aggregate_id!r}, expected {THROTTLES_KEY!r}")
    problem = problem_of_throttles(command.limits, command.caps)
    if problem:
        return refuse("BAD_THROTTLES", problem)
    if (policy.throttle_limits, policy.account_caps) == (command.limits, command.caps):
        return accept()
    return accept(ThrottlesSet(limits=command.limits, caps=command.caps))


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
            expected = "expected those of docs/identity/members.md"
            return f"issuer {row.issuer} has a profile or an algorithm that is not known, {expected}"
    return ""


def _problem_of(settings: QueueSettings) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", settings.name):
        return f"name {settings.name!r}, expected letters, digits, '_', '.', '-'"
    if settings.rss_mb_max and settings.rss_mb_min > settings.rss_mb_max:
        return f"rss_mb_min is {settings.rss_mb_min}, expected at most rss_mb_max {settings.rss_mb_max}"
    return problem_of_classes(settings) or _problem_of_mode(settings) or _problem_of_harvester(settings)


def _problem_of_mode(settings: QueueSettings) -> str:
    if settings.mode is WorkerMode.UNKNOWN:
        return "mode is UNKNOWN, expected PULL or PUSH"
    if settings.mode is WorkerMode.PULL:
        return ""
    if settings.harvester:
        return f"mode is PUSH, expected PULL, as Harvester {settings.harvester} serves the queue (harvester_workflow is its own)"
    for name, number in (("", settings.standby_min), *((one.name, one.standby_min) for one in settings.classes)):
        if number:
            of_class = f"class {name}: " if name else ""
            return f"{of_class}standby_min is {number}, expected 0 in mode PUSH, where a worker is started for a job"
    return ""


def _problem_of_harvester(settings: QueueSettings) -> str:
    if settings.harvester_workflow not in HARVESTER_WORKFLOWS:
        return f"harvester_workflow is {settings.harvester_workflow!r}, expected one of {', '.join(HARVESTER_WORKFLOWS)}"
    if settings.harvester and not settings.rss_mb_max:
        return f"rss_mb_max is 0, expected the memory of workers that Harvester {settings.harvester} asks for"
    return ""


def _problem_of_pattern(pattern: str | None) -> str:
    try:
        compile_pattern(pattern or "", dot_all=True)
    except PatternRefused as problem:
        return str(problem)
    return ""
