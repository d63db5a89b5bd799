"""Which commands were decided on aggregates that never end: for a day, in bounded memory, so that no command is decided twice.

One `CommandMemory` for each kind of aggregate and shard. In: digests of commands with the time for which each counts. Out:
whether a command is known, and until when commands are refused because they may have been decided and forgotten. Guards: what is
forgotten counts for a time until which commands are refused; what is put back is put back here too.
"""

from array import array
from bisect import insort
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from commands import undo
from commands.engine.entries import DIGEST_BYTES
from schemas.instants import HOUR, MINUTE
from schemas.snapshot import DecidedCommands

#: A page holds commands of ten minutes, at most so many; a row of it has 64 kB.
PAGE_MICROS = 10 * MINUTE
PAGE_IDS_MAX = 8_192
#: Of one kind in one shard, about 20 bytes each: 10 MB. When there are more, the oldest are forgotten before their time.
IDS_MAX = 524_288
_SLOT_BITS = 16
_TAIL_BYTES = DIGEST_BYTES - _SLOT_BITS // 8
#: Number of its ten minutes, and of the page within them.
PageKey = tuple[int, int]


@dataclass(slots=True)
class DigestPage:
    """Some digests, in the order in which they came. last_at: the latest of the times for which they count."""

    digests: "array[int]" = field(default_factory=lambda: array("Q"))
    last_at: int = 0


class CommandMemory:
    """Of one kind of aggregate in one shard. changed: pages whose rows are behind. dropped: those whose rows are to end."""

    def __init__(self, remembered_micros: int, ids_max: int = IDS_MAX) -> None:
        self._remembered = remembered_micros
        self._ids_max = ids_max
        self._newest = 0
        self._forgotten_until = 0
        self._pages: dict[PageKey, DigestPage] = {}
        self._order: list[PageKey] = []
        self._open: dict[int, PageKey] = {}
        self._table: dict[int, bytes] = {}
        self.count = 0
        self.changed: set[PageKey] = set()
        self.dropped: set[PageKey] = set()

    @property
    def refused_until(self) -> int:
        """Commands that were issued then or earlier might have been decided and forgotten."""
        return max(self._forgotten_until, self._newest - self._remembered)

    def knows(self, digest: int) -> bool:
        """True for a command that was decided, as far as is remembered."""
        slot, tail = _parts(digest)
        tails = self._table.get(slot)
        return tails is not None and _place(tails, tail) >= 0

    def note(self, digest: int, at: int, *, moves_time: bool) -> None:
        """A command was decided. at: the time for which it counts. moves_time: it tells how late it is."""
        if at <= self._forgotten_until or self.knows(digest):
            return
        if moves_time and at > self._newest:
            self._newest = at
        self._add(self._page_for(at // PAGE_MICROS), digest, at)

    def forget(self) -> None:
        """Drop what is too old, or too much; not while anything might still be put back."""
        while self._order:
            key = self._order[0]
            page = self._pages[key]
            if self.count <= self._ids_max and page.last_at > self._newest - self._remembered:
                return
            self._drop(key, page)

    def row(self, key: PageKey) -> DecidedCommands | None:
        """The row of a page; None for one that is no more."""
        page = self._pages.get(key)
        if page is None:
            return None
        digests = b"".join([number.to_bytes(DIGEST_BYTES) for number in page.digests])
        return DecidedCommands(
            digests=digests, last_at=page.last_at, newest_at=self._newest, forgotten_until=self._forgotten_until
        )

    def restore(self, key: PageKey, row: DecidedCommands) -> None:
        """Take a page over from its row."""
        self._newest = max(self._newest, row.newest_at)
        self._forgotten_until = max(self._forgotten_until, row.forgotten_until)
        if key not in self._pages:
            self._new(key)
        for place in range(0, len(row.digests), DIGEST_BYTES):
            digest = int.from_bytes(row.digests[place : place + DIGEST_BYTES])
            if not self.knows(digest):
                self._add(key, digest, row.last_at)
        self.changed.discard(key)

    def _page_for(self, minutes: int) -> PageKey:
        key = self._open.get(minutes, (minutes, 0))
        if key not in self._pages:
            self._new(key)
        elif len(self._pages[key].digests) >= PAGE_IDS_MAX:
            key = (minutes, key[1] + 1)
            self._new(key)
        return key

    def _new(self, key: PageKey) -> None:
        self._pages[key] = DigestPage()
        self._open[key[0]] = max(key, self._open.get(key[0], key))
        insort(self._order, key)
        self.dropped.discard(key)

    def _add(self, key: PageKey, digest: int, at: int) -> None:
        page = self._pages[key]
        undo.note(self._take_back, page, page.last_at)
        page.digests.append(digest)
        page.last_at = max(page.last_at, at)
        slot, tail = _parts(digest)
        self._table[slot] = self._table.get(slot, b"") + tail
        self.count += 1
        self.changed.add(key)

    def _take_back(self, page: DigestPage, last_at: int) -> None:
        self._remove(page.digests.pop())
        page.last_at = last_at

    def _remove(self, digest: int) -> None:
        slot, tail = _parts(digest)
        tails = self._table[slot]
        place = _place(tails, tail)
        rest = tails[:place] + tails[place + _TAIL_BYTES :]
        if rest:
            self._table[slot] = rest
        else:
            del self._table[slot]
        self.count -= 1

    def _drop(self, key: PageKey, page: DigestPage) -> None:
        for digest in page.digests:
            self._remove(digest)
        self._forgotten_until = max(self._forgotten_until, page.last_at)
        del self._order[0], self._pages[key]
        if self._open[key[0]] == key:
            del self._open[key[0]]
        self.changed.discard(key)
        self.dropped.add(key)


def _parts(digest: int) -> tuple[int, bytes]:
    """The slot of a digest, and what tells it from others there."""
    return digest & ((1 << _SLOT_BITS) - 1), (digest >> _SLOT_BITS).to_bytes(_TAIL_BYTES)


def _place(tails: bytes, tail: bytes) -> int:
    """Where `tail` begins among tails of equal length; -1 where it is not."""
    place = tails.find(tail)
    while place % _TAIL_BYTES and place >= 0:
        place = tails.find(tail, place + 1)
    return place


class CommandMemories:
    """All of them that a decider has, by shard and kind of aggregate."""

    def __init__(self) -> None:
        self._of: dict[tuple[int, str], CommandMemory] = {}

    def of(self, shard: int, aggregate: str, hours: int) -> CommandMemory:
        """Those of a kind. hours: how long they are remembered."""
        key = (shard, aggregate)
        found = self._of.get(key)
        if found is None:
            found = self._of[key] = CommandMemory(hours * HOUR)
        return found

    def all(self) -> Iterator[tuple[int, str, CommandMemory]]:
        """Everything that is kept."""
        for (shard, aggregate), decided in self._of.items():
            yield shard, aggregate, decided

    def forget_old(self) -> None:
        """Drop what is too old; not while anything might still be put back."""
        for decided in self._of.values():
            decided.forget()

    def let_go(self, shards: Collection[int]) -> None:
        """Others may have these."""
        for key in [key for key in self._of if key[0] in shards]:
            del self._of[key]

    def clear(self) -> None:
        """Let go of all."""
        self._of.clear()
