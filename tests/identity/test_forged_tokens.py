"""Tokens that are forged, stolen, late or widened, one a test: each is denied, by the rule that it breaks.

The groups T1 to T4 and T6 are those of docs/identity.md. The time is driven: no test waits.
"""

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwe, jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from identity.believed import BelievedToken
from identity.errors import TokenRefused
from identity.verify import Verifier
from schemas.types import IssuerProfile, SignatureAlgorithm, TrustedIssuer
from tests.identity.builders import IAM, a_cache, an_issuer, key_set, verifier_of

NOW = 1_800_000_000
RSA = RSAKey.generate_key(2048, {"kid": "rsa-1"})
EC = ECKey.generate_key("P-256", {"kid": "ec-1"})
STRANGER = RSAKey.generate_key(2048, {"kid": "rsa-1"})


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
    algorithm = "RS256" if isinstance(key, RSAKey) else "ES256"
    return jwt.encode({"alg": algorithm, "kid": key.kid} | header, found, key, algorithms=[algorithm])


def encoded(raw: str | bytes) -> str:
    return base64.urlsafe_b64encode(raw.encode() if isinstance(raw, str) else raw).decode().rstrip("=")


def believed(token: str, **row: Any) -> BelievedToken:
    return a_verifier(**row).believe(token)


def a_verifier(**row: Any) -> Verifier:
    return verifier_of([an_issuer(**row)], [RSA, EC], lambda: float(NOW))


def rule_that_denies(token: str, **row: Any) -> str:
    with pytest.raises(TokenRefused) as denied:
        believed(token, **row)
    assert token not in denied.value.detail
    return denied.value.rule


@pytest.mark.parametrize("key", [RSA, EC], ids=["RS256", "ES256"])
def test_a_token_of_the_profile_is_believed(key: RSAKey | ECKey) -> None:
    found = believed(signed(claims(), key))

    assert found.groups == ("wlcg", "wlcg/production")
    assert found.actor == believed(signed(claims(jti="2", name="Other Name"), key)).actor
    assert found.actor != "5c1c-jane"


# T1: times


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"exp": NOW - 1}, "exp"),
        ({"exp": NOW}, "exp"),
        ({"exp": None}, "exp"),
        ({"exp": str(NOW + 3000)}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": 10**30}, "exp"),
        ({"exp": -1}, "exp"),
        ({"exp": [NOW + 3000]}, "exp"),
        ({"nbf": NOW + 61}, "nbf"),
        ({"nbf": "soon"}, "nbf"),
        ({"iat": NOW + 61, "nbf": None}, "iat"),
        ({"iat": None}, "iat"),
        ({"exp": NOW + 10 * 365 * 86400}, "lifetime"),
        ({"iat": NOW - 86400}, "lifetime"),
    ],
)
def test_a_token_out_of_its_time_is_denied(changes: dict[str, Any], rule: str) -> None:
    assert rule_that_denies(signed(claims(**changes))) == rule


def test_a_clock_that_is_a_minute_ahead_is_forgiven_at_the_start_of_a_token() -> None:
    assert believed(signed(claims(nbf=NOW + 60, iat=NOW + 60))).kind == "access"


# T2: algorithms and keys


def hs256_with_the_public_key() -> str:
    text = f"{encoded(json.dumps({'alg': 'HS256', 'kid': 'rsa-1'}))}.{encoded(json.dumps(claims()))}"
    return f"{text}.{encoded(hmac.digest(RSA.as_pem(private=False), text.encode(), 'sha256'))}"


def with_header(**header: Any) -> str:
    """Claims under a signature that belongs to another header."""
    _, body, signature = signed(claims()).split(".")
    return f"{encoded(json.dumps({'alg': 'RS256', 'kid': 'rsa-1'} | header))}.{body}.{signature}"


def flipped() -> str:
    head, body, signature = signed(claims()).split(".")
    return f"{head}.{body}.{('B' if signature[10] != 'B' else 'C').join((signature[:10], signature[11:]))}"


def another_payload() -> str:
    head, _, signature = signed(claims()).split(".")
    return f"{head}.{encoded(json.dumps(claims(sub='x')))}.{signature}"


def twice() -> str:
    text = json.dumps(claims()).replace("{", '{"sub": "5c1c-admin", ', 1)
    return signed_text(text)


def signed_text(payload: str) -> str:
    """A good signature over a payload that no library would write."""
    return jws.serialize_compact({"alg": "RS256", "kid": "rsa-1"}, payload.encode(), RSA, algorithms=["RS256"])


def encrypted() -> str:
    return jwe.encrypt_compact({"alg": "dir", "enc": "A128GCM"}, json.dumps(claims()).encode(), OctKey.generate_key(128))


def nested() -> str:
    return signed_text(json.dumps(signed(claims())))


def unsigned(algorithm: str) -> str:
    return f"{encoded(json.dumps({'alg': algorithm}))}.{encoded(json.dumps(claims()))}."


FORGED: list[tuple[str, Callable[[], str], str]] = [
    ("none", lambda: unsigned("none"), "form"),
    ("none in capitals", lambda: unsigned("NONE") + "x", "alg"),
    ("no signature", lambda: signed(claims()).rpartition(".")[0] + ".", "form"),
    ("HS256 with the public key", hs256_with_the_public_key, "alg"),
    ("RS512", lambda: jwt.encode({"alg": "RS512", "kid": "rsa-1"}, claims(), RSA, algorithms=["RS512"]), "alg"),
    ("ES256 over an RSA key", lambda: with_header(alg="ES256"), "alg"),
    ("RS256 over a curve's key", lambda: with_header(kid="ec-1"), "alg"),
    ("a key of its own of the same name", lambda: signed(claims(), STRANGER), "signature"),
    ("a key in the header", lambda: signed(claims(), STRANGER, jwk=STRANGER.as_dict(private=False)), "signature"),
    ("an address of keys in the header", lambda: signed(claims(), STRANGER, jku="https://attacker.example/jwks"), "signature"),
    ("an address of a certificate", lambda: signed(claims(), STRANGER, x5u="https://attacker.example/c"), "signature"),
    ("a path as kid", lambda: signed(claims(), RSA, kid="../../../etc/passwd"), "key"),
    ("a query as kid", lambda: signed(claims(), RSA, kid="' or '1'='1"), "key"),
    ("a long kid", lambda: signed(claims(), RSA, kid="k" * 201), "form"),
    ("a number as kid", lambda: with_header(kid=1), "form"),
    ("a flipped bit", flipped, "signature"),
    ("another payload", another_payload, "signature"),
    ("a claim twice", twice, "form"),
    ("a token in a token", nested, "form"),
    ("an encrypted token", encrypted, "form"),
    ("a critical extension", lambda: with_header(crit=["exp"]), "form"),
    ("an unencoded payload", lambda: with_header(b64=False), "form"),
    ("17 KB", lambda: signed(claims(more="x" * 17_000)), "size"),
    ("NaN", lambda: signed_text(json.dumps(claims()).replace(str(NOW + 3000), "NaN")), "form"),
    ("300 nested lists", lambda: signed_text('{"a": ' + "[" * 5000 + "]" * 5000 + "}"), "form"),
    ("a list as payload", lambda: signed_text("[1]"), "form"),
    ("a proof of possession", lambda: signed(claims(), RSA, typ="dpop+jwt"), "kind"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "rule"), [case[1:] for case in FORGED], ids=[case[0] for case in FORGED])
def test_a_forged_token_is_denied(make: Callable[[], str], rule: str) -> None:
    assert rule_that_denies(make()) == rule


def test_an_algorithm_that_the_row_does_not_allow_is_denied() -> None:
    assert rule_that_denies(signed(claims(), EC), algorithms=(SignatureAlgorithm.RS256,)) == "alg"


# T3: issuers


@pytest.mark.parametrize(
    "issuer",
    ["https://iam.example.org.attacker.example/", "https://IAM.example.org/", "http://iam.example.org/", "https://iam.example.org//",
     "https://iam.example.org/x", "http://169.254.169.254/", "", None, 1, [IAM]],
)  # fmt: skip
def test_a_token_of_a_stranger_is_denied(issuer: object) -> None:
    assert rule_that_denies(signed(claims(iss=issuer))) == "iss"


def test_a_trailing_slash_of_an_issuer_is_forgiven() -> None:
    assert believed(signed(claims(iss=IAM.rstrip("/")))).actor == believed(signed(claims())).actor


def test_an_issuer_that_was_removed_is_denied_at_once() -> None:
    verifier = a_verifier()
    token = signed(claims())
    verifier.believe(token)

    verifier.trust([])

    with pytest.raises(TokenRefused, match="not trusted"):
        verifier.believe(token)


def test_one_subject_of_two_issuers_is_two_actors() -> None:
    other = "https://login.example.net/realms/lab"
    verifier = verifier_of([an_issuer(), an_issuer(issuer=other)], [RSA], lambda: float(NOW))

    assert verifier.believe(signed(claims())).actor != verifier.believe(signed(claims(iss=other))).actor


# T4: audiences and kinds


@pytest.mark.parametrize(
    "audience",
    [None, "", "https://other.example.org", ["https://other.example.org"], [], [1], {"a": 1}, "https://wlcg.cern.ch/jwt/v1/any",
     "https://culm.example.org/", "https://culm.example"],
)  # fmt: skip
def test_a_token_for_another_audience_is_denied(audience: object) -> None:
    assert rule_that_denies(signed(claims(aud=audience))) == "aud"


def test_the_audience_any_is_taken_only_where_the_row_says_so() -> None:
    token = signed(claims(aud=["https://wlcg.cern.ch/jwt/v1/any"]))

    assert rule_that_denies(token) == "aud"
    assert believed(token, any_audience=True).kind == "access"


@pytest.mark.parametrize(
    "changes",
    [
        {"typ": "Refresh"},
        {"typ": "Offline"},
        {"typ": "Logout"},
        {"token_use": "refresh", "scope": None},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}, "sid": "1"},
    ],
)
def test_a_token_that_is_no_login_is_denied(changes: dict[str, Any]) -> None:
    assert rule_that_denies(signed(claims(**changes))) == "kind"


@pytest.mark.parametrize("changes", [{"typ": "ID"}, {"at_hash": "x", "scope": None}, {"nonce": "x", "scope": None}])
def test_an_id_token_is_taken_only_where_the_row_says_so(changes: dict[str, Any]) -> None:
    assert believed(signed(claims(**changes))).kind == "id"
    assert rule_that_denies(signed(claims(**changes)), id_tokens=False) == "kind"


# T6: groups, scopes and versions


@pytest.mark.parametrize("version", [None, "2.0", "0.9", "1", "1.x", 1.0, "", "1.99999"])
def test_a_version_of_the_profile_that_is_not_read_is_denied(version: object) -> None:
    assert rule_that_denies(signed(claims(**{"wlcg.ver": version}))) == "version"


def test_a_newer_minor_version_is_believed() -> None:
    assert believed(signed(claims(**{"wlcg.ver": "1.9"}))).groups == ("wlcg", "wlcg/production")


@pytest.mark.parametrize(
    ("profile", "found", "expected"),
    [
        (IssuerProfile.WLCG, {"wlcg.groups": ["/wlcg/production"]}, ("wlcg/production",)),
        (IssuerProfile.WLCG, {"wlcg.groups": None, "wlcg": {"ver": "1.0", "groups": ["/wlcg"]}}, ("wlcg",)),
        (IssuerProfile.WLCG, {"wlcg.groups": ["wlcg", "/cms/wlcg", "/wlcg2", "/wlcg"]}, ("wlcg",)),
        (IssuerProfile.WLCG, {"wlcg.groups": None, "groups": ["/wlcg", "wlcg"]}, ()),
        (IssuerProfile.WLCG, {"wlcg.groups": "/wlcg"}, ()),
        (IssuerProfile.IAM, {"groups": ["wlcg", "wlcg/operator", "/wlcg/production"]}, ("wlcg", "wlcg/operator")),
        (IssuerProfile.IAM, {"groups": None}, ()),
        (
            IssuerProfile.AARC,
            {"entitlements": ["urn:mace:egi.eu:group:wlcg:role=member#aai.egi.eu", "urn:mace:egi.eu:group:wlcg:role=production#a",
                              "urn:mace:egi.eu:res:wlcg#a", "urn:x:group:wlcg"]},
            ("wlcg", "wlcg/production"),
        ),
        (IssuerProfile.AARC, {"eduperson_entitlement": ["urn:geant:lab.eu:group:wlcg:pilot#lab.eu"]}, ("wlcg/pilot",)),
        (IssuerProfile.KEYCLOAK, {"groups": ["/wlcg", "wlcg/production"]}, ("wlcg", "wlcg/production")),
        (IssuerProfile.UNKNOWN, {"groups": ["wlcg"]}, ()),
    ],
)  # fmt: skip
def test_groups_are_read_from_the_claim_of_the_profile_alone(
    profile: IssuerProfile, found: dict[str, Any], expected: tuple[str, ...]
) -> None:
    assert believed(signed(claims(**found)), profile=profile).groups == expected


def test_groups_of_another_vo_count_for_nothing() -> None:
    assert believed(signed(claims(**{"wlcg.groups": ["/cms", "/cms/production", "/wlcg"]}))).groups == ("wlcg",)


def test_only_capabilities_without_a_path_are_read() -> None:
    scope = "openid compute.read compute.create:/x storage.read:/ compute.readx COMPUTE.CANCEL"

    assert believed(signed(claims(scope=scope))).capabilities == {"compute.read"}


@pytest.mark.parametrize("subject", [None, "", "x" * 256, 1, "a\nb", "a\x00b"])
def test_a_token_without_a_subject_of_use_is_denied(subject: object) -> None:
    assert rule_that_denies(signed(claims(sub=subject))) == "subject"


def row_of_two() -> tuple[TrustedIssuer, TrustedIssuer]:
    return an_issuer(), an_issuer(issuer="https://cms.example.org", vos=("cms",))


def test_a_key_of_one_issuer_signs_for_no_other() -> None:
    ours, theirs = row_of_two()
    their_key = RSAKey.generate_key(2048, {"kid": "cms-1"})
    cache = a_cache(lambda: key_set(RSA), lambda: float(NOW))
    cache.refresh(ours)
    verifier = Verifier([ours, theirs], cache, lambda: float(NOW))

    with pytest.raises(TokenRefused, match="does not publish"):
        verifier.believe(signed(claims(), their_key))
