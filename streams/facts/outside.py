"""What sources outside say of storages, sites, links, software, worker nodes and replicas. Pure.

In: events of policies. Out: the last fact of each thing, with the time at which its source was made. What no source names is not
there: a filter that needs it lets the queue pass and says so. Source: docs/bridges.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.policy import OutsideFactSet
from schemas.types import (
    ComputingSite,
    DatasetReplicas,
    NetworkLink,
    OutsideFact,
    SoftwareTags,
    StorageElement,
    WorkerNodes,
)


@dataclass(frozen=True, slots=True)
class OutsideFacts:
    """Facts by the name of what they are about; those of links by (source, destination), those of software and nodes by queue,
    those of replicas by dataset.

    source_at: policy key (`storage.NAME`) -> when its source was made (microseconds UTC).
    """

    storages: Mapping[str, StorageElement] = field(default_factory=dict)
    sites: Mapping[str, ComputingSite] = field(default_factory=dict)
    links: Mapping[tuple[str, str], NetworkLink] = field(default_factory=dict)
    software: Mapping[str, SoftwareTags] = field(default_factory=dict)
    nodes: Mapping[str, WorkerNodes] = field(default_factory=dict)
    replicas: Mapping[str, DatasetReplicas] = field(default_factory=dict)
    source_at: Mapping[str, int] = field(default_factory=dict)


#: What is known before any source was read.
NOTHING = OutsideFacts()


@dataclass(slots=True)
class OutsideTable:
    """The same while it grows: policy key -> what was set last, and when its source was made."""

    _rows: dict[str, tuple[OutsideFact, int]] = field(default_factory=dict)
    _made: OutsideFacts | None = None

    def know(self, key: str, event: OutsideFactSet) -> None:
        """Take the event of the policy `key`; one without a fact takes it away."""
        if event.fact is None:
            self._rows.pop(key, None)
        else:
            self._rows[key] = (event.fact, event.source_at)
        self._made = None

    def facts(self) -> OutsideFacts:
        """All of it as it is now; the same object until something changes."""
        if self._made is None:
            self._made = _facts_of(self._rows)
        return self._made


def _facts_of(rows: Mapping[str, tuple[OutsideFact, int]]) -> OutsideFacts:
    facts = [fact for fact, _ in rows.values()]
    return OutsideFacts(
        storages={fact.storage.name: fact.storage for fact in facts if fact.storage},
        sites={fact.site.name: fact.site for fact in facts if fact.site},
        links={(fact.link.source, fact.link.destination): fact.link for fact in facts if fact.link},
        software={fact.software.queue: fact.software for fact in facts if fact.software},
        nodes={fact.nodes.queue: fact.nodes for fact in facts if fact.nodes},
        replicas={fact.replicas.dataset: fact.replicas for fact in facts if fact.replicas},
        source_at={key: source_at for key, (_, source_at) in rows.items()},
    )
