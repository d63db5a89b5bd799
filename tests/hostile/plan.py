"""Which messages are sent: of every kind as many, in an order by the seed. The same seed and ground: the same messages."""

import random
import zlib
from collections.abc import Iterable, Mapping

from hypothesis import strategies as st

from tests.hostile.draws import drawn
from tests.hostile.forms import form_kinds
from tests.hostile.ground import Ground
from tests.hostile.message import Message, Record, Request
from tests.hostile.pilots import pilot_kinds
from tests.hostile.routes import route_kinds
from tests.hostile.submissions import submission_kinds
from tests.hostile.topics import record_kinds

#: What hypothesis draws at a time. Few: it goes on from what it drew before, and what is sent shall differ.
#: The messages of a kind are the same however many are asked for.
DRAWN_AT_ONCE = 5
Strategy = st.SearchStrategy[tuple[Request | Record, str]]


def kinds(ground: Ground, ids: Mapping[str, int]) -> dict[str, Strategy]:
    """Every kind of message. ids: schema ids by full name."""
    found: dict[str, Strategy] = {}
    for some in (
        route_kinds(ground),
        submission_kinds(ground),
        pilot_kinds(ground),
        form_kinds(ground),
        record_kinds(ground, ids),
    ):
        found |= some
    return found


def counts(names: Iterable[str], total: int) -> dict[str, int]:
    """How many of each kind: `total` in all, none of them without one, submissions and reports not fewer than others."""
    names = sorted(names)
    each, rest = divmod(max(total, len(names)), len(names))
    return {name: each + (place < rest) for place, name in enumerate(names)}


def messages_of(kind: str, strategy: Strategy, count: int, seed: int) -> list[Message]:
    """The first `count` messages of a kind."""
    found: list[Message] = []
    while len(found) < count:
        block = len(found) // DRAWN_AT_ONCE
        number = zlib.crc32(f"{seed}:{kind}:{block}".encode())
        values = drawn(strategy, DRAWN_AT_ONCE, number)
        found += [Message(kind, len(found) + place, content, description) for place, (content, description) in enumerate(values)]
    return found[:count]


def planned(ground: Ground, ids: Mapping[str, int], total: int, seed: int, only: Iterable[str] = ()) -> list[Message]:
    """All messages in the order in which they are sent.

    only: names of kinds, beginnings of them, or of single messages (`KIND#NUMBER`); with it the order stays, others are left out.
    """
    wanted = tuple(only)
    chosen = kinds(ground, ids)
    names = [name for name in chosen if not wanted or any(_means(word, name) for word in wanted)]
    if not names:
        raise ValueError(f"no kind of message begins with {' or '.join(wanted)}; `--list` shows all")
    highest = max((int(word.rpartition("#")[2]) + 1 for word in wanted if "#" in word), default=0)
    found: list[Message] = []
    for name, count in counts(names, total).items():
        found += messages_of(name, chosen[name], max(count, highest), seed)
    if highest:
        found = [message for message in found if message.name in wanted or message.kind in wanted]
    random.Random(seed).shuffle(found)
    return found


def _means(word: str, name: str) -> bool:
    return word.rpartition("#")[0] == name if "#" in word else name.startswith(word)
