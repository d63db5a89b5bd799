"""Rows of answers as objects: known fields typed, times as datetimes, fields that this version does not know kept in `extra`."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from culm.client.problems import UnexpectedAnswer


class Row(msgspec.Struct, kw_only=True):
    """A row of an answer. A field that the route did not show is None.

    extra: fields that this version of the client does not know, and values that are not of the documented type, as they came.
    """

    extra: dict[str, Any] = {}

    def to_dict(self) -> dict[str, Any]:
        """All fields by name, those of `extra` among them; an unexpected value takes the place of the None of its field."""
        found = {name: getattr(self, name) for name in self.__struct_fields__ if name != "extra"}
        return found | self.extra


R = TypeVar("R", bound=Row)


def row_of(kind: type[R], document: object) -> R:
    """The row that a JSON object holds; raises UnexpectedAnswer for what is no object."""
    if not isinstance(document, dict):
        raise UnexpectedAnswer(f"found {type(document).__name__}, expected a {kind.__name__} as an object")
    names = set(kind.__struct_fields__) - {"extra"}
    known = {name: value for name, value in document.items() if name in names}
    extra = {name: value for name, value in document.items() if name not in names}
    try:
        found = msgspec.convert(known, kind)
    except msgspec.ValidationError:
        found, odd = _by_field(kind, known)
        extra |= odd
    found.extra = extra
    return found


def _by_field(kind: type[R], known: Mapping[str, Any]) -> tuple[R, dict[str, Any]]:
    """The row of the values that are as documented, and the others."""
    good, odd = {}, {}
    for name, value in known.items():
        try:
            msgspec.convert({name: value}, kind)
        except msgspec.ValidationError:
            odd[name] = value
        else:
            good[name] = value
    return msgspec.convert(good, kind), odd
