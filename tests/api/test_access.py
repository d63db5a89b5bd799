"""Who is let in to a route."""

import time
from pathlib import Path

import pytest

from api.http.errors import AccessDenied, NotAuthenticated, RoleMissing
from identity.issuer import key_path, make_token, signing_key
from identity.ruling import EndpointClass
from tests.api.builders import a_request, run
from tests.identity.builders import a_gate, a_token


def test_requests_without_a_token_are_denied(tmp_path: Path) -> None:
    gate = a_gate(tmp_path)

    for headers in ({}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer "}):
        with pytest.raises(NotAuthenticated):
            run(gate.admit(EndpointClass.USER, a_request(headers)))


@pytest.mark.parametrize(
    ("groups", "kind", "let_in"),
    [
        (["wlcg"], EndpointClass.USER, True),
        (["wlcg"], EndpointClass.PILOT, False),
        (["wlcg"], EndpointClass.OPERATOR, False),
        (["wlcg", "wlcg/pilot"], EndpointClass.PILOT, True),
        (["wlcg", "wlcg/pilot"], EndpointClass.MEMBER, True),
        (["wlcg", "wlcg/pilot"], EndpointClass.USER, False),
        (["wlcg", "wlcg/pilot", "wlcg/production"], EndpointClass.USER, True),
        (["wlcg", "wlcg/pilot"], EndpointClass.OPERATOR, False),
        (["wlcg", "wlcg/operator"], EndpointClass.OPERATOR, True),
        (["wlcg", "wlcg/operator"], EndpointClass.PILOT, False),
        (["wlcg", "wlcg/production"], EndpointClass.OPERATOR, True),
    ],
)
def test_classes_of_routes_need_their_group(tmp_path: Path, groups: list[str], kind: EndpointClass, let_in: bool) -> None:
    token = make_token(tmp_path, user="x", name="X Y", groups=groups, audience_hours=1)
    gate = a_gate(tmp_path)
    request = a_request({"Authorization": f"Bearer {token}", "Origin": "wlcg"})

    if let_in:
        assert run(gate.admit(kind, request)).vo == "wlcg"
    else:
        with pytest.raises(RoleMissing):
            run(gate.admit(kind, request))


def test_an_expired_token_is_denied_although_its_owner_was_let_in_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = a_gate(tmp_path)
    bearer = f"Bearer {a_token(tmp_path, exp=int(time.time()) + 60)}"
    assert run(gate.let_in(EndpointClass.USER, bearer, "wlcg")) is run(gate.let_in(EndpointClass.USER, bearer, "wlcg"))
    later = time.time() + 120
    monkeypatch.setattr("time.time", lambda: later)

    with pytest.raises(AccessDenied, match="expired"):
        run(gate.let_in(EndpointClass.USER, bearer, "wlcg"))


def test_a_token_of_a_replaced_key_is_denied(tmp_path: Path) -> None:
    bearer = f"Bearer {a_token(tmp_path)}"
    assert run(a_gate(tmp_path).let_in(EndpointClass.USER, bearer, "wlcg")).subject == "s"
    key_path(tmp_path).unlink()
    signing_key(tmp_path)

    gate = a_gate(tmp_path)

    with pytest.raises(AccessDenied, match="the token is not believed here"):
        run(gate.let_in(EndpointClass.USER, bearer, "wlcg"))
    assert [record.rule for record in gate.refusals.take_all(0)] == ["key"]


def test_who_one_was_before_says_nothing_of_another_origin(tmp_path: Path) -> None:
    gate = a_gate(tmp_path)
    bearer = f"Bearer {a_token(tmp_path, groups=['wlcg', 'wlcg/production'])}"

    assert run(gate.let_in(EndpointClass.USER, bearer, "wlcg")).role == "user"
    assert run(gate.let_in(EndpointClass.USER, bearer, "wlcg:production")).role == "production"
    for origin in ("wlcg:pilot", "cms"):
        with pytest.raises(AccessDenied):
            run(gate.let_in(EndpointClass.USER, bearer, origin))


def test_identities_are_remembered_in_a_bounded_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.http.access.REMEMBERED_MAX", 3)
    gate = a_gate(tmp_path)

    for number in range(8):
        run(gate.let_in(EndpointClass.USER, f"Bearer {a_token(tmp_path, sub=f's{number}')}", "wlcg"))

    assert len(gate._remembered) <= 3
