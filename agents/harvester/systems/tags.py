"""Whose a worker is, by its tag, and what a spec must be like before any batch system is asked. Pure.

Guards: nothing without the stack's tag is touched; no number that a batch system reads as "without
limit" (0 in Slurm) is ever sent.
"""

import re
from collections.abc import Collection

from agents.harvester.systems.contract import TAG_LENGTH_MAX, WorkerSpec

_TAG = re.compile(r"[a-z][a-z0-9-]*[a-z0-9]")
_STACK = re.compile(r"[a-z][a-z0-9]{0,30}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*")
NUMBER_MAX = 2**31 - 1


def stack_problem(stack: str) -> str:
    """Why `stack` cannot begin a tag; empty if it can. Without "-", so that no stack's name begins another's tags."""
    return "" if _STACK.fullmatch(stack) else f"stack is {stack[:60]!r}, expected a letter a-z and up to 30 of a-z and 0-9"


def belongs(tag: str, stack: str) -> bool:
    """Whether `tag` is a worker of `stack`."""
    return tag.startswith(f"{stack}-") and len(tag) <= TAG_LENGTH_MAX and _TAG.fullmatch(tag) is not None


def is_variable(name: str) -> bool:
    """Whether a shell can have a variable of this name."""
    return _VARIABLE.fullmatch(name) is not None


def spec_problem(spec: WorkerSpec, stack: str, settings: Collection[str]) -> str:
    """Why no batch system can take `spec`, by name, value and expectation; empty if one can.

    settings: the names of queue settings that the plugin knows.
    """
    if not belongs(spec.tag, stack):
        return f"tag is {spec.tag[:80]!r}, expected {stack}- and then a-z, 0-9 and '-', {TAG_LENGTH_MAX} characters at most"
    for name in ("cores", "memory_mb", "walltime_seconds"):
        if not 0 < (value := getattr(spec, name)) <= NUMBER_MAX:
            return f"{name} is {value}, expected 1 to {NUMBER_MAX}"
    if not 0 <= spec.disk_mb <= NUMBER_MAX:
        return f"disk_mb is {spec.disk_mb}, expected 0 to {NUMBER_MAX}"
    for name, value in spec.environment.items():
        if not is_variable(name) or "\0" in value:
            return f"environment has {name[:60]!r}, expected a name of letters, digits and '_' and a value without NUL"
    for name in spec.settings:
        if name not in settings:
            return f"setting {name[:60]!r} is unknown, expected one of {', '.join(sorted(settings))}"
    names = [path.name for path in spec.files]
    for name in names:
        if not _FILE.fullmatch(name) or names.count(name) > 1:
            return f"file {name[:60]!r} cannot travel, expected distinct names of letters, digits and '_.+-'"
    return ""


def values_problem(spec: WorkerSpec, expected: re.Pattern[str], words: str) -> str:
    """Why a queue setting of `spec` has a value that its batch system would read otherwise; empty if none has.

    words: what is expected, with `{name}` for the setting.
    """
    for name, value in spec.settings.items():
        if not expected.fullmatch(value):
            return f"setting {name} is {value[:60]!r}, expected {words.format(name=name)}"
    return ""
