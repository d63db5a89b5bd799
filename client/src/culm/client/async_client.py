"""The client for programs with an event loop."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any, Self

import httpx
from httpx_retries import RetryTransport

from culm.client.async_operations import AsyncOperations
from culm.client.calls import Call
from culm.client.connection import (
    SILENCE_SECONDS_MAX,
    answer_row,
    arguments_of,
    check,
    document_of,
    ends_of,
    event_of,
    has_ended,
    not_answered,
    position_behind,
    settings_of,
    stream_arguments,
    waits,
)
from culm.client.credentials import access_of
from culm.client.pages import AsyncPages
from culm.client.problems import NoAnswer, WaitEnded
from culm.client.records import Event, Task
from culm.client.rows import R

PAUSE_SECONDS = 1.0


class AsyncClient(AsyncOperations):
    """As `Client`, with methods to await; lists and streams are for `async for`."""

    def __init__(
        self,
        api: str | None = None,
        *,
        token: str | None = None,
        vo: str | None = None,
        wait_seconds: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._access = access_of(api, token, vo)
        self._wait_seconds = waits(wait_seconds)
        self._http = httpx.AsyncClient(
            transport=RetryTransport(transport or httpx.AsyncHTTPTransport()), **settings_of(self._access)
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End the connections."""
        await self._http.aclose()

    async def wait_for_task(self, task_id: int, *, timeout_seconds: float | None = None) -> Task:
        """As of `Client`."""
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        task = await self.get_task(task_id)
        while not has_ended(task):
            left = SILENCE_SECONDS_MAX if deadline is None else deadline - time.monotonic()
            if left <= 0:
                raise WaitEnded(f"task {task_id} is {task.status} after {timeout_seconds:g} s")
            task = await self._until_ended(task_id, left, deadline)
        return task

    async def _until_ended(self, task_id: int, silence_seconds_max: float, deadline: float | None) -> Task:
        try:
            async for event in self._lines(ends_of(task_id), silence_seconds_max):
                task = await self.get_task(task_id, culm_min_position=position_behind(event))
                if has_ended(task) or (deadline is not None and time.monotonic() >= deadline):
                    return task
        except NoAnswer:
            pass
        left = PAUSE_SECONDS if deadline is None else deadline - time.monotonic()
        await asyncio.sleep(max(0.0, min(PAUSE_SECONDS, left)))
        return await self.get_task(task_id)

    async def _document(self, call: Call) -> Any:
        return document_of(await self._sent(call))

    async def _row(self, kind: type[R], call: Call) -> R:
        return answer_row(kind, await self._sent(call))

    def _pages(self, kind: type[R], name: str, call: Call) -> AsyncPages[R]:
        return AsyncPages(self._document, call, kind, name)

    async def _content(self, call: Call) -> bytes:
        response = await self._sent(call)
        check(response)
        return response.content

    async def _events(self, call: Call) -> AsyncIterator[Event]:
        async for event in self._lines(call, SILENCE_SECONDS_MAX):
            if event is not None:
                yield event

    async def _sent(self, call: Call) -> httpx.Response:
        try:
            return await self._http.request(**arguments_of(call, self._wait_seconds))
        except httpx.HTTPError as problem:
            raise not_answered(problem, self._access) from problem

    async def _lines(self, call: Call, silence_seconds_max: float) -> AsyncIterator[Event | None]:
        try:
            async with self._http.stream(**stream_arguments(call, silence_seconds_max)) as response:
                if not response.is_success:
                    await response.aread()
                check(response)
                async for line in response.aiter_lines():
                    yield event_of(line)
        except httpx.HTTPError as problem:
            raise not_answered(problem, self._access) from problem
