"""Calls to Culm over HTTP with the agent's token, which is read again when it is refused.

In: paths below CULM_API and JSON bodies. Out: JSON objects, or an error that says whether another try is worth it.
The token goes to CULM_API only, never to the address of a wrapper, and is never logged.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from agents.errors import NotAdmitted, Rejected, Unreachable
from process.deadlines import sent_as_it_is, with_deadlines, within

#: Shorter than the 65 s after which the API closes idle connections.
KEEPALIVE_SECONDS = 30.0
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 75.0  # the API itself waits up to 60 s for an answer from the log
REPEAT_SECONDS_FIRST, REPEAT_SECONDS_MAX = 0.2, 2.0
#: The largest answers are wrappers and jobs with thousands of files.
ANSWER_BYTES_MAX = 32 * 1024 * 1024
TRY_LATER = frozenset({408, 425, 429})


class AgentSession:
    """An agent's HTTP connection to Culm; serves several threads."""

    def __init__(self, api: str, token_file: Path, vo: str, agent: str) -> None:
        self._token_file = token_file
        self._lock = threading.Lock()
        self._token = ""
        self._is_in_memory = False
        limits = httpx.Limits(keepalive_expiry=KEEPALIVE_SECONDS)
        self._culm = with_deadlines(httpx.Client(base_url=api, headers={"Origin": vo, "User-Agent": agent}, limits=limits))
        self._base = api.rstrip("/")
        self._headers = tuple((name.decode(), value.decode()) for name, value in self._culm.headers.raw)
        self._world = with_deadlines(httpx.Client(headers={"User-Agent": agent}, limits=limits, follow_redirects=True))

    def post(
        self, path: str, body: Mapping[str, Any], seconds: float = ANSWER_SECONDS, token: str = "", wait_seconds: int = 0
    ) -> dict[str, Any]:
        """The answer to `body`; raises Unreachable, NotAdmitted, Rejected.

        token: tried first, where there is one. wait_seconds: for which Culm is asked to wait for a decider.
        """
        try:
            content = json.dumps(body, allow_nan=False).encode()
        except (TypeError, ValueError) as problem:
            raise Rejected(f"the body is no JSON: {problem}") from problem
        kind = {"Content-Type": "application/json"} | ({"Prefer": f"wait={wait_seconds}"} if wait_seconds else {})

        def call(headers: dict[str, str]) -> bytes:
            return self._ask(self._culm, "POST", path, seconds, content=content, headers=headers | kind)

        if token:
            with suppress(NotAdmitted):  # one that has ended: the agent's own is as good
                return _object_in(call({"Authorization": f"Bearer {token}"}))
        return self._admitted(call)

    def get(self, path: str, query: Mapping[str, Any], seconds: float = ANSWER_SECONDS) -> dict[str, Any]:
        """The document at `path`; raises Unreachable, NotAdmitted, Rejected."""
        return self._admitted(lambda headers: self._ask(self._culm, "GET", path, seconds, params=query, headers=headers))

    def post_without_token(self, path: str, body: Mapping[str, Any], seconds: float = ANSWER_SECONDS) -> dict[str, Any]:
        """The answer to `body` of a route that asks for no token; raises Unreachable, NotAdmitted, Rejected."""
        kind = {"Content-Type": "application/json"}
        content = json.dumps(body, allow_nan=False).encode()
        return _object_in(self._ask(self._culm, "POST", path, seconds, content=content, headers=kind))

    def document(self, path: str) -> dict[str, Any]:
        """A public document of Culm; raises Unreachable, Rejected."""
        return _object_in(self._ask(self._culm, "GET", path, ANSWER_SECONDS))

    def download(self, url: str) -> bytes:
        """The bytes at `url`, anywhere, asked for without the token; raises Unreachable, Rejected."""
        if not url.startswith(("http://", "https://")):
            raise Rejected(f"found {url[:200]!r}, expected an http or https address")
        return self._ask(self._world, "GET", url, ANSWER_SECONDS)

    def keep_in_memory(self) -> None:
        """Read the token now, and its file never again; raises NotAdmitted."""
        self._read_token()
        with self._lock:
            self._is_in_memory = True

    def use(self, token: str) -> None:
        """Show `token` from now on: another one of the same agent."""
        with self._lock:
            self._token = token

    def close(self) -> None:
        """Close connections."""
        self._culm.close()
        self._world.close()

    def _ask(self, client: httpx.Client, method: str, path: str, seconds: float, **request: Any) -> bytes:
        """The bytes of an answer, at most ANSWER_BYTES_MAX, in twice `seconds`; raises Unreachable, NotAdmitted, Rejected."""
        pieces: list[bytes] = []
        size = 0
        try:
            with within(2 * seconds), self._answer(client, method, path, seconds, **request) as answer:
                for piece in answer.iter_bytes():
                    pieces.append(piece)
                    size += len(piece)
                    if size > ANSWER_BYTES_MAX:
                        raise Rejected(f"the answer has more than {ANSWER_BYTES_MAX:,} bytes")
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as problem:
            raise Rejected(f"no address: {str(problem)[:200]!a}") from problem
        except httpx.TimeoutException as problem:
            late = f"no answer, or it did not end within {2 * seconds:.0f} s"
            raise Unreachable(f"{late}: {type(problem).__name__}") from problem
        except httpx.HTTPError as problem:
            raise Unreachable(f"no answer: {type(problem).__name__}") from problem
        content = b"".join(pieces)
        _check(answer.status_code, content)
        return content

    @contextmanager
    def _answer(
        self,
        client: httpx.Client,
        method: str,
        path: str,
        seconds: float,
        headers: Mapping[str, str] | None = None,
        **request: Any,
    ) -> Iterator[httpx.Response]:
        if client is self._world:
            with client.stream(method, path, timeout=_timeout(seconds), headers=headers, **request) as answer:
                yield answer
            return
        extensions = {"timeout": _timeout(seconds).as_dict()}
        given = [*self._headers, *(headers or {}).items()]
        sent = httpx.Request(method, f"{self._base}{path}", headers=given, extensions=extensions, **request)
        answer = sent_as_it_is(client, sent)
        try:
            yield answer
        finally:
            answer.close()

    def _admitted(self, call: Callable[[dict[str, str]], bytes]) -> dict[str, Any]:
        """The answer to `call` with the token; one that is refused is read again, and a new one tried at once."""
        token = self._token or self._read_token()
        try:
            return _object_in(call({"Authorization": f"Bearer {token}"}))
        except NotAdmitted:
            renewed = self._read_token()
            if renewed == token:
                raise
        return _object_in(call({"Authorization": f"Bearer {renewed}"}))

    def _read_token(self) -> str:
        with self._lock:
            if self._is_in_memory:
                return self._token
            try:
                self._token = self._token_file.read_text(encoding="ascii").strip()
            except (OSError, UnicodeDecodeError) as problem:
                raise NotAdmitted(f"no token in {self._token_file}: {type(problem).__name__}") from problem
            return self._token


def patiently(seconds: float, pause: Callable[[float], None], over: Callable[[], bool] = lambda: False) -> Retrying:
    """Repeats a call that raises Unreachable, with growing pauses, for `seconds` or until `over`; then raises it.

    Pauses grow from 0.2 s to 2 s: an API that restarts is found again soon, and not stormed.
    """

    def enough(state: RetryCallState) -> bool:
        return over() or stop_after_delay(seconds)(state)

    return Retrying(
        retry=retry_if_exception_type(Unreachable),
        wait=wait_exponential_jitter(multiplier=REPEAT_SECONDS_FIRST, max=REPEAT_SECONDS_MAX, jitter=REPEAT_SECONDS_FIRST),
        stop=enough,
        sleep=pause,
        reraise=True,
    )


def _timeout(seconds: float) -> httpx.Timeout:
    return httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))


def _check(status: int, content: bytes) -> None:
    if status in (401, 403):
        raise NotAdmitted(f"status {status}")
    if status >= 500 or status in TRY_LATER:
        raise Unreachable(f"status {status}")
    if not 200 <= status < 300:
        raise Rejected(f"status {status}: {content[:200].decode('utf-8', 'replace')}", status)


def _object_in(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as problem:
        raise Unreachable("the answer is no JSON") from problem
    if not isinstance(found, dict):
        raise Unreachable(f"the answer is a JSON {type(found).__name__}, expected an object")
    return found
