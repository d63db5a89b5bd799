"""A request as it was sent, packed and cut into the records in which the log keeps it. Pure."""

import zlib
from hashlib import sha256

from schemas.workflow import RequestKept

PART_BYTES = 400_000
LEVEL = 6


def digest_of(sent: bytes) -> str:
    """SHA-256 of a request, in hexadecimal; its key in the log."""
    return sha256(sent).hexdigest()


def kept_parts(sent: bytes, digest: str) -> tuple[RequestKept, ...]:
    """The records of a request, in order; the same for the same bytes."""
    packed = zlib.compress(sent, LEVEL)
    cut = [packed[at : at + PART_BYTES] for at in range(0, len(packed), PART_BYTES)]
    return tuple(RequestKept(digest=digest, part=number, parts=len(cut), content=one) for number, one in enumerate(cut))


def sent_again(parts: dict[int, bytes], bytes_max: int) -> bytes:
    """The request of its parts by number, at most `bytes_max` bytes of it; raises ValueError for what is no such stream."""
    inflater = zlib.decompressobj()
    found = bytearray()
    try:
        for number in sorted(parts):
            found += inflater.decompress(parts[number], bytes_max - len(found) + 1)
            if len(found) > bytes_max:
                raise ValueError(f"a kept request of more than {bytes_max:,} bytes")
    except zlib.error as problem:
        raise ValueError(f"a kept request is broken: {problem}") from problem
    if not inflater.eof:
        raise ValueError("a kept request is not whole")
    return bytes(found)
