"""States as plain values, so that what one release restored can be compared with what another does."""

from array import array
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from commands.queue.waiting import WaitingJob

Shown = dict[str, Any] | list[Any] | str | int | float | None


def shown(value: Any) -> Shown:
    """A state, or what is in it, as JSON has it. What is not compared with other states (an index) is left out."""
    if isinstance(value, Enum):
        return shown(value.value)
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, bytes | bytearray):
        return value.hex()
    if isinstance(value, WaitingJob):
        return shown(value.spec)
    if hasattr(value, "to_avro"):
        return shown(value.to_avro())
    if is_dataclass(value):
        return {field.name: shown(getattr(value, field.name)) for field in fields(value) if field.compare}
    if isinstance(value, Mapping):
        return {str(shown(key)): shown(held) for key, held in value.items()}
    if isinstance(value, AbstractSet):
        return sorted((shown(held) for held in value), key=str)
    assert isinstance(value, list | tuple | array), type(value)
    return [shown(held) for held in value]


def as_recorded(found: Shown, recorded: Shown) -> Shown:
    """`found` without the fields that a later version added."""
    if isinstance(found, dict) and isinstance(recorded, dict):
        return {name: as_recorded(found[name], recorded[name]) for name in recorded if name in found}
    if isinstance(found, list) and isinstance(recorded, list) and len(found) == len(recorded):
        return [as_recorded(one, other) for one, other in zip(found, recorded, strict=True)]
    return found
