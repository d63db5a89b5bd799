"""What a question "why" is answered with. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reason:
    """says: what holds it. since: microseconds, None when unknown. who: who can change it. change: what would have to change."""

    says: str
    change: str = ""
    who: str = "no one needs to"
    since: int | None = None
