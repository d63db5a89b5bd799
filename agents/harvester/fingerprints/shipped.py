"""The table that ships with Culm, read from beside this file."""

from functools import cache
from pathlib import Path

from agents.harvester.fingerprints.match import Table, read_table


@cache
def shipped_table() -> Table:
    """The table of table.toml."""
    return read_table(Path(__file__).with_name("table.toml").read_text(encoding="utf-8"))
