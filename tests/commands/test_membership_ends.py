"""The end of a membership is said once, and must be noticed also when the shards are lost in the same moment."""

from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError

from commands.engine.errors import Interrupted
from commands.engine.kafka_log import KafkaDeciderLog

#: As the client hands it out (tests/eventlog/test_membership.py): without the mark of a fatal one.
FATAL = SimpleNamespace(error=lambda: KafkaError(KafkaError._FATAL, "Fatal error: Static consumer fenced by other consumer"))


def a_member(**state: Any) -> Any:
    """A membership without a broker, in the given state."""
    member = KafkaDeciderLog.__new__(KafkaDeciderLog)
    vars(member).update(state)
    return member


def test_what_ends_the_membership_is_noticed_although_the_shards_are_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commands.engine.kafka_log.take_what_is_there", lambda *_: [FATAL])

    with pytest.raises(Interrupted):
        a_member(_consumer=None, _changed=True).take(100)


def test_what_ends_the_membership_is_noticed_while_states_are_read() -> None:
    consumer = SimpleNamespace(poll=lambda _: FATAL)
    member = a_member(_consumer=consumer, _hands_out=False, _alive_at=float("-inf"), _changed=False)

    with pytest.raises(Interrupted):
        list(member._told_alive(iter([None])))
