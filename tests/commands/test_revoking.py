"""What the policies of revocation say to commands: who may revoke, whom, and how much of it is kept."""

import pytest

from commands.policy.revoking import TOKENS_MAX
from schemas.ids import revoked_identity_key, revoked_issuer_key
from schemas.instants import DAY, HOUR
from schemas.policy import EndLogin, RestoreIdentity, RevokeIdentity, RevokeToken, RevokeTokensBefore
from tests.commands.in_memory import START, Culm, a_culm

IAM = "https://iam.example.org/"
JANE = revoked_identity_key("jane")


def a_digest(number: int = 0) -> str:
    return f"{number:064x}"


def end_login(culm: Culm, number: int = 0, *, key: str = JANE, actor: str = "jane", until: int = START + HOUR) -> tuple[str, ...]:
    answer = culm.send(EndLogin(issuer=IAM, token=a_digest(number), until=until), key, actor=actor)
    return answer.event_types if answer.accepted else (answer.reason or "",)


def test_an_administrator_revokes_an_identity_and_restores_it() -> None:
    culm = a_culm()

    revoked = culm.send(RevokeIdentity(actor="jane", reason="left"), JANE, actor="root", role="administrator")
    again = culm.send(RevokeIdentity(actor="jane"), JANE, actor="root", role="administrator")
    restored = culm.send(RestoreIdentity(actor="jane"), JANE, actor="root", role="administrator")
    twice = culm.send(RestoreIdentity(actor="jane"), JANE, actor="root", role="administrator")

    assert (revoked.event_types, again.event_types) == (("IdentityRevoked",), ())
    assert (restored.event_types, twice.reason) == (("IdentityRestored",), "NOT_REVOKED")


@pytest.mark.parametrize("role", ["user", "pilot", "production", "operator"])
def test_no_other_role_revokes_or_restores(role: str) -> None:
    culm = a_culm()
    token = RevokeToken(actor="jane", issuer=IAM, token=a_digest(), until=START + HOUR)

    answers = [
        culm.send(RevokeIdentity(actor="jane"), JANE, role=role),
        culm.send(RestoreIdentity(actor="jane"), JANE, role=role),
        culm.send(token, JANE, role=role, actor="jane"),
        culm.send(RevokeTokensBefore(issuer=IAM, time=START), revoked_issuer_key(IAM), role=role),
    ]

    assert [answer.reason for answer in answers] == ["NOT_PERMITTED"] * 4


def test_an_administrator_does_not_lock_himself_out() -> None:
    answer = a_culm().send(RevokeIdentity(actor="root"), revoked_identity_key("root"), actor="root", role="administrator")

    assert answer.reason == "ONESELF"


def test_one_ends_ones_own_login_and_no_others() -> None:
    culm = a_culm()

    assert end_login(culm) == ("TokenRevoked",)
    assert end_login(culm) == ()
    assert end_login(culm, 1, actor="mallory") == ("BAD_KEY",)
    assert [event.actor for event, _ in culm.events] == ["jane"]


def test_a_command_under_the_key_of_another_is_refused() -> None:
    culm = a_culm()
    token = RevokeToken(actor="jane", issuer=IAM, token=a_digest(), until=START + HOUR)

    answers = [
        culm.send(RevokeIdentity(actor="joe"), JANE, role="administrator"),
        culm.send(token, revoked_identity_key("joe"), role="administrator"),
        culm.send(RevokeTokensBefore(issuer=IAM, time=START), revoked_issuer_key("https://other"), role="administrator"),
    ]

    assert [answer.reason for answer in answers] == ["BAD_KEY"] * 3


def test_no_time_lies_where_no_token_can_reach() -> None:
    culm = a_culm()

    before = RevokeTokensBefore(issuer=IAM, time=START + HOUR)
    late = culm.send(before, revoked_issuer_key(IAM), role="administrator")
    since = culm.send(RevokeIdentity(actor="jane", since=START + HOUR), JANE, role="administrator")

    assert (late.reason, since.reason) == ("BAD_TIME", "BAD_TIME")
    assert end_login(culm, until=START + 401 * DAY) == ("BAD_TIME",)
    assert end_login(culm, until=START) == ()


def test_logouts_without_end_are_refused_and_make_room_when_tokens_end() -> None:
    culm = a_culm()
    for number in range(TOKENS_MAX):
        assert end_login(culm, number) == ("TokenRevoked",)

    assert end_login(culm, TOKENS_MAX) == ("TOO_MANY_TOKENS",)
    culm.now = START + 2 * HOUR
    assert end_login(culm, TOKENS_MAX, until=START + 3 * HOUR) == ("TokenRevoked",)
    assert len(culm.state("policy", JANE).revoked_tokens) == 1


def test_old_tokens_of_an_issuer_are_refused_until_that_is_taken_back() -> None:
    culm = a_culm()
    key = revoked_issuer_key("https://iam.example.org")

    said = culm.send(RevokeTokensBefore(issuer=IAM, time=START), key, role="administrator")
    undone = culm.send(RevokeTokensBefore(issuer=IAM, time=None), key, role="administrator")

    assert (said.event_types, undone.event_types) == (("TokensRevokedBefore",), ("TokensRevokedBefore",))
    assert culm.state("policy", key).tokens_before is None
