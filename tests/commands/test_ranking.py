"""The ranking of shares: its order follows from usage, and later usage replaces earlier."""

from schemas.ranking import RankShares, SharesRanked
from schemas.share_tree import standings_of
from schemas.types import GlobalShare
from tests.commands.in_memory import Culm, a_culm

TREE = (GlobalShare(name="a", percent=70), GlobalShare(name="b", percent=30))


def rank(culm: Culm, at: int, key: str = "shares", role: str = "system", **used: float) -> tuple[bool, str | None]:
    answer = culm.send(RankShares(standings=standings_of(TREE, used), evaluated_at=at), key, role=role)
    return answer.accepted, answer.reason


def test_the_order_follows_from_the_usage_that_is_sent() -> None:
    culm = a_culm()

    rank(culm, 1, a=10, b=1)
    rank(culm, 2, a=10, b=30)

    assert [event.order for event, _ in culm.events if isinstance(event, SharesRanked)] == [("b", "a"), ("a", "b")]


def test_the_same_usage_is_no_event_and_earlier_usage_is_refused() -> None:
    culm = a_culm()

    answers = [rank(culm, 5, a=1), rank(culm, 6, a=1), rank(culm, 4, a=2)]

    assert answers == [(True, None), (True, None), (False, "STALE_USAGE")]
    assert len(culm.events) == 1


def test_a_ranking_under_another_key_or_by_a_person_is_refused() -> None:
    culm = a_culm()

    assert [rank(culm, 1, key="other"), rank(culm, 1, role="operator")] == [(False, "BAD_KEY"), (False, "NOT_PERMITTED")]
