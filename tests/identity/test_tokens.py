"""Which tokens are believed."""

import base64
import hmac
import json
import stat
import time
from pathlib import Path

import pytest
from joserfc.jwk import RSAKey

from identity.errors import TokenRefused
from identity.issuer import key_path, make_token, public_keys, signing_key
from identity.verify import REMEMBERED_MAX
from tests.identity.builders import a_token, a_verifier


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def test_a_token_of_our_issuer_is_believed(tmp_path: Path) -> None:
    token = make_token(tmp_path, user="jdoe", name="Jane Doe", groups=["wlcg", "wlcg/production"], audience_hours=1)

    claims = a_verifier(tmp_path).believe(token).claims

    assert claims["preferred_username"] == "jdoe"
    assert claims["sub"] != "jdoe"
    assert claims["email"] == "jdoe@culm.invalid"


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

    with pytest.raises(TokenRefused, match="signature of the token is not valid"):
        a_verifier(tmp_path).believe(forged)


def test_a_key_that_the_token_brings_along_is_not_used(tmp_path: Path) -> None:
    own = RSAKey.generate_key(2048)
    forged = a_token(tmp_path, key=own, header={"jwk": own.as_dict(private=False)})

    with pytest.raises(TokenRefused):
        a_verifier(tmp_path).believe(forged)


def test_a_token_of_another_issuer_is_denied(tmp_path: Path) -> None:
    with pytest.raises(TokenRefused, match="issuer 'https://elsewhere'"):
        a_verifier(tmp_path).believe(a_token(tmp_path, iss="https://elsewhere"))


def test_a_token_for_another_audience_is_denied(tmp_path: Path) -> None:
    with pytest.raises(TokenRefused, match="audience"):
        a_verifier(tmp_path).believe(a_token(tmp_path, aud=["another audience"]))


def test_an_expired_token_is_denied(tmp_path: Path) -> None:
    with pytest.raises(TokenRefused, match="expired"):
        a_verifier(tmp_path).believe(a_token(tmp_path, exp=int(time.time()) - 60))


def test_a_token_without_an_end_is_denied(tmp_path: Path) -> None:
    with pytest.raises(TokenRefused, match="when it expires"):
        a_verifier(tmp_path).believe(a_token(tmp_path, exp=None))


def test_a_token_that_begins_later_is_denied(tmp_path: Path) -> None:
    with pytest.raises(TokenRefused, match="nbf"):
        a_verifier(tmp_path).believe(a_token(tmp_path, nbf=int(time.time()) + 600))


def test_a_token_without_a_subject_is_denied(tmp_path: Path) -> None:
    with pytest.raises(TokenRefused, match="subject"):
        a_verifier(tmp_path).believe(a_token(tmp_path, sub=None))


def test_an_unsigned_token_is_denied(tmp_path: Path) -> None:
    head, body, _ = a_token(tmp_path).split(".")
    none = _encoded(json.dumps({"alg": "none"}).encode())

    for forged in (f"{none}.{body}.", f"{none}.{body}.x", f"{head}.{body}."):
        with pytest.raises(TokenRefused):
            a_verifier(tmp_path).believe(forged)


def test_the_public_key_cannot_be_used_as_a_shared_secret(tmp_path: Path) -> None:
    _, body, _ = a_token(tmp_path).split(".")
    head = _encoded(json.dumps({"alg": "HS256", "kid": signing_key(tmp_path).kid}).encode())
    secret = signing_key(tmp_path).as_pem(private=False)
    forged = f"{head}.{body}." + _encoded(hmac.digest(secret, f"{head}.{body}".encode(), "sha256"))

    with pytest.raises(TokenRefused):
        a_verifier(tmp_path).believe(forged)


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "a.b.c.d.e", "é.é.é", "." * 10, "x" * 20_000])
def test_what_is_no_token_is_denied(tmp_path: Path, text: str) -> None:
    with pytest.raises(TokenRefused):
        a_verifier(tmp_path).believe(text)


def test_a_denial_never_shows_the_token(tmp_path: Path) -> None:
    token = a_token(tmp_path, aud="elsewhere")

    with pytest.raises(TokenRefused) as denied:
        a_verifier(tmp_path).believe(token)

    assert token not in str(denied.value)
    assert token.split(".")[1] not in str(denied.value)


def test_accepted_tokens_are_remembered_in_a_bounded_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("identity.verify.REMEMBERED_MAX", 3)
    verifier = a_verifier(tmp_path)

    for number in range(5):
        verifier.believe(a_token(tmp_path, sub=f"s{number}"))

    assert len(verifier._remembered) == 3
    assert REMEMBERED_MAX <= 100_000


def test_a_remembered_token_is_denied_once_it_expires(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    verifier = a_verifier(tmp_path)
    token = a_token(tmp_path, exp=int(time.time()) + 60)
    verifier.believe(token)
    later = time.time() + 120
    monkeypatch.setattr("time.time", lambda: later)

    with pytest.raises(TokenRefused, match="expired"):
        verifier.believe(token)
