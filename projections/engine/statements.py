"""Statements that Postgres plans once for a connection, sent together in one message.

In: SQL with `$1` where its rows stand as JSON, and the rows. Out: the statements done in order, in the caller's transaction.
Why: of what a small batch costs, most was parsing and planning the same statements again and waiting for each in turn.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple
from weakref import WeakKeyDictionary

import psycopg2
import psycopg2.extensions

Cursor = psycopg2.extensions.cursor
Connection = psycopg2.extensions.connection
#: For a connection that writes read models. All its statements look rows up by key: a plan that is kept must not be one
#: that reads whole tables because they were small when it was made. (Older servers give such plans a price at which they
#: would compile them.)
BY_KEY_ONLY = (
    "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off"
)
_names: WeakKeyDictionary[Connection, dict[str, str]] = WeakKeyDictionary()


class Statement(NamedTuple):
    """SQL whose `$1` is `rows`, the text of a JSON list of objects."""

    sql: str
    rows: str


def send(cursor: Cursor, statements: Iterable[Statement]) -> int:
    """Do the statements, in order and in one round trip; number of rows that the last one touched or found."""
    texts: list[bytes] = []
    with _prepared(cursor.connection) as names:
        if not names:
            # What an earlier, failed attempt prepared is not known for certain.
            texts.append(b"DEALLOCATE ALL")
        for sql, rows in statements:
            name = names.get(sql)
            if name is None:
                name = names[sql] = f"s{len(names)}"
                texts.append(f"PREPARE {name} (json) AS {sql}".encode())
            texts.append(cursor.mogrify(f"EXECUTE {name} (%s)", (rows,)))
        cursor.execute(b";".join(texts))
    return cursor.rowcount


@contextmanager
def _prepared(connection: Connection) -> Iterator[dict[str, str]]:
    """Names of the connection's prepared statements by SQL; an error makes us forget them."""
    names = _names.setdefault(connection, {})
    try:
        yield names
    except psycopg2.Error:
        del _names[connection]
        raise
