"""What can be done with records of generated classes: `replace(spec, priority=900)` copies one, as `dataclasses.replace` does."""

from collections.abc import Mapping
from typing import Any, TypeGuard, TypeVar

from msgspec import Struct, ValidationError, convert
from msgspec.structs import fields, replace

__all__ = ["fields", "is_record_class", "names_of", "record_from", "replace"]

_Kind = TypeVar("_Kind", bound=Struct)


def names_of(record: Struct | type[Struct]) -> tuple[str, ...]:
    """The fields of a record or of its class, in their order."""
    return record.__struct_fields__


def record_from(kind: type[_Kind], given: Mapping[str, Any]) -> _Kind:
    """A record with the values of a JSON object; raises ValueError that names the field of another type, or that is missing."""
    unknown = sorted(given.keys() - set(names_of(kind)))
    if unknown:
        raise ValueError(f"{kind.__name__} has no field {unknown[0][:60]!r}, expected {', '.join(names_of(kind)) or 'none'}")
    try:
        return convert(dict(given), kind)
    except ValidationError as problem:
        raise ValueError(f"{kind.__name__}: {problem}") from problem


def is_record_class(kind: Any) -> TypeGuard[type[Struct]]:
    """True for a generated class."""
    return isinstance(kind, type) and issubclass(kind, Struct)
