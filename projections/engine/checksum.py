"""The read models as numbers that can be compared: equal rows, byte for byte, give equal sums."""

import hashlib

from sqlalchemy import Table, Text

from projections.catalogue import PROJECTIONS
from projections.engine.live import read_live
from projections.engine.positions import Connection


class _Digest:
    """A file that only counts and hashes what is written to it."""

    def __init__(self) -> None:
        self.sha256 = hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Take part of the text."""
        self.sha256.update(data)
        return len(data)


def checksums(connection: Connection) -> dict[str, str]:
    """SHA-256 by table over all its rows in the order of their keys, all tables as of one moment."""
    sums: dict[str, str] = {}
    connection.rollback()
    with connection, connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        live = read_live(cursor)
        for projection in PROJECTIONS.values():
            found = live.get(projection.name)
            for name, table in projection.tables.items() if found else ():
                assert found is not None
                digest = _Digest()
                columns = ", ".join(column.name for column in table.columns)
                rows = f"SELECT {columns} FROM {found.tables_in}.{name} ORDER BY {_order(table)}"
                cursor.copy_expert(f"COPY ({rows}) TO STDOUT", digest)
                sums[name] = digest.sha256.hexdigest()
    return sums


def _order(table: Table) -> str:
    return ", ".join(
        f'{column.name} COLLATE "C"' if isinstance(column.type, Text) else column.name
        for column in table.primary_key.columns
    )
