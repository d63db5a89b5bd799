"""What the harness takes for a command that is meant is carried out, so that of a hostile one what is hostile is refused."""

from collections import deque
from typing import Any

import pytest

from schemas.answer import CommandAnswered
from schemas.answering import answer_in
from schemas.catalog import CatalogEntry, messages
from schemas.queue import ConfigureDispatch
from schemas.types import QueueSettings
from tests.commands.in_memory import START, Culm, a_culm
from tests.hostile.ground import Ground
from tests.hostile.message import Record
from tests.hostile.topics import well_formed_record

COMMANDS = [entry for entry in messages() if entry.role == "commands"]
IDS = {entry.full_name: number for number, entry in enumerate(messages(), start=1)}
GROUND = Ground((1,), START, "subject")
#: Numbers of records by which they come from one role each (tests/hostile/topics.py).
ROLES = 5
#: What is refused although it is meant, and why no prelude brings it further.
REFUSED = {
    # Carried out, these would stop everyone, or every sender, as an operator may: they are sent to another key.
    "EndLogin": "BAD_KEY",
    "RevokeIdentity": "BAD_KEY",
    "RevokeToken": "BAD_KEY",
    "RevokeTokensBefore": "BAD_KEY",
    "SetAccessPolicy": "BAD_KEY",
    "SetIssuers": "BAD_KEY",
    "RestoreIdentity": "NOT_REVOKED",
    # Of two tokens of one person, one is to be the sender's.
    "LinkIdentities": "NOT_PERMITTED",
    "UnlinkIdentities": "NOT_LINKED",
    # Time is to pass first.
    "CarryOutScheduled": "NOT_DUE",
    "ExpirePending": "MOVED_ON",
    "ExpireWorkflow": "TOO_EARLY",
    # The id of the lease, of the attempt or of the round is made by a decision, not by who sends.
    "ExpireLease": "NOT_LEASED",
    "RetryTaskUnits": "STALE",
    # The queue of the senders is one that pilots ask, with work for no more workers.
    "BindJob": "NOT_PUSHED",
    "ConfirmWorkers": "NOTHING_HELD_BACK",
    # Scouts that are at work, and what they taught.
    "ForceAvalanche": "WRONG_STATUS",
    "RevertRequirements": "NOTHING_LEARNED",
    "ReadSecrets": "NO_SECRETS",
}


def answered(culm: Culm, record: Record) -> CommandAnswered | None:
    """The answer to a record, once what follows from it was decided; None for what became a dead letter."""
    answers: list[CommandAnswered] = []
    waiting: deque[Any] = deque([culm._record(record.topic, record.key or b"", record.value)])
    while waiting:
        for output in culm.decider.handle(waiting.popleft()):
            decoded = culm.codec.decode(output.value)
            match decoded.entry.role:
                case "commands":
                    waiting.append(culm._record(output.topic, output.key, output.value))
                case "events":
                    answer = answer_in(decoded.message, decoded.entry.aggregate, decoded.envelope)
                    answers += [answer] if answer is not None and decoded.envelope.decision_index == 0 else []
                case "answers":
                    answers.append(decoded.message)
                case _:
                    culm.letters.append(decoded.message)
        culm.store.committed()
    return answers[0] if answers else None


def outcomes(entry: CatalogEntry) -> set[str]:
    """`accepted`, or why a well-formed command is refused, from each role; after what is written ahead of it was carried out."""
    found = set()
    for number in range(ROLES):
        culm = a_culm()
        settings = QueueSettings(name=GROUND.queue, site=GROUND.queue, workdir_mb_max=20_000, lease_seconds=600)
        culm.send(ConfigureDispatch(settings=settings), GROUND.queue, role="system")
        record = well_formed_record(entry, GROUND, IDS, number)
        for before in record.before:
            honest = answered(culm, before)
            assert honest is not None, entry.name
            assert honest.accepted, f"{entry.name}: {honest.reason}: {honest.message}"
        answer = answered(culm, record)
        assert answer is not None, f"{entry.name} became a dead letter"
        found.add("accepted" if answer.accepted else str(answer.reason))
    return found


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_a_command_that_is_meant_is_carried_out(entry: CatalogEntry) -> None:
    assert REFUSED.get(entry.name, "accepted") in outcomes(entry)


def test_no_refusal_is_expected_of_a_command_that_is_not_there() -> None:
    assert REFUSED.keys() <= {entry.name for entry in COMMANDS}
