"""Task parameters as clients send them, read key by key: typed and bounded, with a complaint for all that is not as it should be.

In: the JSON object of a submission, which may hold anything. Out: values within the bounds below; `problems` collects one
sentence for each bad key, naming the key, what was found and what was expected. Nothing here raises for what a user wrote,
and nothing outside reads a value past it. Source: docs/reference/client.md, "Task parameters".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.characters import TEXT
from streams.jedi.shown import shown

MANDATORY = (
    "taskName", "vo", "prodSourceLabel", "architecture", "transUses", "transHome", "processingType", "jobParameters",
)  # fmt: skip
NULL_ALLOWED = frozenset({"architecture", "transUses", "transHome", "processingType"})
INT32_MAX = 2**31 - 1
#: Whole numbers for which no key has a limit of its own, and numbers with a fraction: exact in a double, far above what is meant.
COUNT_MAX = 10**12
NUMBER_MAX = 1e12
NUMBER_CHARACTERS_MAX = 40
#: Characters of one text that is quoted or searched (an item's value, the arguments of a step) and of one that is a name.
TEXT_CHARACTERS_MAX = 100_000
#: Of the value of an item, and of all that become the text of the jobs; longer than a command line is passed by file.
PAYLOAD_CHARACTERS_MAX = 400_000
NAME_CHARACTERS_MAX = 1_024
NAMES_MAX = 200_000
ITEMS_MAX = 2_000
#: Files of secondary input for one job, and for each unit of one: with its master input a job has at most 1,000.
FILES_OF_ITEM_MAX = 900
EVENT_RATIO_MAX = 1_000_000
PROBLEMS_MAX = 10


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a task cannot be refined: a code and the sentence for people."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Item:
    """One item of `jobParameters`, `log` or `log_merge`; `where` says which, for messages.

    expand: its datasets are treated one by one. random: in an order drawn for the task. files_per_job, ratio,
    event_ratio, index_consistent, reusable, attributes: of secondary input; 0 if not given.
    """

    where: str
    template: bool
    value: str
    param_type: str = ""
    dataset: str = ""
    hidden: bool = False
    padding: bool = True
    expand: bool = False
    offset: int = 0
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    merge_only: bool = False
    allow_no_output: bool = False
    files_per_job: int = 0
    ratio: int = 0
    event_ratio: float = 0
    index_consistent: bool = False
    random: bool = False
    reusable: bool = False
    attributes: tuple[str, ...] = ()

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

    @property
    def complaint(self) -> str:
        """All problems in one sentence, of many the first."""
        found = list(dict.fromkeys(self.problems))
        more = f"; and {len(found) - PROBLEMS_MAX} more" if len(found) > PROBLEMS_MAX else ""
        return "; ".join(found[:PROBLEMS_MAX]) + more

    def check_mandatory(self) -> None:
        """Complain about mandatory keys that are absent, or null where a value is needed."""
        for key in MANDATORY:
            if key not in self.raw:
                self.problems.append(f"{key} is missing")
            elif self.raw[key] is None and key not in NULL_ALLOWED:
                self.complain(key, "a value")

    def text(self, key: str, default: str = "", characters_max: int = TEXT_CHARACTERS_MAX) -> str:
        """Text without control characters but tab and line ends; `default` when absent or null."""
        found = self.raw.get(key)
        if found is None:
            return default
        if not isinstance(found, str):
            self.complain(key, "text")
            return default
        return found if self._is_text(key, found, characters_max) else default

    def name(self, key: str, default: str = "") -> str:
        """A text of one line that names something."""
        found = self.text(key, default, NAME_CHARACTERS_MAX)
        if "\n" in found or "\r" in found:
            self.complain(key, "text of one line")
            return default
        return found

    def whole(self, key: str, minimum: int = 0, maximum: int = INT32_MAX) -> int | None:
        """A whole number from `minimum` to `maximum`, also as text of digits; None when absent, null or out of range."""
        found = self._number(key)
        if found is None:
            return None
        if found != found or abs(found) == float("inf") or found != int(found) or found < minimum:
            self.complain(key, f"a whole number of at least {minimum}")
            return None
        if found > maximum:
            self.complain(key, f"a whole number of at most {maximum}")
            return None
        return int(found)

    def number(self, key: str, maximum: float = NUMBER_MAX) -> float | None:
        """A finite number of at most `maximum` either way, also as text; None when absent or null."""
        found = self._number(key)
        if found is None:
            return None
        if found != found or abs(found) == float("inf"):
            self.complain(key, "a finite number")
            return None
        if abs(found) > maximum:
            self.complain(key, f"a number of at most {maximum:,.0f}")
            return None
        return float(found)

    def at_least_nothing(self, key: str, maximum: float) -> float:
        """A finite number from 0 to `maximum`; 0 when absent or null."""
        found = self.number(key, maximum)
        if found is not None and found < 0:
            self.complain(key, "a number of at least 0")
            return 0
        return found or 0

    def flag(self, key: str) -> bool:
        """True for true and 1; false when absent, null, false or 0."""
        found = self.raw.get(key)
        if found is not None and (not isinstance(found, int | float) or found not in (0, 1)):
            self.complain(key, "true or false")
            return False
        return bool(found)

    def names(self, key: str, characters_max: int = NAME_CHARACTERS_MAX) -> tuple[str, ...]:
        """Texts of a list, or of a comma list; empty when absent or null."""
        found = self.raw.get(key)
        if found is None:
            return ()
        if isinstance(found, str):
            found = [part.strip() for part in found.split(",") if part.strip()]
        if not isinstance(found, list) or not all(isinstance(part, str) for part in found):
            self.complain(key, "a list of texts or a comma list")
            return ()
        if len(found) > NAMES_MAX:
            self.problems.append(f"{self.prefix}{key} has {len(found)} texts, expected at most {NAMES_MAX}")
            return ()
        if not all(self._is_text(key, part, characters_max) for part in found):
            return ()
        return tuple(found)

    def section(self, key: str) -> "Parameters | None":
        """Reader of a nested object, sharing the complaints; None when absent or null."""
        found = self.raw.get(key)
        if found is None:
            return None
        if not isinstance(found, Mapping):
            self.complain(key, "an object")
            return None
        return Parameters(found, f"{self.prefix}{key}.", self.problems)

    def items(self, key: str) -> tuple[Item, ...]:
        """Items of `key`, which holds an object or a list of objects."""
        found = self.raw.get(key)
        if found is None:
            return ()
        rows = [found] if isinstance(found, Mapping) else found
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            self.complain(key, "a list of objects")
            return ()
        if len(rows) > ITEMS_MAX:
            self.problems.append(f"{self.prefix}{key} has {len(rows)} items, expected at most {ITEMS_MAX}")
            return ()
        single = isinstance(found, Mapping)
        return tuple(self._item(row, key if single else f"{key}[{place}]") for place, row in enumerate(rows))

    def _item(self, row: Mapping[str, Any], where: str) -> Item:
        reader = Parameters(row, f"{where}.", self.problems)
        kind = reader.text("type")
        if kind not in ("constant", "template"):
            reader.complain("type", "constant or template")
        if "value" not in row:
            self.problems.append(f"{where}.value is missing")
        padding = row.get("padding", True)
        return Item(
            where=where,
            template=kind == "template",
            value=reader.text("value", characters_max=PAYLOAD_CHARACTERS_MAX),
            param_type=reader.name("param_type"),
            dataset=reader.text("dataset"),
            hidden=reader.flag("hidden"),
            padding=padding is not False,
            expand=reader.flag("expand"),
            offset=reader.whole("offset") or 0,
            include=reader.names("include"),
            exclude=reader.names("exclude"),
            files=reader.names("files"),
            merge_only=reader.flag("mergeOnly"),
            allow_no_output=reader.flag("allowNoOutput"),
            files_per_job=reader.whole("nFilesPerJob", 0, FILES_OF_ITEM_MAX) or 0,
            ratio=reader.whole("ratio", 0, FILES_OF_ITEM_MAX) or 0,
            event_ratio=reader.at_least_nothing("eventRatio", EVENT_RATIO_MAX),
            index_consistent=reader.flag("indexConsistent"),
            random=reader.flag("random"),
            reusable=reader.flag("reusable"),
            attributes=reader.names("attributes"),
        )

    def complain(self, key: str, expected: str) -> None:
        """Note that the value of `key` is not as `expected`."""
        self.problems.append(f"{self.prefix}{key} is {shown(self.raw.get(key))}, expected {expected}")

    def _number(self, key: str) -> int | float | None:
        """A number as it stands, whole ones exactly; None when absent, null or none at all."""
        found = self.raw.get(key)
        if isinstance(found, int | float | None) and not isinstance(found, bool):
            return found
        if isinstance(found, str) and len(found) <= NUMBER_CHARACTERS_MAX:
            try:
                return int(found) if found.strip().lstrip("+-").isdigit() else float(found)
            except ValueError:
                pass
        self.complain(key, "a number")
        return None

    def _is_text(self, key: str, found: str, characters_max: int) -> bool:
        if len(found) > characters_max:
            what = f"a text of {len(found)} characters ({shown(found)})"
            self.problems.append(f"{self.prefix}{key} holds {what}, expected at most {characters_max}")
            return False
        odd = None if TEXT.takes(found) else TEXT.first_odd(found)
        if odd is not None:
            what = f"the character U+{ord(found[odd]):04X} ({shown(found)})"
            self.problems.append(f"{self.prefix}{key} holds {what}, expected text without control characters")
        return odd is None
