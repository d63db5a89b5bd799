"""Commands out, answers in: the one way from a request to a decider and back.

In: a command and who sends it. Out: the decider's `CommandAnswered`, or None when the wait ended first; then the
command is in the log all the same and its answer will be found under its id. Invariant: nothing is sent while no one
can receive the answer, and back-pressure refuses before the log is written, never after. What the log does not take in time is
given up (`eventlog/sender.py`), and what is only of use in time carries when it expires, so a 503 does not come true later.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from uuid import uuid4

from confluent_kafka import KafkaError, Message

from api.http.errors import BadRequest, BodyTooLarge, LogUnavailable, OutcomeUnknown, Overloaded
from api.http.tracing import correlation_of_request
from api.log.answers import AnswerWatch, Awaited, Taken
from api.log.poller import Poller
from api.log.positions import Position, Positions
from eventlog.sender import CommandSender, RecordTooLarge
from identity.identity import Identity
from identity.rights import grounds_of
from schemas.answer import CommandAnswered
from schemas.answering import may_be_answered_by_events
from schemas.bounds import Bounded, Problem, problems_of, sentence
from schemas.heartbeat import PilotHeartbeat
from schemas.instants import micros_of_nanos, micros_of_seconds
from schemas.keys import key_problems
from schemas.types import CommandEnvelope
from schemas.wire import Message as Content
from schemas.wire import entry_of
from schemas.workflow import RequestKept

UNSENT_MAX = 50_000
#: How long a command that no one awaits may take to reach the log before the client is asked to try again.
DELIVERY_SECONDS = 10.0
#: The most that is kept of a wait for the way of the answer.
ANSWER_SECONDS = 2.0
#: Given up, perhaps after it was sent: its outcome is not known.
MAYBE_WRITTEN = frozenset({KafkaError._MSG_TIMED_OUT, KafkaError._PURGE_INFLIGHT, KafkaError._TIMED_OUT, KafkaError._TRANSPORT})


def now_micros() -> int:
    """Microseconds since 1970, UTC."""
    return micros_of_nanos(time.time_ns())


@dataclass(frozen=True, slots=True)
class CommandGateway:
    """Sends commands on behalf of identities and awaits their answers."""

    sender: CommandSender
    answers: AnswerWatch
    positions: Positions
    poller: Poller = field(init=False)
    #: Of requests that are being kept: set when the log has them.
    writing: set["asyncio.Future[None]"] = field(default_factory=set, init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "poller", Poller(self._look))

    def start(self) -> None:
        """Begin to listen for answers and to serve deliveries; call from the event loop."""
        self.answers.start()
        self.poller.start()

    def close(self) -> None:
        """Deliver what waits (up to 10 s), then stop."""
        self.poller.stop()
        self.answers.close()
        self.sender.flush(10.0)

    async def submit(
        self,
        command: Content,
        aggregate_id: str,
        identity: Identity,
        *,
        role: str | None = None,
        command_id: str | None = None,
        correlation_id: str | None = None,
        causation_id: str | None = None,
        expected_sequence: int | None = None,
        wait_seconds: float = 10.0,
        only_in_time: bool = False,
        dry_run: bool = False,
    ) -> CommandAnswered | None:
        """The answer to `command`, or None when `wait_seconds` passed first (the command stands nevertheless).

        role: what the identity acts as; its own role when not said. wait_seconds 0 returns as soon as the log has it.
        only_in_time: for a caller that can do nothing with a later answer: the command is refused as EXPIRED a moment before the
        wait ends, and where no answer comes OutcomeUnknown is raised instead of None.
        dry_run: decided and answered, not carried out.
        Raises BadRequest for a command out of bounds, LogUnavailable or Overloaded (nothing was decided), OutcomeUnknown,
        BodyTooLarge.
        """
        self.check_room()
        command_id = command_id or str(uuid4())
        grounds = grounds_of(identity, role or identity.role)
        issued_at = now_micros()
        envelope = CommandEnvelope(
            command_id=command_id,
            aggregate_id=aggregate_id,
            correlation_id=correlation_id or correlation_of_request() or command_id,
            causation_id=causation_id,
            issued_at=issued_at,
            actor=identity.subject,
            role=role or identity.role,
            vo=identity.vo,
            expected_sequence=expected_sequence,
            rule=grounds.rule,
            group=grounds.group,
            rights=grounds.rights,
            lease_id=identity.agent.job.lease_id if identity.agent is not None and identity.agent.job is not None else None,
            linked_actors=identity.linked,
            expires_at=issued_at + micros_of_seconds(expiry_seconds(wait_seconds)) if only_in_time else None,
            dry_run=dry_run,
        )
        return await self.send(command, envelope, wait_seconds)

    async def send(self, command: Content, envelope: CommandEnvelope, wait_seconds: float) -> CommandAnswered | None:
        """As `submit`, for a caller that made the envelope itself."""
        _check_bounds(envelope)
        check_command(command, envelope.aggregate_id)
        loop = asyncio.get_running_loop()
        entry = entry_of(command)
        place = envelope.aggregate_id if may_be_answered_by_events(entry, envelope) else None
        future = self.answers.expect(envelope.command_id, place)
        patience = wait_seconds if wait_seconds > 0 else DELIVERY_SECONDS
        delivered = False

        def reported(error: KafkaError | None, _: Message) -> None:
            nonlocal delivered
            delivered = error is None
            if not loop.is_closed() and (error is not None or wait_seconds <= 0):
                loop.call_soon_threadsafe(_settle, future, error, envelope)

        timer = loop.call_later(patience, _end_wait, future)
        self.poller.hurry()
        try:
            self.sender.send(command, envelope, reported)
            answer = await future
        except RecordTooLarge as problem:
            raise BodyTooLarge(str(problem)) from problem
        finally:
            timer.cancel()
            self.answers.forget(envelope.command_id, future, place)
        expires = envelope.expires_at is not None
        if answer is None and (expires or not delivered):
            what = "no answer" if delivered else "the log did not take the command"
            raise OutcomeUnknown(f"{what} within {patience:.0f} s", envelope.command_id, stands=not expires)
        return answer

    def check_room(self) -> None:
        """Raise LogUnavailable or Overloaded when nothing more may be sent now."""
        self.answers.check_room()
        if self.sender.unsent >= UNSENT_MAX:
            raise Overloaded(f"{UNSENT_MAX:,} records already wait for the log; nothing was sent")

    def heartbeat(self, heartbeat: PilotHeartbeat) -> None:
        """Send a sign of life, which no one answers. Raises BadRequest for one out of bounds, Overloaded."""
        _check_bounds(heartbeat)
        if self.sender.unsent >= UNSENT_MAX:
            raise Overloaded(f"{UNSENT_MAX:,} records already wait for the log; nothing was sent")
        self.sender.send_heartbeat(heartbeat)

    async def keep(self, parts: Sequence[RequestKept], wait_seconds: float) -> None:
        """Write a request as it was sent; returns when the log has all of it. Raises BadRequest, LogUnavailable, Overloaded."""
        self.check_room()
        loop = asyncio.get_running_loop()
        left, done = len(parts), loop.create_future()

        def reported(error: KafkaError | None, _: Message) -> None:
            nonlocal left
            left -= 1
            if (error is not None or not left) and not loop.is_closed():
                loop.call_soon_threadsafe(_settle_delivery, done, error)

        self.writing.add(done)
        self.poller.hurry()
        try:
            for part in parts:
                _check_bounds(part)
                self.sender.send_kept(part, reported)
            async with asyncio.timeout(wait_seconds):
                await done
        except TimeoutError as problem:
            raise LogUnavailable(f"the log did not take the request within {wait_seconds:.0f} s; nothing was done") from problem
        finally:
            self.writing.discard(done)

    async def position_of(self, aggregate: str, aggregate_id: str) -> Position:
        """The end, as of now, of the event partition that holds `aggregate_id`: what read models must have reached."""
        return await self.positions.position_of(aggregate, aggregate_id)

    async def wait_for(self, position: Position, seconds: float = 2.0) -> bool:
        """True once the read models cover `position`, false when `seconds` passed first."""
        return await self.positions.wait_for(position, seconds)

    async def readable(self, aggregate: str, aggregate_id: str, seconds: float = 2.0) -> Position:
        """Wait until the read models show what `aggregate_id` has become by now (or `seconds` passed); the position."""
        position = await self.position_of(aggregate, aggregate_id)
        await self.wait_for(position, seconds)
        return position

    def follow(self, topic: str, take: Taken, interrupted: Callable[[], None]) -> None:
        """As `AnswerWatch.follow`."""
        self.answers.follow(topic, take, interrupted)

    def take_news(self) -> None:
        """Take what has come from the log by now; waits for nothing. Call from the event loop."""
        self.answers.look()

    def _look(self) -> bool:
        """Take what has come from the log; true while a caller waits for an answer or a delivery."""
        self.sender.serve(0.0)
        self.answers.look()
        return self.answers.waiting > 0 or bool(self.writing)


def check_command(command: Content, aggregate_id: str) -> None:
    """Raise BadRequest that names every field out of bounds. `send` checks so, too; ask first where something is sent before."""
    _check_bounds(command)
    _refuse(command, key_problems(command, aggregate_id))


def _check_bounds(message: Bounded) -> None:
    """Raise BadRequest that names every field out of bounds; nothing was sent then."""
    _refuse(message, problems_of(message))


def _refuse(message: Bounded, problems: tuple[Problem, ...]) -> None:
    if problems:
        errors = [asdict(problem) for problem in problems]
        raise BadRequest(f"{type(message).__name__}: {sentence(problems)}", errors=errors)


def _end_wait(future: Awaited) -> None:
    if not future.done():
        future.set_result(None)


def expiry_seconds(wait_seconds: float) -> float:
    """After how long a command of a caller that waits so long is not decided any more: its answer needs time to come back."""
    return wait_seconds - min(ANSWER_SECONDS, wait_seconds / 5)


def _settle_delivery(future: "asyncio.Future[None]", error: KafkaError | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(LogUnavailable(f"the log did not take the request: {error.str()}; nothing was done"))


def _settle(future: Awaited, error: KafkaError | None, by: CommandEnvelope) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    elif error.code() in MAYBE_WRITTEN:
        what = f"the log did not take the command: {error.str()}"
        future.set_exception(OutcomeUnknown(what, by.command_id, stands=by.expires_at is None))
    else:
        future.set_exception(LogUnavailable(f"the log did not take the command: {error.str()}; nothing was done"))
