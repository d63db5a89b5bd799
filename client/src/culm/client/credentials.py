"""Where the API is and with which token it is asked.

In this order: arguments; CULM_API with CULM_TOKEN; CULM_API, or the only login there is, with the login that `culm login` keeps
(CULM_CREDENTIALS, else `culm/credentials.json` in the user's configuration folder). The file is only read. A file that others
can read is not used. Tokens are never part of an error.
"""

import base64
import binascii
import json
import os
import stat
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from culm.client.problems import NoAccess

#: A token that ends sooner is looked for in the file again.
LEFT_SECONDS_MIN = 60.0


@dataclass(frozen=True, slots=True)
class Access:
    """api: address without a slash at its end. vo: whose member asks. token: gives a token that is valid now; raises NoAccess."""

    api: str
    vo: str
    token: Callable[[], str]


class TokenAuth(httpx.Auth):
    """Puts the token that is valid now on each request."""

    def __init__(self, token: Callable[[], str]) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """The request with its header."""
        request.headers["Authorization"] = f"Bearer {self._token()}"
        yield request


def access_of(api: str | None, token: str | None, vo: str | None, environ: Mapping[str, str] = os.environ) -> Access:
    """Where and how to ask; raises NoAccess that says what to set."""
    named = (api or environ.get("CULM_API", "")).rstrip("/")
    vo = vo or environ.get("CULM_VO", "")
    given = token or environ.get("CULM_TOKEN", "")
    if given:
        if not named:
            raise NoAccess("a token without an address: set CULM_API, or give api=")
        return Access(named, vo or "wlcg", lambda: given)
    kept = KeptLogin(_path(environ), named)
    login = kept.find()
    return Access(login["api"].rstrip("/"), vo or login["vo"], kept.token)


class KeptLogin:
    """The login of the command line for one API."""

    def __init__(self, path: Path, api: str) -> None:
        self._path = path
        self._api = api
        self._current = ""

    def find(self) -> dict[str, str]:
        """The login; raises NoAccess without one."""
        logins = self._read()
        if not self._api and len(logins) == 1:
            self._api = next(iter(logins))
        if self._api not in logins:
            where = f"for {self._api}" if self._api else "and no CULM_API"
            raise NoAccess(f"no login {where} in {self._path}; `culm login --api ADDRESS`, or set CULM_API and CULM_TOKEN")
        login = logins[self._api]
        if not isinstance(login, dict) or not all(isinstance(login.get(name), str) for name in ("api", "vo", "id_token")):
            raise NoAccess(f"{self._path} holds no login for {self._api}; `culm login` again")
        return login

    def token(self) -> str:
        """The token, from the file once more when the one at hand is about to end; raises NoAccess when both are."""
        if _ends_at(self._current) - time.time() < LEFT_SECONDS_MIN:
            self._current = self.find()["id_token"]
        if _ends_at(self._current) <= time.time():
            raise NoAccess(f"the login at {self._api} has ended; any `culm get` refreshes it, else `culm login`")
        return self._current

    def _read(self) -> dict[str, Any]:
        try:
            mode = stat.S_IMODE(self._path.stat().st_mode)
            if mode & 0o077:
                raise NoAccess(f"{self._path} has mode {mode:o}, expected 600: others may have read its tokens; delete it")
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as problem:
            raise NoAccess(f"{self._path} cannot be read: {type(problem).__name__}") from problem
        return found if isinstance(found, dict) else {}


def _path(environ: Mapping[str, str]) -> Path:
    named = environ.get("CULM_CREDENTIALS")
    base = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "/")) / ".config")
    return Path(named) if named else base / "culm" / "credentials.json"


def _ends_at(token: str) -> float:
    """When a token ends, seconds since 1970; 0 for one that cannot be read."""
    try:
        part = token.split(".")[1]
        return float(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["exp"])
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return 0.0
