"""The same key, the same answer: `Idempotency-Key` is the command's id.

A repeated key with the same body gets the first answer; with another body it is a conflict. The body's fingerprint
travels as the correlation id of the command, so that the log itself remembers what the key was first used for.
"""

from collections import OrderedDict
from uuid import UUID, uuid4, uuid5

import orjson

from api.http.errors import BadRequest, Conflict
from api.queries import answers
from api.queries.read_models import ReadModels, Row
from identity.identity import Identity

REMEMBERED_MAX = 20_000


def command_id_of(key: str | None) -> str:
    """The command id that an `Idempotency-Key` header stands for; a fresh one without a key. Raises BadRequest."""
    if key is None:
        return str(uuid4())
    try:
        return str(UUID(key.strip().strip('"')))
    except ValueError as problem:
        raise BadRequest(f"Idempotency-Key is {key[:80]!r}, expected a UUID") from problem


def fingerprint(command_id: str, identity: Identity, name: str, aggregate_id: str | None, body: object) -> str:
    """An id of what is asked for and by whom: equal for equal requests under one key."""
    canonical = orjson.dumps([identity.vo, identity.subject, name, aggregate_id, body], option=orjson.OPT_SORT_KEYS)
    return str(uuid5(UUID(command_id), canonical.decode()))


class CommandFingerprints:
    """Remembers what each key was used for, and finds answers given earlier."""

    def __init__(self, read_models: ReadModels) -> None:
        self._read_models = read_models
        self._prints: OrderedDict[str, str] = OrderedDict()

    async def check(self, command_id: str, name: str, asked: str, identity: Identity) -> Row | None:
        """The row of an answer given earlier to the same request, None for a new one; raises Conflict for another."""
        known = self._prints.get(command_id)
        if known is not None and known != asked:
            raise Conflict(f"Idempotency-Key {command_id} was used for another request; take a new key")
        answered = await answers.to_command(self._read_models, command_id)
        if answered is not None:
            same = answered["command_type"] == name and answered["actor"] == identity.subject
            if known is None and same and answered["accepted"]:
                same = await answers.correlation_of(self._read_models, command_id) in (None, asked)
            if not same:
                raise Conflict(f"Idempotency-Key {command_id} was used for another request; take a new key")
        self.remember(command_id, asked)
        return answered

    def remember(self, command_id: str, asked: str) -> None:
        """Keep what `command_id` is used for, among a bounded number of others."""
        self._prints[command_id] = asked
        while len(self._prints) > REMEMBERED_MAX:
            self._prints.popitem(last=False)

    def knows(self, command_id: str) -> bool:
        """True when this process sent `command_id` not long ago."""
        return command_id in self._prints
