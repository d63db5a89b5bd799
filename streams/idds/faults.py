"""Why a request to iDDS cannot be read or compiled, and where in its tree. Pure."""

from dataclasses import dataclass

from streams.jedi.shown import SHOWN_CHARACTERS_MAX, readable

#: Keys and positions from the root of a request to a value in it.
Position = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class RequestFault:
    """A request that is refused. place: path in its JSON, such as `workflow.attributes.template._works.ca81aa33`."""

    place: str
    message: str


class NotInGrammar(Exception):
    """A value that the grammar does not have. Reading stops at the first one; public functions return it as a RequestFault."""

    def __init__(self, place: Position, message: str) -> None:
        super().__init__(message)
        self.place, self.message = place, message

    @property
    def fault(self) -> RequestFault:
        """The same as a value; keys that clients chose are shortened."""
        return RequestFault(written(self.place), readable(self.message))


def written(place: Position) -> str:
    """`place` as text: `a.b[3].c`; an empty one is `the request`."""
    text = ""
    for key in place:
        text += f"[{key}]" if isinstance(key, int) else f".{readable(key, SHOWN_CHARACTERS_MAX)}"
    return text.lstrip(".") or "the request"
