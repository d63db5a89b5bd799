"""Sets of whole numbers as intervals. Pure.

In and out: `Intervals`, in order, inclusive at both ends, with a gap of one number at least between two of them; so equal sets
are equal values. An operation looks at the intervals of the shorter set and at those that they have in common; a union or a
difference that keeps most of the longer set copies it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import Protocol

Intervals = tuple[tuple[int, int], ...]
_first_of: Callable[[tuple[int, int]], int] = itemgetter(0)
_last_of: Callable[[tuple[int, int]], int] = itemgetter(1)


class Range(Protocol):
    """A record with the first and the last number of a range."""

    @property
    def first(self) -> int:
        """The first number."""
        ...

    @property
    def last(self) -> int:
        """The last number, which is not below the first."""
        ...


def intervals_of(ranges: Iterable[Range]) -> Intervals:
    """The numbers of all ranges, which may overlap and stand in any order."""
    return joined(sorted((one.first, one.last) for one in ranges))


def joined(pairs: Iterable[tuple[int, int]]) -> Intervals:
    """The numbers of all pairs, which are sorted and may overlap."""
    found: list[tuple[int, int]] = []
    for first, last in pairs:
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return tuple(found)


def union(one: Intervals, other: Intervals) -> Intervals:
    """The numbers of either; looks at the intervals of the shorter of the two, and copies the other."""
    many, few = (one, other) if len(one) >= len(other) else (other, one)
    found: list[tuple[int, int]] = []
    at = 0
    for first, last in few:
        if found and first <= found[-1][1] + 1:  # what was put in before reaches this far
            first, last = found[-1][0], max(last, found[-1][1])
            found.pop()
        start, end = bisect_left(many, first - 1, at, key=_last_of), bisect_right(many, last + 1, at, key=_first_of)
        found += many[at:start]
        if start < end:
            first, last = min(first, many[start][0]), max(last, many[end - 1][1])
        found.append((first, last))
        at = max(start, end)
    return (*found, *many[at:])


def difference(one: Intervals, other: Intervals) -> Intervals:
    """The numbers of `one` that are not in `other`; looks at the shorter of the two, and copies what is left of `one`."""
    if len(one) < len(other):
        return tuple(part for first, last in one for part in gaps(other, first, last))
    found: list[tuple[int, int]] = []
    at = 0
    rest: tuple[int, int] | None = None
    for first, last in other:
        if rest is not None and rest[1] >= first:
            if rest[0] < first:
                found.append((rest[0], first - 1))
            rest = (max(rest[0], last + 1), rest[1]) if rest[1] > last else None
            if rest is not None:
                continue
        elif rest is not None:
            found.append(rest)
            rest = None
        start = bisect_left(one, first, at, key=_last_of)
        found += one[at:start]
        at = max(start, bisect_right(one, last, start, key=_first_of))
        if start < at:
            if one[start][0] < first:
                found.append((one[start][0], first - 1))
            if one[at - 1][1] > last:
                rest = (last + 1, one[at - 1][1])
    return (*found, *(() if rest is None else (rest,)), *one[at:])


def intersection(one: Intervals, other: Intervals) -> Intervals:
    """The numbers of both; costs the shorter of the two, and what they have in common."""
    few, many = sorted((one, other), key=len)
    return tuple(
        (max(first, pair[0]), min(last, pair[1]))
        for first, last in few
        for pair in many[bisect_left(many, first, key=_last_of) : bisect_right(many, last, key=_first_of)]
    )


def within(intervals: Intervals, first: int, last: int) -> Iterator[tuple[int, int]]:
    """The numbers of the intervals from `first` to `last`, in order; costs those that are taken from the iterator."""
    for place in range(bisect_left(intervals, first, key=_last_of), len(intervals)):
        start, end = intervals[place]
        if start > last:
            break
        yield max(first, start), min(last, end)


def size_within(intervals: Intervals, first: int, last: int) -> int:
    """How many numbers from `first` to `last` they hold; adds up the intervals between the two."""
    start, end = bisect_left(intervals, first, key=_last_of), bisect_right(intervals, last, key=_first_of)
    if start >= end:
        return 0
    part = intervals[start:end]
    outside = max(0, first - part[0][0]) + max(0, part[-1][1] - last)
    return sum(map(_last_of, part)) - sum(map(_first_of, part)) + len(part) - outside


def gaps(taken: Intervals, first: int, last: int) -> Iterator[tuple[int, int]]:
    """The numbers from `first` to `last` that are not in `taken`, in order; costs the intervals between the two."""
    for place in range(bisect_left(taken, first, key=_last_of), len(taken)):
        start, end = taken[place]
        if start > last:
            break
        if first < start:
            yield first, start - 1
        first = max(first, end + 1)
    if first <= last:
        yield first, last


def size(intervals: Intervals) -> int:
    """How many numbers they hold."""
    return sum(last - first + 1 for first, last in intervals)
