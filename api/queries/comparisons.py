"""Comparisons of a column with a value of a request, as SQL: exactly, as a number, or by a regular expression of Postgres."""

from dataclasses import dataclass
from typing import Literal

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
