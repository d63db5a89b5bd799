"""The secrets of a person as one row."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from commands.snapshot import MAIN, Row, SnapshotForm, changes_main, has_main
from commands.undo import UndoDict
from commands.user_secrets.model import Kept, UserSecrets
from schemas.types import KeptSecret
from schemas.user_secrets import UserSecretsSnapshot


def rows(secrets: UserSecrets, names: Collection[str]) -> Iterator[Row]:
    """The one row."""
    kept = tuple(
        KeptSecret(name_digest=name, secret_id=one.secret_id, size_bytes=one.size_bytes) for name, one in secrets.kept.items()
    )
    yield MAIN, UserSecretsSnapshot(secrets=kept)


def restored(found: Mapping[str, Any]) -> UserSecrets:
    """The secrets of their row."""
    row: UserSecretsSnapshot = found[MAIN]
    return UserSecrets(UndoDict((one.name_digest, Kept(one.secret_id, one.size_bytes)) for one in row.secrets))


SNAPSHOT = SnapshotForm(rows, restored, changes_main, has_main)
