"""The client for programs without an event loop, and for notebooks."""

import time
from collections.abc import Iterator
from typing import Any, Self

import httpx
from httpx_retries import RetryTransport

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
from culm.client.pages import Pages
from culm.client.problems import NoAnswer, WaitEnded
from culm.client.records import Event, Task
from culm.client.rows import R
from culm.client.sync_operations import Operations

PAUSE_SECONDS = 1.0


class Client(Operations):
    """Calls to one Culm. Every operation of its OpenAPI document is a method; failures are `ClientError`.

    api, token, vo: as `culm.client.credentials` says where they are not given. wait_seconds: how long a command waits for its
    answer, 0 to 60; a `CommandAnswer` whose `answered` is False did not come in time. transport: of httpx, for a proxy or other
    authorities than the usual ones. One client may be used by several threads.
    """

    def __init__(
        self,
        api: str | None = None,
        *,
        token: str | None = None,
        vo: str | None = None,
        wait_seconds: float = 30.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._access = access_of(api, token, vo)
        self._wait_seconds = waits(wait_seconds)
        self._http = httpx.Client(transport=RetryTransport(transport or httpx.HTTPTransport()), **settings_of(self._access))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def wait_for_task(self, task_id: int, *, timeout_seconds: float | None = None) -> Task:
        """The task once it has ended or is exhausted; raises WaitEnded.

        The stream of events says when to look; a connection that breaks is opened again.
        """
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        task = self.get_task(task_id)
        while not has_ended(task):
            left = SILENCE_SECONDS_MAX if deadline is None else deadline - time.monotonic()
            if left <= 0:
                raise WaitEnded(f"task {task_id} is {task.status} after {timeout_seconds:g} s")
            task = self._until_ended(task_id, left, deadline)
        return task

    def _until_ended(self, task_id: int, silence_seconds_max: float, deadline: float | None) -> Task:
        """The task as it is when it has ended, the deadline is over or the stream breaks."""
        try:
            for event in self._lines(ends_of(task_id), silence_seconds_max):
                task = self.get_task(task_id, culm_min_position=position_behind(event))
                if has_ended(task) or (deadline is not None and time.monotonic() >= deadline):
                    return task
        except NoAnswer:
            pass
        left = PAUSE_SECONDS if deadline is None else deadline - time.monotonic()
        time.sleep(max(0.0, min(PAUSE_SECONDS, left)))
        return self.get_task(task_id)

    def _document(self, call: Call) -> Any:
        return document_of(self._sent(call))

    def _row(self, kind: type[R], call: Call) -> R:
        return answer_row(kind, self._sent(call))

    def _pages(self, kind: type[R], name: str, call: Call) -> Pages[R]:
        return Pages(self._document, call, kind, name)

    def _content(self, call: Call) -> bytes:
        response = self._sent(call)
        check(response)
        return response.content

    def _events(self, call: Call) -> Iterator[Event]:
        return (event for event in self._lines(call, SILENCE_SECONDS_MAX) if event is not None)

    def _sent(self, call: Call) -> httpx.Response:
        try:
            return self._http.request(**arguments_of(call, self._wait_seconds))
        except httpx.HTTPError as problem:
            raise not_answered(problem, self._access) from problem

    def _lines(self, call: Call, silence_seconds_max: float) -> Iterator[Event | None]:
        try:
            with self._http.stream(**stream_arguments(call, silence_seconds_max)) as response:
                if not response.is_success:
                    response.read()
                check(response)
                yield from map(event_of, response.iter_lines())
        except httpx.HTTPError as problem:
            raise not_answered(problem, self._access) from problem
