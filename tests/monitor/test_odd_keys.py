"""A record under an odd key hurts no page and no follower of the log, and every name within bounds has its page."""

from dataclasses import dataclass

import pytest

from api.log.live_events import EventFeed
from api.monitor.hub import LiveChange
from api.monitor.showing import page_at
from schemas.catalog import CATALOG
from schemas.ids import is_number
from schemas.wire import Codec
from tests.schemas.within_bounds import a_message, an_aggregate_id

KEYS = [b"", b"\xff", b"not-a-number", "\u0661".encode(), "\u00b2".encode(), b"9" * 5000, b"-1", b" 7"]


@dataclass
class Message:
    """A record as the client hands it over."""

    name: str
    raw: bytes

    def topic(self) -> str:
        return self.name

    def key(self) -> bytes:
        return self.raw

    def error(self) -> None:
        return None

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return 1


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("topic", ["culm.job.events.v1", "culm.task.events.v1"])
def test_pages_get_what_came_beside_an_odd_key(topic: str, key: bytes) -> None:
    heard = LiveChange()

    heard.take([Message(topic, key), Message("culm.task.events.v1", b"10000001")])  # type: ignore[list-item]

    assert heard.swap()[0].tasks == {10_000_001}


def test_an_observer_that_fails_does_not_end_the_feed_for_the_others() -> None:
    feed = EventFeed("nowhere:1", Codec({}, lambda _: {}), ("culm.task.events.v1",))
    told: list[int] = []

    def fails(messages: object) -> None:
        raise ValueError("odd")

    feed._observers = (fails, lambda messages: told.append(len(messages)))

    feed._hand_out([Message("culm.task.events.v1", b"x")])  # type: ignore[list-item]

    assert told == [1]


@pytest.mark.parametrize("key", [key.decode(errors="replace") for key in KEYS])
def test_only_digits_of_a_bounded_number_are_a_number(key: str) -> None:
    assert not is_number(key)


@pytest.mark.parametrize("seed", range(20))
def test_the_path_of_any_queue_and_worker_leads_to_its_page(seed: int) -> None:
    queue = an_aggregate_id("queue", seed)
    worker = a_message(CATALOG["culm.worker.WorkerSubmitted"], seed).worker_id

    found = [page_at(path) for path in (f"/queue/{queue}/", f"/worker/{queue}/{worker}/")]

    assert [(page.name, dict(names)) for page, names in found] == [
        ("queue", {"queue": queue}),
        ("worker", {"queue": queue, "worker": worker}),
    ]
