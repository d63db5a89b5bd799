"""Keys of an issuer of Culm's own that change in time: which one signs, and which ones are published. Pure: the time is given.

In: a ring and now, seconds since 1970. Out: the key that signs, those that verifiers need, a ring with one key more. Guards: a
key is published a day before it signs, so that every verifier has it by then; it is published for two days after its successor
began, which is longer than any token of it lives.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DAY_SECONDS = 24 * 3600.0
AHEAD_SECONDS, AFTER_SECONDS = DAY_SECONDS, 2 * DAY_SECONDS
#: How long a key signs before the next one is made.
SIGNS_SECONDS = 30 * DAY_SECONDS
Key = Mapping[str, Any]


class RingUnusable(ValueError):
    """What should be a ring of keys is none; the sentence says what was expected and holds nothing of a key."""


@dataclass(frozen=True, slots=True)
class RingKey:
    """A private key as a JWK with a `kid`, and since when it signs."""

    key: Key
    signs_from: float


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Keys in the order in which they sign."""

    keys: tuple[RingKey, ...] = ()

    def signing(self, now: float) -> Key | None:
        """The key that signs; None before the first."""
        begun = [one for one in self.keys if one.signs_from <= now]
        return begun[-1].key if begun else None

    def published(self, now: float) -> tuple[Key, ...]:
        """The keys by which tokens are checked, with their private parts, which are left out where they are published."""
        return tuple(one.key for one in self._in_use(now))

    def is_due(self, now: float) -> bool:
        """True when it is time for the next key: the last one has signed for long, or there is none."""
        return not self.keys or self.keys[-1].signs_from + SIGNS_SECONDS <= now

    def rotated(self, key: Key, now: float) -> "KeyRing":
        """With `key`, which signs from tomorrow, at once if it is the first; the same ring while another one waits to sign."""
        if self.keys and self.keys[-1].signs_from > now:
            return self
        return KeyRing((*self._in_use(now), RingKey(key, now + AHEAD_SECONDS if self.keys else now)))

    def replaced(self, key: Key, now: float) -> "KeyRing":
        """With `key` alone, which signs at once: for keys that became known to others."""
        return KeyRing((RingKey(key, now),))

    def _in_use(self, now: float) -> tuple[RingKey, ...]:
        ends = [*(later.signs_from + AFTER_SECONDS for later in self.keys[1:]), float("inf")]
        return tuple(one for one, end in zip(self.keys, ends, strict=False) if now < end)


def read_ring(document: object) -> KeyRing:
    """The ring in a parsed JSON document; raises RingUnusable."""
    rows = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(rows, list) or not rows:
        raise RingUnusable("expected an object with a list 'keys' of at least one key")
    return KeyRing(_in_order([_row(row, number) for number, row in enumerate(rows)]))


def document_of(ring: KeyRing) -> dict[str, Any]:
    """As `read_ring` reads it."""
    return {"keys": [{"key": dict(one.key), "signs_from": one.signs_from} for one in ring.keys]}


def _in_order(rows: Sequence[RingKey]) -> tuple[RingKey, ...]:
    kids = [row.key["kid"] for row in rows]
    if len(set(kids)) != len(kids):
        raise RingUnusable("expected each kid once")
    return tuple(sorted(rows, key=lambda row: row.signs_from))


def _row(row: object, number: int) -> RingKey:
    key = row.get("key") if isinstance(row, dict) else None
    since = row.get("signs_from") if isinstance(row, dict) else None
    if not isinstance(key, dict) or key.get("kty") != "EC" or key.get("crv") != "P-256":
        raise RingUnusable(f"key {number}: expected a JWK of kty EC and crv P-256")
    if not all(isinstance(key.get(name), str) and key[name] for name in ("kid", "x", "y", "d")):
        raise RingUnusable(f"key {number}: expected texts kid, x, y and d")
    if isinstance(since, bool) or not isinstance(since, (int, float)) or not 0 <= since < 1e11:
        raise RingUnusable(f"key {number}: signs_from is not a number of seconds since 1970")
    return RingKey(key, float(since))
