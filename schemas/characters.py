"""Named sets of texts: which characters a field of the vocabulary may hold, and how the first one may look.

The Avro files name them (`"characters": "NAME"`); `schemas.generate` puts their checks into the Python types. Each set says
what it expects in one sentence, checks many texts with one call, and gives the nearest allowed text for what a pilot sent.
Every pattern runs in linear time.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

_NOT_TEXT = "\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ud800-\\udfff\\ufdd0-\\ufdef" + "".join(
    f"\\U{plane:04x}fffe-\\U{plane:04x}ffff" for plane in range(17)
)
_NOT_LINE = _NOT_TEXT + "\\t\\n\\r\\x7f\\x85\\u2028\\u2029"
_FILE_NAME = "A-Za-z0-9_.+@\\-"
_WORD = _FILE_NAME + ":"
_PART = _WORD + "#{}"
_NAME = _PART + "/"
_URL = _NAME + "?&=%~;^\\[\\]"
_SUBJECT = _NAME + "|=~%^"
_HEX = "[0-9A-Fa-f]"
_END = r"(?=\n|\Z)"
#: A part `.` or `..` leads out of the folder that a name stands for.
_NO_DOTS = r"(?!\.{1,2}(?:/|\n|\Z))"


@dataclass(frozen=True)
class CharacterSet:
    """A set of texts.

    form: regular expression of a text of the set; `<n>` in it stands for its length. refused: class of the characters that no
    text of the set holds. expected: what a message says of it. inside: names of sets that hold every text of this one.
    shown: false for texts that may hold secrets and are never repeated in a message. plain: the ASCII characters, of sets that
    are no names: there any of them in any order make a text.
    """

    name: str
    form: str
    refused: str
    expected: str
    inside: tuple[str, ...] = ()
    replacement: str = "_"
    shown: bool = True
    plain: bytes = b""
    pattern: re.Pattern[str] = field(init=False)
    _odd: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pattern", re.compile(self.of_length(0, 1 << 30)))
        object.__setattr__(self, "_odd", re.compile(self.refused))

    @property
    def json_pattern(self) -> str:
        """Regular expression for JSON Schema, in the dialect of ECMAScript: the allowed characters, not their order.

        Of sets that are no names it leaves the rarer characters to the server, which decides.
        """
        if self.plain:
            return r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f]*$"
        return f"^[{self.refused.removeprefix('[^')}*$"

    def of_length(self, least: int, most: int) -> str:
        """Regular expression of a text of the set with `least` to `most` characters."""
        return self.form.replace("<n>", f"{{{least},{most}}}")

    def takes(self, text: str) -> bool:
        """True for a text of the set, of any length."""
        if self.plain and text.isascii():  # the usual case, ten times as fast for a long text
            return not text.encode().translate(None, self.plain)
        return self.pattern.fullmatch(text) is not None

    def first_odd(self, text: str) -> int | None:
        """Place of the first character that no text of the set holds, from 0; None when only their order is wrong."""
        found = self._odd.search(text)
        return found.start() if found else None

    def replaced(self, text: str, length_max: int) -> str:
        """The nearest text of the set with at most `length_max` characters: odd characters replaced, the rest cut off.

        "" where nothing near exists (UUID, TEMPLATE).
        """
        near = self._odd.sub(self.replacement, text[:length_max])
        if self.takes(near):
            return near
        near = near.replace("/.", "/_")
        near = self.replacement + near[1:]
        return near if self.takes(near) else ""


def lines_of(*texts: tuple[CharacterSet, int, int]) -> Callable[[str], re.Match[str] | None]:
    """A function that checks texts at once, each followed by a line break: (set, shortest, longest) of each in order.

    Generated code asks it for all names of a message, which costs a fifth of asking for each.
    """
    forms = (f"(?:{one.of_length(max(least, 1), most)}){'' if least else '?'}\n" for one, least, most in texts)
    return re.compile("".join(forms)).fullmatch


def _of_class(name: str, allowed: str, expected: str, *inside: str, rule: str = "", shown: bool = True) -> CharacterSet:
    return CharacterSet(name, f"{rule}[{allowed}]<n>+", f"[^{allowed}]", expected, inside, shown=shown)


TEXT = CharacterSet(
    "TEXT",
    f"[^{_NOT_TEXT}]<n>+",
    f"[{_NOT_TEXT}]",
    "text without NUL, control characters other than tab and line breaks, surrogates and noncharacters",
    replacement="\ufffd",
    shown=False,
    plain=bytes((*b"\t\n\r", *range(0x20, 0x80))),
)
LINE = CharacterSet(
    "LINE",
    f"[^{_NOT_LINE}]<n>+",
    f"[{_NOT_LINE}]",
    "one line of text without control characters, surrogates and noncharacters",
    ("TEXT",),
    replacement="\ufffd",
    plain=bytes(range(0x20, 0x7F)),
)
SUBJECT = _of_class("SUBJECT", _SUBJECT, "letters, digits and _.:+@-/#{}|=~%^", "LINE")
URL = _of_class(
    "URL", _URL, "a name or URL of letters, digits and _.:+@-/#{}?&=%~;^[], not beginning with -", "LINE",
    rule="(?!-)", shown=False,
)  # fmt: skip
NAME = CharacterSet(
    "NAME",
    rf"(?!-)(?=[^\n]<n>{_END}){_NO_DOTS}[{_PART}]*+(?:/{_NO_DOTS}[{_PART}]*+)*+",
    f"[^{_NAME}]",
    "a name of letters, digits and _.:+@-/#{}, neither beginning with - nor with a part . or ..",
    ("SUBJECT", "URL"),
)
WORD = _of_class(
    "WORD",
    _WORD,
    "a word of letters, digits and _.:+@-, neither beginning with - nor . or .. itself",
    "NAME",
    rule=f"(?!-){_NO_DOTS}",
)
FILE_NAME = _of_class(
    "FILE_NAME",
    _FILE_NAME,
    "a file name of letters, digits and _.+@-, beginning with neither - nor .",
    "WORD",
    rule="(?![-.])",
)
TEMPLATE = CharacterSet(
    "TEMPLATE",
    rf"(?=[^\n]<n>{_END})(?!(?:\$\{{MIDDLENAME\}})*+(?:[-.]|{_END}))"
    rf"(?:[{_FILE_NAME}]++|\$\{{(?:SN|SN/P|MIDDLENAME)\}}|\$JEDITASKID)*+",
    f"[^{_FILE_NAME}${{}}/]",
    "a file name of letters, digits and _.+@- with ${SN}, ${SN/P}, ${MIDDLENAME} or $JEDITASKID, beginning with neither - nor .",
    ("LINE",),
)
UUID = CharacterSet(
    "UUID",
    f"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}",
    "[^0-9A-Fa-f\\-]",
    "a UUID",
    ("WORD",),
)
SETS: Mapping[str, CharacterSet] = {
    one.name: one for one in (TEXT, LINE, SUBJECT, URL, NAME, WORD, FILE_NAME, TEMPLATE, UUID)
}


def holds_all_of(wide: str, narrow: str) -> bool:
    """True when every text of the set `narrow` is one of the set `wide`."""
    return wide == narrow or any(holds_all_of(wide, other) for other in SETS[narrow].inside)
