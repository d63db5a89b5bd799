"""Task parameters as clients send them, read key by key with a complaint for whatever is not as it should be.

In: the JSON object of a submission. Out: typed values; `problems` collects one sentence for each bad key, naming the
key, what was found and what was expected. Nothing here raises for what a user wrote. Source:
docs/reference/client.md, "Task parameters".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MANDATORY = (
    "taskName", "vo", "prodSourceLabel", "architecture", "transUses", "transHome", "processingType", "jobParameters",
)  # fmt: skip
NULL_ALLOWED = frozenset({"architecture", "transUses", "transHome"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a task cannot be refined: a code and the sentence for people."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Item:
    """One item of `jobParameters`, `log` or `log_merge`; `where` says which, for messages."""

    where: str
    template: bool
    value: str
    param_type: str = ""
    dataset: str = ""
    hidden: bool = False
    padding: bool = True
    offset: int = 0
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    merge_only: bool = False
    allow_no_output: bool = False

    @property
    def makes_dataset(self) -> bool:
        """Only template items with a dataset create one; a constant may name a dataset for information."""
        return self.template and bool(self.dataset)


@dataclass(slots=True)
class Parameters:
    """Reader of `raw`; `prefix` is put before the keys in complaints."""

    raw: Mapping[str, Any]
    prefix: str = ""
    problems: list[str] = field(default_factory=list)

    def check_mandatory(self) -> None:
        """Complain about mandatory keys that are absent, or null where a value is needed."""
        for key in MANDATORY:
            if key not in self.raw:
                self.problems.append(f"{key} is missing")
            elif self.raw[key] is None and key not in NULL_ALLOWED:
                self._complain(key, "a value")

    def text(self, key: str, default: str = "") -> str:
        """Text; `default` when absent or null."""
        found = self.raw.get(key)
        if found is None:
            return default
        if not isinstance(found, str):
            self._complain(key, "text")
            return default
        return found

    def whole(self, key: str, minimum: int | None = 0) -> int | None:
        """A whole number, also as text of digits; None when absent or null."""
        found = self.number(key)
        if found is None:
            return None
        if found != int(found) or (minimum is not None and found < minimum):
            self._complain(key, "a whole number" if minimum is None else f"a whole number of at least {minimum}")
            return None
        return int(found)

    def number(self, key: str) -> float | None:
        """A number, also as text; None when absent or null."""
        found = self.raw.get(key)
        if found is None:
            return None
        try:
            if isinstance(found, bool) or not isinstance(found, int | float | str):
                raise ValueError
            value = float(found)
        except ValueError:
            self._complain(key, "a number")
            return None
        if value != value or abs(value) == float("inf"):
            self._complain(key, "a finite number")
            return None
        return value

    def flag(self, key: str) -> bool:
        """True for true and 1; false when absent, null, false or 0."""
        found = self.raw.get(key)
        if found not in (None, True, False):
            self._complain(key, "true or false")
            return False
        return bool(found)

    def names(self, key: str) -> tuple[str, ...]:
        """Texts of a list, or of a comma list; empty when absent or null."""
        found = self.raw.get(key)
        if found is None:
            return ()
        if isinstance(found, str):
            return tuple(part.strip() for part in found.split(",") if part.strip())
        if isinstance(found, Sequence) and all(isinstance(part, str) for part in found):
            return tuple(found)
        self._complain(key, "a list of texts or a comma list")
        return ()

    def section(self, key: str) -> "Parameters | None":
        """Reader of a nested object, sharing the complaints; None when absent or null."""
        found = self.raw.get(key)
        if found is None:
            return None
        if not isinstance(found, Mapping):
            self._complain(key, "an object")
            return None
        return Parameters(found, f"{self.prefix}{key}.", self.problems)

    def items(self, key: str) -> tuple[Item, ...]:
        """Items of `key`, which holds an object or a list of objects."""
        found = self.raw.get(key)
        if found is None:
            return ()
        rows = [found] if isinstance(found, Mapping) else found
        if isinstance(rows, str) or not isinstance(rows, Sequence) or not all(isinstance(r, Mapping) for r in rows):
            self._complain(key, "a list of objects")
            return ()
        single = isinstance(found, Mapping)
        return tuple(self._item(row, key if single else f"{key}[{place}]") for place, row in enumerate(rows))

    def _item(self, row: Mapping[str, Any], where: str) -> Item:
        reader = Parameters(row, f"{where}.", self.problems)
        kind = reader.text("type")
        if kind not in ("constant", "template"):
            reader._complain("type", "constant or template")
        if "value" not in row:
            self.problems.append(f"{where}.value is missing")
        padding = row.get("padding", True)
        return Item(
            where=where,
            template=kind == "template",
            value=reader.text("value"),
            param_type=reader.text("param_type"),
            dataset=reader.text("dataset"),
            hidden=reader.flag("hidden"),
            padding=padding is not False,
            offset=reader.whole("offset") or 0,
            include=reader.names("include"),
            exclude=reader.names("exclude"),
            files=reader.names("files"),
            merge_only=reader.flag("mergeOnly"),
            allow_no_output=reader.flag("allowNoOutput"),
        )

    def _complain(self, key: str, expected: str) -> None:
        self.problems.append(f"{self.prefix}{key} is {_shown(self.raw.get(key))}, expected {expected}")


def _shown(value: object) -> str:
    """A value as a message shows it, cut at 60 characters."""
    text = "null" if value is None else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
