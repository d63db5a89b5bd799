"""A scope as one row."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from commands.scope.model import FileScope
from commands.snapshot import MAIN, Row, SnapshotForm, changes_main, has_main
from schemas.scope import ScopeSnapshot


def rows(scope: FileScope, names: Collection[str]) -> Iterator[Row]:
    """The one row."""
    yield MAIN, ScopeSnapshot(vo=scope.vo, owner=scope.owner, is_settled=scope.is_settled)


def restored(found: Mapping[str, Any]) -> FileScope:
    """The scope of its row."""
    return FileScope(found[MAIN].vo, found[MAIN].owner, found[MAIN].is_settled)


SNAPSHOT = SnapshotForm(rows, restored, changes_main, has_main)
