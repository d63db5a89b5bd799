"""A process does not check signatures of its own keys, and all else of its own tokens is judged at each use."""

import os
from pathlib import Path

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from joserfc import jws
from joserfc.jwk import ECKey

from identity.agent_issuer import AgentKeys, worker_token
from identity.agents import Agent
from identity.digest import digest_of_id
from identity.errors import TokenRefused
from identity.own_issuers import AGENTS_ISSUER, own_issuers
from identity.signatures import is_valid, would_sign
from identity.signed_here import SIGNED_MAX, OwnKey, SignedHere, text_digest
from identity.signed_on_host import PLACES, SignedOnHost
from identity.trust import key_cache
from identity.verify import Verifier
from process.private_files import write_private
from schemas.instants import MICROSECONDS
from schemas.policy import TokenRevoked
from schemas.types import SignatureAlgorithm
from tests.identity.builders import VOS, SharedDocuments, a_cache, an_issuer, key_set
from tests.identity.forged.tokens import claims, signed

START = 1_800_000_000.0
AGENT = Agent("e" * 64, "wlcg", ("LOCAL",), "w1", int(START + 400 * 24 * 3600))


class Process:
    """An API process that makes tokens and believes them, with a clock that a test sets.

    is_stranger: it knows the public keys alone.
    """

    def __init__(self, home: Path, given: Path | None = None, *, is_stranger: bool = False) -> None:
        self.now = START
        self.keys = AgentKeys.of(home, given, clock=lambda: self.now)
        cache = key_cache(home, SharedDocuments(), lambda: self.now, agents=self.keys)
        known = None if is_stranger else self.keys.signed_here
        self.verifier = Verifier(own_issuers(VOS), cache, lambda: self.now, known)

    def token(self) -> str:
        return worker_token(self.keys, AGENT, self.now)[0]

    def rule(self, token: str) -> str:
        """The rule by which `token` is refused; empty when it is believed."""
        try:
            assert self.verifier.believe(token).actor == AGENT.subject
        except TokenRefused as problem:
            return problem.rule
        return ""


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tokens whose signature was checked."""
    found: list[str] = []

    def counted(text: str, key: EllipticCurvePublicKey, algorithm: SignatureAlgorithm) -> bool:
        found.append(text)
        return is_valid(text, key, algorithm)

    monkeypatch.setattr("identity.verify.is_valid", counted)
    return found


@pytest.fixture
def signed_again(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tokens that were signed once more, to compare."""
    found: list[str] = []

    def counted(text: str, key: EllipticCurvePrivateKey) -> bool:
        found.append(text)
        return would_sign(text, key)

    monkeypatch.setattr("identity.signed_here.would_sign", counted)
    return found


def hosts(folder: Path) -> tuple[Path, Path, Path]:
    """The homes of two hosts to which the platform gives one ring of keys, and the file of that."""
    key = ECKey.generate_key("P-256", auto_kid=True).as_dict(private=True)
    write_private(folder / "given.json", orjson.dumps({"keys": [{"key": key, "signs_from": START - 1}]}))
    return folder / "one", folder / "another", folder / "given.json"


def test_a_token_is_known_on_its_host_signed_again_once_on_another_and_checked_by_strangers(
    tmp_path: Path, checked: list[str], signed_again: list[str]
) -> None:
    host, other_host, given = hosts(tmp_path)
    maker, neighbour, far = Process(host, given), Process(host, given), Process(other_host, given)
    stranger = Process(other_host, given, is_stranger=True)
    token = maker.token()

    assert [process.rule(token) for process in (maker, neighbour)] == ["", ""]
    assert (signed_again, checked) == ([], [])
    assert [process.rule(token) for process in (far, far)] == ["", ""]
    assert (signed_again, checked) == ([token], [])
    assert [process.rule(token) for process in (stranger, stranger)] == ["", ""]
    assert (signed_again, checked) == ([token], [token])


def test_a_token_that_the_key_signed_with_chance_is_checked_on_another_host(tmp_path: Path, checked: list[str]) -> None:
    host, other_host, given = hosts(tmp_path)
    maker, far = Process(host, given), Process(other_host, given)
    key = maker.keys.signer()
    found = maker.verifier.believe(maker.token()).claims
    head = {"alg": "ES256", "kid": key.kid, "typ": "at+jwt"}
    token = jws.serialize_compact(head, orjson.dumps(found), key, algorithms=["ES256"])

    assert far.rule(token) == ""
    assert checked == [token]


def test_another_host_refuses_what_its_keys_did_not_sign(tmp_path: Path, checked: list[str]) -> None:
    host, other_host, given = hosts(tmp_path)
    maker, far = Process(host, given), Process(other_host, given)
    token, another = maker.token(), maker.token()
    (head, body, last), (_, other_body, other_last) = token.split("."), another.split(".")
    forged = [f"{head}.{body}.{other_last}", f"{head}.{other_body}.{last}", f"{head}.{body}.{'A' * 86}", f"{token}A", token[:-1]]

    assert [far.rule(one) for one in forged] == ["signature"] * 5
    assert checked == forged


def test_who_can_write_the_file_and_has_no_key_makes_no_token_believed(tmp_path: Path, checked: list[str]) -> None:
    process, other = Process(tmp_path), Process(tmp_path)
    head, body, _ = process.token().split(".")
    forged = f"{head}.{body}.{'A' * 86}"
    digest = text_digest(forged)
    table = SignedOnHost(tmp_path / "identity" / "signed_tokens")

    for key in (b"", b"0" * 32, digest):
        table.note(digest, key)
        assert other.rule(forged) == "signature"
    (tmp_path / "identity" / "signed_tokens").write_bytes(digest * PLACES)
    assert other.rule(forged) == "signature"
    assert checked == [forged] * 4


@pytest.mark.parametrize("harm", ["short", "mode", "link", "folder", "zeros"])
def test_a_file_that_cannot_be_used_costs_a_signature_and_nothing_else(
    tmp_path: Path, checked: list[str], signed_again: list[str], harm: str
) -> None:
    file, maker = tmp_path / "identity" / "signed_tokens", Process(tmp_path)
    token = maker.token()
    assert maker.rule(token) == ""
    match harm:
        case "short":
            os.truncate(file, 0)
        case "mode":
            file.chmod(0o620)
        case "link":
            file.rename(tmp_path / "elsewhere")
            file.symlink_to(tmp_path / "elsewhere")
        case "folder":
            file.unlink()
            file.mkdir()
        case _:
            file.write_bytes(b"\0" * file.stat().st_size)
    other = Process(tmp_path)

    assert [other.rule(token), maker.rule(token)] == ["", ""]
    assert (signed_again, checked) == ([token], [])
    assert other.rule(f"{token[:-1]}{'A' if token[-1] != 'A' else 'Q'}") == "signature"


def test_the_file_holds_neither_a_token_nor_what_a_token_is_known_by(tmp_path: Path) -> None:
    token = Process(tmp_path).token()

    file = tmp_path / "identity" / "signed_tokens"
    found = file.read_bytes()
    assert (len(found), file.stat().st_mode & 0o777) == (2_097_152, 0o600)
    assert len(found.replace(b"\0", b"")) >= 24
    for part in (*token.encode().split(b"."), text_digest(token)):
        assert part not in found


def test_a_token_of_the_host_is_refused_once_its_key_was_replaced(tmp_path: Path, checked: list[str]) -> None:
    maker, other = Process(tmp_path), Process(tmp_path)
    token = maker.token()

    AgentKeys.of(tmp_path, clock=lambda: maker.now).rotate(at_once=True)
    other.now += 6

    assert other.rule(token) == "key"
    assert checked == []


def test_an_own_token_with_another_signature_or_other_claims_is_forged(tmp_path: Path) -> None:
    process = Process(tmp_path)
    token, another = process.token(), process.token()
    head, body, signature = token.split(".")

    assert process.rule(f"{head}.{body}.{another.rpartition('.')[2]}") == "signature"
    assert process.rule(f"{head}.{another.split('.')[1]}.{signature}") == "signature"
    assert process.rule(token) == ""


def test_an_own_token_ends_with_its_time_its_revocation_and_its_issuer(tmp_path: Path) -> None:
    process = Process(tmp_path)
    late, revoked, last = process.token(), process.token(), process.token()
    assert [process.rule(token) for token in (late, revoked, last)] == ["", "", ""]

    digest = digest_of_id(AGENTS_ISSUER, process.verifier.believe(revoked).claims["jti"])
    until = int(START * MICROSECONDS) + 7_200 * MICROSECONDS
    event = TokenRevoked(actor=AGENT.subject, issuer=AGENTS_ISSUER, token=digest, until=until)
    process.verifier.revocations.take(event, int(START * MICROSECONDS))
    assert process.rule(revoked) == "revoked"

    process.verifier.trust([row for row in own_issuers(VOS) if row.issuer != AGENTS_ISSUER])
    assert process.rule(last) == "iss"

    process.verifier.trust(own_issuers(VOS))
    process.now += 7_200
    assert process.rule(late) == "exp"


def test_an_own_token_whose_key_was_withdrawn_is_refused_also_when_it_was_believed_before(tmp_path: Path) -> None:
    process, other = Process(tmp_path), Process(tmp_path)
    used, unused = process.token(), process.token()
    assert (process.rule(used), other.rule(used)) == ("", "")

    AgentKeys.of(tmp_path, clock=lambda: process.now).rotate(at_once=True)
    process.now += 6
    other.now += 6

    assert [process.rule(used), process.rule(unused), other.rule(used)] == ["key", "key", "key"]
    assert process.rule(process.token()) == ""


def test_a_token_of_a_key_that_another_one_of_the_same_name_replaced_is_refused(tmp_path: Path) -> None:
    given = tmp_path / "given.json"

    def give() -> None:
        key = ECKey.generate_key("P-256", parameters={"kid": "always the same"}).as_dict(private=True)
        write_private(given, orjson.dumps({"keys": [{"key": key, "signs_from": START - 1}]}))

    give()
    process, other = Process(tmp_path, given), Process(tmp_path, given)
    used, unused = process.token(), process.token()
    assert (process.rule(used), other.rule(used)) == ("", "")

    give()
    process.now += 6
    other.now += 6

    assert [process.rule(used), process.rule(unused), other.rule(used)] == ["signature", "signature", "signature"]
    assert process.rule(process.token()) == ""


def test_a_token_of_a_provider_that_was_believed_is_refused_once_its_key_is_published_no_more() -> None:
    published, now = [ECKey.generate_key("P-256", auto_kid=True)], [START]
    row = an_issuer()
    cache = a_cache(lambda: key_set(*published), lambda: now[0])
    cache.refresh(row)
    verifier = Verifier([row], cache, lambda: now[0])
    found = claims(iss=row.issuer, aud=row.audiences[0], iat=int(START), nbf=int(START), exp=int(START) + 600)
    token = signed(found, published[0])
    assert verifier.believe(token).issuer == row

    published[0] = ECKey.generate_key("P-256", auto_kid=True)
    now[0] += 61
    cache.refresh(row)

    with pytest.raises(TokenRefused) as refused:
        verifier.believe(token)
    assert refused.value.rule == "key"


def test_the_oldest_of_too_many_own_tokens_is_forgotten() -> None:
    here = SignedHere()

    for number in range(SIGNED_MAX + 1):
        here.note(f"token {number}", "key")

    known = [here.is_signed(token, text_digest(token), "key") for token in ("token 0", "token 1", f"token {SIGNED_MAX}")]
    assert known == [False, True, True]


def test_a_token_is_known_for_the_key_that_signed_it_alone(tmp_path: Path) -> None:
    table = SignedOnHost(tmp_path / "signed_tokens")
    here, neighbour = SignedHere(table), SignedHere(table)
    one, two = (OwnKey(generate_private_key(SECP256R1()), name * 32) for name in (b"1", b"2"))
    here.has_keys({"one": one, "two": two})
    neighbour.has_keys({"one": one, "two": two})
    token = "a.token.of"

    here.note(token, "one")

    digest = text_digest(token)
    assert [process.is_signed(token, digest, "one") for process in (here, neighbour)] == [True, True]
    assert [process.is_signed(token, digest, "two") for process in (here, neighbour)] == [False, False]
    neighbour.has_keys({"two": two})
    assert not neighbour.is_signed(token, digest, "one")


def descriptors_of(file: Path) -> int:
    """How many this process has."""
    opened = [one for one in Path("/dev/fd").iterdir() if one.exists()]
    return sum(one.samefile(file) for one in opened)


def test_a_table_closes_its_file_when_it_goes_also_one_that_was_given_up(tmp_path: Path) -> None:
    file = tmp_path / "signed_tokens"
    table, given_up = SignedOnHost(file), SignedOnHost(file)
    for one in (table, given_up):
        one.note(b"d" * 32, b"k" * 32)
    opened = descriptors_of(file)
    given_up._give_up(OSError(5, "disk"))

    del one, table, given_up

    assert (opened, descriptors_of(file)) == (2, 0)
