"""What Harvesters send: ids, times with a prefix, numbers.

Odd values are replaced or left out; ids that cannot be are refused.
"""

from collections.abc import Mapping
from typing import Any

from api.panda.arguments import BadArgument
from api.panda.calls import Call
from api.pilots.agent_tokens import AgentTokens
from api.pilots.values import amount_of, micros_of
from identity.ruling import PILOT, EndpointClass
from schemas.answer import CommandAnswered
from schemas.characters import WORD
from schemas.ids import harvester_key
from schemas.wire import Message

ID_MAX, QUEUE_MAX = 100, 128
#: Harvester writes times as `datetime/YYYY-mm-dd HH:MM:SS.ffffff`.
TIME_PREFIX = "datetime/"
COUNT_MAX = 2_147_483_647


def harvester_of(call: Call) -> str:
    """The id of the Harvester that the call names; raises BadArgument, AccessDenied for the token of a single worker."""
    AgentTokens(call.services.gate).check_harvester(call.identity, EndpointClass.PILOT)
    return name_of(call, "harvester_id", ID_MAX)


def name_of(call: Call, argument: str, length_max: int = QUEUE_MAX) -> str:
    """The name under `argument`; raises BadArgument for what cannot be one."""
    name = str(call[argument])
    if not 1 <= len(name) <= length_max or not WORD.takes(name):
        expected = f"{WORD.expected}, 1 to {length_max} characters"
        raise BadArgument(f"Argument error: '{argument}' is {name[:60]!r}, expected {expected}")
    return name


def objects_in(call: Call, argument: str, count_max: int) -> list[Any]:
    """The list under `argument`; raises BadArgument for one that is too long."""
    found: list[Any] = call[argument]
    if len(found) > count_max:
        raise BadArgument(f"Argument error: '{argument}' has {len(found)} items, expected at most {count_max}")
    return found


def time_of(value: Any) -> int | None:
    """Microseconds of a time as Harvester writes it; None for anything else."""
    text = value.removeprefix(TIME_PREFIX) if isinstance(value, str) else value
    return micros_of({"at": text}, "at")


def count_of(found: Mapping[str, Any], name: str) -> int:
    """The number under `name`, 0 for none."""
    return amount_of(found, name, most=COUNT_MAX) or 0


async def tell(call: Call, command: Message, harvester_id: str, *, role: str = PILOT) -> CommandAnswered | None:
    """What the Harvester's aggregate answers; None when it did not in time. Raises BadRequest, Unavailable."""
    key = harvester_key(call.identity.vo, harvester_id)
    wait_seconds = call.services.config.answer_seconds
    return await call.services.gateway.submit(command, key, call.identity, role=role, wait_seconds=wait_seconds)
