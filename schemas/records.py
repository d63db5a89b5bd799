"""What can be done with records of generated classes: `replace(spec, priority=900)` copies one, as `dataclasses.replace` does."""

from typing import Any, TypeGuard

from msgspec import Struct
from msgspec.structs import fields, replace

__all__ = ["fields", "is_record_class", "names_of", "replace"]


def names_of(record: Struct | type[Struct]) -> tuple[str, ...]:
    """The fields of a record or of its class, in their order."""
    return record.__struct_fields__


def is_record_class(kind: Any) -> TypeGuard[type[Struct]]:
    """True for a generated class."""
    return isinstance(kind, type) and issubclass(kind, Struct)
