"""The API as the command line asks it.

In this order: the one that CULM_API and CULM_TOKEN name; the one that CULM_API names, with the login that is kept for it; the
local stack, with a token of its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from cli.credentials import credentials_of, valid
from deploy.errors import StepFailed
from deploy.local_queue import VO
from deploy.stack import Stack

SECONDS_MAX = 60.0
LOCAL_USER = "operator"


@dataclass(frozen=True, slots=True)
class ApiClient:
    """Questions to `/v1` of the API at `address`."""

    address: str
    headers: Mapping[str, str]

    def get(self, path: str, **parameters: Any) -> Any:
        """The document at `path`; raises StepFailed with the API's own sentence."""
        return self._asked("GET", path, {name: value for name, value in parameters.items() if value is not None})

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The answer to a request; raises StepFailed with the API's own sentence."""
        return self._asked("POST", path, {}, body)

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """As `post`, for what is put in the place of something."""
        return self._asked("PUT", path, {}, body)

    def delete(self, path: str, name: str) -> Any:
        """Delete `name` below `path`."""
        return self._asked("DELETE", f"{path}/{quote(name, safe='')}", {})

    def command(self, name: str, key: str, body: Mapping[str, Any]) -> None:
        """Have the command `name` decided for the aggregate `key`; raises StepFailed unless it was accepted."""
        answer = self.post(f"/v1/commands/{name}", {"aggregate_id": key, **body})
        if answer.get("answered") is False:
            raise StepFailed(f"the command was not answered in time; see GET /v1/commands/{answer['command_id']}")
        if not answer.get("accepted", False):
            raise StepFailed(f"nothing was changed: {answer.get('reason')}: {answer.get('message')}")

    def _asked(self, verb: str, path: str, given: Mapping[str, Any], body: Mapping[str, Any] | None = None) -> Any:
        try:
            answer = httpx.request(
                verb,
                f"{self.address}{path}",
                params=dict(given),
                json=None if body is None else dict(body),
                headers=dict(self.headers),
                timeout=SECONDS_MAX,
            )
        except httpx.HTTPError as problem:
            raise StepFailed(f"the API at {self.address} does not answer: {problem}") from problem
        if answer.is_error:
            raise StepFailed(_told(answer))
        return answer.json()

    def lines(self, path: str, **parameters: Any) -> Iterator[str]:
        """The lines of a stream, for ever; raises StepFailed when it cannot begin or breaks."""
        try:
            with httpx.stream(
                "GET", f"{self.address}{path}", params=parameters, headers=dict(self.headers), timeout=SECONDS_MAX
            ) as answer:
                if answer.is_error:
                    answer.read()
                    raise StepFailed(_told(answer))
                yield from (line for line in answer.iter_lines() if line)
        except httpx.HTTPError as problem:
            raise StepFailed(f"the stream from {self.address} broke: {problem}") from problem


def api_client(environ: Mapping[str, str]) -> ApiClient:
    """The API that the environment names, else the one of the local stack."""
    vo = environ.get("CULM_VO", VO)
    if environ.get("CULM_API") and environ.get("CULM_TOKEN"):
        return ApiClient(environ["CULM_API"].rstrip("/"), _headers(environ["CULM_TOKEN"], vo))
    if environ.get("CULM_API"):
        credentials = credentials_of(environ)
        login = credentials.find(environ["CULM_API"].rstrip("/"))
        if login is not None:
            return ApiClient(login.api, _headers(valid(login, credentials).id_token, login.vo))
    from identity.issuer import make_token
    from identity.own_issuers import OWN_ISSUER

    config = Stack.running().config
    groups = [vo, f"{vo}/operator", f"{vo}/production", f"{vo}/administrator"]
    token = make_token(
        config.home, user=LOCAL_USER, name="Local Operator", groups=groups, audience_hours=1.0, issuer=OWN_ISSUER
    )
    return ApiClient(config.api, _headers(token, vo))


def _headers(token: str, vo: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Origin": vo, "Prefer": "wait=30"}


def _told(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}: {answer.text[:200]}"
