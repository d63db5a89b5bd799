"""Which commands of a transaction keep their bounds because all that they are made of was checked in it before.

A job's specification goes from the decision that makes it through `DefineJob` into `EnqueueJob`, the same object each time.
Guards: only objects of generated classes are remembered, and only by identity: they cannot change, and their bounds are those of
their class, whatever message they stand in. A command with any other field is checked as a whole.
"""

from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from commands.decision import Refusal
from schemas.bounds import Checked, problems_of, sentence
from schemas.keys import key_problems


class CheckedParts:
    """What was checked since the record was read that all of it follows from."""

    def __init__(self) -> None:
        # The object beside its identity keeps it alive, so that no other can come to have the same.
        self._parts: dict[int, Any] = {}

    def note(self, checked: Checked) -> None:
        """Remember a part that was checked where it was made."""
        self._parts[id(checked.part)] = checked.part

    def refusal(self, message: Any, aggregate_id: str) -> Refusal | None:
        """What no reader of its events could hold is refused before anything is decided."""
        kind: type = type(message)
        names, nothing_else = _records_of(kind)
        if not (nothing_else and all(id(getattr(message, name)) in self._parts for name in names)):
            problems = problems_of(message)
            if problems:
                return Refusal("OUT_OF_BOUNDS", sentence(problems))
            for name in names:
                part = getattr(message, name)
                self._parts[id(part)] = part
        misplaced = key_problems(message, aggregate_id)
        return Refusal("OUT_OF_BOUNDS", sentence(misplaced)) if misplaced else None


@cache
def _records_of(kind: type) -> tuple[tuple[str, ...], bool]:
    """Names of the fields that always hold an object of a generated class, and whether the message has no other field."""
    names = tuple(field.name for field in fields(kind) if is_dataclass(field.type))
    return names, bool(names) and len(names) == len(fields(kind))
