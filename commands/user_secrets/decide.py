"""What a person's secrets say to a command. Guards: as many and as large as one person may keep, and no more."""

from typing import assert_never

from commands.decision import Decision, accept, refuse
from commands.user_secrets.model import UserSecrets
from schemas.types import CommandEnvelope
from schemas.user_secrets import (
    DeleteSecrets,
    SecretsDeleted,
    SecretSet,
    SecretsShown,
    SetSecret,
    ShowSecrets,
    UserSecretsCommand,
)

SECRETS_MAX = 100
#: Of all values together: a pilot is given them in one answer.
BYTES_MAX = 4 * 1024 * 1024


def decide(secrets: UserSecrets, command: UserSecretsCommand, by: CommandEnvelope) -> Decision:
    """Answer `command` against `secrets`."""
    match command:
        case SetSecret():
            return keep(secrets, command)
        case DeleteSecrets():
            return delete(secrets, command)
        case ShowSecrets():
            return accept(SecretsShown(secret_ids=command.secret_ids)) if command.secret_ids else accept()
        case _:
            assert_never(command)


def keep(secrets: UserSecrets, command: SetSecret) -> Decision:
    """A new secret, or another value of one that is there."""
    before = secrets.kept.get(command.name_digest)
    if before is None and len(secrets.kept) >= SECRETS_MAX:
        return refuse("TOO_MANY", f"{len(secrets.kept)} secrets are kept, expected fewer than {SECRETS_MAX}; delete one first")
    others = sum(one.size_bytes for name, one in secrets.kept.items() if name != command.name_digest)
    if others + command.size_bytes > BYTES_MAX:
        found = f"{others + command.size_bytes:,} bytes together"
        return refuse("TOO_LARGE", f"the secrets would have {found}, expected at most {BYTES_MAX:,}; delete one first")
    kept = SecretSet(
        secret_id=command.secret_id,
        name_digest=command.name_digest,
        digest=command.digest,
        size_bytes=command.size_bytes,
        replaces=before.secret_id if before else None,
    )
    return accept(kept)


def delete(secrets: UserSecrets, command: DeleteSecrets) -> Decision:
    """Those of the named that are there."""
    named = secrets.kept.keys() if command.all else command.name_digests
    gone = tuple(secrets.kept[name].secret_id for name in dict.fromkeys(named) if name in secrets.kept)
    return accept(SecretsDeleted(secret_ids=gone)) if gone else accept()
