"""An event that other threads set."""

import asyncio
import threading

from streams.provisioning.threadsafe_event import ThreadsafeEvent


def test_another_thread_wakes_who_waits() -> None:
    event = ThreadsafeEvent()

    async def waits() -> str:
        event.bind()
        event.clear()
        threading.Thread(target=event.set).start()
        await event.wait()
        return "awake"

    assert asyncio.run(waits()) == "awake"


def test_it_is_set_when_its_loop_begins_and_what_came_before_is_no_error() -> None:
    event = ThreadsafeEvent()
    event.set()

    async def waits() -> str:
        event.bind()
        await event.wait()
        return "awake"

    assert asyncio.run(waits()) == "awake"


def test_who_waits_goes_on_after_the_time_it_gave() -> None:
    event = ThreadsafeEvent()

    async def waits() -> str:
        event.bind()
        event.clear()
        await event.wait(0.0)
        return "awake"

    assert asyncio.run(waits()) == "awake"
