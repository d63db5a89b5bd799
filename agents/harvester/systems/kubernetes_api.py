"""Requests to an API server, each with a bound on bytes and time, and lists in pages.

In: method, path, document. Out: status and bytes, or NotSent (it did not get there, for certain) or NoAnswer (it may have).
Guards: as `bounded_http`; a list that is not known to be whole is none.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from agents.harvester.systems.bounded_http import BoundedHttp, HttpService, NoAnswer, NotSent
from agents.harvester.systems.kubernetes_settings import ClusterSettings

#: One object; a Job or Secret is at most 1.5 MiB in etcd.
OBJECT_BYTES_MAX = 4 * 1024 * 1024
#: One page of a list.
PAGE_ITEMS = 500
PAGE_BYTES_MAX = 64 * 1024 * 1024
LIST_ITEMS_MAX = 100_000
GONE, TOO_MANY = 410, 429
T = TypeVar("T")


class ListBroken(Exception):
    """A list that is not known to be whole; the message says why."""


@dataclass(frozen=True, slots=True)
class ApiReply:
    """What an API server answered. retry_after_seconds: when it asks to come back, 0 where it does not say."""

    status: int
    content: bytes
    retry_after_seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        """Whether the request was carried out."""
        return 200 <= self.status < 300

    @property
    def problem(self) -> "Status":
        """Why not, in the server's words."""
        try:
            return msgspec.json.decode(self.content, type=Status)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return Status(message=f"HTTP status {self.status} without an explanation")


class Status(msgspec.Struct, frozen=True):
    """A `Status` object of the API: why a request was not carried out. reason: one word, as AlreadyExists."""

    reason: str = ""
    message: str = ""


class ListMeta(msgspec.Struct, frozen=True, rename={"version": "resourceVersion", "next_page": "continue"}):
    """Where a list stands in the cluster's history, and where its next page begins."""

    version: str = ""
    next_page: str = ""


class Listed(msgspec.Struct, Generic[T], frozen=True):
    """A page of a list."""

    kind: str
    metadata: ListMeta
    items: list[T]


class ApiServer(BoundedHttp):
    """A client of one API server; serves several threads."""

    def __init__(self, settings: ClusterSettings) -> None:
        """Raises OSError, ssl.SSLError for files that cannot be used."""
        connections = settings.submissions_at_once + 4
        super().__init__(
            HttpService(
                settings.api, settings.ca_file, settings.certificate_file, settings.key_file, settings.token_file, connections
            )
        )

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        seconds: float,
        bytes_max: int = OBJECT_BYTES_MAX,
    ) -> ApiReply:
        """The answer to one request, within `seconds`; raises NotSent, NoAnswer."""
        content = None if body is None else msgspec.json.encode(body)
        got = self.exchange(method, path, query=query, content=content, seconds=seconds, bytes_max=bytes_max)
        return ApiReply(got.status, got.content, got.retry_after_seconds)

    def list_all(self, path: str, selector: str, shape: "type[Listed[T]]", seconds: float) -> tuple[list[T], str]:
        """All objects under `path` that `selector` chooses, and the version of the cluster that they show.

        Raises ListBroken. The pages of one list show one moment; where the server has forgotten it (410), the list is broken.
        """
        end = time.monotonic() + seconds
        found: list[T] = []
        query = {"labelSelector": selector, "limit": str(PAGE_ITEMS)}
        while True:
            page = self._page(path, query, shape, end - time.monotonic())
            found += page.items
            if len(found) > LIST_ITEMS_MAX:
                raise ListBroken(f"the list has more than {LIST_ITEMS_MAX:,} objects")
            if not page.metadata.next_page:
                return found, page.metadata.version
            query["continue"] = page.metadata.next_page

    def _page(self, path: str, query: Mapping[str, str], shape: "type[Listed[T]]", seconds: float) -> "Listed[T]":
        if seconds <= 0:
            raise ListBroken("the list did not end in time")
        try:
            reply = self.ask("GET", path, query=query, seconds=seconds, bytes_max=PAGE_BYTES_MAX)
        except (NotSent, NoAnswer) as problem:
            raise ListBroken(str(problem)) from None
        if reply.status != 200:
            raise ListBroken(f"the API server answered a list with {reply.status}: {reply.problem.message[:300]}")
        try:
            page = msgspec.json.decode(reply.content, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:
            raise ListBroken(f"the API server's list cannot be read: {str(problem)[:200]}") from None
        if not page.kind.endswith("List") or not page.metadata.version:
            raise ListBroken(f"the API server answered with {page.kind[:80]!r} and no version, expected a list")
        return page
