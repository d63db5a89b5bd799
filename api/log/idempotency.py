"""The same key, the same answer: `Idempotency-Key` is the command's id.

A repeated key with the same body gets the first answer; with another body it is a conflict. The body's fingerprint
travels as the correlation id of the command, so that the log itself remembers what the key was first used for.
"""

import asyncio
from uuid import UUID, uuid4, uuid5

import orjson

from api.http.errors import BadRequest, Conflict, ReadModelsUnavailable, Unavailable
from api.queries import answers
from api.queries.read_models import ReadModels, Row
from api.shared.store import Space
from identity.identity import Identity

#: After this the answers in the read models and the deciders alone tell a repetition.
REMEMBERED_SECONDS = 24 * 3600.0
#: Claims between two looks for keys that are too old.
FORGET_EVERY = 1_000


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
    """Remembers what each key was used for, at whichever API, and finds answers given earlier.

    keys: shared by all APIs; of two requests with one key that two APIs get at once, the first to claim it is the one.
    """

    def __init__(self, read_models: ReadModels, keys: Space) -> None:
        self._read_models, self._keys = read_models, keys
        self._claims = 0

    async def check(
        self, command_id: str, name: str, asked: str, identity: Identity, *, is_known_to_deciders: bool = False
    ) -> Row | None:
        """The row of an answer given earlier to the same request, None for a new one; raises Conflict for another.

        is_known_to_deciders: true where the key leads to the same thing for ever, as that of a submission does: then the read
        models may be away. Raises Unavailable when it cannot be known.
        """
        known = await self._used_for(command_id)
        if known is not None and known != asked:
            raise _conflict(command_id)
        try:
            answered = await answers.to_command(self._read_models, command_id)
        except ReadModelsUnavailable:
            if not is_known_to_deciders:
                raise
            answered = None
        if answered is not None:
            same = answered["command_type"] == name and answered["actor"] == identity.subject
            if known is None and same and answered["accepted"]:
                same = await answers.correlation_of(self._read_models, command_id) in (None, asked)
            if not same:
                raise _conflict(command_id)
        if known is None and await self._claim(command_id, asked) != asked:
            raise _conflict(command_id)
        return answered

    async def remember(self, command_id: str, asked: str) -> None:
        """Let every API know that `command_id` is being sent, so that each says of it that its answer is awaited."""
        await self._claim(command_id, asked)

    async def knows(self, command_id: str) -> bool:
        """True when an API sent `command_id` not long ago."""
        return await self._used_for(command_id) is not None

    async def _used_for(self, command_id: str) -> str | None:
        try:
            found = await asyncio.to_thread(self._keys.get, command_id)
        except OSError as problem:
            raise Unavailable(f"it cannot be looked up what {command_id} was used for: {problem.strerror}") from problem
        return found.decode() if found is not None else None

    async def _claim(self, command_id: str, asked: str) -> str:
        """What the command id was first used for."""
        try:
            if self._claims % FORGET_EVERY == 0:
                await asyncio.to_thread(self._keys.forget, REMEMBERED_SECONDS)
            self._claims += 1
            return (await asyncio.to_thread(self._keys.claim, command_id, asked.encode())).decode()
        except OSError as problem:
            raise Unavailable(f"the use of {command_id} cannot be written down: {problem.strerror}") from problem


def _conflict(command_id: str) -> Conflict:
    return Conflict(f"Idempotency-Key {command_id} was used for another request; take a new key")
