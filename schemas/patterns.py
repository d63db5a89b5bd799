"""Regular expressions and globs that people send, matched in time proportional to pattern and text (RE2).

In: a pattern as text. Out: a `Pattern`, or `PatternRefused` with a sentence that names what was found and what is expected.
RE2 never backtracks, so no pattern can hold a process up; length and program size are bounded, so the factor is small too.
What RE2 cannot express is refused by name. Pure: the same pattern and text give the same answer.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

PATTERN_CHARACTERS_MAX = 1_000
#: Instructions of a compiled pattern. A character costs at most about 30 ns for each of them, most often a hundredth of it.
PROGRAM_SIZE_MAX = 500
MATCHER_BYTES_MAX = 1 << 20
PATTERNS_KEPT = 128
SHOWN_CHARACTERS_MAX = 80

#: What Python's `re` takes and RE2 does not, by the way it begins.
UNSUPPORTED = (
    ("(?=", "a lookahead"),
    ("(?!", "a negative lookahead"),
    ("(?<=", "a lookbehind"),
    ("(?<!", "a negative lookbehind"),
    ("(?P=", "a backreference"),
    (r"\k", "a backreference"),
    ("(?>", "an atomic group"),
    ("(?(", "a conditional group"),
    ("(?#", "a comment"),
    (r"\Z", r"\Z (write \z for the end of the text)"),
    (r"\N", "a character by name"),
    (r"\u", r"\u (write \x{...} for a character by number)"),
    (r"\U", r"\U (write \x{...} for a character by number)"),
)
DIGITS = "123456789"


class PatternRefused(ValueError):
    """A pattern that cannot be used; the message is a sentence for the one who sent it."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern. `program_size`: its number of instructions, the factor of what matching costs."""

    text: str
    program_size: int
    _compiled: Any

    def search(self, text: str) -> bool:
        """True when some part of `text` matches."""
        return self._compiled.search(_bytes_of(text)) is not None

    def match(self, text: str) -> bool:
        """True when `text` begins with a match."""
        return self._compiled.match(_bytes_of(text)) is not None

    def fullmatch(self, text: str) -> bool:
        """True when the whole of `text` matches."""
        return self._compiled.fullmatch(_bytes_of(text)) is not None


@lru_cache(maxsize=PATTERNS_KEPT)
def compile_pattern(text: str, *, dot_all: bool = False) -> Pattern:
    """The regular expression `text`; raises PatternRefused.

    dot_all: `.` matches a line break too. `text`: at most PATTERN_CHARACTERS_MAX characters, RE2's syntax, at most
    PROGRAM_SIZE_MAX instructions when compiled.
    """
    if len(text) > PATTERN_CHARACTERS_MAX:
        raise PatternRefused(f"{_named(text)} has {len(text)} characters, expected at most {PATTERN_CHARACTERS_MAX}")
    return _compiled(text, text, dot_all=dot_all)


@lru_cache(maxsize=PATTERNS_KEPT)
def compile_glob(text: str) -> Pattern:
    """The glob `text` (`*`, `?`, `[...]`, `[!...]`), to be used with `fullmatch`; raises PatternRefused."""
    if len(text) > PATTERN_CHARACTERS_MAX:
        raise PatternRefused(f"{_named(text)} has {len(text)} characters, expected at most {PATTERN_CHARACTERS_MAX}")
    return _compiled(text, _expression_of(text), dot_all=True)


def _compiled(text: str, expression: str, *, dot_all: bool) -> Pattern:
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.dot_nl = dot_all
    options.max_mem = MATCHER_BYTES_MAX
    try:
        compiled = re2.compile(expression, options)
    except UnicodeEncodeError as problem:
        raise PatternRefused(f"{_named(text)} is not Unicode text: character {problem.start} is half a pair") from None
    except re2.error as problem:
        raise PatternRefused(f"{_named(text)} {_reason(expression, _message_of(problem))}") from None
    size = max(compiled.programsize, compiled.reverseprogramsize)
    if size > PROGRAM_SIZE_MAX:
        raise PatternRefused(f"{_named(text)} compiles to {size} instructions, expected at most {PROGRAM_SIZE_MAX}")
    return Pattern(text, size, compiled)


def _reason(expression: str, message: str) -> str:
    """Why RE2 does not take `expression`: by the name of the construct where it is one of those that it leaves out."""
    found = _unsupported_in(expression)
    if found and message.startswith(("invalid perl operator", "invalid escape sequence")):
        return f"has {found}, which cannot be matched in linear time or is not known here (syntax: RE2)"
    if message.startswith("bad repetition operator") and message.endswith("+"):
        return f"has a possessive repetition, which is not known here (syntax: RE2): {message}"
    if message.startswith("pattern too large"):
        return f"is too large when compiled, expected at most {PROGRAM_SIZE_MAX} instructions"
    return f"is not a regular expression (syntax: RE2): {message}"


def _unsupported_in(expression: str) -> str:
    """The first construct that RE2 leaves out; empty when there is none. Escaped characters and sets are skipped."""
    at, in_set = 0, False
    while at < len(expression):
        rest = expression[at : at + 4]
        if rest[0] == "\\" and rest[1:2] in DIGITS and rest[1:2]:
            return f"the backreference {rest[:2]}"
        found = next((name for start, name in UNSUPPORTED if rest.startswith(start)), "")
        if found and (not in_set or rest[0] == "\\"):
            return found
        if rest[0] == "[":
            in_set = True
        elif rest[0] == "]":
            in_set = False
        at += 2 if rest[0] == "\\" else 1
    return ""


def _expression_of(glob: str) -> str:
    """The regular expression of a glob, by the rules of the shell: an unclosed `[` stands for itself."""
    parts: list[str] = []
    at = 0
    while at < len(glob):
        character, at = glob[at], at + 1
        if character == "*":
            parts.append(".*" if parts[-1:] != [".*"] else "")
        elif character == "?":
            parts.append(".")
        elif character == "[" and (end := glob.find("]", at + (2 if glob[at : at + 1] == "!" else 1))) > 0:
            inside, at = glob[at:end], end + 1
            sign, inside = ("^", inside[1:]) if inside[0] == "!" else ("", inside)
            parts.append(f"[{sign}{''.join(_in_set(one) for one in inside)}]")
        else:
            parts.append(_quoted(character))
    return "".join(parts)


def _quoted(character: str) -> str:
    return f"\\{character}" if character.isascii() and not character.isalnum() and character.isprintable() else character


def _in_set(character: str) -> str:
    return f"\\{character}" if character in "\\[]^&~|" else character


def _message_of(problem: Exception) -> str:
    """RE2's own words; its binding tells them as bytes."""
    found = problem.args[0] if problem.args else ""
    return found.decode("utf-8", "replace") if isinstance(found, bytes) else str(found)


def _named(text: str) -> str:
    shown = text if len(text) <= SHOWN_CHARACTERS_MAX else f"{text[:SHOWN_CHARACTERS_MAX]}..."
    return f"pattern {shown!r}"


def _bytes_of(text: str) -> bytes:
    """UTF-8; what is no text (half a surrogate pair) is matched as a question mark."""
    return text.encode("utf-8", "replace")
