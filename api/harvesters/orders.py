"""`harvester/acquire_commands`, `acknowledge_commands`, `add_sweep_command`, `add_target_slots`.

A client keeps a command's id as a number of perhaps 32 bits and acknowledges it without saying who it is. So the id that is sent
has a place of the Harvester's in its ten upper bits, found again among the Harvesters that the caller speaks for.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import orjson

from api.harvesters.instance import reply_to
from api.harvesters.values import harvester_of, name_of, objects_in, tell
from api.panda.arguments import BadArgument, whole_numbers
from api.panda.calls import Call
from api.panda.envelope import Reply, done, failed
from api.pilots.agent_tokens import AgentTokens
from api.pilots.bodies import lenient_json
from api.pilots.queue_cache import resource_type_of
from api.pilots.values import micros_of, text_of
from api.queries import harvesters as questions
from api.queries import queues
from api.queries.read_models import Row
from identity.agents import problem_of_queue
from identity.rights import role_of_command
from identity.ruling import EndpointClass
from schemas.characters import WORD
from schemas.harvester import AcknowledgeHarvesterCommands, AcquireHarvesterCommands, OrderHarvester, SetTargetSlots
from schemas.ids import harvester_key
from schemas.times import datetime_of
from schemas.types import HarvesterDemand, HarvesterOrder, WantedOfClass

COMMANDS_MAX, ACKNOWLEDGED_MAX, DEMANDS_MAX, CONSTRAINTS_MAX, CLASSES_MAX = 1_000, 1_000, 200, 100, 50
NUMBER_BITS, PLACES = 21, 1 << 10
#: The workflow in which Culm says how many workers there should be.
ORDERED = "pull_ups"


async def acquire_commands(call: Call) -> Reply:
    """What to do: orders that wait, oldest first, and workers that the queues of this Harvester lack at this moment."""
    harvester_id = harvester_of(call)
    count = max(1, min(call["n_commands"], COMMANDS_MAX))
    demands = await _demands(call, harvester_id)
    answer = await tell(call, AcquireHarvesterCommands(count=count, demands=demands), harvester_id)
    if answer is None or not answer.accepted:
        return Reply(False, reply_to(answer).message, [])
    place = place_of(harvester_key(call.identity.vo, harvester_id))
    return done([_command(order, place) for order in answer.harvester_orders])


async def acknowledge_commands(call: Call) -> Reply:
    """Commands were carried out; ids that are not known are passed over."""
    AgentTokens(call.services.gate).check_harvester(call.identity, EndpointClass.PILOT)
    numbers: dict[int, list[int]] = defaultdict(list)
    for wire_id in whole_numbers(objects_in(call, "command_ids", ACKNOWLEDGED_MAX)):
        number = wire_id % (1 << NUMBER_BITS)
        if wire_id > 0 and number > 0:
            numbers[wire_id >> NUMBER_BITS].append(number)
    known = await questions.ids_of_harvesters(call.services.read_models, call.identity.vo)
    reply = done()
    for harvester_id in known:
        mine = numbers.get(place_of(harvester_key(call.identity.vo, harvester_id)))
        if mine:
            answer = await tell(call, AcknowledgeHarvesterCommands(numbers=tuple(mine)), harvester_id)
            # Two Harvesters may have one place: the refusal of the other one is no news for this caller.
            if answer is None:
                reply = reply_to(answer)
    return reply


async def add_sweep_command(call: Call) -> Reply:
    """Order the Harvesters of a queue to end workers there."""
    queue = name_of(call, "panda_queue")
    parameters = {
        "status": _constraint(call, "status_list") or ["submitted"],
        "computingSite": [queue],
        "computingElement": _constraint(call, "ce_list") or "ALL",
        "submissionHost": _constraint(call, "submission_host_list") or "ALL",
    }
    text = orjson.dumps(parameters).decode()
    order = OrderHarvester(command="KILL_WORKERS", parameters_json=text, ack_requested=True)
    return await _to_harvesters_of(call, queue, order)


async def add_target_slots(call: Call) -> Reply:
    """Set the most workers that a queue may have."""
    queue, slots = name_of(call, "panda_queue"), call["slots"]
    until = None if call["expiration_date"] is None else micros_of(call.arguments, "expiration_date")
    if call["expiration_date"] is not None and until is None:
        expected = "expected YYYY-mm-dd HH:MM:SS"
        raise BadArgument(f"Argument error: 'expiration_date' is {call['expiration_date'][:40]!r}, {expected}")
    command = SetTargetSlots(
        queue=queue,
        slots=slots,
        share=text_of(call.arguments, "global_share", 128, WORD),
        resource_type=text_of(call.arguments, "resource_type", 64, WORD),
        until=until,
    )
    return await _to_harvesters_of(call, queue, command)


def place_of(key: str) -> int:
    """The place of a Harvester in ids of commands, 0 to 1,023."""
    return int.from_bytes(blake2b(key.encode(), digest_size=4).digest()) % PLACES


def _command(order: HarvesterOrder, place: int) -> dict[str, Any]:
    ordered_at = datetime_of(order.ordered_at)
    return {
        "command_id": place << NUMBER_BITS | order.number,
        "command": order.command,
        "params": lenient_json(order.parameters_json.encode()),
        "ack_requested": order.ack_requested,
        "creation_date": f"{ordered_at:%Y-%m-%d %H:%M:%S}" if ordered_at else None,
    }


async def _demands(call: Call, harvester_id: str) -> tuple[HarvesterDemand, ...]:
    """How many workers the queues that Culm orders workers for at this Harvester should have; those its token is for."""
    found = {
        name: settings
        for name, settings in (await queues.settings_of_all(call.services.read_models)).items()
        if settings.get("harvester") == harvester_id
        and settings.get("harvester_workflow") == ORDERED
        and queues.serves(settings, call.identity.vo)
        and not problem_of_queue(call.identity.queues, name)
    }
    if not found:
        return ()
    demands = await queues.demands_of(call.services.read_models, sorted(found)[:DEMANDS_MAX])
    return tuple(_demand(row, found[row["queue"]]) for row in demands)


def _demand(row: Row, settings: dict[str, Any]) -> HarvesterDemand:
    classes = tuple(
        WantedOfClass(
            resource_type=resource_type_of({"core_count": one["cores"], "rss_mb_max": one["memory_mb"]}),
            # Those that are only not removed at once are not replaced, and a Harvester removes none for a smaller number.
            wanted=max(0, one["wanted"] - (one.get("kept_for_now") or 0)),
        )
        for one in (row.get("classes") or ())[:CLASSES_MAX]
    )
    return HarvesterDemand(
        queue=row["queue"], wanted=row["wanted"], live=row["live"], resource_type=resource_type_of(settings), classes=classes
    )


async def _to_harvesters_of(call: Call, queue: str, command: OrderHarvester | SetTargetSlots) -> Reply:
    settings = (await queues.settings_of_all(call.services.read_models)).get(queue)
    if settings is None or not queues.serves(settings, call.identity.vo):
        return failed(f"no queue {queue!r} is configured")
    named = [settings["harvester"]] if settings.get("harvester") else []
    counting = await questions.ids_counting(call.services.read_models, call.identity.vo, queue)
    harvesters = list(dict.fromkeys([*named, *counting]))
    if not harvesters:
        return failed(f"no Harvester serves {queue}")
    role = role_of_command(type(command).__name__, call.identity)
    replies = [reply_to(answer) for answer in await _all(tell(call, command, one, role=role) for one in harvesters)]
    return next((reply for reply in replies if not reply.success), done())


async def _all(calls: Iterable[Any]) -> list[Any]:
    return list(await asyncio.gather(*calls))


def _constraint(call: Call, argument: str) -> list[str] | str | None:
    """Words of a list, `ALL` when that is one of them, None for nothing."""
    said = call[argument] or []
    if len(said) > CONSTRAINTS_MAX:
        raise BadArgument(f"Argument error: '{argument}' has {len(said)} items, expected at most {CONSTRAINTS_MAX}")
    words = [text_of({"word": one}, "word", 60, WORD) for one in said]
    return "ALL" if "ALL" in words else [word for word in words if word]

