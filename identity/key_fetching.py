"""The key set of an issuer, fetched from the address that its row names.

In: a row. Out: the bytes of the key set, or `KeysRefused` saying what was found and what was expected. Guards: https with
verified certificates, plain http at a loopback address alone; redirects are not followed; what a discovery document names as the
place of the keys must be as good; the document must be of the very issuer; 256 KB and 10 s at most.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

from identity.errors import KeysRefused
from identity.key_sets import BYTES_MAX
from process.authorities import believed
from process.deadlines import with_deadlines, within
from schemas.types import TrustedIssuer

SECONDS_MAX = 10.0
#: How far the clocks of this host and of a provider may be apart: no more is forgiven at the start of a token (`claims.py`).
APART_SECONDS_MAX = 60
WELL_KNOWN = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was at `url`. ahead_seconds: how far the clock of this host is ahead of that of `url`; None where it said no time."""

    url: str
    content: bytes
    ahead_seconds: float | None


def fetch_keys(issuer: TrustedIssuer) -> bytes:
    """The key set of `issuer`; raises KeysRefused. Blocks up to 20 s."""
    return keys_with_time(issuer).content


def problem_of_clock(fetched: Fetched) -> str:
    """Why tokens of the provider that said `fetched` would be too early, or be believed too long, on this host; empty if not."""
    apart = round(fetched.ahead_seconds or 0.0)
    if abs(apart) <= APART_SECONDS_MAX:
        return ""
    way = "ahead of" if apart > 0 else "behind"
    return f"this host is {abs(apart)} s {way} {fetched.url}, expected at most {APART_SECONDS_MAX} s: set its clock"


def keys_with_time(issuer: TrustedIssuer) -> Fetched:
    """As `fetch_keys`, with the time that the provider says."""
    if issuer.jwks_url:
        return _get(issuer.jwks_url, "keys")
    named = discovery_document(issuer).get("jwks_uri")
    if not isinstance(named, str):
        raise KeysRefused(f"the discovery document of {issuer.issuer} names no jwks_uri")
    if not problem_of_address(named) and _is_loopback(named) and not _is_loopback(discovery_url(issuer)):
        raise KeysRefused(f"the discovery document of {issuer.issuer} names an inner address for its keys")
    return _get(named, "keys")


def discovery_url(issuer: TrustedIssuer) -> str:
    """Where the discovery document of `issuer` is."""
    return issuer.discovery_url or issuer.issuer.rstrip("/") + WELL_KNOWN


def discovery_document(issuer: TrustedIssuer) -> Mapping[str, Any]:
    """The discovery document (OpenID Connect Discovery 1.0) of `issuer`; raises KeysRefused. Blocks up to 10 s."""
    raw = _get(discovery_url(issuer), "discovery document").content
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as problem:
        raise KeysRefused(f"the discovery document of {issuer.issuer} is not JSON") from problem
    if not isinstance(found, dict):
        raise KeysRefused(f"the discovery document of {issuer.issuer} is no JSON object")
    if str(found.get("issuer")).rstrip("/") != issuer.issuer.rstrip("/"):
        raise KeysRefused(f"the discovery document at {discovery_url(issuer)} is of another issuer, expected {issuer.issuer}")
    return found


def problem_of_address(url: str) -> str:
    """Why nothing is fetched from `url`; empty when it may be."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return f"{url!r} is no address of a server, expected https://HOST/..."
    if parts.username or parts.password or not parts.hostname:
        return f"{url!r} is no address of a server, expected https://HOST/..."
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(url)):
        return f"{url!r} is not safe, expected https (http at a loopback address alone)"
    return ""


def _get(url: str, what: str) -> Fetched:
    problem = problem_of_address(url)
    if problem:
        raise KeysRefused(f"the address of the {what}: {problem}")
    pieces: list[bytes] = []
    seen = 0
    try:
        with (
            within(SECONDS_MAX),
            with_deadlines(
                httpx.Client(verify=believed(), timeout=SECONDS_MAX, follow_redirects=False, trust_env=False)
            ) as client,
            client.stream("GET", url, headers={"accept": "application/json"}) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise KeysRefused(f"{url} answered {answer.status_code}, expected 200 with the {what}")
            ahead_seconds = _ahead_seconds(answer.headers, time.time())
            for piece in answer.iter_bytes():
                seen += len(piece)
                if seen > BYTES_MAX:
                    raise KeysRefused(f"the {what} at {url} has more than {BYTES_MAX} bytes")
                pieces.append(piece)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise KeysRefused(f"{url} did not answer with the {what}: {type(error).__name__}") from error
    return Fetched(url, b"".join(pieces), ahead_seconds)


def _ahead_seconds(headers: Mapping[str, str], now: float) -> float | None:
    """RFC 9110, 6.6.1: when the answer was made; RFC 9111, 5.1: how long a cache has kept it since."""
    try:
        return now - parsedate_to_datetime(headers["date"]).timestamp() - int(headers.get("age", "0"))
    except (KeyError, ValueError, OverflowError):
        return None


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
