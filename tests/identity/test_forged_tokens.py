"""Tokens that are forged, stolen, late or widened, one a test: each is denied, by the rule that it breaks.

The cases stand in `tests/identity/forged/tokens.py`. The time is driven: no test waits.
"""

from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from identity.believed import BelievedToken
from identity.errors import TokenRefused
from identity.verify import Verifier
from schemas.types import IssuerProfile, TrustedIssuer
from tests.identity.builders import IAM, a_cache, an_issuer, key_set, verifier_of
from tests.identity.forged.tokens import ANY, CASES, EC, ID_TOKENS, NOW, RSA, Case, claims, signed


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


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.group}-{case.name}")
def test_a_forged_token_is_denied(case: Case) -> None:
    assert rule_that_denies(case.make(), **case.row) == case.rule


def test_a_clock_that_is_a_minute_ahead_is_forgiven_at_the_start_of_a_token() -> None:
    assert believed(signed(claims(nbf=NOW + 60, iat=NOW + 60))).kind == "access"


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


def test_the_audience_any_is_taken_only_where_the_row_says_so() -> None:
    token = signed(claims(aud=[ANY]))

    assert rule_that_denies(token) == "aud"
    assert believed(token, any_audience=True).kind == "access"


@pytest.mark.parametrize("changes", ID_TOKENS)
def test_an_id_token_is_taken_only_where_the_row_says_so(changes: dict[str, Any]) -> None:
    assert believed(signed(claims(**changes))).kind == "id"
    assert rule_that_denies(signed(claims(**changes)), id_tokens=False) == "kind"


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
