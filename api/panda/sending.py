"""Commands of this front: sent for the caller, answered, and readable when the call returns."""

import contextlib

from api.http.errors import Unavailable
from api.panda.calls import Call
from schemas.answer import CommandAnswered
from schemas.wire import Message

#: How long a call waits for the read models after its command was taken.
READABLE_SECONDS = 2.0


async def send(call: Call, command: Message, aggregate: str, aggregate_id: int) -> CommandAnswered | None:
    """The decider's answer; None when it did not come in time.

    After a yes the read models show what came of it, so that the client's next call sees it, unless they are late or
    away: what was decided stays decided.
    """
    gateway, key = call.services.gateway, str(aggregate_id)
    answer = await gateway.submit(command, key, call.identity, wait_seconds=call.services.config.answer_seconds)
    if answer is not None and answer.accepted:
        with contextlib.suppress(Unavailable):
            await gateway.readable(aggregate, key, READABLE_SECONDS)
    return answer
