"""Rows as a frame of pandas or polars, where one of them is installed: a column for each field, times in UTC.

Both libraries are loaded when a frame is made, and only then. Cells that hold JSON are objects in pandas, and texts in polars,
whose columns have one type.
"""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from culm.client.rows import Row

if TYPE_CHECKING:
    import pandas
    import polars


def to_pandas(rows: Iterable[Row]) -> "pandas.DataFrame":
    """A frame of pandas; raises ImportError where pandas is not installed. No rows give a frame without columns."""
    import pandas

    return pandas.DataFrame(_columns(rows))


def to_polars(rows: Iterable[Row]) -> "polars.DataFrame":
    """A frame of polars; raises ImportError where polars is not installed. No rows give a frame without columns."""
    import polars

    columns = {name: [_flat(value) for value in values] for name, values in _columns(rows).items()}
    return polars.DataFrame(columns, strict=False)


def _columns(rows: Iterable[Row]) -> dict[str, list[Any]]:
    """Values by field, in the order in which fields first occur."""
    documents = [row.to_dict() for row in rows]
    names = dict.fromkeys(name for one in documents for name in one)
    return {name: [one.get(name) for one in documents] for name in names}


def _flat(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value
