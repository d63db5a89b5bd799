"""What may be said to and by the user secrets aggregate.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from typing import Any, Self

from msgspec import Struct

from schemas.characters import (
    UUID,
    WORD,
    lines_of,
)
from schemas.types import (
    KeptSecret,
)


class DeleteSecrets(Struct, frozen=True, kw_only=True, gc=False):
    """Forget secrets; names that the owner does not have mean nothing.

    name_digests: Which; ignored with `all`.
    all: Every one.
    """

    name_digests: tuple[str, ...] = ()
    all: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "name_digests": list(self.name_digests),
            "all": self.all,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            name_digests=tuple(record["name_digests"]),
            all=record["all"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.name_digests) <= 100
            and (not self.name_digests or all(64 <= len(item) <= 64 and WORD.takes(item) for item in self.name_digests))
        )


_NAMES_OF_SETSECRET = lines_of(
    (UUID, 36, 36),
    (WORD, 64, 64),
    (WORD, 64, 64),
)


class SetSecret(Struct, frozen=True, kw_only=True, gc=False):
    """Keep a secret, or another value of it, for jobs of its owner.

    secret_id: Id of what is kept; a secret that is set again gets a new one.
    name_digest: SHA-256 of the owner and the name; the name itself is encrypted with the value.
    digest: SHA-256 of the encrypted document; says nothing of the value.
    size_bytes: Length of the value.
    """

    secret_id: str
    name_digest: str
    digest: str
    size_bytes: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "secret_id": self.secret_id,
            "name_digest": self.name_digest,
            "digest": self.digest,
            "size_bytes": self.size_bytes,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            secret_id=record["secret_id"],
            name_digest=record["name_digest"],
            digest=record["digest"],
            size_bytes=record["size_bytes"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.size_bytes <= 4194304
            and _NAMES_OF_SETSECRET("\n".join((self.secret_id, self.name_digest, self.digest, ""))) is not None
        )


class ShowSecrets(Struct, frozen=True, kw_only=True, gc=False):
    """Note that the owner is shown values.

    secret_ids: What was read.
    """

    secret_ids: tuple[str, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "secret_ids": list(self.secret_ids),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            secret_ids=tuple(record["secret_ids"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.secret_ids) <= 100
            and (not self.secret_ids or all(36 <= len(item) <= 36 and UUID.takes(item) for item in self.secret_ids))
        )


_NAMES_OF_SECRETSET = lines_of(
    (UUID, 36, 36),
    (WORD, 64, 64),
    (WORD, 64, 64),
    (UUID, 0, 36),
)


class SecretSet(Struct, frozen=True, kw_only=True, gc=False):
    """A secret is kept.

    secret_id: Id of what is kept; a secret that is set again gets a new one.
    name_digest: SHA-256 of the owner and the name; the name itself is encrypted with the value.
    digest: SHA-256 of the encrypted document; says nothing of the value.
    size_bytes: Length of the value.
    replaces: The id that its value had before.
    """

    secret_id: str
    name_digest: str
    digest: str
    size_bytes: int
    replaces: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "secret_id": self.secret_id,
            "name_digest": self.name_digest,
            "digest": self.digest,
            "size_bytes": self.size_bytes,
            "replaces": self.replaces,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            secret_id=record["secret_id"],
            name_digest=record["name_digest"],
            digest=record["digest"],
            size_bytes=record["size_bytes"],
            replaces=record["replaces"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.size_bytes <= 4194304
            and _NAMES_OF_SECRETSET("\n".join((self.secret_id, self.name_digest, self.digest, self.replaces or "", ""))) is not None
            and self.replaces != ""
        )


class SecretsDeleted(Struct, frozen=True, kw_only=True, gc=False):
    """Secrets are forgotten.

    secret_ids: Which.
    """

    secret_ids: tuple[str, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "secret_ids": list(self.secret_ids),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            secret_ids=tuple(record["secret_ids"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.secret_ids) <= 100
            and (not self.secret_ids or all(36 <= len(item) <= 36 and UUID.takes(item) for item in self.secret_ids))
        )


class SecretsShown(Struct, frozen=True, kw_only=True, gc=False):
    """Values were shown to their owner.

    secret_ids: What was read.
    """

    secret_ids: tuple[str, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "secret_ids": list(self.secret_ids),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            secret_ids=tuple(record["secret_ids"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.secret_ids) <= 100
            and (not self.secret_ids or all(36 <= len(item) <= 36 and UUID.takes(item) for item in self.secret_ids))
        )


class UserSecretsSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """The secrets of a person.

    secrets: Each of them.
    """

    secrets: tuple[KeptSecret, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "secrets": [item.to_avro() for item in self.secrets],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            secrets=tuple(KeptSecret.from_avro(item) for item in record["secrets"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.secrets) <= 100
            and (not self.secrets or all(map(KeptSecret.is_within_bounds, self.secrets)))
        )


UserSecretsCommand = (
    DeleteSecrets
    | SetSecret
    | ShowSecrets
)

UserSecretsEvent = (
    SecretSet
    | SecretsDeleted
    | SecretsShown
)
