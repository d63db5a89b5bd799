"""Texts of others on a terminal: what it would obey is shown as an escape instead.

A name, a reason or a message may hold any character. One that a terminal interprets (ESC, the C1 controls), that turns the
direction of a line or has no width would let its sender move the cursor or forge a line.
"""

import json
from typing import Any

from rich import markup

#: Cells of a table are cut here; `-o json` has them whole.
CELL_LENGTH_MAX = 160


def printable(text: str) -> str:
    r"""`text` with every character that is not printed as itself in the form of a Python literal: \x1b, \u202e, \n."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def printable_lines(text: str) -> str:
    """As `printable`; line breaks and tabs stay, for logs."""
    return "\n".join(printable(line.replace("\t", "    ")) for line in text.replace("\r\n", "\n").split("\n"))


def escape(text: str) -> str:
    """`text` for a line of rich: printable, and taken as it is."""
    return markup.escape(printable(text))


def cell(value: Any) -> str:
    """A value in a cell of a table, printable: `-` for none, JSON for what is not a text or a number."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else str(value)
    return printable(text if len(text) <= CELL_LENGTH_MAX else f"{text[: CELL_LENGTH_MAX - 3]}...")
