"""Clients of the log for each purpose, with no broker there: what librdkafka accepts, and what all have in common."""

from typing import Any

import pytest

from eventlog import connection, consumers, producers

NOWHERE = "127.0.0.1:1"
Made = list[dict[str, Any]]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    """Settings of every client that is made, in order."""
    settings: Made = []
    for module, name in ((consumers, "Consumer"), (producers, "Producer"), (connection, "AdminClient")):
        monkeypatch.setattr(module, name, settings.append)
    return settings


def open_each() -> None:
    """One client for each purpose."""
    consumers.positioned_reader(NOWHERE, "p")
    consumers.one_shot_reader(NOWHERE, "o", fetch_bytes_max=65_536, hurried=True)
    consumers.tail_reader(NOWHERE, "t")
    consumers.follower(NOWHERE, "f")
    consumers.member(NOWHERE, "g", "1", session_seconds=6, must_be_held=True)
    producers.idempotent_producer(NOWHERE, "i")
    producers.transactional_producer(NOWHERE, "x", transaction_ms_max=10_000)
    connection.open_admin(NOWHERE, "a", hurried=True)


def test_the_client_library_accepts_the_settings_of_every_purpose() -> None:
    open_each()


def test_every_client_starts_from_the_one_connection(made: Made) -> None:
    open_each()

    assert [one["client.id"] for one in made] == ["p", "o", "t", "f", "g", "i", "x", "a"]
    assert all(connection.connection(NOWHERE, one["client.id"]).items() <= one.items() for one in made)


def test_no_reader_sees_what_is_not_committed_or_commits_by_itself(made: Made) -> None:
    open_each()

    readers = made[:5]
    assert {one["isolation.level"] for one in readers} == {"read_committed"}
    assert {one["enable.auto.commit"] for one in readers} == {False}
    assert [one["group.id"] for one in readers] == ["p-unused", "o-unused", "t-unused", "f-unused", "g"]


def test_a_reader_that_must_not_pass_records_over_gets_an_error_for_an_offset_that_is_gone(made: Made) -> None:
    open_each()

    assert [one["auto.offset.reset"] for one in made[:5]] == ["error", "earliest", "latest", "earliest", "error"]


def test_every_producer_is_idempotent_and_partitions_as_all_do(made: Made) -> None:
    open_each()

    assert [(one["enable.idempotence"], one["partitioner"]) for one in made[5:7]] == [(True, "murmur2_random")] * 2
    assert made[6]["message.timeout.ms"] < made[6]["transaction.timeout.ms"]


def test_a_reader_with_one_question_learns_of_the_end_at_once(made: Made) -> None:
    open_each()

    assert made[1]["enable.partition.eof"] is True
    assert made[1]["fetch.wait.max.ms"] == 10
