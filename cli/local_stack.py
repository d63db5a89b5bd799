"""The local stack as the command line asks it: its address, and a token of its operator.

State: `client/operator/token-VO` under CULM_HOME, of mode 600, replaced before its hour is over. It gives no more than the key
of the same folder, with which its reader could sign any token.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from cli.credentials import ends_at, headers_of
from deploy.errors import NotUp
from process.private_files import write_private
from process.servers import home_of
from process.settings import Settings

LOCAL_USER = "operator"
HOURS = 1.0
#: A kept token that ends sooner is replaced.
LEFT_SECONDS_MIN = 600.0


@dataclass(frozen=True, slots=True)
class LocalAccess:
    """How the API of the stack under `home` is asked, as a member of `vo`."""

    home: Path
    vo: str
    address: str

    @classmethod
    def of(cls, environ: Mapping[str, str], vo: str) -> "LocalAccess":
        """The one of CULM_HOME, which must be up; raises NotUp."""
        home = home_of(Settings(environ))
        return cls(home, vo, address_of(home))

    def headers(self) -> dict[str, str]:
        """With the token that is kept, or a new one."""
        return headers_of(_kept(self.home, self.vo) or _made(self.home, self.vo), self.vo)

    def renewed(self) -> dict[str, str]:
        """With a new token."""
        return headers_of(_made(self.home, self.vo), self.vo)


def address_of(home: Path) -> str:
    """Where the API of the stack under `home` is; raises NotUp: never the one of another stack that uses the same ports."""
    from process.supervised import SupervisorClient

    try:
        document = json.loads((home / "run" / "stack.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        document = {}
    if "api" not in document or not SupervisorClient(home).is_up():
        raise NotUp(f"no stack runs under {home}; start one with `culm up`, or name another Culm: `culm config view`")
    return str(document["api"])


def _kept(home: Path, vo: str) -> str:
    """The kept token, "" where there is none that is good for a while."""
    try:
        token = _file(home, vo).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return ""
    return token if ends_at(token) - time.time() >= LEFT_SECONDS_MIN else ""


def _made(home: Path, vo: str) -> str:
    from identity.issuer import make_token
    from identity.own_issuers import OWN_ISSUER

    groups = [vo, *(f"{vo}/{role}" for role in ("operator", "production", "administrator"))]
    token = make_token(home, user=LOCAL_USER, name="Local Operator", groups=groups, audience_hours=HOURS, issuer=OWN_ISSUER)
    file = _file(home, vo)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(file, token.encode())
    return token


def _file(home: Path, vo: str) -> Path:
    return home / "client" / LOCAL_USER / f"token-{quote(vo, safe='')}"
