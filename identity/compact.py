"""A signed token taken apart, before anything in it is believed.

In: the text after `Bearer`. Out: header and claims as they stand there, or `TokenRefused`. Guards: at most 16 KB; exactly three
parts of base64url; both documents are JSON objects in which no key stands twice and no number is NaN; the header asks for nothing
that is not known here (RFC 7515 `crit`, RFC 7797 `b64`). Keys and addresses of keys that a header brings along are never read.
"""

import base64
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from identity.errors import TokenRefused

TOKEN_LENGTH_MAX = 16_384
KEY_ID_LENGTH_MAX = 200
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
#: Values of `typ` in the header that an ID or access token may have (RFC 7519, RFC 9068).
ID_TYPES = frozenset({"", "jwt", "at+jwt", "application/at+jwt", "application/jwt"})


@dataclass(frozen=True, slots=True)
class CompactToken:
    """A token of which nothing is believed yet.

    algorithm, key_id: as the header says; key_id None without one. type: `typ` in small letters, empty without.
    """

    text: str
    algorithm: str
    key_id: str | None
    type: str
    claims: Mapping[str, Any]


def take_apart(text: str, types: Collection[str] = ID_TYPES) -> CompactToken:
    """The parts of `text`; raises TokenRefused when it is no signed token of a form that is read here.

    types: what the header may say in `typ`, in small letters.
    """
    if len(text) > TOKEN_LENGTH_MAX:
        raise TokenRefused(f"the token has {len(text)} characters, at most {TOKEN_LENGTH_MAX} are read", "size")
    if not _COMPACT.fullmatch(text):
        raise TokenRefused("the token is not a signed JWT: expected three parts of base64url, joined by dots")
    head, body, _ = text.split(".")
    header = _header(head)
    algorithm, key_id, kind = header.get("alg"), header.get("kid"), header.get("typ", "")
    if not isinstance(algorithm, str) or not isinstance(kind, str):
        raise TokenRefused("alg and typ in the header of the token must be texts")
    if key_id is not None and not (isinstance(key_id, str) and 0 < len(key_id) <= KEY_ID_LENGTH_MAX):
        raise TokenRefused(f"kid in the header of the token must be a text of at most {KEY_ID_LENGTH_MAX} characters")
    if "crit" in header or "b64" in header:
        raise TokenRefused("the header of the token asks for an extension (crit, b64), none is known here")
    if kind.lower() not in types:
        raise TokenRefused("the header of the token says that it is of another kind than is expected here (typ)", "kind")
    return CompactToken(text, algorithm, key_id, kind.lower(), _document(body, "payload"))


@lru_cache(maxsize=256)
def _header(part: str) -> Mapping[str, Any]:
    """The document of a header, which all tokens of one key have in common."""
    return _document(part, "header")


def _document(part: str, name: str) -> dict[str, Any]:
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        found = _DECODER.decode(raw.decode())
    except (ValueError, RecursionError) as problem:
        raise TokenRefused(f"the {name} of the token is not JSON as expected") from problem
    if not isinstance(found, dict):
        raise TokenRefused(f"the {name} of the token is no JSON object")
    return found


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")


_DECODER = json.JSONDecoder(object_pairs_hook=_no_key_twice, parse_constant=_no_number)
