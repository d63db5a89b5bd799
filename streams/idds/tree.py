"""The JSON of a request, and the check of all of it: no class, method or enumeration that is not known, wherever it stands. Pure.

In: text or bytes from outside. Out: the JSON value, bounded in depth and count. Raises NotInGrammar. The reference decodes
such trees by importing what they name; here names are compared with tables.
Source: docs/reference/idds.md, "Grammar of requests".
"""

import json
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from streams.idds.enumerations import ENUMERATIONS
from streams.idds.faults import NotInGrammar, Position
from streams.idds.vocabulary import CLASSES, METHODS, ObjectKind
from streams.jedi.shown import shown

#: A client sends at most 400,000,000 bytes in one request; what is larger it uploads in steps.
BODY_BYTES_MAX = 420_000_000
DEPTH_MAX = 100
#: Values outside the graphs of jobs: 10,000 works have 1,500,000.
VALUES_MAX = 5_000_000
#: What is read by parts elsewhere, and checked there.
READ_BY_PARTS = frozenset({"_dependency_map", "_workflow_data"})
NUMBER_MAX = 2**63


def read_json(text: str | bytes, place: Position = ()) -> Any:
    """The value that `text` is. Refused: what is no JSON, NaN and infinities, bytes that are not UTF-8, more than the limits."""
    if len(text) > BODY_BYTES_MAX:
        raise NotInGrammar(place, f"{len(text)} bytes, at most {BODY_BYTES_MAX}: a large workflow is uploaded in steps")
    try:
        return json.loads(text if isinstance(text, str) else text.decode("utf-8"), parse_constant=refuse_constant)
    except RecursionError:
        raise NotInGrammar(place, f"JSON nested deeper than {DEPTH_MAX}") from None
    except ValueError as error:
        raise NotInGrammar(place, f"no JSON: {error}") from None


def refuse_constant(name: str) -> None:
    """`NaN`, `Infinity` and `-Infinity`, which Python reads and JSON does not have."""
    raise ValueError(f"{name} is no number of JSON")


def check_tree(tree: Any, place: Position = ()) -> None:
    """Raises NotInGrammar at the first value that may not be there."""
    waiting: list[tuple[Any, Position]] = [(tree, place)]
    found = 0
    while waiting:
        value, at = waiting.pop()
        found += 1
        if found > VALUES_MAX:
            raise NotInGrammar(place, f"more than {VALUES_MAX} values")
        if len(at) - len(place) > DEPTH_MAX:
            raise NotInGrammar(at[: DEPTH_MAX // 10], f"nested deeper than {DEPTH_MAX}")
        match value:
            case dict():
                _check_object(value, at)
                waiting.extend(_members(value, at))
            case list():
                waiting.extend((one, (*at, number)) for number, one in enumerate(value))
            case float() if not isfinite(value):
                raise NotInGrammar(at, "a number beyond what JSON readers hold")
            case int() if abs(value) > NUMBER_MAX:
                raise NotInGrammar(at, f"{shown(value)} is beyond 64 bits")
            case _:
                pass


def _members(value: Mapping[str, Any], at: Position) -> Iterator[tuple[Any, Position]]:
    return ((one, (*at, key)) for key, one in value.items() if key not in READ_BY_PARTS)


def _check_object(value: Mapping[str, Any], at: Position) -> None:
    if is_object(value) and kind_of(value, at) is None:
        _check_enumerated(value, at)
    method = value.get("idds_method")
    if "idds_method" in value and not (isinstance(method, str) and method in METHODS):
        raise NotInGrammar(at, f"the method {shown(method)} is not known; expected one of {', '.join(sorted(METHODS))}")


def is_object(value: Any) -> bool:
    """Whether `value` has the three keys by which the reference tells an object of a class."""
    return isinstance(value, dict) and "class" in value and "module" in value and "attributes" in value


def kind_of(value: Mapping[str, Any], at: Position) -> ObjectKind | None:
    """What an object stands for; None for a value of an enumeration. Raises NotInGrammar for a class that is not known."""
    tag = (value["module"], value["class"])
    if not all(isinstance(part, str) for part in tag) or (tag not in CLASSES and tag not in ENUMERATIONS):
        raise NotInGrammar(at, f"the class {shown(tag[1])} of {shown(tag[0])} is not known")
    if not isinstance(value["attributes"], dict):
        raise NotInGrammar((*at, "attributes"), f"{shown(value['attributes'])}, expected an object")
    return CLASSES.get(tag)


def _check_enumerated(value: Mapping[str, Any], at: Position) -> None:
    values = ENUMERATIONS[value["module"], value["class"]]
    given, name = value["attributes"].get("_value_"), value["attributes"].get("_name_")
    if isinstance(given, bool) or not isinstance(given, int | str) or given not in values.values():
        raise NotInGrammar(at, f"{shown(given)} is no value of {value['class']}")
    if name is not None and (not isinstance(name, str) or values.get(name) != given):
        raise NotInGrammar(at, f"{shown(name)} is not {shown(given)} in {value['class']}")
