"""A value of a user as a message shows it: short, on one line, and text in every case. Pure.

Messages travel in commands, events and pages; what they quote may be anything that JSON can hold.
"""

from itertools import islice

from schemas.characters import TEXT

SHOWN_CHARACTERS_MAX = 60
MESSAGE_CHARACTERS_MAX = 2_000
#: More digits than any number that is meant; Python refuses to print some thousands of them.
DIGITS_MAX = 30


def shown(value: object) -> str:
    """`value` in at most SHOWN_CHARACTERS_MAX characters; lists and objects by their first members, without their depths."""
    match value:
        case None:
            text = "null"
        case bool():
            text = repr(value)
        case int():
            text = str(value) if abs(value) < 10**DIGITS_MAX else f"a number beyond {'-' if value < 0 else ''}1e{DIGITS_MAX}"
        case str():
            text = repr(value[: SHOWN_CHARACTERS_MAX + 1])
        case list() | tuple():
            text = f"[{', '.join(_member(one) for one in islice(value, 4))}{', ...' if len(value) > 4 else ''}]"
        case dict():
            pairs = (f"{_member(key)}: {_member(one)}" for key, one in islice(value.items(), 4))
            text = f"{{{', '.join(pairs)}{', ...' if len(value) > 4 else ''}}}"
        case _:
            text = repr(value)
    text = readable(text)
    return text if len(text) <= SHOWN_CHARACTERS_MAX else text[: SHOWN_CHARACTERS_MAX - 3] + "..."


def readable(text: str, characters_max: int = MESSAGE_CHARACTERS_MAX) -> str:
    """`text` without what is no text, cut at `characters_max`."""
    if len(text) <= characters_max and TEXT.takes(text):
        return text
    text = TEXT.replaced(text, characters_max + 1)
    return text if len(text) <= characters_max else text[: characters_max - 3] + "..."


def _member(value: object) -> str:
    return "..." if isinstance(value, list | tuple | dict) and value else shown(value)
