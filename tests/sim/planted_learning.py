"""Bugs to be planted in what tasks learn from their jobs: see `planted.py`."""

from collections.abc import Iterable
from typing import Any
from unittest.mock import patch

from commands.task import learned_values


def percentiles_of_the_unsorted() -> Any:
    """The value at the place of a percentile is taken from the sample as it came."""

    def unsorted_rank(values: Iterable[float], percent: int) -> float:
        found = list(values)
        return found[max(0, -(-percent * len(found) // 100) - 1)]

    return patch.object(learned_values, "nearest_rank", unsorted_rank)
