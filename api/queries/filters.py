"""Filters of list pages: what stands in the URL becomes SQL, in PanDA's own conventions (monitor 3).

`field=value`; `*` is a wild card, `|` means or (a comma, too, between states), `!` in front means not. `hours`, `days`,
`date_from`, `date_to` choose a window. Guards: an unknown field or an impossible value is a 400 that names it; values only
ever travel as parameters.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from api.http.errors import BadRequest
from api.http.forms import instant_of
from api.http.plain_requests import WHOLE_MIN, whole_from
from api.queries.comparisons import with_stars
from schemas.instants import MICROSECONDS

WINDOW_FIELDS = ("hours", "days", "date_from", "date_to")
#: Parameters that are not filters.
PLAIN = frozenset({"json", "format", "limit", "display_limit", "sortby", "cursor", "timestamp", "asof", "against", "fields"})
LIMIT, LIMIT_MAX = 100, 1_000
#: Every row is held against each of them.
ALTERNATIVES_MAX = 100


@dataclass(frozen=True, slots=True)
class Field:
    """A column that can be filtered by. kind: text, number, or state (comma is or).

    within: SQL around the comparison, for what stands in another table; `{}` is the comparison.
    """

    column: str
    kind: str = "text"
    within: str = "{}"


@dataclass(frozen=True, slots=True)
class Where:
    """A condition in SQL with its parameters, and the filters in words."""

    sql: str
    parameters: dict[str, Any]
    words: tuple[str, ...]


def where_of(
    given: Mapping[str, str], fields: Mapping[str, Field], time_column: str, vo: str, now_micros: int
) -> Where:
    """The condition that `given` asks for, within `vo`; raises BadRequest."""
    parts, parameters, words = ["vo = %(vo)s"], {"vo": vo}, []
    for name, value in given.items():
        if name in PLAIN or name in WINDOW_FIELDS:
            continue
        if name not in fields:
            raise BadRequest(f"filter {name[:40]!r} is not known here; there are {', '.join(sorted(fields))}")
        if not value.strip():
            raise BadRequest(f"filter {name}: found nothing, expected a value")
        parts.append(_condition(name, value.strip(), fields[name], parameters))
        words.append(f"{name} {value.strip()}")
    parts += _window(given, time_column, now_micros, parameters)
    words += [f"{name} {given[name]}" for name in WINDOW_FIELDS if given.get(name)]
    return Where(" and ".join(parts), parameters, tuple(words))


def _condition(name: str, value: str, field: Field, parameters: dict[str, Any]) -> str:
    negated = value.startswith("!")
    wanted = value.removeprefix("!")
    choices = wanted.replace(",", "|").split("|") if field.kind in ("state", "number") else wanted.split("|")
    if len(choices) > ALTERNATIVES_MAX:
        raise BadRequest(f"filter {name}: found {len(choices)} alternatives, expected at most {ALTERNATIVES_MAX}")
    alternatives = [_alternative(name, choice.strip(), field, parameters) for choice in choices if choice.strip()]
    if not alternatives:
        raise BadRequest(f"filter {name}: found {value[:60]!r}, expected a value")
    joined = field.within.format(" or ".join(alternatives))
    return f"not coalesce(({joined}), false)" if negated else f"({joined})"


def _alternative(name: str, value: str, field: Field, parameters: dict[str, Any]) -> str:
    key = f"p{len(parameters)}"
    if field.kind == "number":
        number = whole_from(value, WHOLE_MIN)
        if number is None:
            raise BadRequest(f"filter {name}: found {value[:60]!r}, expected a number")
        parameters[key] = number
        return f"{field.column} = %({key})s"
    if value == "Not specified":
        return f"coalesce({field.column}, '') = ''"
    if "*" in value:
        parameters[key] = with_stars(value)
        return f"{field.column} ilike %({key})s"
    parameters[key] = value
    return f"{field.column} = %({key})s"


def _window(given: Mapping[str, str], column: str, now_micros: int, parameters: dict[str, Any]) -> list[str]:
    parts = []
    for name, seconds in (("hours", 3_600), ("days", 86_400)):
        if given.get(name):
            try:
                amount = float(given[name])
            except ValueError as problem:
                raise BadRequest(f"filter {name}: found {given[name][:40]!r}, expected a number") from problem
            if not 0 < amount < 1_000_000:
                raise BadRequest(f"filter {name}: found {given[name][:40]!r}, expected more than 0")
            parameters[name] = now_micros - int(amount * seconds * MICROSECONDS)
            parts.append(f"{column} >= %({name})s")
    for name, sign in (("date_from", ">="), ("date_to", "<")):
        if given.get(name):
            try:
                parameters[name] = instant_of(given[name])
            except BadRequest as problem:
                raise BadRequest(problem.detail.replace("since:", f"filter {name}:")) from problem
            parts.append(f"{column} {sign} %({name})s")
    return parts


@dataclass(frozen=True, slots=True)
class SortOrder:
    """How a list is sorted and where its page begins. sql_after: condition for what follows the cursor."""

    name: str
    column: str
    key: str
    descending: bool
    cursor: tuple[Any, Any] | None
    limit: int

    @property
    def sql(self) -> str:
        """ORDER BY."""
        way = "desc" if self.descending else "asc"
        return f"{self.key} {way}" if self.column == self.key else f"{self.column} {way}, {self.key} {way}"

    @property
    def sql_after(self) -> str:
        """The condition; `after_value` and `after_key` are its parameters."""
        if self.cursor is None:
            return "true"
        sign = "<" if self.descending else ">"
        if self.column == self.key:
            return f"{self.key} {sign} %(after_key)s"
        return f"({self.column}, {self.key}) {sign} (%(after_value)s, %(after_key)s)"

    @property
    def parameters(self) -> dict[str, Any]:
        """For `sql_after` and the limit, which asks for one row more."""
        found: dict[str, Any] = {"limit": self.limit + 1}
        if self.cursor is not None:
            found |= {"after_value": self.cursor[0], "after_key": self.cursor[1]}
        return found

    def cursor_of(self, row: Mapping[str, Any]) -> str:
        """Where the page after `row` begins."""
        raw = orjson.dumps([row[self.column], row[self.key]])
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def order_of(given: Mapping[str, str], columns: Mapping[str, str], key: str, default: str) -> SortOrder:
    """Order and page that `given` asks for; raises BadRequest. columns: what may be sorted by -> column."""
    asked = given.get("sortby") or default
    name, _, way = asked.rpartition("-")
    name, way = (name, way) if way in ("ascending", "descending") else (asked, "descending")
    if name not in columns:
        raise BadRequest(f"sortby: found {asked[:60]!r}, expected one of {', '.join(columns)} with -ascending or -descending")
    return SortOrder(name, columns[name], key, way == "descending", _cursor(given.get("cursor")), limit_of(given))


def limit_of(given: Mapping[str, str]) -> int:
    """Rows on a page; raises BadRequest."""
    text = given.get("limit") or given.get("display_limit") or str(LIMIT)
    found = whole_from(text, 1, LIMIT_MAX)
    if found is None:
        raise BadRequest(f"limit: found {text[:40]!r}, expected 1 to {LIMIT_MAX}")
    return found


def _cursor(text: str | None) -> tuple[Any, Any] | None:
    if not text:
        return None
    try:
        found = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        value, key = found
    except (ValueError, TypeError, binascii.Error) as problem:
        raise BadRequest(f"cursor: found {text[:60]!r}, expected one that a page gave") from problem
    if not isinstance(value, (str, int, float)) or not isinstance(key, (str, int)):
        raise BadRequest(f"cursor: found {text[:60]!r}, expected one that a page gave")
    return value, key


def facets_of(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Counts by value for each facet, the largest first, from rows of GROUPING SETS with a `which` column."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for row in rows:
        name = names[row["which"]]
        found[name].append({"value": row[name], "count": row["count"]})
    for values in found.values():
        values.sort(key=lambda entry: (-entry["count"], str(entry["value"])))
    return found


def facets_sql(table: str, columns: Mapping[str, str], where: str) -> str:
    """SQL that counts by each of `columns` (facet -> column) in one pass; `which` numbers the facet."""
    sets = ", ".join(f"({column})" for column in columns.values())
    which = " ".join(f"when grouping({column}) = 0 then {number}" for number, column in enumerate(columns.values()))
    shown = ", ".join(f"{column} as {name}" for name, column in columns.items())
    return (
        f"select {shown}, case {which} end as which, count(*) as count from {table} where {where}"
        f" group by grouping sets ({sets})"
    )
