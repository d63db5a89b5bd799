"""Which keys of a task's parameters Culm cannot follow: each is named, with what was found and what was expected. Pure.

In: the parameters as submitted. Out: sentences, none when every key is followed or changes nothing (`known_keys.py`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from streams.jedi.known_keys import BUILD, CONTAINER, ITEM, MERGE, PARAM_TYPES, SECONDARY, STEP, STEPS, TASK, KnownKeys
from streams.jedi.shown import readable, shown

NAME_CHARACTERS_MAX = 60
#: `dsForIN`, `dsForIN2`, ...: prun's own note of the datasets of a stream.
DATASETS_OF_STREAM = re.compile(r"dsFor[A-Z][A-Z0-9_]{0,30}")
#: In the processing type of `prun --oldContMode`.
OLD_CONTAINERS, NEW_CONTAINERS = "-jedi-cont", "expected prun without --oldContMode: the pilot starts the container"
#: What asks for hardware in an architecture: `x86_64-el9@centos7#x86_64-avx2&nvidia`.
HARDWARE = ("#", "&")


def problems_of_keys(raw: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each key that asks for what Culm cannot do, and for each that no one knows."""
    yield from _of_object(raw, TASK, "")
    yield from _of_architecture(raw.get("architecture"))
    for key in ("jobParameters", "log", "log_merge"):
        given = raw.get(key)
        rows = given if isinstance(given, Sequence) and not isinstance(given, str) else [given]
        inputs = 1 if raw.get("noInput") else 0
        for place, row in enumerate(rows):
            if isinstance(row, Mapping):
                inputs += _makes_input(row)
                keys = SECONDARY if _makes_input(row) and inputs > 1 else ITEM
                yield from _of_item(row, keys, f"{key}." if row is given else f"{key}[{place}].")
    sections = (("buildSpec", BUILD), ("mergeSpec", MERGE), ("esmergeSpec", MERGE), ("multiStepExec", STEPS))
    yield from _of_sections(raw, sections, "")
    steps = raw.get("multiStepExec")
    if isinstance(steps, Mapping):
        parts = (("preprocess", STEP), ("postprocess", STEP), ("containerOptions", CONTAINER))
        yield from _of_sections(steps, parts, "multiStepExec.")
    if OLD_CONTAINERS in str(raw.get("processingType")):
        found = shown(raw["processingType"])
        yield f"processingType: containers that the wrapper starts are not supported; found {found}, {NEW_CONTAINERS}"


def asks_for_nothing(value: object) -> bool:
    """True for null, false, 0 and what is empty: a client that sends them says that it does not want the thing."""
    return not value


def _of_sections(given: Mapping[str, Any], sections: Sequence[tuple[str, KnownKeys]], prefix: str) -> Iterator[str]:
    for key, keys in sections:
        section = given.get(key)
        if isinstance(section, Mapping):
            yield from _of_object(section, keys, f"{prefix}{key}.")


def _of_object(given: Mapping[str, Any], keys: KnownKeys, prefix: str) -> Iterator[str]:
    for key, value in given.items():
        if key in keys.followed or key in keys.harmless or value is None:
            continue
        if keys is TASK and DATASETS_OF_STREAM.fullmatch(key):
            continue
        if key in keys.unsupported:
            if not asks_for_nothing(value):
                yield f"{prefix}{key}: {keys.unsupported[key]} is not supported; found {shown(value)}, expected no such key"
        elif key in keys.only:
            accepted, what = keys.only[key]
            if not asks_for_nothing(value) and value not in accepted:
                words = " or ".join(shown(one) for one in accepted)
                yield f"{prefix}{key}: {what} is not supported; found {shown(value)}, expected {words}, or no such key"
        else:
            yield _unknown(key, value, keys, prefix)


def _unknown(key: str, value: object, keys: KnownKeys, prefix: str) -> str:
    name = readable(key, NAME_CHARACTERS_MAX)
    close = get_close_matches(name, sorted({*keys.followed, *keys.harmless, *keys.only}), n=1)
    hint = f" ({close[0]}?)" if close else ""
    return f"{prefix}{name}: no such key is known; found {shown(value)}, expected a key of the task parameters{hint}"


def _makes_input(row: Mapping[str, Any]) -> bool:
    """True for an item that stands for an input dataset."""
    return row.get("type") == "template" and row.get("param_type") == "input" and bool(row.get("dataset"))


def _of_item(row: Mapping[str, Any], keys: KnownKeys, prefix: str) -> Iterator[str]:
    yield from _of_object(row, keys, prefix)
    kind = row.get("param_type")
    if row.get("type") == "template" and isinstance(kind, str) and kind not in PARAM_TYPES:
        words = ", ".join(one for one in PARAM_TYPES if one)
        yield f"{prefix}param_type: found {shown(kind)}, expected one of {words}"


def _of_architecture(value: object) -> Iterator[str]:
    """Queues do not say what hardware they have: none can be chosen by it."""
    if isinstance(value, str) and any(sign in value for sign in HARDWARE):
        what = "a choice of queues by processor (#) or accelerator (&) is not supported"
        yield f"architecture: {what}; found {shown(value)}, expected the name of a build alone, as x86_64-el9-gcc13-opt"
    elif isinstance(value, str) and value.lstrip().startswith(("[", "{")):
        yield f"architecture: specifications of hosts are not supported; found {shown(value)}, expected the name of a build"
