"""Arguments of `/api/v1` calls: bound by name, cast from query strings, refused in the reference server's words.

In: the parameters that a call declares, and what the client sent. Out: values by name. Guards: a call function sees only
arguments of the declared kind and range; anything else is a `BadArgument` with its name, value and the expectation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

WHOLE_BITS = 63
WORDS_OF_FLAGS = {"true": True, "1": True, "false": False, "0": False, "": False}


class ArgumentKind(StrEnum):
    """What a value must be."""

    WHOLE = "int"
    TEXT = "str"
    FLAG = "bool"
    LIST = "list"
    OBJECT = "dict"
    #: A text that no message repeats.
    SECRET = "text"


class Missing:
    """Marks a parameter without default."""


REQUIRED = Missing()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a call; where it has a default, null stands for that. lowest, highest: of whole numbers."""

    name: str
    kind: ArgumentKind
    default: Any = REQUIRED
    lowest: int = -(1 << WHOLE_BITS)
    highest: int = (1 << WHOLE_BITS) - 1


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
        if value is None and not isinstance(parameter.default, Missing):
            bound[parameter.name] = parameter.default
        else:
            bound[parameter.name] = _checked(parameter, value)
    return bound


def whole_numbers(values: Sequence[Any]) -> list[int]:
    """Ids among `values`; raises BadArgument for one that is none."""
    found = [_whole(value) for value in values]
    if not all(_is_whole(value) for value in found):
        raise BadArgument(f"Type error: ids are {str(list(values))[:100]}, expected whole numbers")
    return found


def _from_query(parameter: Parameter, value: Any) -> Any:
    """Query strings carry words: `None`, `True`, `3.0`, JSON; a repeated key is a list already."""
    if value == "None":
        return None
    if parameter.kind is ArgumentKind.LIST:
        return list(value) if isinstance(value, list) else [value]
    text = value[-1] if isinstance(value, list) else value
    match parameter.kind:
        case ArgumentKind.WHOLE:
            return _whole(text)
        case ArgumentKind.FLAG:
            return WORDS_OF_FLAGS.get(text.lower(), text)
        case ArgumentKind.OBJECT:
            try:
                return orjson.loads(text)
            except orjson.JSONDecodeError:
                return text
        case _:
            return text


def _checked(parameter: Parameter, value: Any) -> Any:
    match parameter.kind:
        case ArgumentKind.WHOLE:
            value = _whole(value)
            fits = _is_whole(value)
        case ArgumentKind.TEXT | ArgumentKind.SECRET:
            fits = isinstance(value, str) and "\0" not in value
        case ArgumentKind.FLAG:
            if value in ("True", "False"):
                return value == "True"
            fits = isinstance(value, bool)
        case ArgumentKind.LIST:
            fits = isinstance(value, list)
        case ArgumentKind.OBJECT:
            fits = isinstance(value, dict)
    if fits and parameter.kind is ArgumentKind.WHOLE and not parameter.lowest <= value <= parameter.highest:
        expected = f"expected {parameter.lowest} to {parameter.highest}"
        raise BadArgument(f"Argument error: '{parameter.name}' is {value}, {expected}")
    if not fits:
        shown = "" if parameter.kind is ArgumentKind.SECRET else f" {str(value)[:60]!r}"
        found = f"{type(value).__name__}{shown}"
        raise BadArgument(f"Type error: '{parameter.name}' with {found}, expected {parameter.kind}")
    return value


def _whole(value: Any) -> Any:
    """The whole number that a text such as `3` or `3.0` stands for; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return int(value)
    except ValueError:
        pass
    try:
        number = float(value)
    except ValueError:
        return value
    return int(number) if number.is_integer() else value


def _is_whole(value: Any) -> bool:
    """True for a whole number that the database can hold."""
    return isinstance(value, int) and not isinstance(value, bool) and -(1 << WHOLE_BITS) <= value < 1 << WHOLE_BITS
