"""The state of an emulated batch system in one file: read, changed and written under a lock, by programs and by tests."""

import fcntl
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

STATE = "system.json"


@contextmanager
def changed(folder: Path) -> Iterator[dict[str, Any]]:
    """The state, written back afterwards."""
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        path = folder / STATE
        state: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"next_id": 1, "jobs": {}, "ahead_seconds": 0}
        yield state
        part = folder / f"{STATE}.part"
        part.write_text(json.dumps(state))
        part.replace(path)


def now(state: dict[str, Any]) -> float:
    """The system's clock."""
    return time.time() + float(state["ahead_seconds"])
