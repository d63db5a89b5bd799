"""A bug to be planted in input that grows: see `planted.py`."""

from typing import Any
from unittest.mock import patch

from commands.dataset import decide as dataset_decide
from commands.dataset.subscriptions import subscribe
from schemas.records import replace


def registered_in_between_is_lost() -> Any:
    """A task that asks for the next files is noted for those that come from then on: what came since its last chunk is lost."""

    def late(dataset: Any, command: Any, by: Any) -> Any:
        had = max(command.position, len(dataset.files)) if command.chunk else command.position
        return subscribe(dataset, replace(command, position=had), by)

    return patch.object(dataset_decide, "subscribe", late)
