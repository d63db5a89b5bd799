"""Tokens that are forged, stolen, late or widened, as cases: group, name, how it is made, the rule that denies it.

In: nothing. Out: `CASES`, which `tests/identity/test_forged_tokens.py` gives to the verifier and `test_at_the_api.py` sends to an
API. The groups are those of `table.py`. The time is `NOW`.
"""

import base64
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc import jwe, jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from schemas.types import SignatureAlgorithm
from tests.identity.builders import IAM
from tests.identity.keys import an_rsa_key

NOW = 1_800_000_000
RSA = an_rsa_key(0, kid="rsa-1")
EC = ECKey.generate_key("P-256", {"kid": "ec-1"})
STRANGER = an_rsa_key(1, kid="rsa-1")
ANY = "https://wlcg.cern.ch/jwt/v1/any"


@dataclass(frozen=True)
class Case:
    """One forged token. make: its text. rule: what denies it. row: how the row of its issuer differs."""

    group: str
    name: str
    make: Callable[[], str]
    rule: str
    row: Mapping[str, Any] = field(default_factory=dict)


def claims(**changes: Any) -> dict[str, Any]:
    """Claims that are believed, but for `changes`; None leaves one out."""
    found = {
        "iss": IAM,
        "sub": "5c1c-jane",
        "aud": "https://culm.example.org",
        "iat": NOW - 60,
        "nbf": NOW - 60,
        "exp": NOW + 3000,
        "jti": "1",
        "wlcg.ver": "1.0",
        "wlcg.groups": ["/wlcg", "/wlcg/production"],
        "scope": "openid",
        "name": "Jane Doe",
    } | changes
    return {name: value for name, value in found.items() if value is not None}


def signed(found: dict[str, Any], key: RSAKey | ECKey = RSA, **header: Any) -> str:
    """A token of `key`."""
    algorithm = "RS256" if isinstance(key, RSAKey) else "ES256"
    return jwt.encode({"alg": algorithm, "kid": key.kid} | header, found, key, algorithms=[algorithm])


def encoded(raw: str | bytes) -> str:
    """As parts of tokens are written."""
    return base64.urlsafe_b64encode(raw.encode() if isinstance(raw, str) else raw).decode().rstrip("=")


def signed_text(payload: str) -> str:
    """A good signature over a payload that no library would write."""
    return jws.serialize_compact({"alg": "RS256", "kid": "rsa-1"}, payload.encode(), RSA, algorithms=["RS256"])


def _hs256_with_the_public_key() -> str:
    text = f"{encoded(json.dumps({'alg': 'HS256', 'kid': 'rsa-1'}))}.{encoded(json.dumps(claims()))}"
    return f"{text}.{encoded(hmac.digest(RSA.as_pem(private=False), text.encode(), 'sha256'))}"


def _with_header(**header: Any) -> str:
    """Claims under a signature that belongs to another header."""
    _, body, signature = signed(claims()).split(".")
    return f"{encoded(json.dumps({'alg': 'RS256', 'kid': 'rsa-1'} | header))}.{body}.{signature}"


def _flipped() -> str:
    head, body, signature = signed(claims()).split(".")
    return f"{head}.{body}.{('B' if signature[10] != 'B' else 'C').join((signature[:10], signature[11:]))}"


def _another_payload() -> str:
    head, _, signature = signed(claims()).split(".")
    return f"{head}.{encoded(json.dumps(claims(sub='x')))}.{signature}"


def _twice() -> str:
    return signed_text(json.dumps(claims()).replace("{", '{"sub": "5c1c-admin", ', 1))


def _encrypted() -> str:
    return jwe.encrypt_compact({"alg": "dir", "enc": "A128GCM"}, json.dumps(claims()).encode(), OctKey.generate_key(128))


def _unsigned(algorithm: str) -> str:
    return f"{encoded(json.dumps({'alg': algorithm}))}.{encoded(json.dumps(claims()))}."


TIMES: list[tuple[str, dict[str, Any], str]] = [
    ("expired by a second", {"exp": NOW - 1}, "exp"),
    ("expires now", {"exp": NOW}, "exp"),
    ("no end", {"exp": None}, "exp"),
    ("an end that is a text", {"exp": str(NOW + 3000)}, "exp"),
    ("an end that is true", {"exp": True}, "exp"),
    ("an end beyond all time", {"exp": 10**30}, "exp"),
    ("an end before all time", {"exp": -1}, "exp"),
    ("an end that is a list", {"exp": [NOW + 3000]}, "exp"),
    ("in force in 61 s", {"nbf": NOW + 61}, "nbf"),
    ("in force soon", {"nbf": "soon"}, "nbf"),
    ("issued in 61 s", {"iat": NOW + 61, "nbf": None}, "iat"),
    ("issued at no time", {"iat": None}, "iat"),
    ("lives ten years", {"exp": NOW + 10 * 365 * 86400}, "lifetime"),
    ("was issued yesterday for so long", {"iat": NOW - 86400}, "lifetime"),
]  # fmt: skip

FORGED: list[tuple[str, Callable[[], str], str]] = [
    ("none", lambda: _unsigned("none"), "form"),
    ("none in capitals", lambda: _unsigned("NONE") + "x", "alg"),
    ("no signature", lambda: signed(claims()).rpartition(".")[0] + ".", "form"),
    ("HS256 with the public key", _hs256_with_the_public_key, "alg"),
    ("RS512", lambda: jwt.encode({"alg": "RS512", "kid": "rsa-1"}, claims(), RSA, algorithms=["RS512"]), "alg"),
    ("ES256 over an RSA key", lambda: _with_header(alg="ES256"), "alg"),
    ("RS256 over a curve's key", lambda: _with_header(kid="ec-1"), "alg"),
    ("a key of its own of the same name", lambda: signed(claims(), STRANGER), "signature"),
    ("a key in the header", lambda: signed(claims(), STRANGER, jwk=STRANGER.as_dict(private=False)), "signature"),
    ("an address of keys in the header", lambda: signed(claims(), STRANGER, jku="https://attacker.example/jwks"), "signature"),
    ("an address of a certificate", lambda: signed(claims(), STRANGER, x5u="https://attacker.example/c"), "signature"),
    ("a path as kid", lambda: signed(claims(), RSA, kid="../../../etc/passwd"), "key"),
    ("a query as kid", lambda: signed(claims(), RSA, kid="' or '1'='1"), "key"),
    ("a long kid", lambda: signed(claims(), RSA, kid="k" * 201), "form"),
    ("a number as kid", lambda: _with_header(kid=1), "form"),
    ("a number as typ", lambda: _with_header(typ=1), "form"),
    ("a flipped bit", _flipped, "signature"),
    ("another payload", _another_payload, "signature"),
    ("a claim twice", _twice, "form"),
    ("a token in a token", lambda: signed_text(json.dumps(signed(claims()))), "form"),
    ("an encrypted token", _encrypted, "form"),
    ("a critical extension", lambda: _with_header(crit=["exp"]), "form"),
    ("an unencoded payload", lambda: _with_header(b64=False), "form"),
    ("17 KB", lambda: signed(claims(more="x" * 17_000)), "size"),
    ("NaN", lambda: signed_text(json.dumps(claims()).replace(str(NOW + 3000), "NaN")), "form"),
    ("5000 nested lists", lambda: signed_text('{"a": ' + "[" * 5000 + "]" * 5000 + "}"), "form"),
    ("a list as payload", lambda: signed_text("[1]"), "form"),
    ("a proof of possession", lambda: signed(claims(), RSA, typ="dpop+jwt"), "kind"),
]  # fmt: skip

ISSUERS: list[object] = [
    "https://iam.example.org.attacker.example/", "https://IAM.example.org/", "http://iam.example.org/", "https://iam.example.org//",
    "https://iam.example.org/x", "http://169.254.169.254/", "", None, 1, [IAM],
]  # fmt: skip

AUDIENCES: list[object] = [
    None, "", "https://other.example.org", ["https://other.example.org"], [], [1], {"a": 1}, ANY, [ANY], "https://culm.example.org/",
    "https://culm.example",
]  # fmt: skip

NO_LOGINS: list[dict[str, Any]] = [
    {"typ": "Refresh"},
    {"typ": "Offline"},
    {"typ": "Logout"},
    {"token_use": "refresh", "scope": None},
    {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}, "sid": "1"},
]

ID_TOKENS: list[dict[str, Any]] = [{"typ": "ID"}, {"at_hash": "x", "scope": None}, {"nonce": "x", "scope": None}]
VERSIONS: list[object] = [None, "2.0", "0.9", "1", "1.x", 1.0, "", "1.99999"]
SUBJECTS: list[object] = [None, "", "x" * 256, 1, "a\nb", "a\x00b"]


def _cases() -> Iterator[Case]:
    def made(group: str, name: str, changes: dict[str, Any], rule: str, **row: Any) -> Case:
        return Case(group, name, lambda: signed(claims(**changes)), rule, row)

    yield from (made("T1", name, changes, rule) for name, changes, rule in TIMES)
    yield from (Case("T2", *case) for case in FORGED)
    rs256 = {"algorithms": (SignatureAlgorithm.RS256,)}
    yield Case("T2", "an algorithm that the row does not allow", lambda: signed(claims(), EC), "alg", rs256)
    yield from (made("T3", f"issuer {found!r}", {"iss": found}, "iss") for found in ISSUERS)
    yield from (made("T4", f"audience {found!r}", {"aud": found}, "aud") for found in AUDIENCES)
    yield from (made("T4", f"no login {number}", changes, "kind") for number, changes in enumerate(NO_LOGINS, 1))
    yield from (made("T4", f"ID token {n}", changes, "kind", id_tokens=False) for n, changes in enumerate(ID_TOKENS, 1))
    yield from (made("T6", f"version {found!r}", {"wlcg.ver": found}, "version") for found in VERSIONS)
    yield from (made("T6", f"subject {str(found)[:9]!r}", {"sub": found}, "subject") for found in SUBJECTS)


CASES = tuple(_cases())
