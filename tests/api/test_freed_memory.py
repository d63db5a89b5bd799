"""What requests have freed goes back to the system once for so many of them, whether they succeed or not."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from api.http.freed_memory import GivesMemoryBack
from tests.api.test_routes import services_at

NOTHING: Any = None


async def answered(*_: Any) -> None:
    """An application that has nothing to say."""


async def failing(*_: Any) -> None:
    """An application with a bug."""
    raise ValueError


def trims_after(requests: int, app: Any, kind: str = "http") -> int:
    """How often the heaps were trimmed when every tenth request does it."""
    trims: list[bool] = []

    def trim() -> bool:
        trims.append(True)
        return True

    async def ask() -> None:
        heaps = GivesMemoryBack(app, trim, every=10)
        for _ in range(requests):
            try:
                await heaps({"type": kind}, NOTHING, NOTHING)
            except ValueError:
                continue
        await asyncio.get_running_loop().shutdown_default_executor()

    asyncio.run(ask())
    return len(trims)


@pytest.mark.parametrize(("requests", "trims"), [(9, 0), (10, 1), (35, 3)])
@pytest.mark.parametrize("app", [answered, failing])
def test_heaps_are_trimmed_once_for_so_many_requests(app: Any, requests: int, trims: int) -> None:
    assert trims_after(requests, app) == trims


def test_the_beginning_and_the_end_of_a_process_are_no_requests() -> None:
    assert trims_after(20, answered, "lifespan") == 0


def test_the_api_trims_its_heaps(api_home: Path) -> None:
    layers = create_app(services_at(api_home)).app.user_middleware  # type: ignore[attr-defined]  # FastAPI's

    assert layers[0].cls is GivesMemoryBack
