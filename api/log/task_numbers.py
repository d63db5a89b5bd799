"""Ids for new tasks and requests: a block at a time, given to this API by the aggregate that gives numbers away.

In: the need of an id. Out: one that no other API has and no task is known to have. Read models are asked what is in use, for logs
that are older than the aggregate; they may be away. What is left of a block when the process ends is never used.
"""

import asyncio

from api.http.errors import BadRequest, LogUnavailable, OutcomeUnknown, ReadModelsUnavailable
from api.log.gateway import CommandGateway
from api.queries.read_models import ReadModels
from api.queries.task_numbers import greatest_task_id
from identity.identity import Identity
from schemas.ids import TASK_IDS
from schemas.numbers import GiveNumbers

#: Small, so that with several APIs the order of ids is about that of submissions.
BLOCK = 100
#: How long the read models may take to say what is in use.
PATIENCE_SECONDS = 1.0


class TaskNumbers:
    """Gives ids out of its block; safe for the coroutines of one event loop.

    read_models: what says which ids are in use; None where all were given away by the log. numbered: key of the aggregate.
    """

    def __init__(self, gateway: CommandGateway, read_models: ReadModels | None, numbered: str = TASK_IDS) -> None:
        self._gateway, self._read_models, self._numbered = gateway, read_models, numbered
        self._left = range(0)
        self._asking: asyncio.Task[range] | None = None

    async def next(self, identity: Identity, wait_seconds: float) -> int:
        """An id of no other task, for a submission of `identity`; raises LogUnavailable, BadRequest.

        However many wait for a block, one asks, and all of them learn of its failure at once.
        """
        while not self._left:
            if self._asking is None:
                self._asking = asyncio.create_task(self._block(identity, wait_seconds))
                self._asking.add_done_callback(self._came)
            await asyncio.shield(self._asking)
        number, self._left = self._left[0], self._left[1:]
        return number

    def _came(self, asked: asyncio.Task[range]) -> None:
        self._asking = None
        if not asked.cancelled() and asked.exception() is None:
            self._left = asked.result()

    def give_up(self, number: int) -> None:
        """Use no more of the block that `number` came from: a task has it."""
        if self._left and 0 < self._left[0] - number <= BLOCK:
            self._left = range(0)

    async def _block(self, identity: Identity, wait_seconds: float) -> range:
        command = GiveNumbers(count=BLOCK, after=await self._in_use())
        try:
            answer = await self._gateway.submit(command, self._numbered, identity, wait_seconds=wait_seconds, only_in_time=True)
        except OutcomeUnknown as problem:
            raise LogUnavailable(f"{problem.what}; no {self._numbered} was submitted", retry_after_seconds=5) from problem
        assert answer is not None, "a command that is only of use in time was not answered"
        if answer.numbers_from is None:
            raise BadRequest(f"no id can be given to the {self._numbered}: {answer.reason}: {answer.message or ''}")
        return range(answer.numbers_from, answer.numbers_from + BLOCK)

    async def _in_use(self) -> int:
        if self._read_models is None:
            return 0
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await greatest_task_id(self._read_models)
        except (ReadModelsUnavailable, TimeoutError):
            return 0
