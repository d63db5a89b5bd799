"""Who is let in to a route."""

import time
from pathlib import Path

import pytest

from api.http.access import Gate
from api.http.errors import AccessDenied, NotAuthenticated, RoleMissing
from identity.issuer import key_path, make_token, signing_key
from identity.rights import EndpointClass
from tests.api.builders import a_request
from tests.identity.builders import VOS, a_token, a_verifier


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
    monkeypatch.setattr("identity.verify.time.time", lambda: later)

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
    monkeypatch.setattr("api.http.access.REMEMBERED_MAX", 3)
    gate = Gate(a_verifier(tmp_path), VOS)

    for number in range(8):
        gate.let_in(EndpointClass.USER, f"Bearer {a_token(tmp_path, sub=f's{number}')}", "wlcg")

    assert len(gate._remembered) <= 3
