"""Ids of one person: who links them, how many, and what may be done with what a linked id owns."""

import pytest

from commands.policy.linking import LINKS_MAX
from identity.linked_memberships import LIFETIME
from schemas.ids import linked_identity_key
from schemas.job import ReportJobEnd
from schemas.policy import LinkIdentities, UnlinkIdentities
from schemas.records import replace
from schemas.task import KillTask
from schemas.types import LinkedMembership
from tests.commands.builders import TASK, a_running_task, a_submission, lease
from tests.commands.in_memory import Culm, a_culm

KEY = linked_identity_key("dn")


def link(culm: Culm, actor: str = "jane", *, one: str = "dn", other: str = "jane", key: str = KEY, role: str = "user") -> str:
    """What came of a link: the event or the reason."""
    answer = culm.send(LinkIdentities(actor=one, other=other), key, actor=actor, role=role)
    return ",".join(answer.event_types) if answer.accepted else str(answer.reason)


def test_a_person_links_two_ids_once() -> None:
    culm = a_culm()

    assert (link(culm), link(culm), link(culm, "dn")) == ("IdentityLinked", "", "")


def test_an_administrator_links_ids_of_others_and_no_one_else_does() -> None:
    culm = a_culm()
    roles = ("user", "production", "operator")

    assert [link(culm, "joe", role=role) for role in roles] == ["NOT_PERMITTED"] * 3
    assert link(culm, "root", role="administrator") == "IdentityLinked"


@pytest.mark.parametrize(
    ("one", "other", "key", "reason"),
    [
        ("jane", "dn", linked_identity_key("jane"), "BAD_PAIR"),
        ("jane", "jane", linked_identity_key("jane"), "BAD_PAIR"),
        ("dn", "jane", linked_identity_key("jane"), "BAD_KEY"),
        ("dn", "jane", "issuers", "BAD_KEY"),
    ],
)
def test_each_pair_stands_under_one_key(one: str, other: str, key: str, reason: str) -> None:
    assert link(a_culm(), one=one, other=other, key=key) == reason


def test_the_links_under_one_key_are_bounded() -> None:
    culm = a_culm()
    made = [link(culm, "dn", other=f"id{number}") for number in range(LINKS_MAX + 1)]

    assert made == ["IdentityLinked"] * LINKS_MAX + ["TOO_MANY_LINKS"]


def test_a_link_is_taken_back_by_its_persons_and_by_no_one_else() -> None:
    culm = a_culm()
    link(culm)
    command = UnlinkIdentities(actor="dn", other="jane")

    stranger = culm.send(command, KEY, actor="joe")
    first = culm.send(command, KEY, actor="dn")
    again = culm.send(command, KEY, actor="dn")

    assert (stranger.reason, first.event_types, again.reason) == ("NOT_PERMITTED", ("IdentityUnlinked",), "NOT_LINKED")


def test_a_linked_id_owns_what_the_others_own_and_no_more() -> None:
    culm = a_culm()
    culm.send(a_submission(), str(TASK), actor="dn")

    stranger = culm.send(KillTask(), str(TASK), actor="joe", linked_actors=("someone",))
    elsewhere = culm.send(KillTask(), str(TASK), actor="jane", vo="cms", linked_actors=("dn",))
    linked = culm.send(KillTask(), str(TASK), actor="jane", linked_actors=("dn",))

    assert (stranger.reason, elsewhere.reason, linked.accepted) == ("NOT_PERMITTED", "NOT_PERMITTED", True)


def test_a_lease_is_its_holders_alone_also_of_a_linked_id() -> None:
    culm = a_running_task()
    held = lease(culm) or 0

    answer = culm.send(
        ReportJobEnd(attempt=1, succeeded=False), str(held), actor="pilot-2", role="pilot", linked_actors=("pilot-1",)
    )

    assert (answer.reason, answer.message) == ("NOT_PERMITTED", "another pilot holds the job")


def proven(culm: Culm, prover: str = "jane", later: int = 0) -> LinkedMembership:
    return LinkedMembership(
        prover=prover, issuer="https://iam", issued_at=culm.now, groups=("wlcg",), until=culm.now + LIFETIME + later
    )


def test_what_a_token_proved_is_recorded_with_a_link_and_again_with_one_that_stands() -> None:
    culm = a_culm()
    command = LinkIdentities(actor="dn", other="jane", membership=proven(culm))

    answers = [culm.send(one, KEY, actor="jane") for one in (command, command, replace(command, membership=None))]

    assert [answer.event_types for answer in answers] == [("IdentityLinked",), ("IdentityLinked",), ()]


def test_only_the_owner_of_the_token_says_what_it_proved_and_for_seven_days_at_most() -> None:
    culm = a_culm()

    def reason(membership: LinkedMembership, actor: str, role: str = "user") -> str | None:
        return culm.send(LinkIdentities(actor="dn", other="jane", membership=membership), KEY, actor=actor, role=role).reason

    assert reason(proven(culm), "dn") == "NOT_PERMITTED"
    assert reason(proven(culm), "root", "administrator") == "NOT_PERMITTED"
    assert reason(proven(culm, "root"), "root", "administrator") == "NOT_PERMITTED"
    assert reason(proven(culm, later=60_000_000), "jane") == "BAD_MEMBERSHIP"
