"""Attributes of objects in a request, read one by one: of the expected type and within bounds, or NotInGrammar. Pure."""

from collections.abc import Mapping
from typing import Any

from streams.idds.faults import NotInGrammar, Position
from streams.jedi.shown import shown

NAME_CHARACTERS_MAX = 4_000
ID_CHARACTERS_MAX = 64
TEXT_CHARACTERS_MAX = 1_000_000
LIST_MAX = 100_000


def name_in(given: Mapping[str, Any], key: str, at: Position, characters_max: int = NAME_CHARACTERS_MAX) -> str:
    """A text of printable characters; empty if it is null or absent."""
    value = given.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise NotInGrammar((*at, key), f"{shown(value)}, expected a text")
    if len(value) > characters_max:
        raise NotInGrammar((*at, key), f"{len(value)} characters, at most {characters_max}")
    if not value.isprintable():
        raise NotInGrammar((*at, key), f"{shown(value)} holds characters that cannot be printed")
    return value


def id_in(given: Mapping[str, Any], key: str, at: Position) -> str:
    """An id that a client made: 1 to 64 letters, digits, `-` and `_`."""
    value = given.get(key)
    check_id(value, (*at, key))
    return str(value)


def check_id(value: Any, at: Position) -> None:
    """Raises NotInGrammar for what cannot be an id."""
    if not isinstance(value, str) or not 1 <= len(value) <= ID_CHARACTERS_MAX or not value.isascii():
        raise NotInGrammar(at, f"{shown(value)}, expected an id of 1 to {ID_CHARACTERS_MAX} characters")
    if not value.replace("-", "").replace("_", "").isalnum():
        raise NotInGrammar(at, f"{shown(value)}, expected an id of letters, digits, - and _")


def list_in(given: Mapping[str, Any], key: str, at: Position) -> list[Any]:
    """A list; empty if it is null or absent."""
    value = given.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > LIST_MAX:
        raise NotInGrammar((*at, key), f"{shown(value)}, expected a list of at most {LIST_MAX} members")
    return value


def ids_in(given: Mapping[str, Any], key: str, at: Position) -> tuple[str, ...]:
    """A list of ids."""
    found = list_in(given, key, at)
    for number, one in enumerate(found):
        check_id(one, (*at, key, number))
    return tuple(found)


def object_in(given: Mapping[str, Any], key: str, at: Position) -> dict[str, Any]:
    """An object; empty if it is null or absent."""
    value = given.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise NotInGrammar((*at, key), f"{shown(value)}, expected an object")
    return value


def number_in(given: Mapping[str, Any], key: str, at: Position, largest: float = 1e12) -> float | None:
    """A number from 0 on; None if it is null or absent."""
    value = given.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= largest:
        raise NotInGrammar((*at, key), f"{shown(value)}, expected a number from 0 to {largest:g}")
    return value
