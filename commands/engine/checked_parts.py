"""Which commands of a transaction keep their bounds because all that they are made of was checked in it before.

A job's specification goes from the decision that makes it through `DefineJob` into `EnqueueJob`, the same object each time.
Guards: only objects of generated classes are remembered, and only by identity: they cannot change, and their bounds are those of
their class, in any message. A command with more than that one field is checked as a whole.
"""

from functools import cache
from typing import Any

from commands.decision import Refusal
from schemas.bounds import Checked, problems_of, sentence
from schemas.keys import key_problems
from schemas.records import fields, is_record_class


class CheckedParts:
    """What was checked since the record was read that all of it follows from."""

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        # The object beside its identity keeps it alive, so that no other can come to have the same.
        self._parts: dict[int, Any] = {}

    def note(self, checked: Checked) -> None:
        """Remember a part that was checked where it was made."""
        self._parts[id(checked.part)] = checked.part

    def refusal(self, message: Any, aggregate_id: str) -> Refusal | None:
        """What no reader of its events could hold is refused before anything is decided."""
        kind: type = message.__class__
        only = _only_record_of(kind)
        part = getattr(message, only) if only else None
        if part is not None and id(part) in self._parts:
            problems = key_problems(message, aggregate_id)
        else:
            problems = problems_of(message) or key_problems(message, aggregate_id)
        if problems:
            return Refusal("OUT_OF_BOUNDS", sentence(problems))
        if part is not None:
            self._parts[id(part)] = part
        return None


@cache
def _only_record_of(kind: Any) -> str:
    """Name of the one field of a message that has no other, when it always holds an object of a generated class."""
    all_fields = fields(kind)
    return all_fields[0].name if len(all_fields) == 1 and is_record_class(all_fields[0].type) else ""
