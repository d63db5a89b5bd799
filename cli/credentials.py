"""The logins that `culm` keeps: one for each address of an API, in a file that its owner alone can read.

In: tokens of a provider. Out: a token that is valid now, refreshed without a question where the provider allows it. Guards: the
file has mode 600 from its first byte on and is replaced whole; a file that others can read is not used; tokens are never printed.
"""

import base64
import binascii
import json
import stat
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from deploy.errors import StepFailed
from process.private_files import write_private

#: A token that ends sooner is refreshed first.
LEFT_SECONDS_MIN = 60.0
SECONDS_MAX = 60.0


@dataclass(frozen=True, slots=True)
class Login:
    """A login at the provider of a VO, for the API at `api`.

    token_endpoint, client_id: where it is refreshed. refresh_until: until when, seconds since 1970; 0 where the provider does not
    say.
    """

    api: str
    vo: str
    id_token: str
    refresh_token: str
    token_endpoint: str
    client_id: str
    refresh_until: float = 0.0

    @property
    def expires(self) -> float:
        """When the token ends, seconds since 1970; 0 for one that cannot be read."""
        return ends_at(self.id_token)


def headers_of(token: str, vo: str) -> dict[str, str]:
    """Headers of a member of `vo` that waits for answers to commands."""
    return {"Authorization": f"Bearer {token}", "Origin": vo, "Prefer": "wait=30"}


def ends_at(token: str) -> float:
    """When a token ends, seconds since 1970; 0 for one that cannot be read."""
    try:
        part = token.split(".")[1]
        return float(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["exp"])
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return 0.0


class Credentials:
    """The file of logins."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def find(self, api: str) -> Login | None:
        """The login for `api`, or the only one where `api` is empty; None without one."""
        kept = self._read()
        if not api and len(kept) == 1:
            api = next(iter(kept))
        return Login(**kept[api]) if api in kept else None

    def keep(self, login: Login) -> None:
        """Keep `login` in place of an earlier one for its API."""
        self._write({**self._read(), login.api: asdict(login)})

    def forget(self, api: str) -> bool:
        """Delete the login for `api`; false when there was none."""
        kept = self._read()
        was_there = kept.pop(api, None) is not None
        self._write(kept)
        return was_there

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            mode = stat.S_IMODE(self._path.stat().st_mode)
            if mode & 0o077:
                raise StepFailed(f"{self._path} has mode {mode:o}, expected 600: others may have read its tokens; delete it")
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except json.JSONDecodeError as problem:
            raise StepFailed(f"{self._path} is not JSON; delete it and `culm login` again") from problem
        return found if isinstance(found, dict) else {}

    def _write(self, kept: Mapping[str, Any]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(self._path, json.dumps(kept).encode())


def credentials_of(environ: Mapping[str, str]) -> Credentials:
    """Where this user's logins are kept: CULM_CREDENTIALS, else below the configuration folder of the user."""
    named = environ.get("CULM_CREDENTIALS")
    base = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "/")) / ".config")
    return Credentials(Path(named) if named else base / "culm" / "credentials.json")


def refresh_until(tokens: Mapping[str, Any]) -> float:
    """Until when a provider's answer with tokens may be refreshed, seconds since 1970; 0 where it does not say."""
    found = tokens.get("refresh_expires_in")
    is_number = isinstance(found, (int, float)) and not isinstance(found, bool)
    return time.time() + float(found) if is_number and 0 < float(found) < 1e9 else 0.0  # type: ignore[arg-type]


def valid(login: Login, credentials: Credentials) -> Login:
    """`login` with a token that is good for a minute at least; raises StepFailed when a person must log in again."""
    if login.expires - time.time() >= LEFT_SECONDS_MIN:
        return login
    if not login.refresh_token:
        raise StepFailed(f"the login at {login.api} has ended; `culm login --api {login.api} --vo {login.vo}`")
    form = {"client_id": login.client_id, "grant_type": "refresh_token", "refresh_token": login.refresh_token}
    try:
        answer = httpx.post(login.token_endpoint, data=form, timeout=SECONDS_MAX)
        found = answer.json()
    except (httpx.HTTPError, ValueError) as problem:
        raise StepFailed(f"the login at {login.api} could not be refreshed: {type(problem).__name__}") from problem
    if answer.is_error or not isinstance(found, dict) or not isinstance(found.get("id_token"), str):
        sentence = found.get("error_description", "") if isinstance(found, dict) else ""
        again = f"`culm login --api {login.api} --vo {login.vo}`"
        raise StepFailed(f"the login has ended ({str(sentence)[:200]}); {again}")
    fresh = replace(
        login,
        id_token=found["id_token"],
        refresh_token=found.get("refresh_token") or login.refresh_token,
        refresh_until=refresh_until(found) or login.refresh_until,
    )
    credentials.keep(fresh)
    return fresh
