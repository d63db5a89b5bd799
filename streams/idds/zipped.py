"""Strings that clients zip (`idds_zip:` + base64 of zlib of JSON), read by parts: memory stays flat at a bomb. Pure.

In: the string, and what may still be unpacked. Out: pieces of text, or the members of the list or object that it is, one at a
time. Raises NotInGrammar. Source: docs/reference/idds.md, "Grammar of requests".
"""

import codecs
import json
import re
import zlib
from binascii import Error as NotBase64
from binascii import a2b_base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from streams.idds.faults import NotInGrammar, Position
from streams.idds.tree import refuse_constant
from streams.jedi.shown import shown

PREFIX = "idds_zip:"
#: Characters of base64 taken at a time, a multiple of four; bytes of text given at a time.
SLICE_CHARACTERS = 1 << 16
PIECE_BYTES = 1 << 18
#: Text of one member: a job with 50,000 parents of names of 250 characters has 16 MB.
MEMBER_CHARACTERS_MAX = 1 << 25
NO_SPACE = re.compile(r"[^ \t\n\r]")
_DECODER = json.JSONDecoder(parse_constant=refuse_constant)


@dataclass(slots=True)
class UnpackingAllowance:
    """How many bytes may still be unpacked: of one string, and of all strings of a request together."""

    string_bytes_max: int = 512 * 1024**2
    request_bytes_left: int = 4 * 1024**3


def pieces_of(zipped: str, place: Position, allowance: UnpackingAllowance) -> Iterator[str]:
    """The text in `zipped`, at most PIECE_BYTES at a time. Refused at the limit, before the rest is unpacked."""
    unpacked, decode = 0, codecs.getincrementaldecoder("utf-8")()
    try:
        for piece in _inflated(zipped, place):
            unpacked += len(piece)
            allowance.request_bytes_left -= len(piece)
            if unpacked > allowance.string_bytes_max:
                raise NotInGrammar(place, f"unpacks to more than {allowance.string_bytes_max} bytes")
            if allowance.request_bytes_left < 0:
                raise NotInGrammar(place, "the zipped strings of the request unpack to more than it may have in all")
            yield decode.decode(piece)
        yield decode.decode(b"", final=True)
    except UnicodeDecodeError:
        raise NotInGrammar(place, "what is zipped is no UTF-8") from None


def _inflated(zipped: str, place: Position) -> Iterator[bytes]:
    if not zipped.startswith(PREFIX):
        raise NotInGrammar(place, f"{shown(zipped)}, expected a text that begins with {PREFIX}")
    inflater = zlib.decompressobj()
    try:
        for start in range(len(PREFIX), len(zipped), SLICE_CHARACTERS):
            data = a2b_base64(zipped[start : start + SLICE_CHARACTERS], strict_mode=True)
            while data and not inflater.eof:
                piece = inflater.decompress(data, PIECE_BYTES)
                data = inflater.unconsumed_tail
                if piece:
                    yield piece
            if inflater.unused_data or data:
                raise NotInGrammar(place, "the zipped text goes on after its end")
        while not inflater.eof:
            piece = inflater.decompress(inflater.unconsumed_tail, PIECE_BYTES)
            if not piece:
                raise NotInGrammar(place, "the zipped text is cut off")
            yield piece
    except (NotBase64, ValueError, zlib.error) as error:
        raise NotInGrammar(place, f"no zipped text: {error}") from None


class ZippedJson:
    """The JSON value in a zipped string, read from front to back."""

    def __init__(self, zipped: str, place: Position, allowance: UnpackingAllowance) -> None:
        self.place = place
        self._pieces = pieces_of(zipped, place, allowance)
        self._text, self._at, self._ended = "", 0, False

    def next_character(self) -> str:
        """The next character that is no space, which is not taken; empty at the end."""
        while True:
            found = NO_SPACE.search(self._text, self._at)
            if found:
                self._at = found.start()
                return found.group()
            self._at = len(self._text)
            if not self._grow(1):
                return ""

    def take(self, expected: str) -> None:
        """Go past a character of punctuation. Refused when another one is next."""
        found = self.next_character()
        if found != expected:
            raise NotInGrammar(self.place, f"what is zipped is no JSON: {shown(found)}, expected {expected!r}")
        self._at += 1

    def take_value(self) -> Any:
        """The next whole value of JSON."""
        self.next_character()
        while True:
            left = len(self._text) - self._at
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
                # A number at the end of a piece may go on in the next one.
                if end < len(self._text) or self._ended:
                    self._at = end
                    return value
            except RecursionError:
                raise NotInGrammar(self.place, "JSON nested too deeply") from None
            except ValueError as error:
                if self._ended:
                    raise NotInGrammar(self.place, f"what is zipped is no JSON: {readable_reason(error)}") from None
            if left > MEMBER_CHARACTERS_MAX:
                raise NotInGrammar(self.place, f"a member of more than {MEMBER_CHARACTERS_MAX} characters, or no JSON")
            self._grow(left)

    def elements(self) -> Iterator[Any]:
        """The values of a list, one at a time."""
        self.take("[")
        while self.next_character() != "]":
            yield self.take_value()
            if self.next_character() != "]":
                self.take(",")
        self.take("]")

    def end(self) -> None:
        """Refused when anything but space follows."""
        if self.next_character():
            raise NotInGrammar(self.place, "the JSON goes on after its end")

    def _grow(self, characters: int) -> bool:
        """Read at least so many characters more, if there are any."""
        fresh: list[str] = []
        while not self._ended and sum(map(len, fresh)) < max(characters, 1):
            piece = next(self._pieces, None)
            self._ended = piece is None
            fresh.append(piece or "")
        self._text, self._at = self._text[self._at :] + "".join(fresh), 0
        return bool(self._text)


def readable_reason(error: ValueError) -> str:
    """Why a text is no JSON, without the position in a piece, which means nothing to a client."""
    return error.msg if isinstance(error, json.JSONDecodeError) else str(error)
