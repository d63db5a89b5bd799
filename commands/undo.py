"""Changes to states, kept until their batch is committed, so that one record's changes can be put back and nothing else.

In: what evolving does to the containers below and to objects that were handed to `keep`. Out: `put_back`, which restores all of
it to a mark. States are dataclasses whose fields hold these containers or immutable values, so every change passes here; a test
walks the states of all aggregates and holds them to it. Each thread keeps its own changes.

Order of keys: a key that was deleted and comes back stands last in an `UndoDict` and first in an `UndoQueue`, whose keys leave at
the front. So no decision may depend on the order of an `UndoDict`.
"""

from array import array
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, SupportsIndex, TypeVar

if TYPE_CHECKING:  # an array has an item type for mypy only
    _Array = array[int]
else:
    _Array = array

K = TypeVar("K")
V = TypeVar("V")
Step = tuple[Callable[..., Any], tuple[Any, ...]]
#: What puts the changes back, oldest first; None while none is kept, as while the log is folded.
STEPS: ContextVar[list[Step] | None] = ContextVar("steps", default=None)


def mark() -> int:
    """A point to go back to; from the first one on, changes are kept."""
    steps = STEPS.get()
    if steps is None:
        steps = []
        STEPS.set(steps)
    # A step of its own, so that deletions before and after the mark are never taken together.
    steps.append((_nothing, ()))
    return len(steps)


def put_back(to: int) -> None:
    """Every state as it was at the mark `to`."""
    steps = STEPS.get()
    assert steps is not None, "nothing was kept that could be put back"
    while len(steps) > to:
        restore, arguments = steps.pop()
        restore(*arguments)


def forget() -> None:
    """The changes hold: the batch is committed, or the states are thrown away."""
    STEPS.set(None)


def note(restore: Callable[..., Any], *arguments: Any) -> None:
    """Call `restore` when what happens now is put back."""
    if (steps := STEPS.get()) is not None:
        steps.append((restore, arguments))


def keep(thing: Any) -> None:
    """Keep what the fields of a dataclass object refer to."""
    if (steps := STEPS.get()) is not None:
        names, values = _fields_of(thing.__class__)
        steps.append((_set_fields, (thing, names, values(thing))))


@cache
def _fields_of(kind: type) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    names = tuple(field.name for field in fields(kind))
    if len(names) == 1:
        (name,) = names
        return names, lambda thing: (getattr(thing, name),)
    return names, attrgetter(*names)


def _set_fields(thing: Any, names: tuple[str, ...], values: tuple[Any, ...]) -> None:
    for name, value in zip(names, values, strict=True):
        setattr(thing, name, value)


def _nothing() -> None:
    """The step of a mark."""


class UndoDict(dict[K, V]):
    """A dict that can be put back, as far as the methods below change it; the others refuse."""

    __slots__ = ()

    def __setitem__(self, key: K, value: V) -> None:
        if (steps := STEPS.get()) is not None:
            if key in self:
                steps.append((dict.__setitem__, (self, key, self[key])))
            else:
                steps.append((dict.__delitem__, (self, key)))
        dict.__setitem__(self, key, value)

    def __delitem__(self, key: K) -> None:
        if (steps := STEPS.get()) is not None:
            self._deleted(steps, key, self[key])
        dict.__delitem__(self, key)

    def pop(self, key: K, *default: Any) -> Any:
        """As of a dict."""
        if key not in self:
            return dict.pop(self, key, *default)
        value = self[key]
        del self[key]
        return value

    def setdefault(self, key: K, default: V) -> V:
        """As of a dict; the default must be given."""
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, other: Mapping[K, V]) -> None:  # type: ignore[override]  # one form is enough
        """As of a dict, from a mapping."""
        for key, value in other.items():
            self[key] = value

    def clear(self) -> None:
        """Refused: assign a new one."""
        raise TypeError("clear() cannot be put back; assign a new UndoDict")

    def popitem(self) -> tuple[K, V]:
        """Refused: name the key."""
        raise TypeError("popitem() cannot be put back; delete by key")

    def __ior__(self, other: Any) -> Any:  # type: ignore[misc]  # it refuses each `|`
        raise TypeError("|= cannot be put back; use update()")

    def __reduce__(self) -> tuple[type, tuple[dict[K, V]]]:
        # The constructor fills a dict without a Python call an item, and without a step.
        return type(self), (dict(self),)

    def _deleted(self, steps: list[Step], key: K, value: V) -> None:
        steps.append((dict.__setitem__, (self, key, value)))


class UndoQueue(UndoDict[K, V]):
    """A dict whose keys leave at the front; deleted keys come back there, in their order."""

    __slots__ = ()

    def _deleted(self, steps: list[Step], key: K, value: V) -> None:
        last, arguments = steps[-1] if steps else (_nothing, ())
        if last is _to_the_front and arguments[0] is self:
            arguments[1].append((key, value))
        else:
            steps.append((_to_the_front, (self, [(key, value)])))


def _to_the_front(queue: dict[Any, Any], items: list[tuple[Any, Any]]) -> None:
    rest = dict(queue)
    dict.clear(queue)
    dict.update(queue, items)
    dict.update(queue, rest)


class UndoSet(set[K], Generic[K]):
    """A set that can be put back; the methods that it does not need refuse."""

    __slots__ = ()

    def add(self, item: K) -> None:
        """As of a set."""
        if item not in self:
            if (steps := STEPS.get()) is not None:
                steps.append((set.discard, (self, item)))
            set.add(self, item)

    def discard(self, item: object) -> None:
        """As of a set."""
        if item in self:
            if (steps := STEPS.get()) is not None:
                steps.append((set.add, (self, item)))
            set.discard(self, item)

    def _refused(self, *_: Any) -> Any:
        raise TypeError("this change of a set cannot be put back; use add() and discard()")

    remove = pop = clear = update = _refused
    difference_update = intersection_update = symmetric_difference_update = _refused
    __ior__ = __iand__ = __isub__ = __ixor__ = _refused

    def __reduce__(self) -> tuple[type, tuple[list[K]]]:
        return type(self), (list(self),)


class UndoList(list[V]):
    """A list that can be put back; `bisect.insort` uses its `insert`."""

    __slots__ = ()

    def insert(self, place: SupportsIndex, item: V) -> None:
        """As of a list, at a place from 0 on."""
        if (steps := STEPS.get()) is not None:
            steps.append((list.pop, (self, place)))
        list.insert(self, place, item)

    def __delitem__(self, place: SupportsIndex | slice) -> None:
        if isinstance(place, slice):
            raise TypeError("a slice cannot be put back; delete one by one")
        if (steps := STEPS.get()) is not None:
            steps.append((list.insert, (self, place, self[place])))
        list.__delitem__(self, place)

    def _refused(self, *_: Any, **__: Any) -> Any:
        raise TypeError("this change of a list cannot be put back; use insert() and del")

    append = extend = pop = remove = clear = sort = reverse = _refused
    __setitem__ = __iadd__ = __imul__ = _refused

    def __reduce__(self) -> tuple[type, tuple[list[V]]]:
        return type(self), (list(self),)


class UndoArray(_Array):
    """An array of whole numbers that can be put back: numbers are set and appended, never taken out."""

    __slots__ = ()

    def __setitem__(self, place: Any, value: Any) -> None:
        if isinstance(place, slice):
            raise TypeError("a slice cannot be put back; set one by one")
        if (steps := STEPS.get()) is not None:
            steps.append((array.__setitem__, (self, place, self[place])))
        array.__setitem__(self, place, value)

    def extend(self, values: Iterable[int]) -> None:
        """As of an array."""
        if (steps := STEPS.get()) is not None:
            steps.append((array.__delitem__, (self, slice(len(self), None))))
        array.extend(self, values)

    def _refused(self, *_: Any, **__: Any) -> Any:
        raise TypeError("this change of an array cannot be put back; use extend() and set by place")

    append = insert = pop = remove = reverse = frombytes = fromfile = fromlist = byteswap = _refused
    __delitem__ = __iadd__ = __imul__ = _refused


class UndoBytes(bytearray):
    """Small numbers, a byte each, that can be put back; `find` is as fast as of bytes."""

    __slots__ = ()

    def __setitem__(self, place: Any, value: Any) -> None:
        if isinstance(place, slice):
            raise TypeError("a slice cannot be put back; set one by one")
        if (steps := STEPS.get()) is not None:
            steps.append((bytearray.__setitem__, (self, place, self[place])))
        bytearray.__setitem__(self, place, value)

    def extend(self, values: Iterable[Any]) -> None:
        """As of a bytearray."""
        if (steps := STEPS.get()) is not None:
            steps.append((bytearray.__delitem__, (self, slice(len(self), None))))
        bytearray.extend(self, values)

    def _refused(self, *_: Any, **__: Any) -> Any:
        raise TypeError("this change of bytes cannot be put back; use extend() and set by place")

    append = insert = pop = remove = reverse = clear = _refused
    __delitem__ = __iadd__ = __imul__ = _refused


CONTAINERS: Iterable[type] = (UndoDict, UndoQueue, UndoSet, UndoList, UndoArray, UndoBytes)
