"""The document of a source outside: policies that it sets, or what is wrong with it. Pure.

In: the bytes of a file. Out: `SourceDocument`, or `BrokenDocument` with every problem by key, value and what was expected: a
document is taken over whole or not at all. Guards: size and depth are bounded before anything is read; numbers are finite; no
key stands twice in an object. The form is that of docs/bridges.md.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.outside import key_of_fact, problem_of_fact
from schemas.records import replace
from schemas.times import micros_of_text
from schemas.types import OutsideFact, StorageElement
from streams.bridges.fields import PROBLEMS_MAX, Findings, record_at, record_of, values_at

BYTES_MAX = 32 * 1024 * 1024
DEPTH_MAX = 20
ENTRIES_MAX = 10_000
#: All keys of a source stand in one record of the log.
KEYS_BYTES_MAX = 600_000
SOURCE_LENGTH_MAX = 64
#: Section -> field of `OutsideFact`, and the record of one entry.
SECTIONS: Mapping[str, tuple[str, str]] = {
    "storages": ("storage", "culm.policy.StorageElement"),
    "sites": ("site", "culm.policy.ComputingSite"),
    "links": ("link", "culm.policy.NetworkLink"),
    "software": ("software", "culm.policy.SoftwareTags"),
    "nodes": ("nodes", "culm.policy.WorkerNodes"),
    "replicas": ("replicas", "culm.policy.DatasetReplicas"),
}
TEXT = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
BRACKET = re.compile(rb"[\[\]{}]")
HEAD = frozenset({"source", "made_at"})
#: Field of `QueueSettings` -> its key in a document, as CRIC names it; limits of the queue that operators set are no part of it.
QUEUE_KEYS: Mapping[str, str] = {
    "core_count": "corecount",
    "rss_mb_max": "maxrss",
    "rss_mb_min": "minrss",
    "workdir_mb_max": "maxwdir",
    "walltime_seconds_max": "maxtime",
    "walltime_seconds_min": "mintime",
}
QUEUE_FIELDS = frozenset({*QUEUE_KEYS, "name", "site", "cloud", "status", "storage", "corepower", "container_type"})


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """A document that is whole. source_at: when its source made it (microseconds UTC).

    facts: policy key -> fact. queues: policy key -> the settings that the document names, by field of `QueueSettings`.
    ignored: keys of entries that stand for nothing here, in order.
    """

    source: str
    source_at: int
    facts: Mapping[str, OutsideFact] = field(default_factory=dict)
    queues: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()

    @property
    def entries(self) -> tuple[str, ...]:
        """Keys of all policies that it sets, in order."""
        return tuple(sorted((*self.facts, *self.queues)))


@dataclass(frozen=True, slots=True)
class BrokenDocument:
    """A document of which nothing is taken over, and why: sentences that name key, value and what was expected."""

    problems: tuple[str, ...]


def read_document(raw: bytes) -> SourceDocument | BrokenDocument:
    """What the bytes of a file say."""
    if len(raw) > BYTES_MAX:
        return BrokenDocument((f"the document has {len(raw):,} bytes, expected at most {BYTES_MAX:,}",))
    if _depth(raw) > DEPTH_MAX:
        return BrokenDocument((f"the document nests deeper than {DEPTH_MAX}, expected at most {DEPTH_MAX} levels",))
    try:
        found = json.loads(raw.decode(), parse_constant=_refused_number, parse_float=_finite, object_pairs_hook=_object)
    except (ValueError, RecursionError) as problem:
        return BrokenDocument((f"the document is no JSON: {ascii(str(problem))[1:-1][:300]}",))
    if not isinstance(found, dict):
        return BrokenDocument((f"the document is {type(found).__name__}, expected an object with source and made_at",))
    return _read(found)


def _read(found: dict[str, Any]) -> SourceDocument | BrokenDocument:
    findings = Findings()
    source, source_at = _head(found, findings)
    facts: dict[str, OutsideFact] = {}
    for section, (name, kind) in SECTIONS.items():
        for place, entry in _entries(found, section, findings):
            fact = _fact(name, kind, entry, place, findings)
            if fact is not None:
                _put(facts, key_of_fact(fact), fact, place, findings)
    queues: dict[str, Mapping[str, Any]] = {}
    for place, entry in _entries(found, "queues", findings):
        values = _queue(entry, place, findings)
        if values is not None:
            _put(queues, f"queue.{values['name']}", values, place, findings)
    for key in found.keys() - HEAD - SECTIONS.keys() - {"queues"}:
        findings.add(str(key)[:60], "a section", f"one of queues, {', '.join(SECTIONS)}")
    made = SourceDocument(source, source_at, facts, queues, tuple(sorted(findings.ignored)))
    _check_size(made, findings)
    return BrokenDocument(tuple(findings.problems)) if findings.problems else made


def _head(found: dict[str, Any], findings: Findings) -> tuple[str, int]:
    source, made_at = found.get("source"), found.get("made_at")
    if not isinstance(source, str) or not 0 < len(source) <= SOURCE_LENGTH_MAX or not source.replace("_", "").isalnum():
        findings.add("source", source, f"the name of the source: letters, digits and _, 1 to {SOURCE_LENGTH_MAX}")
    at = micros_of_text(made_at) if isinstance(made_at, str) else None
    if at is None:
        findings.add("made_at", made_at, "when the source was made, as 2026-11-30T12:00:00Z")
    return str(source), at or 0


def _entries(found: dict[str, Any], section: str, findings: Findings) -> Iterator[tuple[str, Any]]:
    """Place and content of each entry of a section, which is a list, or an object whose keys are names, as in CRIC."""
    entries = found.get(section, [])
    if isinstance(entries, dict) and section != "links":
        named = "queue" if section in ("software", "nodes") else "dataset" if section == "replicas" else "name"
        for key, entry in entries.items():
            yield f"{section}.{ascii(key)[1:-1][:100]}", {named: key, **entry} if isinstance(entry, dict) else entry
    elif isinstance(entries, list):
        for number, entry in enumerate(entries):
            yield f"{section}[{number}]", entry
    else:
        findings.add(section, entries, "a list of objects")


def _fact(name: str, kind: str, entry: Any, place: str, findings: Findings) -> OutsideFact | None:
    made = record_at(kind, _without_downtime(entry, place, findings), place, findings)
    if made is None:
        return None
    parts: dict[str, Any] = {name: _with_usable(made) if isinstance(made, StorageElement) else made}
    fact = OutsideFact(**parts)
    problem = problem_of_fact(fact)
    if problem and len(findings.problems) < PROBLEMS_MAX:
        findings.problems.append(f"{place}: {problem}")
    return None if problem else fact


def _without_downtime(entry: Any, place: str, findings: Findings) -> Any:
    """The entry with `downtime: {from, until}` as the two fields of the record."""
    if not isinstance(entry, dict) or entry.get("downtime") is None:
        return {key: value for key, value in entry.items() if key != "downtime"} if isinstance(entry, dict) else entry
    downtime, rest = entry["downtime"], {key: value for key, value in entry.items() if key != "downtime"}
    if not isinstance(downtime, dict) or not {"from"} <= downtime.keys() <= {"from", "until"}:
        findings.add(f"{place}.downtime", downtime, "an object with from and, where it is known, until")
        return rest
    return {**rest, "down_from": downtime["from"], "down_until": downtime.get("until")}


def _with_usable(storage: StorageElement) -> StorageElement:
    """What may be used, where the source says total and used alone."""
    total, used = storage.space_total_gb, storage.space_used_gb
    if storage.space_usable_gb is not None or total is None or used is None:
        return storage
    usable = max(0, total - used - (storage.space_min_free_gb or 0))
    return replace(storage, space_usable_gb=usable)


def _queue(entry: Any, place: str, findings: Findings) -> Mapping[str, Any] | None:
    kind = "culm.policy.QueueSettings"
    known = {key: value for key, value in entry.items() if key in _QUEUE_DOCUMENT_KEYS} if isinstance(entry, dict) else entry
    if isinstance(entry, dict):
        findings.ignored.update(str(key)[:60] for key in entry.keys() - _QUEUE_DOCUMENT_KEYS)
    values = values_at(kind, known, place, findings, QUEUE_KEYS)
    if values is None or record_of(kind, values, place, findings) is None:
        return None
    return values


_QUEUE_DOCUMENT_KEYS = frozenset(QUEUE_KEYS.get(name, name) for name in QUEUE_FIELDS)


def _put(table: dict[str, Any], key: str, value: Any, place: str, findings: Findings) -> None:
    if key in table:
        findings.add(place, key, "each name once in its section")
    table[key] = value


def _check_size(made: SourceDocument, findings: Findings) -> None:
    entries = made.entries
    if len(entries) > ENTRIES_MAX:
        findings.add("the document", len(entries), f"at most {ENTRIES_MAX:,} entries; give parts of it names of their own")
    elif sum(len(key) for key in entries) > KEYS_BYTES_MAX:
        findings.add("the document", sum(len(key) for key in entries), f"at most {KEYS_BYTES_MAX:,} characters of names")
    elif not entries and not findings.problems:
        findings.add("the document", 0, "one entry at least")


def _depth(raw: bytes) -> int:
    """The deepest nesting of lists and objects outside of texts, at most one above `DEPTH_MAX`."""
    depth = 0
    for bracket in BRACKET.finditer(TEXT.sub(b"", raw)):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > DEPTH_MAX:
            return depth
    return 0


def _refused_number(name: str) -> Any:
    raise ValueError(f"found the number {name}, expected finite numbers")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"found the number {text[:60]}, expected one that a double holds")
    return number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        name = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"key {name[:60]!r} stands twice in one object, expected each once")
    return made
