"""The fewest messages that still do the harm: whole kinds are left out first, then halves, then single messages. Pure."""

from collections.abc import Callable, Iterator, Sequence

from tests.hostile.message import Message

#: A life that was felt to hang may have begun so long before what made it hang.
AFTER_SECONDS = 2.0
Harms = Callable[[Sequence[Message]], bool]


def shortest(messages: Sequence[Message], harms: Harms, tries_max: int = 40) -> list[Message]:
    """A shorter list, in the same order, for which `harms` is still true.

    messages: harmed when they were sent last. harms: sends a list and says whether it does harm; asked `tries_max` times at
    most, so the list may not be the shortest there is. A list that does no harm when it is sent again is given back whole.
    """
    tries = [tries_max]

    def again(some: Sequence[Message]) -> bool:
        tries[0] -= 1
        return tries[0] >= 0 and harms(some)

    if not again(messages):
        return list(messages)
    found = _by_kind(list(messages), again)
    return _by_halves(found, again)


def suspects(sent: Sequence[tuple[float, Message]], felt_at: float, most: int) -> list[Message]:
    """Up to `most` messages around the moment since which harm was felt: what was sent shortly before and after it.

    sent: times and messages, in order.
    """
    near = [message for at, message in sent if at <= felt_at + AFTER_SECONDS]
    return near[-most:] or [message for _, message in sent[:most]]


def _by_kind(messages: list[Message], again: Harms) -> list[Message]:
    """Halves of the kinds, as long as one half alone does the harm."""
    kinds = sorted({message.kind for message in messages})
    while len(kinds) > 1:
        middle = len(kinds) // 2
        for half in (kinds[:middle], kinds[middle:]):
            some = [message for message in messages if message.kind in half]
            if again(some):
                messages, kinds = some, list(half)
                break
        else:
            return messages
    return messages


def _by_halves(messages: list[Message], again: Harms) -> list[Message]:
    """Ever smaller pieces are left out, as long as the rest does the harm."""
    size = max(1, len(messages) // 2)
    while len(messages) > 1:
        for rest in _without_pieces(messages, size):
            if again(rest):
                messages = rest
                break
        else:
            if size == 1:
                return messages
            size = max(1, size // 2)
    return messages


def _without_pieces(messages: list[Message], size: int) -> Iterator[list[Message]]:
    for start in range(0, len(messages), size):
        rest = messages[:start] + messages[start + size :]
        if rest:
            yield rest


def command_of(messages: Sequence[Message], seed: int) -> str:
    """What repeats these messages on a running stack."""
    names = " ".join(f"'{message.name}'" for message in messages)
    return f".venv/bin/python -m tests.hostile --seed {seed} --only {names}"
