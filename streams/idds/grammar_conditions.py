"""Conditions and links of a workflow as the grammar has them. Pure.

In: objects of `_conditions`, `_loop_condition`, `parameter_links`. Out: WorkCondition, ParameterLink, or NotInGrammar.
Source: docs/reference/idds.md, "Conditions" and "Links and parameters".
"""

from collections.abc import Mapping
from typing import Any

from streams.idds.faults import NotInGrammar, Position
from streams.idds.model import (
    ConditionMethod,
    Operator,
    ParameterLink,
    Predicate,
    WorkAttribute,
    WorkCondition,
    WorkMethod,
)
from streams.idds.tree import is_object, kind_of
from streams.idds.values import NAME_CHARACTERS_MAX, check_id, id_in, list_in, name_in, object_in
from streams.idds.vocabulary import OF_CONDITIONS, OF_WORKS, USER_PREFIX, ObjectKind
from streams.jedi.shown import shown

NESTED_MAX = 20
OPERATORS: Mapping[int, Operator] = {0: Operator.AND, 1: Operator.OR}


def attributes_of(value: Any, kind: ObjectKind, at: Position) -> dict[str, Any]:
    """The attributes of an object that must be of `kind`."""
    if not is_object(value) or kind_of(value, at) is not kind:
        raise NotInGrammar(at, f"{shown(value)}, expected a {kind}")
    found: dict[str, Any] = value["attributes"]
    return found


def condition_of(value: Any, at: Position, nested: int = 0) -> WorkCondition:
    """A condition with all those within it."""
    if nested > NESTED_MAX:
        raise NotInGrammar(at[: 2 * NESTED_MAX], f"conditions nested deeper than {NESTED_MAX}")
    given, inside = attributes_of(value, ObjectKind.CONDITION, at), (*at, "attributes")
    return WorkCondition(
        condition_id=id_in(given, "internal_id", inside),
        operator=_operator(given.get("operator"), (*inside, "operator")),
        predicates=tuple(
            _predicate(one, (*inside, "_conditions", number), nested)
            for number, one in enumerate(list_in(given, "_conditions", inside))
        ),
        true_targets=_targets(given, "_true_works", inside, nested),
        false_targets=_targets(given, "_false_works", inside, nested),
    )


def _operator(value: Any, at: Position) -> Operator:
    number = value["attributes"].get("_value_") if is_object(value) and kind_of(value, at) is None else value
    operator = OPERATORS.get(number) if isinstance(number, int) and not isinstance(number, bool) else None
    if operator is None or (is_object(value) and value["class"] != "ConditionOperator"):
        raise NotInGrammar(at, f"{shown(number)}, expected the operator And (0) or Or (1)")
    return operator


def _predicate(value: Any, at: Position, nested: int) -> Predicate:
    match value:
        case bool():
            return value
        case {"idds_method": str(method), "idds_method_condition": inner} if method in OF_CONDITIONS:
            return ConditionMethod(method, condition_of(inner, (*at, "idds_method_condition"), nested + 1))
        case {"idds_method": str(method)} if method in OF_WORKS:
            return WorkMethod(method, _id_of_work(value, at))
        case {"idds_attribute": str(attribute)}:
            if not attribute.startswith(USER_PREFIX) or len(attribute) > NAME_CHARACTERS_MAX:
                raise NotInGrammar(at, f"the attribute {shown(attribute)}: conditions read those that begin with {USER_PREFIX}")
            return WorkAttribute(attribute, _id_of_work(value, at))
        case _:
            raise NotInGrammar(at, f"{shown(value)}, expected a method of a work or of a condition")


def _id_of_work(value: Mapping[str, Any], at: Position) -> str:
    key = "idds_method_internal_id" if "idds_method_internal_id" in value else "idds_method_class_id"
    return id_in(value, key, at)


def _targets(given: Mapping[str, Any], key: str, at: Position, nested: int) -> "tuple[str | WorkCondition, ...]":
    found: list[str | WorkCondition] = []
    for number, one in enumerate(list_in(given, key, at)):
        if isinstance(one, str):
            check_id(one, (*at, key, number))
            found.append(one)
        else:
            found.append(condition_of(one, (*at, key, number), nested + 1))
    return tuple(found)


def links_of(given: Mapping[str, Any], at: Position) -> tuple[ParameterLink, ...]:
    """The links of a workflow, each with the works that it reads and those that it writes to."""
    sources, destinations = (_works_by_link(given, f"parameter_links_{side}", at) for side in ("source", "destination"))
    found = object_in(given, "parameter_links", at)
    for key, works in (("parameter_links_source", sources), ("parameter_links_destination", destinations)):
        for link_id in works.keys() - found.keys():
            raise NotInGrammar((*at, key), f"the link {shown(link_id)} is not there")
    links = []
    for link_id, value in found.items():
        where = (*at, "parameter_links", link_id)
        check_id(link_id, where)
        attributes = attributes_of(value, ObjectKind.LINK, where)
        parameters = _parameters(attributes, (*where, "attributes"))
        links.append(
            ParameterLink(link_id, parameters, tuple(sources.get(link_id, ())), tuple(destinations.get(link_id, ())))
        )
    return tuple(links)


def _works_by_link(given: Mapping[str, Any], key: str, at: Position) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for work_id, link_ids in object_in(given, key, at).items():
        check_id(work_id, (*at, key))
        for number, link_id in enumerate(link_ids if isinstance(link_ids, list) else [link_ids]):
            check_id(link_id, (*at, key, work_id, number))
            found.setdefault(link_id, []).append(work_id)
    return found


def _parameters(given: Mapping[str, Any], at: Position) -> tuple[tuple[str, str], ...]:
    pairs = object_in(given, "parameters", at)
    found = []
    for key in sorted(pairs):
        where = (*at, "parameters", key)
        pair = object_in(pairs, key, (*at, "parameters"))
        names = name_in(pair, "source", where), name_in(pair, "destination", where)
        if not all(names):
            raise NotInGrammar(where, "expected the names source and destination")
        found.append(names)
    return tuple(found)
