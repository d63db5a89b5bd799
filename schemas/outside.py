"""Keys of the policies that sources outside fill: `storage.NAME`, `site.NAME`, `link.SOURCE.DESTINATION`, `software.QUEUE`,
`nodes.QUEUE`, `replicas.DATASET`. Source: docs/bridges.md."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from schemas.types import OutsideFact

KINDS = ("storage", "site", "link", "software", "nodes", "replicas")


def key_of_fact(fact: OutsideFact) -> str:
    """The key of the policy that the fact belongs to; empty for a fact of nothing."""
    if fact.storage is not None:
        return f"storage.{fact.storage.name}"
    if fact.site is not None:
        return f"site.{fact.site.name}"
    if fact.link is not None:
        return f"link.{fact.link.source}.{fact.link.destination}"
    if fact.software is not None:
        return f"software.{fact.software.queue}"
    if fact.nodes is not None:
        return f"nodes.{fact.nodes.queue}"
    if fact.replicas is not None:
        return f"replicas.{fact.replicas.dataset}"
    return ""


def problem_of_fact(fact: OutsideFact) -> str:
    """What does not fit together in a fact: key, value and what was expected; empty when all is well."""
    named = [kind for kind in KINDS if getattr(fact, kind) is not None]
    if len(named) != 1:
        return f"fact holds {', '.join(named) or 'nothing'}, expected exactly one of {', '.join(KINDS)}"
    if fact.storage is not None:
        return _problem_of_downtime("storage", fact.storage.down_from, fact.storage.down_until)
    if fact.site is not None:
        return _problem_of_downtime("site", fact.site.down_from, fact.site.down_until)
    if fact.replicas is not None:
        total = fact.replicas.files
        for copy in fact.replicas.copies:
            if copy.files > total:
                return f"replicas.copies of {copy.storage}: files is {copy.files}, expected at most {total}, as in the dataset"
    return ""


def _problem_of_downtime(kind: str, down_from: int | None, down_until: int | None) -> str:
    if down_until is not None and (down_from is None or down_until < down_from):
        return f"{kind}.down_until is {down_until}, expected a time from down_from on, which is {down_from}"
    return ""


def digest_of(document: Mapping[str, Any]) -> str:
    """Of a fact as a JSON object: equal for equal facts, wherever they were read. 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
