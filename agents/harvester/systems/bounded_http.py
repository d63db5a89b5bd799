"""HTTP requests to a batch system, each with a bound on bytes and time, and a bearer token from a file that may be renewed.

In: method, path, bytes. Out: status and bytes, or NotSent (it did not get there, for certain) or NoAnswer (it may have).
Guards: an endless, huge, cut or slow answer ends the request and nothing else; credentials stand in no error.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import httpx

from agents.harvester.kill_points import reach
from process.authorities import believed
from process.deadlines import with_deadlines, within

CONNECT_SECONDS = 5.0
TOKEN_BYTES_MAX = 100_000
RETRY_AFTER_SECONDS_MAX = 300.0


class NotSent(Exception):
    """The request did not reach the batch system."""


class NoAnswer(Exception):
    """The request may have been carried out; its answer is not known."""


@dataclass(frozen=True, slots=True)
class HttpService:
    """Where a batch system is asked over HTTP, and with which credentials. connections: at once, at most."""

    address: str
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    token_file: Path | None = None
    connections: int = 12


@dataclass(frozen=True, slots=True)
class Exchange:
    """An answer over HTTP. words: the reason phrase of its first line; length: as its header says, None where it does not."""

    status: int
    content: bytes
    words: str = ""
    length: int | None = None
    retry_after_seconds: float = 0.0


class BoundedHttp:
    """A client of one service; serves several threads."""

    def __init__(self, service: HttpService) -> None:
        """Raises OSError, ssl.SSLError for files that cannot be used."""
        self._service = service
        self._lock = Lock()
        self._token, self._token_read = "", (0, 0)
        limits = httpx.Limits(max_connections=service.connections, keepalive_expiry=30.0)
        headers = {"User-Agent": "culm-harvester", "Accept": "application/json", "Accept-Encoding": "identity"}
        verify = _tls(service) if service.address.startswith("https:") else believed()
        # Proxies of the environment are for the world outside; a batch system is named by its address.
        client = httpx.Client(base_url=service.address, verify=verify, headers=headers, limits=limits, trust_env=False)
        self._client = with_deadlines(client)

    def exchange(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float,
        bytes_max: int,
    ) -> Exchange:
        """The answer to one request, within `seconds`; raises NotSent, NoAnswer."""
        reach("native.before")
        pieces: list[bytes] = []
        size = 0
        address = self._service.address
        opened = self.stream(method, path, query=query, content=content, headers=headers, seconds=seconds)
        try:
            with within(seconds), opened as answer:
                for piece in answer.iter_raw():
                    pieces.append(piece)
                    size += len(piece)
                    if size > bytes_max:
                        raise NoAnswer(f"the answer has more than {bytes_max:,} bytes")
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as problem:
            raise NotSent(f"{address} cannot be reached: {_words(problem)}") from None
        except httpx.TimeoutException as problem:
            said = f"the answer did not end within {seconds:g} s ({type(problem).__name__})"
            raise NoAnswer(f"no answer from {address}: {said}") from None
        except httpx.HTTPError as problem:
            raise NoAnswer(f"no answer from {address}: {_words(problem)}") from None
        reach("native.after")
        length = answer.headers.get("Content-Length", "")
        said_length = int(length) if length.isascii() and length.isdecimal() and len(length) < 19 else None
        return Exchange(answer.status_code, b"".join(pieces), answer.reason_phrase, said_length, retry_after(answer))

    def stream(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float,
    ) -> Any:
        """A context manager with the answer as it arrives; raises NotSent where the token cannot be read."""
        sent = self._credentials()
        if content is not None:
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        timeout = httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
        return self._client.stream(method, path, params=query, content=content, headers=sent, timeout=timeout)

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def _credentials(self) -> dict[str, str]:
        """Tokens are renewed in their file, which is read again when it changed."""
        path = self._service.token_file
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
    """Seconds that the server asks to wait, 0 where it does not say; a date instead of a number is not used by batch systems."""
    text = answer.headers.get("Retry-After", "")
    return min(float(text), RETRY_AFTER_SECONDS_MAX) if text.isascii() and text.isdecimal() and len(text) < 10 else 0.0


def _tls(service: HttpService) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=None if service.ca_file is None else str(service.ca_file))
    if service.certificate_file is not None and service.key_file is not None:
        context.load_cert_chain(service.certificate_file, service.key_file)
    return context


def _words(problem: Exception) -> str:
    return f"{type(problem).__name__} {str(problem)[:200]}".strip()
