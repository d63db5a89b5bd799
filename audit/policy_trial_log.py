"""What a trial of an access policy reads: commands, answers and refusals of the log from a time on, owners from the rows."""

from collections.abc import Iterator
from typing import Any

import psycopg2

from audit.policy_trial import OwnerOf, RecordedCommand, TrialTally, try_commands, try_refusals
from audit.whole_log import messages_of
from identity.access_policy import AccessRules
from identity.ruling import NOT_PERMITTED, Scope
from schemas.answer import CommandAnswered
from schemas.catalog import CATALOG
from schemas.ids import is_number
from schemas.refusal import RequestsRefused
from schemas.topics import topics_of_role
from schemas.wire import Codec, Poison

ANSWERS = CATALOG["culm.answer.CommandAnswered"].topic
REFUSALS = CATALOG["culm.refusal.RequestsRefused"].topic
#: Table and column by which things are found, by scope.
TABLES = {Scope.OWN_TASK: ("task", "task_id"), Scope.OWN_JOB: ("job", "job_id"), Scope.OWN_DATASET: ("dataset", "name")}
STATEMENT_MILLISECONDS = 30_000


def tried(kafka: str, postgres: str, codec: Codec, rules: AccessRules, since_milliseconds: int) -> TrialTally:
    """What `rules` would change of what was recorded since; raises KafkaException, psycopg2.Error."""
    tally = TrialTally()
    answers = _messages(kafka, codec, (ANSWERS,), since_milliseconds)
    refused = {one.command_id for one in answers if isinstance(one, CommandAnswered) and one.reason == NOT_PERMITTED}
    connection = psycopg2.connect(
        postgres, application_name="culm-policy", options=f"-c statement_timeout={STATEMENT_MILLISECONDS}"
    )
    try:
        connection.set_session(readonly=True, autocommit=True)
        try_commands(tally, _commands(kafka, codec, since_milliseconds), refused, rules, _owners(connection))
    finally:
        connection.close()
    records = _messages(kafka, codec, (REFUSALS,), since_milliseconds)
    try_refusals(tally, (one for one in records if isinstance(one, RequestsRefused)), rules)
    return tally


def _commands(kafka: str, codec: Codec, since_milliseconds: int) -> Iterator[RecordedCommand]:
    for message in messages_of(kafka, topics_of_role("commands"), since_milliseconds):
        try:
            found = codec.decode(message.value())
        except Poison:
            continue
        yield RecordedCommand(found.name, found.envelope)


def _messages(kafka: str, codec: Codec, topics: tuple[str, ...], since_milliseconds: int) -> Iterator[Any]:
    for message in messages_of(kafka, topics, since_milliseconds):
        try:
            yield codec.decode(message.value()).message
        except Poison:
            continue


def _owners(connection: Any) -> OwnerOf:
    """Owners as the rows have them; each is asked for once."""
    known: dict[tuple[Scope, str], tuple[str, str] | None] = {}

    def owner_of(scope: Scope, name: str) -> tuple[str, str] | None:
        if (scope, name) not in known:
            known[scope, name] = _asked(connection, *TABLES[scope], name)
        return known[scope, name]

    return owner_of


def _asked(connection: Any, table: str, column: str, name: str) -> tuple[str, str] | None:
    if column != "name" and not is_number(name):
        return None
    with connection.cursor() as cursor:
        cursor.execute(f"select owner, vo from {table} where {column} = %s", (name if column == "name" else int(name),))
        found = cursor.fetchone()
    return None if found is None else (str(found[0]), str(found[1]))
