"""Comparisons of a column with a value of a request, as SQL: exactly, as a number, as a part, or by an expression of Postgres."""

from dataclasses import dataclass
from typing import Literal

from api.http.errors import BadRequest

#: Longer than any name that is stored.
LIKE_CHARACTERS_MAX = 2_000
Kind = Literal["text", "number", "pattern"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`column`, a name of ours and never of a request, compared with `text`; a number that is none finds nothing."""

    column: str
    kind: Kind
    text: str

    @property
    def sql(self) -> str:
        """The condition with one parameter."""
        match self.kind:
            case "pattern":
                return f"coalesce({self.column}::text, 'None') ~ %s"
            case "number":
                return f"{self.column} = any(%s::bigint[])"
            case "text":
                return f"{self.column} = %s"

    @property
    def value(self) -> str | list[int]:
        """The parameter."""
        if self.kind != "number":
            return self.text
        return [int(self.text)] if self.text.isascii() and self.text.isdigit() and len(self.text) <= 18 else []


def containing(text: str | None) -> str | None:
    """The pattern of `like` for what has `text` in it, where `%`, `_` and backslashes mean themselves; raises BadRequest."""
    return None if text is None else f"%{_as_it_is(text)}%"


def with_stars(text: str) -> str:
    """The pattern of `like` for `text`, in which `*` stands for anything and all else for itself; raises BadRequest."""
    return _as_it_is(text).replace("*", "%")


def _as_it_is(text: str) -> str:
    if len(text) > LIKE_CHARACTERS_MAX:
        raise BadRequest(f"{text[:40]!r}... has {len(text)} characters, expected at most {LIKE_CHARACTERS_MAX}")
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
