"""Records decoded with patience for the registry, shared by all that read in a process.

A codec asks the registry once for each schema it has never seen. Here no answer is distinguished from a refusal: no one answers,
`RegistryAway`, try again; it says several times that there is no such schema, `Poison`, from then on without asking.
Which record a value holds is known from its first bytes, and of a large record its beginning may be enough.
"""

from collections import Counter
from collections.abc import Callable
from typing import TypeVar

import httpx

from eventlog.registry_client import SchemaRegistryError
from schemas.catalog import messages
from schemas.wire import FRAME, Codec, Decoded, Poison
from streams.engine.errors import RegistryAway
from streams.engine.partial_decoder import PartialDecoder

NOT_FOUND = 404
#: How often a registry is asked for a schema that it says it does not have: it may just have been started.
ASKED_MAX = 4
T = TypeVar("T")


class Decoder:
    """Reads record values; safe to share between threads."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._asked: Counter[bytes] = Counter()
        self._kinds = {codec.frame_of(entry.full_name): entry.name for entry in messages()}

    def kind_of(self, value: bytes | None) -> str:
        """Name of the record in `value`, for example JobLeased; raises Poison or RegistryAway."""
        kind = self.known_kind(value)
        if kind is None:
            kind = self._read(self._codec.name_of, value).rpartition(".")[2]
            self._kinds[(value or b"")[: FRAME.size]] = kind
        return kind

    def known_kind(self, value: bytes | None) -> str | None:
        """The same without ever waiting for the registry: None when it would have to be asked, or for poison."""
        return None if value is None else self._kinds.get(value[: FRAME.size])

    def decode(self, value: bytes | None) -> Decoded:
        """Message and envelope in `value`; raises Poison or RegistryAway."""
        return self._read(self._codec.decode, value)

    def decode_partially(self, value: bytes, partial: PartialDecoder) -> Decoded:
        """As `decode`, with what `partial` makes of the beginning as the message; other versions are read whole."""
        if value.startswith(self._codec.frame_of(partial.entry.full_name)):
            return partial.read(value)
        decoded = self.decode(value)
        return Decoded(decoded.entry, partial.made(decoded.message.to_avro()), decoded.envelope)

    def _read(self, read: Callable[[bytes | None], T], value: bytes | None) -> T:
        frame = (value or b"")[: FRAME.size]
        if self._asked[frame] >= ASKED_MAX:
            raise Poison(f"schema id {int.from_bytes(frame[1:])} is not known to the registry")
        try:
            return read(value)
        except SchemaRegistryError as problem:
            if problem.http_status_code == NOT_FOUND:
                self._asked[frame] += 1
            raise RegistryAway(str(problem)) from problem
        except (httpx.HTTPError, OSError) as problem:
            raise RegistryAway(repr(problem)) from problem
