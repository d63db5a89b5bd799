"""Values quoted for the place in a shell line where they stand. Pure.

A job's parameters are a line that the pilot gives to a shell (docs/reference/pilot.md). Templates come from the task's own
user, who may do there what he likes; values (names of files that others registered) must reach the payload as they are and do
nothing on the way.
"""

import re
from shlex import quote

#: Characters that mean nothing to a shell, quoted or not.
UNQUOTED_UNSAFE = re.compile(r"[^\w@%+=:,./-]", re.ASCII)
#: Characters that mean something between double quotes.
DOUBLE_QUOTED_UNSAFE = re.compile(r'([\\"$`])')
#: A shell within the shell line: what is quoted for the outer one is not quoted for the inner one.
COMMANDS_WITHIN = re.compile(r"\$\(|`|<<|\beval\b")
OUTSIDE, SINGLE, DOUBLE, ESCAPED = "", "'", '"', "\\"


class Unquotable(ValueError):
    """A value cannot be quoted safely where the template puts it."""


def quotes_after(text: str, quotes: str) -> str:
    """The kind of quotes that is open behind `text` when `quotes` was open before it; ESCAPED behind a lone backslash."""
    escaped = False
    for character in text:
        if quotes == SINGLE:
            quotes = OUTSIDE if character == "'" else SINGLE
        elif escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif quotes == DOUBLE:
            quotes = OUTSIDE if character == '"' else DOUBLE
        elif character in "'\"":
            quotes = character
    return ESCAPED if escaped else quotes


def quoted(value: str, quotes: str) -> str:
    """`value` as it must stand where `quotes` is open, so that the shell hands it on unchanged; raises Unquotable."""
    if not UNQUOTED_UNSAFE.search(value):
        return value
    if "\0" in value:
        raise Unquotable("a value with a NUL cannot be a part of a command line")
    match quotes:
        case "'":
            return value.replace("'", "'\\''")
        case '"':
            return DOUBLE_QUOTED_UNSAFE.sub(r"\\\1", value)
        case "":
            return quote(value)
        case _:
            raise Unquotable(f"{value[:200]!r} would stand behind a backslash, expected quotes around the placeholder")


def runs_commands(template: str) -> bool:
    """True when the template runs commands of its own within its line, where no value can be quoted."""
    return COMMANDS_WITHIN.search(template) is not None


def check_value(value: str) -> None:
    """Raises Unquotable for a value that needs quotes; of use in a template that runs commands of its own."""
    if UNQUOTED_UNSAFE.search(value):
        raise Unquotable(f"{value[:200]!r} cannot be quoted in a template that has $(...), backticks, << or eval")
