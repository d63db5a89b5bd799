"""The well-formed twin of each hostile message: of the same kind and size of work as far as it goes, with nothing odd in it.

A bystander who waits longer beside hostile messages may wait for the processors that both use. He waits for their twins as
well; what he waits beyond that is what the hostile values did. Pure.
"""

import re
from collections.abc import Mapping
from typing import Any

from api.native.command_body import COMMANDS
from identity.rights import class_of_command
from schemas.catalog import CATALOG, CatalogEntry, messages
from tests.hostile.ground import Ground
from tests.hostile.message import Message, Record, Request, Sender
from tests.hostile.naughty import json_text
from tests.hostile.preludes import ground_of
from tests.hostile.records import plausible
from tests.hostile.requests import JSON
from tests.hostile.routes import SENDER_OF, good_of
from tests.hostile.submissions import parameters
from tests.hostile.topics import well_formed_record

#: Twins have tasks of their own: numbers of hostile ones are below 2^40.
OWN = 2**41


def twin(message: Message, ground: Ground, ids: Mapping[str, int]) -> Message:
    """The twin of `message`; of a kind that has no form but its oddness, a look at a list. ids: schema ids by full name."""
    word, _, name = message.kind.partition(" ")
    return Message(f"well-formed {message.kind}", message.number, _content(message, word, name, ground, ids), "")


def _content(message: Message, word: str, name: str, ground: Ground, ids: Mapping[str, int]) -> Request | Record:
    number = OWN + message.number
    match word:
        case "record":
            return well_formed_record(_entry(name), ground, ids, number)
        case "malformed":
            of_topic = [entry for entry in messages() if entry.topic == name]
            return well_formed_record(of_topic[number % len(of_topic)], ground, ids, number)
        case "command":
            key = ground.key_of(COMMANDS[name].aggregate, name, number)
            own = ground_of(ground, number) if name == "SubmitTask" else ground
            body = {"aggregate_id": own.tasks[0] if name == "SubmitTask" else key, **plausible(COMMANDS[name], own)}
            return _post(f"/v1/commands/{name}", body, SENDER_OF[class_of_command(name)])
        case "submit":
            text = f"user.hostile.{ground.now}.twin{number}"
            return _post("/v1/tasks", {"parameters": parameters(ground, text)}, Sender.USER)
        case "read" if name.startswith("/") and isinstance(message.content, Request):
            good = good_of(ground)
            target = re.sub(r"{(\w+)(?::\w+)?}", lambda found: good.get(found[1], "1"), name)
            return Request("GET", target.replace("#", "%23"), message.content.sender)
        case _:
            return Request("GET", "/v1/tasks?limit=5", Sender.USER)


def _post(target: str, body: Mapping[str, Any], sender: Sender) -> Request:
    return Request("POST", target, sender, json_text(body).encode(), dict(JSON))


def _entry(name: str) -> CatalogEntry:
    return next(entry for entry in CATALOG.values() if entry.name == name and entry.role in ("commands", "heartbeats"))
