"""What operators and sources outside have set, as choices rest on it. Pure: the last event of each policy counts."""

from dataclasses import dataclass, field

from schemas.policy import BrokersSet, OutsideFactSet, QueueConfigured, ResourceTypesSet, RetryRulesSet, SharesSet, ThrottlesSet
from schemas.resource_types import BUILT_IN
from schemas.types import EventEnvelope, GlobalShare, QueueSettings, ResourceType, RetryRule
from streams.facts.outside import OutsideTable

#: Policies that a choice rests on.
PolicyFact = QueueConfigured | RetryRulesSet | ResourceTypesSet | SharesSet | BrokersSet | OutsideFactSet | ThrottlesSet


@dataclass(slots=True)
class PolicyTable:
    """settings: of queues by name. rules: None until some were set. shares_cause: the event that set the tree."""

    settings: dict[str, QueueSettings] = field(default_factory=dict)
    rules: tuple[RetryRule, ...] | None = None
    types: tuple[ResourceType, ...] = BUILT_IN
    shares: tuple[GlobalShare, ...] = ()
    shares_cause: EventEnvelope | None = None
    brokers: BrokersSet = field(default_factory=BrokersSet)
    outside: OutsideTable = field(default_factory=OutsideTable)
    throttles: ThrottlesSet = field(default_factory=ThrottlesSet)

    def know(self, found: PolicyFact, envelope: EventEnvelope) -> None:
        """Take a policy event."""
        match found:
            case QueueConfigured():
                self.settings[found.settings.name] = found.settings
            case RetryRulesSet():
                self.rules = found.rules
            case ResourceTypesSet():
                self.types = found.rows
            case SharesSet():
                self.shares, self.shares_cause = found.shares, envelope
            case BrokersSet():
                self.brokers = found
            case ThrottlesSet():
                self.throttles = found
            case OutsideFactSet():
                self.outside.know(envelope.aggregate_id, found)
