"""The API as the command line asks it.

In this order: the one of the context that `--context` names; the one that CULM_API names, with CULM_TOKEN or with the login that
is kept for it; the local stack of CULM_HOME; the one of the current context; the local stack of the checkout. A local stack is
asked with a token of its own, which is kept for its hour in a file of mode 600 below the key that it is signed with.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from deploy.errors import StepFailed

if TYPE_CHECKING:
    import httpx

SECONDS_MAX = 60.0


@dataclass(frozen=True, slots=True)
class ApiClient:
    """Questions to `/v1` and to the pages of the API at `address`.

    renewed: other headers to try once where those are refused, for a kept token that may be believed no more.
    """

    address: str
    headers: Mapping[str, str]
    renewed: Callable[[], Mapping[str, str]] | None = None

    def get(self, path: str, **parameters: Any) -> Any:
        """The document at `path`; raises StepFailed with the API's own sentence."""
        return self._asked("GET", path, {name: value for name, value in parameters.items() if value is not None}).json()

    def page(self, path: str, parameters: Mapping[str, Any]) -> tuple[Any, Mapping[str, str]]:
        """The document at `path` with the headers of the answer."""
        answer = self._asked("GET", path, parameters)
        return answer.json(), answer.headers

    def text(self, path: str, **parameters: Any) -> str:
        """The plain text at `path`."""
        return self._asked("GET", path, parameters).text

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The answer to a request; raises StepFailed with the API's own sentence."""
        return self._asked("POST", path, {}, body).json()

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """As `post`, for what is put in the place of something."""
        return self._asked("PUT", path, {}, body).json()

    def delete(self, path: str, name: str) -> Any:
        """Delete `name` below `path`."""
        return self._asked("DELETE", f"{path}/{quote(name, safe='')}", {}).json()

    def command(self, name: str, key: str, body: Mapping[str, Any]) -> None:
        """Have the command `name` decided for the aggregate `key`; raises StepFailed unless it was accepted."""
        answer = self.post(f"/v1/commands/{name}", {"aggregate_id": key, **body})
        if answer.get("answered") is False:
            raise StepFailed(f"the command was not answered in time; see GET /v1/commands/{answer['command_id']}")
        if not answer.get("accepted", False):
            raise StepFailed(f"nothing was changed: {answer.get('reason')}: {answer.get('message')}")

    def lines(self, path: str, **parameters: Any) -> Iterator[str]:
        """The lines of a stream, for ever; raises StepFailed when it cannot begin or breaks."""
        with self.opened(path, parameters) as answer:
            yield from (line for line in answer.iter_lines() if line)

    @contextmanager
    def opened(self, path: str, parameters: Mapping[str, Any]) -> "Iterator[httpx.Response]":
        """An answer that is read as it comes; raises StepFailed when it cannot begin or breaks."""
        import httpx

        try:
            connections = connections_to(self.address)
            with connections.stream("GET", f"{self.address}{path}", params=parameters, headers=self.headers) as answer:
                if answer.is_error:
                    answer.read()
                    raise StepFailed(_told(answer))
                yield answer
        except httpx.HTTPError as problem:
            raise StepFailed(f"the stream from {self.address} broke: {problem}") from problem

    def _asked(
        self, verb: str, path: str, given: Mapping[str, Any], body: Mapping[str, Any] | None = None
    ) -> "httpx.Response":
        answer = self._sent(verb, path, given, body, self.headers)
        if answer.status_code in (401, 403) and self.renewed is not None:
            answer = self._sent(verb, path, given, body, self.renewed())
        if answer.is_error:
            raise StepFailed(_told(answer))
        return answer

    def _sent(
        self, verb: str, path: str, given: Mapping[str, Any], body: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> "httpx.Response":
        import httpx

        try:
            return connections_to(self.address).request(
                verb,
                f"{self.address}{path}",
                params=dict(given) or None,  # an empty one would drop those of the path
                json=None if body is None else dict(body),
                headers=dict(headers),
            )
        except httpx.HTTPError as problem:
            raise StepFailed(f"the API at {self.address} does not answer: {problem}") from problem


@cache
def connections_to(address: str) -> "httpx.Client":
    """Connections that all questions to `address` share. To load the authorities of TLS takes as long as an answer."""
    import httpx

    return httpx.Client(timeout=SECONDS_MAX, verify=address.startswith("https:"))


def api_client(environ: Mapping[str, str]) -> ApiClient:
    """The API that the environment or the context in use names, else the one of the local stack; raises StepFailed, NotUp."""
    from cli.contexts import CONTEXT, context_in_use
    from cli.credentials import headers_of

    vo = environ.get("CULM_VO", "")
    if not environ.get(CONTEXT):
        if environ.get("CULM_API") and environ.get("CULM_TOKEN"):
            return ApiClient(environ["CULM_API"].rstrip("/"), headers_of(environ["CULM_TOKEN"], vo or "wlcg"))
        if environ.get("CULM_API"):
            found = _with_login(environ["CULM_API"].rstrip("/"), environ)
            if found is not None:
                return found
        if environ.get("CULM_API") or environ.get("CULM_HOME"):
            return _local(environ, vo or "wlcg")
    used = context_in_use(environ)
    if used is None:
        return _local(environ, vo or "wlcg")
    name, context = used
    if context.home:
        return _local({**environ, "CULM_HOME": context.home}, vo or context.vo)
    if context.token_file:
        from pathlib import Path

        from cli.token_file import token_in

        return ApiClient(context.api, headers_of(token_in(Path(context.token_file)), vo or context.vo))
    found = _with_login(context.api, environ)
    if found is None:
        raise StepFailed(f"no login for {context.api} (context {name}); `culm login --api {context.api} --vo {context.vo}`")
    return found


def _local(environ: Mapping[str, str], vo: str) -> ApiClient:
    from cli.local_stack import LocalAccess

    access = LocalAccess.of(environ, vo)
    return ApiClient(access.address, access.headers(), access.renewed)


def _with_login(api: str, environ: Mapping[str, str]) -> ApiClient | None:
    from cli.credentials import credentials_of, headers_of, valid

    credentials = credentials_of(environ)
    login = credentials.find(api)
    return None if login is None else ApiClient(login.api, headers_of(valid(login, credentials).id_token, login.vo))


def _told(answer: "httpx.Response") -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}: {answer.text[:200]}"
