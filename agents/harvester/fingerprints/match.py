"""Applies the table of fingerprints: what a batch system said of an end becomes a class, a sentence and an action. Pure.

In: native state, reason, exit code or signal, the end of the error output; all of it hostile. Out: a fingerprint, also for what
is not in the table: those are grouped by their text without numbers, ids and paths. Guards: linear time for any text (RE2), and
nothing of a text in a name.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import re2

STDERR_LENGTH_MAX, REASON_LENGTH_MAX, SAMPLE_LENGTH_MAX = 8192, 1000, 160
_NAME = re2.compile(r"[a-z][a-z0-9-]{2,39}")
_SHELL_SIGNAL_BASE = 128
#: In this order: ids and numbers differ between workers of one fault, and so do paths.
_VARYING = (
    (re2.compile(r"(?:/[\w.+@:-]+){2,}"), "PATH"),
    (re2.compile(r"\b[0-9a-fA-F-]*[0-9][0-9a-fA-F-]{7,}\b"), "ID"),
    (re2.compile(r"0x[0-9a-fA-F]+"), "N"),
    (re2.compile(r"[0-9]+"), "N"),
)


class Remedy(StrEnum):
    """What helps: the site's operators, another attempt, more memory, new credentials, or the payload's author."""

    SITE = "site"
    RETRY = "retry"
    MEMORY = "memory"
    CREDENTIALS = "credentials"
    PAYLOAD = "payload"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of an end. state: the contract's word; native_state, reason: the system's own."""

    state: str
    native_state: str = ""
    reason: str = ""
    exit_code: int | None = None
    signal: int | None = None
    stderr: str = ""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """name: of the class, a-z, 0-9 and "-". version: of the table that gave it."""

    name: str
    sentence: str
    action: Remedy
    version: int


@dataclass(frozen=True, slots=True)
class Condition:
    """All that is given must hold; texts are searched for in native state and reason, or in the error output."""

    states: frozenset[str] = frozenset()
    exit_codes: frozenset[int] = frozenset()
    signals: frozenset[int] = frozenset()
    reason: Any = None
    stderr: Any = None

    def holds(self, evidence: Evidence, signal: int | None, reason: str, stderr: str) -> bool:
        """Whether it does."""
        return (
            (not self.states or evidence.state in self.states)
            and (not self.exit_codes or evidence.exit_code in self.exit_codes)
            and (not self.signals or signal in self.signals)
            and (self.reason is None or self.reason.search(reason) is not None)
            and (self.stderr is None or self.stderr.search(stderr) is not None)
        )


@dataclass(frozen=True, slots=True)
class Table:
    """Classes in the order in which they are tried; the first that fits counts."""

    version: int
    rows: tuple[tuple[Fingerprint, tuple[Condition, ...]], ...]


def read_table(text: str) -> Table:
    """The table in `text` (TOML). Raises ValueError that names the row and what is wrong with it."""
    data = tomllib.loads(text)
    version, rows, names = int(data["version"]), [], set()
    for number, row in enumerate(data["fingerprint"], 1):
        name = row.get("name", "")
        if not _NAME.fullmatch(name) or name in names:
            raise ValueError(f"row {number}: name is {name!r}, expected one of its own of a-z, 0-9 and '-'")
        names.add(name)
        if not row.get("when"):
            raise ValueError(f"row {name}: has no condition, expected at least one [[fingerprint.when]]")
        fingerprint = Fingerprint(name, row["sentence"], Remedy(row["action"]), version)
        rows.append((fingerprint, tuple(_condition(name, when) for when in row["when"])))
    return Table(version, tuple(rows))


def _condition(name: str, when: Mapping[str, Any]) -> Condition:
    known = {"states", "exit_codes", "signals", "reason", "stderr"}
    if not when or when.keys() - known:
        raise ValueError(f"row {name}: condition has {sorted(when)}, expected some of {sorted(known)}")
    return Condition(
        states=frozenset(when.get("states", ())),
        exit_codes=frozenset(when.get("exit_codes", ())),
        signals=frozenset(when.get("signals", ())),
        reason=re2.compile(f"(?i){when['reason']}") if "reason" in when else None,
        stderr=re2.compile(f"(?i){when['stderr']}") if "stderr" in when else None,
    )


def fingerprint_of(evidence: Evidence, table: Table) -> Fingerprint:
    """The first class of `table` that fits, or one of its own for ends with the same text."""
    signal = evidence.signal
    if signal is None and evidence.exit_code is not None and _SHELL_SIGNAL_BASE < evidence.exit_code < 160:
        signal = evidence.exit_code - _SHELL_SIGNAL_BASE
    reason = _plain(f"{evidence.native_state[:100]} {evidence.reason[:REASON_LENGTH_MAX]}")
    stderr = _plain(evidence.stderr[-STDERR_LENGTH_MAX:])
    for fingerprint, conditions in table.rows:
        if any(condition.holds(evidence, signal, reason, stderr) for condition in conditions):
            return fingerprint
    return _unknown(evidence, stderr, table.version)


def _unknown(evidence: Evidence, stderr: str, version: int) -> Fingerprint:
    """One for all ends whose last words are the same but for numbers, ids and paths."""
    lines = [line for line in stderr.splitlines() if line.strip()]
    text = lines[-1] if lines else evidence.reason[:REASON_LENGTH_MAX] or evidence.native_state[:100]
    sample = normalised(text)
    ended = f"exit code {evidence.exit_code}" if evidence.signal is None else f"signal {evidence.signal}"
    digest = hashlib.sha256(f"{evidence.state} {ended} {sample}".encode()).hexdigest()[:10]
    return Fingerprint(f"unknown-{digest}", f"The cause is not known ({ended}): {sample or 'no text'}", Remedy.RETRY, version)


def normalised(text: str) -> str:
    """A line without what differs between workers: printable, in small letters, bounded."""
    line = " ".join(_plain(text[: 4 * SAMPLE_LENGTH_MAX]).split())
    for pattern, word in _VARYING:
        line = pattern.sub(word, line)
    return line[:SAMPLE_LENGTH_MAX].lower()


def _plain(text: str) -> str:
    """Printable characters and line ends; what cannot be encoded (lone surrogates) is no character."""
    return "".join(char if char.isprintable() or char == "\n" else " " for char in text).encode("utf-8", "replace").decode()
