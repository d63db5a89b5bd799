"""Secrets of a person, as the log knows them; and the pilot of a job that reads them."""

from typing import Any

import pytest

from commands.user_secrets.decide import BYTES_MAX, SECRETS_MAX
from schemas.ids import user_secrets_key
from schemas.job import ReadSecrets, SecretsRead
from schemas.records import replace
from schemas.user_secrets import DeleteSecrets, SecretSet, SetSecret, ShowSecrets
from tests.commands.builders import a_definition, a_running_task, end, lease
from tests.commands.in_memory import a_culm

KEY = user_secrets_key("wlcg", "jane")


def number(count: int) -> str:
    return f"00000000-0000-0000-0000-{count:012d}"


def a_secret(count: int = 1, name: str = "a", **changes: Any) -> SetSecret:
    return replace(SetSecret(secret_id=number(count), name_digest=name * 64, digest="d" * 64, size_bytes=10), **changes)


def send(culm: Any, command: Any, **changes: Any) -> Any:
    return culm.send(command, KEY, **({"actor": "jane", "role": "user"} | changes))


def test_a_secret_that_is_set_again_says_what_it_replaces() -> None:
    culm = a_culm()
    send(culm, a_secret(1))

    send(culm, a_secret(2))

    assert culm.last(SecretSet).replaces == number(1)
    assert len(culm.state("user_secrets", KEY).kept) == 1


def test_a_person_keeps_so_many_secrets_and_no_more() -> None:
    culm = a_culm()
    for count in range(SECRETS_MAX):
        assert send(culm, a_secret(count, name_digest=f"{count:064d}")).accepted

    answer = send(culm, a_secret(200))

    assert (answer.reason, answer.message) == ("TOO_MANY", "100 secrets are kept, expected fewer than 100; delete one first")
    assert send(culm, a_secret(201, name_digest=f"{0:064d}")).accepted


def test_the_size_of_all_together_is_bounded_and_a_new_value_counts_in_place_of_the_old() -> None:
    culm = a_culm()
    send(culm, a_secret(1, size_bytes=BYTES_MAX))

    assert send(culm, a_secret(2, size_bytes=BYTES_MAX)).accepted
    answer = send(culm, a_secret(3, "b", size_bytes=1))

    assert answer.reason == "TOO_LARGE"
    assert "4,194,305 bytes together, expected at most 4,194,304" in answer.message


def test_deleting_names_what_is_gone_and_only_that() -> None:
    culm = a_culm()
    send(culm, a_secret(1))
    send(culm, a_secret(2, "b"))

    first = send(culm, DeleteSecrets(name_digests=("a" * 64, "c" * 64)))
    rest = send(culm, DeleteSecrets(all=True))
    again = send(culm, DeleteSecrets(all=True))

    assert [answer.event_types for answer in (first, rest, again)] == [("SecretsDeleted",), ("SecretsDeleted",), ()]
    assert [message.secret_ids for message, _ in culm.events[2:]] == [(number(1),), (number(2),)]


@pytest.mark.parametrize("role", ["user", "operator", "production", "administrator", "pilot"])
@pytest.mark.parametrize("command", [a_secret(), DeleteSecrets(all=True), ShowSecrets(secret_ids=(number(1),))])
def test_secrets_are_for_their_owner_alone_and_no_role_helps(role: str, command: Any) -> None:
    culm = a_culm()
    send(culm, a_secret(1))
    events = len(culm.events)

    assert send(culm, command, actor="bob", role=role).reason == "NOT_PERMITTED"
    assert send(culm, command, vo="lsst").reason == "NOT_PERMITTED"
    assert culm.names(events) == []


def test_the_pilot_that_holds_a_job_reads_the_secrets_that_its_task_asks_for() -> None:
    culm = a_running_task(replace(a_definition(), uses_secrets=True))
    job = lease(culm) or 0
    lease_id = culm.state("job", job).lease_id

    answer = culm.send(ReadSecrets(lease_id=lease_id, secret_ids=(number(1),)), str(job), actor="pilot-1", role="pilot")

    assert answer.accepted
    assert culm.last(SecretsRead) == SecretsRead(lease_id=lease_id, secret_ids=(number(1),))


def test_a_task_that_asks_for_no_secrets_is_given_none() -> None:
    culm = a_running_task()
    job = lease(culm) or 0

    answer = culm.send(ReadSecrets(lease_id=culm.state("job", job).lease_id), str(job), actor="pilot-1", role="pilot")

    assert (answer.accepted, answer.reason) == (False, "NO_SECRETS")


def test_neither_another_pilot_nor_another_lease_nor_a_late_one_reads_secrets() -> None:
    culm = a_running_task(replace(a_definition(), uses_secrets=True))
    job = lease(culm) or 0
    command = ReadSecrets(lease_id=culm.state("job", job).lease_id)

    stranger = culm.send(command, str(job), actor="pilot-2", role="pilot")
    person = culm.send(command, str(job), actor="pilot-1", role="user")
    other = culm.send(ReadSecrets(lease_id="another"), str(job), actor="pilot-1", role="pilot")
    end(culm, job)
    late = culm.send(command, str(job), actor="pilot-1", role="pilot")

    assert [answer.reason for answer in (stranger, person, other, late)] == [
        "NOT_PERMITTED",
        "NOT_PERMITTED",
        "NOT_LEASED",
        "NOT_LEASED",
    ]
