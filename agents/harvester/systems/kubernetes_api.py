"""Requests to an API server, each with a bound on bytes and time, and lists in pages.

In: method, path, document. Out: status and bytes, or NotSent (it did not get there, for certain) or NoAnswer (it may have).
Guards: an endless, huge, cut or slow answer ends the request and nothing else; credentials stand in no error.
"""

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Generic, TypeVar

import httpx
import msgspec

from agents.harvester.systems.kubernetes_settings import ClusterSettings
from process.deadlines import with_deadlines, within

#: One object; a Job or Secret is at most 1.5 MiB in etcd.
OBJECT_BYTES_MAX = 4 * 1024 * 1024
#: One page of a list.
PAGE_ITEMS = 500
PAGE_BYTES_MAX = 64 * 1024 * 1024
LIST_ITEMS_MAX = 100_000
CONNECT_SECONDS = 5.0
TOKEN_BYTES_MAX = 100_000
RETRY_AFTER_SECONDS_MAX = 300.0
GONE, TOO_MANY = 410, 429
T = TypeVar("T")


class NotSent(Exception):
    """The request did not reach the API server."""


class NoAnswer(Exception):
    """The request may have been carried out; its answer is not known."""


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


class ApiServer:
    """A client of one API server; serves several threads."""

    def __init__(self, settings: ClusterSettings) -> None:
        """Raises OSError, ssl.SSLError for files that cannot be used."""
        self._settings = settings
        self._lock = Lock()
        self._token, self._token_read = "", (0, 0)
        limits = httpx.Limits(max_connections=settings.submissions_at_once + 4, keepalive_expiry=30.0)
        headers = {"User-Agent": "culm-harvester", "Accept": "application/json", "Accept-Encoding": "identity"}
        verify = _tls(settings) if settings.api.startswith("https:") else True
        # Proxies of the environment are for the world outside; the API server is named by its address.
        client = httpx.Client(base_url=settings.api, verify=verify, headers=headers, limits=limits, trust_env=False)
        self._client = with_deadlines(client)

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
        pieces: list[bytes] = []
        size = 0
        content = None if body is None else msgspec.json.encode(body)
        try:
            with within(seconds), self.stream(method, path, query=query, content=content, seconds=seconds) as answer:
                for piece in answer.iter_raw():
                    pieces.append(piece)
                    size += len(piece)
                    if size > bytes_max:
                        raise NoAnswer(f"the answer has more than {bytes_max:,} bytes")
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as problem:
            raise NotSent(f"{self._settings.api} cannot be reached: {_words(problem)}") from None
        except httpx.TimeoutException as problem:
            said = f"the answer did not end within {seconds:g} s ({type(problem).__name__})"
            raise NoAnswer(f"no answer from {self._settings.api}: {said}") from None
        except httpx.HTTPError as problem:
            raise NoAnswer(f"no answer from {self._settings.api}: {_words(problem)}") from None
        return ApiReply(answer.status_code, b"".join(pieces), retry_after(answer))

    def stream(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, content: bytes | None = None, seconds: float
    ) -> Any:
        """A context manager with the answer as it arrives; raises NotSent where the token cannot be read."""
        headers = self._credentials()
        if content is not None:
            headers["Content-Type"] = "application/json"
        timeout = httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
        return self._client.stream(method, path, params=query, content=content, headers=headers, timeout=timeout)

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

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def _credentials(self) -> dict[str, str]:
        """Tokens of service accounts are renewed in their file, which is read again when it changed."""
        path = self._settings.token_file
        if path is None:
            return {}
        with self._lock:
            try:
                found = path.stat()
                if (found.st_mtime_ns, found.st_ino) != self._token_read:
                    with path.open("rb") as file:
                        self._token = file.read(TOKEN_BYTES_MAX).decode("ascii").strip()
                    self._token_read = found.st_mtime_ns, found.st_ino
            except (OSError, UnicodeDecodeError) as problem:
                raise NotSent(f"token_file {path} cannot be read: {type(problem).__name__}") from None
            if not self._token.isprintable() or not self._token:
                raise NotSent(f"token_file {path} holds no token")
            return {"Authorization": f"Bearer {self._token}"}


def retry_after(answer: httpx.Response) -> float:
    """Seconds that the server asks to wait, 0 where it does not say; a date instead of a number is not used by API servers."""
    text = answer.headers.get("Retry-After", "")
    return min(float(text), RETRY_AFTER_SECONDS_MAX) if text.isascii() and text.isdecimal() and len(text) < 10 else 0.0


def _tls(settings: ClusterSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=None if settings.ca_file is None else str(settings.ca_file))
    if settings.certificate_file is not None and settings.key_file is not None:
        context.load_cert_chain(settings.certificate_file, settings.key_file)
    return context


def _words(problem: Exception) -> str:
    return f"{type(problem).__name__} {str(problem)[:200]}".strip()
