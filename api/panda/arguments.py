"""Arguments of `/api/v1` calls: bound by name, cast from query strings, refused in the reference server's words."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a value must be."""

    WHOLE = "int"
    TEXT = "str"
    FLAG = "bool"
    LIST = "list"
    OBJECT = "dict"
    ANY = "any"


class Missing:
    """Marks a parameter without default."""


REQUIRED = Missing()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a call; a default of None also allows null."""

    name: str
    kind: Kind
    default: Any = REQUIRED


class BadArgument(ValueError):
    """A call with arguments that do not fit; the message is the answer's."""


def bind(parameters: Sequence[Parameter], given: Mapping[str, Any], *, from_query: bool) -> dict[str, Any]:
    """Values by name; raises BadArgument naming the argument, what was found and what was expected."""
    known = {parameter.name for parameter in parameters}
    unknown = sorted(set(given) - known)
    if unknown:
        raise BadArgument(f"Argument error: got an unexpected argument '{unknown[0][:100]}'")
    bound: dict[str, Any] = {}
    for parameter in parameters:
        if parameter.name not in given:
            if isinstance(parameter.default, Missing):
                raise BadArgument(f"Argument error: missing a required argument: '{parameter.name}'")
            bound[parameter.name] = parameter.default
            continue
        value = given[parameter.name]
        if from_query:
            value = _from_query(parameter, value)
        if value is None and parameter.default is None:
            bound[parameter.name] = None
        else:
            bound[parameter.name] = _checked(parameter, value)
    return bound


def _from_query(parameter: Parameter, value: Any) -> Any:
    """Query strings carry words: `None`, `True`, `3.0`, JSON; a repeated key is a list already."""
    if parameter.kind is Kind.LIST:
        return list(value) if isinstance(value, list) else [value]
    text = value[-1] if isinstance(value, list) else value
    if text == "None":
        return None
    match parameter.kind:
        case Kind.WHOLE:
            try:
                return int(float(text))
            except ValueError:
                return text
        case Kind.FLAG:
            return {"true": True, "1": True, "false": False, "0": False, "": False}.get(text.lower(), text)
        case Kind.OBJECT:
            try:
                return json.loads(text)
            except ValueError:
                return text
        case _:
            return text


def _checked(parameter: Parameter, value: Any) -> Any:
    match parameter.kind:
        case Kind.WHOLE:
            if isinstance(value, str) and value.strip().lstrip("-").isdigit():
                return int(value)
            fits = isinstance(value, int) and not isinstance(value, bool)
        case Kind.TEXT:
            fits = isinstance(value, str)
        case Kind.FLAG:
            if value in ("True", "False"):
                return value == "True"
            fits = isinstance(value, bool)
        case Kind.LIST:
            fits = isinstance(value, list)
        case Kind.OBJECT:
            fits = isinstance(value, dict)
        case Kind.ANY:
            fits = True
    if not fits:
        found = f"{type(value).__name__} {str(value)[:60]!r}"
        raise BadArgument(f"Type error: '{parameter.name}' with {found}, expected {parameter.kind}")
    return value
