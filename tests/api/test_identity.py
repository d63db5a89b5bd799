"""Which tokens are believed, and who they make somebody."""

import base64
import hmac
import json
import stat
import time
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from api.http.errors import AccessDenied, NotAuthenticated, RoleMissing
from api.identity.access import EndpointClass, Gate, acting_role, may_act_on
from api.identity.identity import identity_from, user_name_of
from api.identity.issuer import AUDIENCE, ISSUER, key_path, make_token, public_keys, signing_key
from api.identity.verify import REMEMBERED_MAX, Verifier, trusted_issuers
from tests.api.builders import a_request, an_identity

VOS = ("wlcg",)


def a_token(home: Path, key: RSAKey | None = None, header: dict[str, Any] | None = None, **changes: Any) -> str:
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "s",
        "exp": int(time.time()) + 600,
        "name": "Jane Doe",
        "preferred_username": "jdoe",
        "groups": ["wlcg"],
    } | changes
    key = key or signing_key(home)
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": signing_key(home).kid} | (header or {}), kept, key)


def a_verifier(home: Path) -> Verifier:
    return Verifier(trusted_issuers(home))


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def test_a_token_of_our_issuer_is_believed(tmp_path: Path) -> None:
    token = make_token(tmp_path, user="jdoe", name="Jane Doe", groups=["wlcg", "wlcg/production"], audience_hours=1)

    claims = a_verifier(tmp_path).claims_of(token)

    assert claims["preferred_username"] == "jdoe"
    assert claims["sub"] != "jdoe"


def test_the_private_key_can_be_read_by_its_owner_only(tmp_path: Path) -> None:
    home = tmp_path / "new"
    signing_key(home)

    assert stat.S_IMODE(key_path(home).stat().st_mode) == 0o600
    assert "d" not in public_keys(home).as_dict(private=False)["keys"][0]


def test_the_key_stays_the_same_once_it_is_made(tmp_path: Path) -> None:
    home = tmp_path / "new"

    assert signing_key(home).kid == signing_key(home).kid


def test_a_token_signed_by_another_key_is_denied(tmp_path: Path) -> None:
    forged = a_token(tmp_path, key=RSAKey.generate_key(2048))

    with pytest.raises(AccessDenied, match="signature"):
        a_verifier(tmp_path).claims_of(forged)


def test_a_key_that_the_token_brings_along_is_not_used(tmp_path: Path) -> None:
    own = RSAKey.generate_key(2048)
    forged = a_token(tmp_path, key=own, header={"jwk": own.as_dict(private=False)})

    with pytest.raises(AccessDenied):
        a_verifier(tmp_path).claims_of(forged)


def test_a_token_of_another_issuer_is_denied(tmp_path: Path) -> None:
    with pytest.raises(AccessDenied, match="issuer 'https://elsewhere'"):
        a_verifier(tmp_path).claims_of(a_token(tmp_path, iss="https://elsewhere"))


def test_a_token_for_another_audience_is_denied(tmp_path: Path) -> None:
    with pytest.raises(AccessDenied, match="audience"):
        a_verifier(tmp_path).claims_of(a_token(tmp_path, aud=["somebody else"]))


def test_an_expired_token_is_denied(tmp_path: Path) -> None:
    with pytest.raises(AccessDenied, match="expired"):
        a_verifier(tmp_path).claims_of(a_token(tmp_path, exp=int(time.time()) - 60))


def test_a_token_without_an_end_is_denied(tmp_path: Path) -> None:
    with pytest.raises(AccessDenied, match="when it expires"):
        a_verifier(tmp_path).claims_of(a_token(tmp_path, exp=None))


def test_a_token_that_begins_later_is_denied(tmp_path: Path) -> None:
    with pytest.raises(AccessDenied, match="nbf"):
        a_verifier(tmp_path).claims_of(a_token(tmp_path, nbf=int(time.time()) + 600))


def test_a_token_without_a_subject_is_denied(tmp_path: Path) -> None:
    with pytest.raises(AccessDenied, match="subject"):
        a_verifier(tmp_path).claims_of(a_token(tmp_path, sub=None))


def test_an_unsigned_token_is_denied(tmp_path: Path) -> None:
    head, body, _ = a_token(tmp_path).split(".")
    none = _encoded(json.dumps({"alg": "none"}).encode())

    for forged in (f"{none}.{body}.", f"{none}.{body}.x", f"{head}.{body}."):
        with pytest.raises(AccessDenied):
            a_verifier(tmp_path).claims_of(forged)


def test_the_public_key_cannot_be_used_as_a_shared_secret(tmp_path: Path) -> None:
    _, body, _ = a_token(tmp_path).split(".")
    head = _encoded(json.dumps({"alg": "HS256", "kid": signing_key(tmp_path).kid}).encode())
    secret = signing_key(tmp_path).as_pem(private=False)
    forged = f"{head}.{body}." + _encoded(hmac.digest(secret, f"{head}.{body}".encode(), "sha256"))

    with pytest.raises(AccessDenied):
        a_verifier(tmp_path).claims_of(forged)


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "a.b.c.d.e", "é.é.é", "." * 10, "x" * 20_000])
def test_what_is_no_token_is_denied(tmp_path: Path, text: str) -> None:
    with pytest.raises(AccessDenied):
        a_verifier(tmp_path).claims_of(text)


def test_a_denial_never_shows_the_token(tmp_path: Path) -> None:
    token = a_token(tmp_path, aud="elsewhere")

    with pytest.raises(AccessDenied) as denied:
        a_verifier(tmp_path).claims_of(token)

    assert token not in str(denied.value)
    assert token.split(".")[1] not in str(denied.value)


def test_accepted_tokens_are_remembered_in_a_bounded_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.identity.verify.REMEMBERED_MAX", 3)
    verifier = a_verifier(tmp_path)

    for number in range(5):
        verifier.claims_of(a_token(tmp_path, sub=f"s{number}"))

    assert len(verifier._remembered) == 3
    assert REMEMBERED_MAX <= 100_000


def test_a_remembered_token_is_denied_once_it_expires(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    verifier = a_verifier(tmp_path)
    token = a_token(tmp_path, exp=int(time.time()) + 60)
    verifier.claims_of(token)
    later = time.time() + 120
    monkeypatch.setattr("api.identity.verify.time.time", lambda: later)

    with pytest.raises(AccessDenied, match="expired"):
        verifier.claims_of(token)


CLAIMS = {"sub": "s", "name": "JANE DOE 1234", "preferred_username": "jdoe", "groups": ["wlcg", "/wlcg/production"]}


def test_the_name_of_a_token_becomes_dn_and_user_name() -> None:
    jane = identity_from(CLAIMS, "wlcg", VOS)

    assert jane.display_name == "Jane Doe 1234"
    assert jane.dn == "Jane Doe 1234/CN=nickname:jdoe"
    assert jane.user_name == "Jane Doe"


@pytest.mark.parametrize(
    ("dn", "expected"),
    [
        ("/DC=ch/DC=cern/OU=Users/CN=jdoe/CN=123456/CN=Jane Doe", "Jane Doe"),
        ("/C=UK/O=eScience/CN=Jane Doe/CN=proxy", "Jane Doe"),
        ("/O=Grid/CN=Jane O'Neil (ext)", "Jane ONeil ext"),
        ("/O=Grid/CN=Jane Doe jane.doe@example.org", "Jane Doe"),
        ("/O=Grid/CN=Jane Doe/emailAddress=x@example.org", "Jane Doe"),
        ("Jane Doe 1234/CN=nickname:jdoe", "Jane Doe"),
    ],
)
def test_a_dn_is_normalised_as_panda_does(dn: str, expected: str) -> None:
    assert user_name_of(dn) == expected


@pytest.mark.parametrize("origin", ["wlcg:production", "wlcg.production"])
def test_a_role_is_asked_for_by_origin(origin: str) -> None:
    assert identity_from(CLAIMS, origin, VOS).role == "production"


def test_without_asking_nobody_acts_as_production_for_the_compatible_fronts() -> None:
    jane = identity_from(CLAIMS, "wlcg", VOS)

    assert jane.role == "user"
    assert acting_role(jane) == "user"
    assert acting_role(jane, by_membership=True) == "production"


@pytest.mark.parametrize(
    ("origin", "groups", "why"),
    [
        ("cms", ["wlcg"], "Unknown vo : cms"),
        ("wlcg:pilot", ["wlcg"], "Not a member of the wlcg/pilot group"),
        ("wlcg", ["other"], "Not a member of the wlcg group"),
        ("wlcg", None, "Not a member of the wlcg group"),
        ("wlcg", "wlcg", "Not a member of the wlcg group"),
        (None, ["other"], "Origin header must name"),
    ],
)
def test_whoever_is_not_a_member_is_denied(origin: str | None, groups: object, why: str) -> None:
    with pytest.raises(AccessDenied, match=why):
        identity_from(CLAIMS | {"groups": groups}, origin, VOS)


@pytest.mark.parametrize("origin", [None, "http://127.0.0.1:25080", "null"])
def test_a_browser_is_of_the_only_vo_that_its_groups_give(origin: str | None) -> None:
    assert identity_from(CLAIMS, origin, VOS).vo == "wlcg"


def test_requests_without_a_token_are_denied(tmp_path: Path) -> None:
    gate = Gate(a_verifier(tmp_path), VOS)

    for headers in ({}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer "}):
        with pytest.raises(NotAuthenticated):
            gate.admit(EndpointClass.USER, a_request(headers))


@pytest.mark.parametrize(
    ("groups", "kind", "let_in"),
    [
        (["wlcg"], EndpointClass.USER, True),
        (["wlcg"], EndpointClass.PILOT, False),
        (["wlcg"], EndpointClass.OPERATOR, False),
        (["wlcg", "wlcg/pilot"], EndpointClass.PILOT, True),
        (["wlcg", "wlcg/pilot"], EndpointClass.OPERATOR, False),
        (["wlcg", "wlcg/operator"], EndpointClass.OPERATOR, True),
        (["wlcg", "wlcg/operator"], EndpointClass.PILOT, False),
        (["wlcg", "wlcg/production"], EndpointClass.OPERATOR, True),
    ],
)
def test_classes_of_routes_need_their_group(tmp_path: Path, groups: list[str], kind: EndpointClass, let_in: bool) -> None:
    token = make_token(tmp_path, user="x", name="X Y", groups=groups, audience_hours=1)
    gate = Gate(a_verifier(tmp_path), VOS)
    request = a_request({"Authorization": f"Bearer {token}", "Origin": "wlcg"})

    if let_in:
        assert gate.admit(kind, request).vo == "wlcg"
    else:
        with pytest.raises(RoleMissing):
            gate.admit(kind, request)


def test_an_expired_token_is_denied_although_its_owner_was_let_in_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(a_verifier(tmp_path), VOS)
    bearer = f"Bearer {a_token(tmp_path, exp=int(time.time()) + 60)}"
    assert gate.let_in(EndpointClass.USER, bearer, "wlcg") is gate.let_in(EndpointClass.USER, bearer, "wlcg")
    later = time.time() + 120
    monkeypatch.setattr("api.identity.verify.time.time", lambda: later)

    with pytest.raises(AccessDenied, match="expired"):
        gate.let_in(EndpointClass.USER, bearer, "wlcg")


def test_a_token_of_a_replaced_key_is_denied(tmp_path: Path) -> None:
    bearer = f"Bearer {a_token(tmp_path)}"
    assert Gate(a_verifier(tmp_path), VOS).let_in(EndpointClass.USER, bearer, "wlcg").subject == "s"
    key_path(tmp_path).unlink()
    signing_key(tmp_path)

    with pytest.raises(AccessDenied, match="key that its issuer does not publish"):
        Gate(a_verifier(tmp_path), VOS).let_in(EndpointClass.USER, bearer, "wlcg")


def test_who_one_was_before_says_nothing_of_another_origin(tmp_path: Path) -> None:
    gate = Gate(a_verifier(tmp_path), VOS)
    bearer = f"Bearer {a_token(tmp_path, groups=['wlcg', 'wlcg/production'])}"

    assert gate.let_in(EndpointClass.USER, bearer, "wlcg").role == "user"
    assert gate.let_in(EndpointClass.USER, bearer, "wlcg:production").role == "production"
    for origin in ("wlcg:pilot", "cms"):
        with pytest.raises(AccessDenied):
            gate.let_in(EndpointClass.USER, bearer, origin)


def test_identities_are_remembered_in_a_bounded_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.identity.access.REMEMBERED_MAX", 3)
    gate = Gate(a_verifier(tmp_path), VOS)

    for number in range(8):
        gate.let_in(EndpointClass.USER, f"Bearer {a_token(tmp_path, sub=f's{number}')}", "wlcg")

    assert len(gate._remembered) <= 3


def test_others_than_the_owner_need_a_role_and_the_same_vo() -> None:
    jane, operator = an_identity(), an_identity(subject="o", role="operator")

    assert may_act_on(jane, "subject-jane", "wlcg")
    assert not may_act_on(jane, "subject-bob", "wlcg")
    assert may_act_on(operator, "subject-bob", "wlcg")
    assert not may_act_on(operator, "subject-bob", "cms")
