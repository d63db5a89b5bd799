"""One request of the API as a value, and the arguments that httpx sends it with.

Generated methods make calls; connections send them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote
from uuid import uuid4

PREFER, KEY = "prefer", "idempotency-key"


@dataclass(frozen=True, slots=True)
class Call:
    """A request.

    path: as in the OpenAPI document, with {names}. parts: what the names stand for. query, headers: every parameter that the
    operation has; None for those that are not sent. body: the JSON document, None for none; members that are None are not sent.
    """

    method: str
    path: str
    parts: Mapping[str, object] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, object] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None

    def url(self) -> str:
        """The path with its parts, each quoted whole, so that no name leads to another route; raises ValueError for `..`."""
        for name, value in self.parts.items():
            if str(value) in ("", ".", ".."):
                raise ValueError(f"{name}: found {value!r}, expected a name")
        return self.path.format_map({name: quote(str(value), safe="") for name, value in self.parts.items()})

    def after(self, cursor: str) -> "Call":
        """The same call for the page behind `cursor`."""
        return replace(self, query={**self.query, "after": cursor})

    @property
    def is_repeatable(self) -> bool:
        """True when a second sending has no second effect: it reads, it replaces, or it has an idempotency key."""
        return self.method in ("GET", "PUT", "DELETE") or KEY in self.headers

    def arguments(self, wait_seconds: float) -> dict[str, Any]:
        """Arguments for httpx. A call with a place for it gets an idempotency key, and waits `wait_seconds` for its answer."""
        headers = {name: str(value) for name, value in self.headers.items() if value is not None}
        if KEY in self.headers:
            headers.setdefault(KEY, str(uuid4()))
        if PREFER in self.headers:
            headers.setdefault(PREFER, f"wait={wait_seconds:g}")
        query = {name: value for name, value in self.query.items() if value is not None}
        body = None if self.body is None else {name: value for name, value in self.body.items() if value is not None}
        return {"params": query or None, "headers": headers, "json": body}
