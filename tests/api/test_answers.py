"""Answers reach the callers that wait for them, and cost nothing where no one waits."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import pytest
from confluent_kafka import KafkaError

from api.http.errors import LogUnavailable, OutcomeUnknown
from api.log.answers import AnswerWatch
from api.log.gateway import CommandGateway, expiry_seconds
from schemas.catalog import CATALOG
from schemas.job import JobStarted, KillJob
from schemas.records import replace
from schemas.types import CommandEnvelope
from schemas.wire import Decoded, Poison
from tests.api.builders import an_answer, an_identity, run
from tests.projections.event_writer import EventWriter


@dataclass
class Record:
    """A record of the answer topic."""

    name: str
    trouble: KafkaError | None = None

    def error(self) -> KafkaError | None:
        """What came instead of a record."""
        return self.trouble

    def topic(self) -> str:
        """Of which topic."""
        return "answers"

    def key(self) -> bytes:
        """Of which command."""
        return self.name.encode()

    def value(self) -> bytes:
        """The bytes."""
        return self.name.encode()

    def partition(self) -> int:
        """Where."""
        return 0

    def offset(self) -> int:
        """Where."""
        return 0


class OfTopic(Record):
    """A record of the topic `queues`."""

    def topic(self) -> str:
        """Of which topic."""
        return "queues"


class CodecStandIn:
    """Decodes every value but `bad` and remembers which."""

    def __init__(self) -> None:
        self.decoded: list[bytes] = []

    def decode(self, value: bytes) -> Any:
        """An answer to the command that the value names."""
        self.decoded.append(value)
        if value == b"bad":
            raise Poison("not readable")
        return type("Decoded", (), {"message": an_answer(command_id=value.decode())})


def a_watch() -> tuple[AnswerWatch, CodecStandIn]:
    codec: Any = CodecStandIn()
    return AnswerWatch("127.0.0.1:1", codec), codec


def delivered(watch: AnswerWatch, *records: Any) -> None:
    watch.deliver(records)


def test_records_of_a_topic_that_is_followed_are_handed_on_in_their_order() -> None:
    watch, codec = a_watch()
    taken: list[Any] = []
    watch.follow("queues", lambda key, value: taken.append((key, value)), lambda: taken.append("interrupted"))

    delivered(watch, OfTopic("Q"), Record("mine"), Record("", KafkaError(KafkaError._TRANSPORT)), OfTopic("P"))

    assert taken == [(b"Q", b"Q"), "interrupted", (b"P", b"P")]
    assert codec.decoded == []


def test_all_who_follow_a_topic_get_its_records_and_every_interruption() -> None:
    watch, _ = a_watch()
    taken: list[str] = []
    for name in ("first", "second"):
        watch.follow("queues", partial(lambda one, *_: taken.append(one), name), partial(taken.append, f"{name} interrupted"))

    delivered(watch, OfTopic("Q"), Record("", KafkaError(KafkaError._TRANSPORT)))

    assert taken == ["first", "second", "first interrupted", "second interrupted"]


def test_an_answer_without_a_caller_is_not_decoded() -> None:
    watch, codec = a_watch()

    async def story() -> Any:
        mine = watch.expect("mine")
        delivered(watch, Record("another's"), Record("mine"), Record("no one's"))
        return await mine

    assert run(story()).command_id == "mine"
    assert codec.decoded == [b"mine"]
    assert watch.waiting == 0


def test_all_who_wait_for_one_command_get_its_answer() -> None:
    watch, codec = a_watch()

    async def story() -> list[Any]:
        first, second = watch.expect("c"), watch.expect("c")
        delivered(watch, Record("c"), Record("c"))
        return [(await first).command_id, (await second).command_id]  # type: ignore[union-attr]

    assert run(story()) == ["c", "c"]
    assert codec.decoded == [b"c"]


def test_a_caller_that_left_costs_no_decoding() -> None:
    watch, codec = a_watch()

    async def story() -> None:
        watch.forget("c", watch.expect("c"))
        delivered(watch, Record("c"))

    run(story())

    assert (codec.decoded, watch.waiting) == ([], 0)


def test_what_cannot_be_read_keeps_no_other_answer_back() -> None:
    watch, _ = a_watch()

    async def story() -> Any:
        bad, good = watch.expect("bad"), watch.expect("good")
        delivered(watch, Record("x", KafkaError(KafkaError._TRANSPORT)), Record("bad"), Record("good"))
        return bad.done(), (await good)

    still_waits, answer = run(story())

    assert (still_waits, answer.command_id) == (False, "good")


def test_nothing_is_sent_before_answers_can_be_read() -> None:
    watch, _ = a_watch()
    watch.look()

    with pytest.raises(LogUnavailable, match="cannot be reached yet"):
        watch.check_room()


@dataclass
class SenderStandIn:
    """Takes commands; `then` says what becomes of each."""

    then: Callable[[CommandEnvelope, Callable[..., None]], None]
    unsent: int = 0

    def send(self, command: Any, envelope: CommandEnvelope, on_delivery: Callable[..., None]) -> None:
        """Take one."""
        self.then(envelope, on_delivery)

    def serve(self, seconds: float) -> None:
        """Nothing more happens."""


def a_gateway(then: Callable[[AnswerWatch, CommandEnvelope, Callable[..., None]], None]) -> CommandGateway:
    watch, _ = a_watch()
    watch.check_room = lambda: None  # type: ignore[method-assign]  # as after the first contact with Kafka
    sender: Any = SenderStandIn(lambda envelope, reported: then(watch, envelope, reported))
    positions: Any = None
    return CommandGateway(sender, watch, positions)


def test_a_command_that_the_log_refuses_is_answered_at_once() -> None:
    gateway = a_gateway(lambda watch, envelope, reported: reported(KafkaError(KafkaError._MSG_TIMED_OUT), None))

    with pytest.raises(LogUnavailable, match="did not take the command"):
        run(gateway.submit(KillJob(), "1", an_identity()))
    assert gateway.answers.waiting == 0


def test_a_caller_that_waits_for_no_answer_returns_once_the_log_has_the_command() -> None:
    gateway = a_gateway(lambda watch, envelope, reported: reported(None, None))

    assert run(gateway.submit(KillJob(), "1", an_identity(), wait_seconds=0)) is None


def test_a_command_of_its_own_begins_a_story_that_bears_its_id() -> None:
    seen: list[CommandEnvelope] = []

    def answered(watch: AnswerWatch, envelope: CommandEnvelope, _: Any) -> None:
        seen.append(envelope)
        delivered(watch, Record(envelope.command_id))

    answer = run(a_gateway(answered).submit(KillJob(), "1", an_identity()))

    assert answer.command_id == seen[0].command_id == seen[0].correlation_id


class EventRecord(Record):
    """A record of an event topic: its key is the aggregate."""

    def key(self) -> bytes:
        """Of which job."""
        return b"7"


class Events:
    """Decodes a value to an event that answers the command which the value names, or to one that does not."""

    def __init__(self) -> None:
        self.decoded: list[bytes] = []

    def decode(self, value: bytes) -> Decoded:
        """JobStarted of job 7."""
        self.decoded.append(value)
        is_answer = not value.startswith(b"other")
        envelope = EventWriter().envelope(JobStarted(node="n", batch_id="", pilot_id=""), 7)
        return Decoded(
            CATALOG["culm.job.JobStarted"],
            JobStarted(node="n", batch_id="", pilot_id=""),
            replace(envelope, command_id=value.decode(), is_answer=is_answer),
        )


def test_an_event_that_stands_for_the_answer_reaches_the_request_that_waits_and_others_are_not_decoded() -> None:
    async def both() -> tuple[Any, bool, list[bytes]]:
        codec = Events()
        watch = AnswerWatch("127.0.0.1:1", cast(Any, codec))
        watch.deliver([cast(Any, EventRecord("nobody-waits"))])
        mine, other = watch.expect("mine", "7"), watch.expect("other-one", "7")
        delivered(watch, EventRecord("mine"), EventRecord("other-one"))
        found = mine.result() if mine.done() else None
        watch.forget("mine", mine, "7")
        watch.forget("other-one", other, "7")
        delivered(watch, EventRecord("late"))
        return found, other.done(), codec.decoded

    answer, other_done, decoded = run(both())

    assert answer is not None
    assert (answer.accepted, answer.command_id, answer.event_types) == (True, "mine", ("JobStarted",))
    assert (other_done, decoded) == (False, [b"mine", b"other-one"])


@pytest.mark.parametrize(("code", "expected"), [
    (KafkaError._MSG_TIMED_OUT, OutcomeUnknown), (KafkaError._PURGE_INFLIGHT, OutcomeUnknown),
    (KafkaError.TOPIC_AUTHORIZATION_FAILED, LogUnavailable), (KafkaError.MSG_SIZE_TOO_LARGE, LogUnavailable),
])  # fmt: skip
def test_what_was_perhaps_written_differs_from_what_was_not(code: int, expected: type[LogUnavailable]) -> None:
    gateway = a_gateway(lambda watch, envelope, reported: reported(KafkaError(code), None))

    with pytest.raises(LogUnavailable) as raised:
        run(gateway.submit(KillJob(), "1", an_identity()))

    assert type(raised.value) is expected


def test_a_command_without_a_report_says_its_key_and_that_it_may_be_carried_out_later() -> None:
    gateway = a_gateway(lambda watch, envelope, reported: None)
    key = "7b0c5ac4-8f4e-4f2c-9df6-9d8f5e0d1a11"

    with pytest.raises(OutcomeUnknown) as raised:
        run(gateway.submit(KillJob(), "1", an_identity(), command_id=key, wait_seconds=0.01))

    assert raised.value.members == {"reason": "OUTCOME_UNKNOWN", "command_id": key}
    assert raised.value.detail == (
        "the log did not take the command within 0 s: it is not known whether it was carried out, it may be carried out later;"
        f" ask again with Idempotency-Key {key}"
    )


def test_a_command_that_is_only_of_use_in_time_expires_before_its_sender_gives_up() -> None:
    sent: list[CommandEnvelope] = []

    def taken(watch: AnswerWatch, envelope: CommandEnvelope, reported: Callable[..., None]) -> None:
        sent.append(envelope)
        reported(None, None)

    gateway = a_gateway(taken)

    with pytest.raises(OutcomeUnknown, match="it will not be carried out any more"):
        run(gateway.submit(KillJob(), "1", an_identity(), wait_seconds=0.01, only_in_time=True))

    assert sent[0].expires_at == sent[0].issued_at + 8_000
    assert (expiry_seconds(10.0), expiry_seconds(60.0), expiry_seconds(1.0)) == (8.0, 58.0, 0.8)
