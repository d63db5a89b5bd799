"""The law about links of parameters: each has the values that were submitted, once, when its source has ended. Pure.

Written from docs/reference/idds.md, "Links and parameters", from the events alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from check.of_workflows import LawOfWorkflows


@dataclass(slots=True)
class LinkLedger:
    """Of one workflow. ended: works that have. applied: numbers of the links that have their values."""

    links: list[Any] = field(default_factory=list)
    ended: set[int] = field(default_factory=set)
    applied: set[int] = field(default_factory=set)


@dataclass
class LinksCarried(LawOfWorkflows[LinkLedger]):
    """A link has its values when its source has ended, not before, not twice, and is not forgotten."""

    name: str = "a link of a workflow has the values of its source once, when that has ended, and before a condition is taken"

    def opened(self) -> LinkLedger:
        """One without works."""
        return LinkLedger()

    def entered(self, ledger: LinkLedger, name: str, event: Any) -> Iterator[str]:
        """What does not follow from the events before."""
        return _entered(ledger, name, event)

    def left(self, ledger: LinkLedger) -> Iterator[str]:
        """What should have happened by now."""
        return _forgotten(ledger)


def _entered(ledger: LinkLedger, name: str, event: Any) -> Iterator[str]:
    match name:
        case "WorksAdded":
            ledger.links += event.links
        case "WorkEnded":
            ledger.ended.add(event.work)
        case "LinkApplied":
            yield from _applied(ledger, event)
        case "ConditionEvaluated" | "WorkflowFinalized":
            yield from _forgotten(ledger)
        case _:
            pass


def _applied(ledger: LinkLedger, event: Any) -> Iterator[str]:
    number = event.link
    if number >= len(ledger.links):
        yield f"link {number} has values, there are {len(ledger.links)} links"
        return
    link = ledger.links[number]
    if (event.source, event.target, event.parameters_json) != (link.source, link.target, link.parameters_json):
        yield f"link {number} has other values, or is between other works, than were submitted"
    if link.source not in ledger.ended:
        yield f"link {number} has values of work {link.source}, which has not ended"
    if number in ledger.applied:
        yield f"link {number} has its values twice"
    ledger.applied.add(number)


def _forgotten(ledger: LinkLedger) -> Iterator[str]:
    for number, link in enumerate(ledger.links):
        if link.source in ledger.ended and number not in ledger.applied:
            yield f"link {number} is forgotten: work {link.source} has ended"
