"""Commands of this front: sent for the caller, answered, and readable when the call returns.

Every call that commands takes options in its query string: `reason`, kept with the events; `dry_run`, which asks the decider what
the command would touch and changes nothing; on tasks `at`, a time at which the command is decided.
"""

import contextlib
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from api.http.errors import Unavailable
from api.log.later import for_later, micros_of
from api.panda.arguments import ArgumentKind, BadArgument, Parameter, bind
from schemas.answer import CommandAnswered
from schemas.records import replace
from schemas.times import utc
from schemas.wire import Message

#: How long a call waits for the read models after its command was taken.
READABLE_SECONDS = 2.0
REASON_LENGTH_MAX = 4_000
OPTIONS = (
    Parameter("reason", ArgumentKind.TEXT, ""),
    Parameter("dry_run", ArgumentKind.FLAG, False),
    Parameter("at", ArgumentKind.TEXT, ""),
)


@dataclass(frozen=True, slots=True)
class CommandOptions:
    """What the caller says of a command beside its arguments. reason: empty when none was given. at: microseconds, null
    for now."""

    reason: str = ""
    dry_run: bool = False
    at: int | None = None


NO_OPTIONS = CommandOptions()


class DecidedOnly(Exception):
    """A dry run that would be accepted, with what it would touch."""

    def __init__(self, answer: CommandAnswered) -> None:
        super().__init__(answer.command_type)
        self.jobs, self.units = answer.jobs_hit or 0, answer.units_hit or 0


def options_of(request: Request, *, commands: bool) -> CommandOptions:
    """The options in the query string of a POST; raises BadArgument for bad ones, and for any where nothing is commanded."""
    names = [one.name for one in OPTIONS if one.name in request.query_params]
    if names and not commands:
        raise BadArgument(f"Argument error: got an unexpected argument '{names[0]}'")
    bound = bind(OPTIONS, {name: request.query_params[name] for name in names}, from_query=True)
    if len(bound["reason"]) > REASON_LENGTH_MAX:
        raise BadArgument(f"Argument error: 'reason' has {len(bound['reason'])} characters, expected at most {REASON_LENGTH_MAX}")
    at = micros_of(bound["at"]) if bound["at"] else None
    if bound["at"] and at is None:
        raise BadArgument(f"Argument error: at is {bound['at'][:60]!r}, expected YYYY-MM-DD HH:MM:SS (UTC)")
    if at is not None and bound["dry_run"]:
        raise BadArgument("Argument error: dry_run is decided now, expected no 'at' beside it")
    return CommandOptions(bound["reason"], bound["dry_run"], at)


class OrderedForLater(Exception):
    """The command is kept until its time."""


async def send(call: Any, command: Message, aggregate: str, aggregate_id: int) -> CommandAnswered | None:
    """As `ask`; a dry run that would be accepted raises DecidedOnly, a command that was ordered for later OrderedForLater."""
    if call.options.at is not None:
        later = for_later(command, call.options.at, call.options.reason)
        answer = await ask(call, later, aggregate, aggregate_id)
        if answer is not None and answer.accepted:
            raise OrderedForLater(f"{type(command).__name__} is ordered for {utc(call.options.at)}")
        return answer
    answer = await ask(call, command, aggregate, aggregate_id)
    if answer is not None and answer.accepted and call.options.dry_run:
        raise DecidedOnly(answer)
    return answer


async def ask(call: Any, command: Message, aggregate: str, aggregate_id: int) -> CommandAnswered | None:
    """The decider's answer to the `command` of a `Call`; None when it did not come in time.

    After a yes the read models show what came of it, so that the client's next call sees it, unless they are late or
    away: what was decided stays decided.
    """
    gateway, key, options = call.services.gateway, str(aggregate_id), call.options
    if options.reason and hasattr(command, "reason"):
        command = replace(command, reason=options.reason)  # type: ignore[type-var]  # every command is a record
    seconds = call.services.config.answer_seconds
    if options.dry_run:
        answered: CommandAnswered | None = await gateway.submit(command, key, call.identity, wait_seconds=seconds, dry_run=True)
        return answered
    answer: CommandAnswered | None = await gateway.submit(command, key, call.identity, wait_seconds=seconds)
    if answer is not None and answer.accepted:
        with contextlib.suppress(Unavailable):
            await gateway.readable(aggregate, key, READABLE_SECONDS)
    return answer
