"""How far numbers were given away, as one row."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from commands.numbers.model import Numbers
from commands.snapshot import MAIN, Row, SnapshotForm, changes_main, has_main
from schemas.numbers import NumbersSnapshot


def rows(numbers: Numbers, names: Collection[str]) -> Iterator[Row]:
    """The one row."""
    yield MAIN, NumbersSnapshot(next=numbers.next)


def restored(found: Mapping[str, Any]) -> Numbers:
    """The numbers of their row."""
    return Numbers(found[MAIN].next)


SNAPSHOT = SnapshotForm(rows, restored, changes_main, has_main)
