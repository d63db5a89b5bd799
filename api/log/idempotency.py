"""The same key, the same answer: `Idempotency-Key` is the command's id.

A repeated key with the same body gets the first answer; with another body it is a conflict. The body's fingerprint
travels as the correlation id of the command, so that the log itself remembers what the key was first used for.
"""

from collections import OrderedDict
from uuid import UUID, uuid4, uuid5

import orjson

from api.http.errors import BadRequest, Conflict
from api.queries.read_models import ReadModels, Row
from identity.identity import Identity

REMEMBERED_MAX = 20_000
ANSWER_COLUMNS = "command_id, command_type, aggregate, aggregate_id, accepted, reason, message, sequence, at, vo, actor"


def command_id_of(key: str | None) -> str:
    """The command id that an `Idempotency-Key` header stands for; a fresh one without a key. Raises BadRequest."""
    if key is None:
        return str(uuid4())
    try:
        return str(UUID(key.strip().strip('"')))
    except ValueError as problem:
        raise BadRequest(f"Idempotency-Key is {key[:80]!r}, expected a UUID") from problem


def fingerprint(command_id: str, identity: Identity, name: str, aggregate_id: str | None, body: object) -> str:
    """An id of what is asked for and by whom: equal for equal wishes under one key."""
    canonical = orjson.dumps([identity.vo, identity.subject, name, aggregate_id, body], option=orjson.OPT_SORT_KEYS)
    return str(uuid5(UUID(command_id), canonical.decode()))


class CommandFingerprints:
    """Remembers what each key was used for, and finds answers given earlier."""

    def __init__(self, read_models: ReadModels) -> None:
        self._read_models = read_models
        self._prints: OrderedDict[str, str] = OrderedDict()

    async def check(self, command_id: str, name: str, wish: str, identity: Identity) -> Row | None:
        """The row of an answer given earlier to the same wish, None for a new one; raises Conflict for another wish."""
        known = self._prints.get(command_id)
        if known is not None and known != wish:
            raise Conflict(f"Idempotency-Key {command_id} was used for another request; take a new key")
        answered = await self._read_models.row(f"select {ANSWER_COLUMNS} from answer where command_id = %s", (command_id,))
        if answered is not None:
            same = answered["command_type"] == name and answered["actor"] == identity.subject
            if known is None and same and answered["accepted"]:
                same = await self._first_wish(command_id) in (None, wish)
            if not same:
                raise Conflict(f"Idempotency-Key {command_id} was used for another request; take a new key")
        self.remember(command_id, wish)
        return answered

    def remember(self, command_id: str, wish: str) -> None:
        """Keep what `command_id` is used for, among a bounded number of others."""
        self._prints[command_id] = wish
        while len(self._prints) > REMEMBERED_MAX:
            self._prints.popitem(last=False)

    def knows(self, command_id: str) -> bool:
        """True when this process sent `command_id` not long ago."""
        return command_id in self._prints

    async def _first_wish(self, command_id: str) -> str | None:
        """The fingerprint in the log, None when the command left no event."""
        row = await self._read_models.row("select correlation_id from timeline where command_id = %s limit 1", (command_id,))
        return None if row is None else str(row["correlation_id"])
