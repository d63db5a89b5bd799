"""A leader that changed makes an old admin client useless for ever; its owner must replace it."""

import asyncio
from concurrent.futures import Future
from typing import Any

import pytest
from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicPartition

from api.log.positions import Positions
from projections.engine.kafka_log import KafkaLogReader


class Offset:
    """What the broker tells."""

    offset = 7


class Clients:
    """Makes admin clients of which the first is stuck with an old epoch."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self, _: dict[str, Any]) -> "Client":
        self.made += 1
        return Client(stuck=self.made == 1)


class Client:
    """An admin client."""

    def __init__(self, *, stuck: bool) -> None:
        self._stuck = stuck

    def list_offsets(self, wanted: dict[TopicPartition, Any], **_: Any) -> dict[TopicPartition, "Future[Offset]"]:
        """Answers, or the same error for ever."""
        answers = {}
        for place in wanted:
            answers[place] = answer = Future[Offset]()
            if self._stuck:
                answer.set_exception(KafkaException(KafkaError(KafkaError.FENCED_LEADER_EPOCH)))
            else:
                answer.set_result(Offset())
        return answers


def test_a_projector_asks_with_a_new_client_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    clients = Clients()
    monkeypatch.setattr("eventlog.connection.AdminClient", clients)
    log = KafkaLogReader("127.0.0.1:1", client_id="test")

    with pytest.raises(KafkaException):
        log.ends([("t", 0)])

    assert log.ends([("t", 0)]) == {("t", 0): 7}
    assert log.ends([("t", 0)]) == {("t", 0): 7}
    assert clients.made == 2
    log.close()


def test_the_api_asks_again_with_a_new_client(monkeypatch: pytest.MonkeyPatch) -> None:
    clients = Clients()
    monkeypatch.setattr("eventlog.connection.AdminClient", clients)
    positions = Positions("127.0.0.1:1", None)  # type: ignore[arg-type]  # no read model is asked for an end

    found = asyncio.run(positions._end(TopicPartition("t", 0), IsolationLevel.READ_COMMITTED))

    assert (found, clients.made) == (7, 2)
