"""The secrets of a person, as far as the log knows them: ids, digests of names, sizes. The key is vo/owner."""

from dataclasses import dataclass, field

from commands.undo import UndoDict
from identity.ruling import Thing
from schemas.types import CommandEnvelope, EventEnvelope
from schemas.user_secrets import SecretsDeleted, SecretSet, SecretsShown, UserSecretsCommand, UserSecretsEvent


@dataclass(frozen=True, slots=True)
class Kept:
    """A secret: the id of its value and the length of it."""

    secret_id: str
    size_bytes: int


@dataclass(slots=True)
class UserSecrets:
    """Secrets by the digest of their name."""

    kept: UndoDict[str, Kept] = field(default_factory=UndoDict)


def initial() -> UserSecrets:
    """A person without secrets."""
    return UserSecrets()


def evolve(secrets: UserSecrets, event: UserSecretsEvent, envelope: EventEnvelope) -> UserSecrets:
    """`secrets` after `event`."""
    match event:
        case SecretSet():
            secrets.kept[event.name_digest] = Kept(event.secret_id, event.size_bytes)
        case SecretsDeleted():
            gone = set(event.secret_ids)
            for name in [name for name, one in secrets.kept.items() if one.secret_id in gone]:
                del secrets.kept[name]
        case SecretsShown():
            pass
    return secrets


def is_closed(secrets: UserSecrets) -> bool:
    """True while there is none."""
    return not secrets.kept


def belongs(secrets: UserSecrets, command: UserSecretsCommand, by: CommandEnvelope) -> Thing:
    """Secrets are of whom their key says, also while there are none (`schemas.ids.user_secrets_key`)."""
    vo, _, owner = by.aggregate_id.partition("/")
    return Thing("the secrets", vo, owner)
