"""What the policy of an enrolment code says to commands: one agent uses it, a second one ends it for both."""

import pytest

from commands.policy.snapshot import SNAPSHOT
from schemas.ids import enrolment_key
from schemas.instants import DAY, HOUR
from schemas.policy import EndEnrolment, EnrolmentEnded, OfferEnrolment, RedeemEnrolment
from tests.commands.in_memory import START, Culm, a_culm

CODE, KEY = "c" * 64, enrolment_key("c" * 64)


def offer(culm: Culm, *, vo: str = "wlcg", role: str = "operator", **changes: object) -> str:
    fields = {"code": CODE, "queues": ("LOCAL",), "expires_at": START + HOUR, "tokens_until": START + 30 * DAY} | changes
    answer = culm.send(OfferEnrolment(**fields), KEY, actor="olga", role=role, vo=vo)  # type: ignore[arg-type]
    return "offered" if answer.accepted else str(answer.reason)


def redeem(culm: Culm, redeemer: str = "a", *, at: int = START, vo: str = "wlcg") -> tuple[str, tuple[str, ...]]:
    command = RedeemEnrolment(code=CODE, redeemer=redeemer * 64)
    culm.now = at
    answer = culm.send(command, KEY, actor="agent", vo=vo)
    return ("taken" if answer.accepted else str(answer.reason)), answer.event_types


def test_one_agent_uses_a_code_and_may_repeat_it() -> None:
    culm = a_culm()
    offer(culm)

    assert redeem(culm) == ("taken", ("EnrolmentRedeemed",))
    assert redeem(culm) == ("taken", ())
    assert redeem(culm, at=START + 2 * HOUR) == ("taken", ())


def test_a_second_agent_ends_the_code_for_both() -> None:
    culm = a_culm()
    offer(culm)
    redeem(culm)

    assert redeem(culm, "b") == ("CODE_USED", ("EnrolmentEnded",))
    assert culm.last(EnrolmentEnded) == EnrolmentEnded(code=CODE, used_twice=True)
    assert [redeem(culm, who) for who in ("a", "b", "c")] == [("CODE_ENDED", ())] * 3


def test_a_code_is_offered_once_and_used_in_time() -> None:
    culm = a_culm()

    assert redeem(culm) == ("UNKNOWN_CODE", ())
    assert (offer(culm), offer(culm)) == ("offered", "ALREADY_EXISTS")
    assert redeem(culm, at=START + HOUR) == ("CODE_EXPIRED", ())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"queues": ()}, "BAD_ENROLMENT"),
        ({"expires_at": START}, "BAD_TIME"),
        ({"expires_at": START + 2 * DAY}, "BAD_TIME"),
        ({"tokens_until": START + HOUR - 1}, "BAD_TIME"),
        ({"tokens_until": START + 401 * DAY}, "BAD_TIME"),
        ({"code": "d" * 64}, "BAD_KEY"),
        ({"code": "short"}, "OUT_OF_BOUNDS"),
        ({"queues": ("Q",) * 21}, "OUT_OF_BOUNDS"),
        ({"role": "user"}, "NOT_PERMITTED"),
        ({"role": "pilot"}, "NOT_PERMITTED"),
    ],
)
def test_an_offer_that_does_not_fit_is_refused_by_name(changes: dict[str, object], reason: str) -> None:
    assert offer(a_culm(), **changes) == reason  # type: ignore[arg-type]


def test_a_code_is_of_the_organisation_that_offered_it() -> None:
    culm = a_culm()
    offer(culm)

    ended = culm.send(EndEnrolment(code=CODE), KEY, actor="mallory", role="operator", vo="lsst")

    assert (ended.reason, redeem(culm, vo="lsst")) == ("NOT_PERMITTED", ("NOT_PERMITTED", ()))


def test_an_operator_ends_an_enrolment() -> None:
    culm = a_culm()
    offer(culm)
    redeem(culm)

    answers = [culm.send(EndEnrolment(code=CODE, reason="left"), KEY, actor="olga", role="operator") for _ in range(2)]

    assert [answer.event_types for answer in answers] == [("EnrolmentEnded",), ()]
    assert redeem(culm) == ("CODE_ENDED", ())


def test_the_state_of_a_code_is_in_the_row_of_its_policy() -> None:
    culm = a_culm()
    offer(culm, worker_id="w1")
    redeem(culm)

    policy = culm.state("policy", KEY)
    ((name, row),) = SNAPSHOT.rows(policy, ())
    assert SNAPSHOT.restored({name: row}) == policy
    assert (policy.enrolment.worker_id, policy.enrolment.redeemer, policy.enrolment.ended) == ("w1", "a" * 64, False)
