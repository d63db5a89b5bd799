"""How long a text in an indexed column may be: Postgres holds 2,704 bytes of a row in an index and refuses the row beyond.

In: rows as the fold has them. Out: the same rows, texts of such columns cut at a whole character. Keys are never cut, because a
cut key would be another's: ids that are too long never get here (`set_aside.usable_id`), names that are too long are refused.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Table

#: Of a btree entry; what is left over is for its header and for columns of fixed size.
INDEX_ROW_BYTES_MAX = 2_600


def at_most(bytes_max: int) -> dict[str, int]:
    """`info` of a column whose texts are cut."""
    return {"bytes_max": bytes_max}


@cache
def limits_of(table: Table) -> tuple[tuple[str, int], ...]:
    """Columns of the table that are cut, with their limits."""
    found = tuple((str(column.name), int(column.info["bytes_max"])) for column in table.columns if "bytes_max" in column.info)
    assert not {name for name, _ in found} & set(table.primary_key.columns.keys()), f"{table.name} would cut its keys"
    return found


def shortened(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row, or a copy in which long texts are cut."""
    changed: dict[str, Any] = {}
    for name, bytes_max in limits_of(table):
        value = row.get(name)
        # A character takes at most four bytes.
        if value is not None and len(value) * 4 > bytes_max and len(value.encode()) > bytes_max:
            changed[name] = value.encode()[:bytes_max].decode("utf-8", "ignore")
    if not changed:
        return row if isinstance(row, dict) else dict(row)
    return {**row, **changed}
