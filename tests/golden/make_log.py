"""Keeps the log of the stack that runs as the log of a release: `python -m tests.golden.make_log NAME`.

In: a stack that is at rest, with a history that shows something (demo, prun with every ending, long lists, a load). Out: a folder
beside this file with the events, the rows that the read models hold, and what a fold of the events must find. A folder that is
there is never made again. Guards: rows are taken when nothing is written any more.
"""

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extras
from typer.testing import CliRunner

from cli.main import app
from deploy.stack import Stack
from projections.catalogue import PROJECTIONS
from tests.golden.earlier_log import EarlierLog

FOLDER = Path(__file__).parent


def main(name: str) -> int:
    """Number of events kept."""
    folder = FOLDER / name
    if folder.exists():
        sys.exit(f"{folder} exists; the log of a release is never made again")
    stack = Stack.running()
    before = _rows(stack.config.postgres)
    folder.mkdir()
    done = CliRunner().invoke(app, ["export", str(folder / "log.avro")])
    if done.exit_code or before != _rows(stack.config.postgres):
        sys.exit(f"the stack is not at rest, or the export failed: {done.output}")
    text = json.dumps(before, default=str, sort_keys=True)
    (folder / "rows.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    kept = EarlierLog(folder)
    states = json.dumps(kept.shown_states(), sort_keys=True)
    (folder / "states.json.gz").write_bytes(gzip.compress(states.encode(), mtime=0))
    found = {"events": len(kept.records()), "jobs_ended": len(kept.jobs_ended())}
    (folder / "expected.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return found["events"]


def _rows(postgres: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of every view, in the order of its key."""
    tables = {name: table for projection in PROJECTIONS.values() for name, table in projection.tables.items()}
    with psycopg2.connect(postgres) as connection, connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
        cursor.execute("select table_name from information_schema.views where table_schema = 'public'")
        shown = {row["table_name"] for row in cursor.fetchall()}
        found = {}
        for name, table in sorted((name, table) for name, table in tables.items() if name in shown):
            keys = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
            cursor.execute(f'select * from "{name}" order by {keys}')
            found[name] = [dict(row) for row in cursor.fetchall()]
    return found


if __name__ == "__main__":
    print(main(sys.argv[1]), "events")
