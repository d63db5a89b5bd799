"""Where encrypted secrets lie: a folder for each owner in the shared store, a document for each name. No read model: a rebuild
does not touch it."""

from collections.abc import Iterator
from dataclasses import dataclass

from api.secrets.envelope import Owner, Secret, SecretUnreadable, opened, rewrapped
from api.shared.store import Space
from identity.secret_keys import SecretKeys


@dataclass(frozen=True, slots=True)
class SecretStore:
    """Documents by owner and digest of the name. All methods raise OSError when the store is away."""

    space: Space
    keys: SecretKeys

    def put(self, owner: Owner, name_digest: str, document: bytes) -> None:
        """Keep a document in place of the one before."""
        self.space.within(owner.folder).put(name_digest, document)

    def has_any(self, owner: Owner) -> bool:
        """True when there is one."""
        return next(iter(self.space.within(owner.folder).names()), None) is not None

    def remove(self, owner: Owner, name_digest: str) -> None:
        """Forget one, if it is there."""
        self.space.within(owner.folder).remove(name_digest)

    def remove_all(self, owner: Owner) -> None:
        """Forget every one."""
        folder = self.space.within(owner.folder)
        for name in list(folder.names()):
            folder.remove(name)

    def read(self, owner: Owner) -> list[Secret]:
        """All of an owner, by name; raises SecretUnreadable, SecretKeysRefused."""
        folder = self.space.within(owner.folder)
        found = []
        for name in sorted(folder.names()):
            document = folder.get(name)
            if document is not None:
                found.append(opened(self.keys, owner, name, document))
        return sorted(found, key=lambda secret: secret.name)

    def rotate(self) -> Iterator[tuple[str, str]]:
        """Wrap every data key by the current key; for each document where it stands and what was done: wrapped, or why not."""
        for owner in self.space.folders():
            folder = self.space.within(owner)
            for name in sorted(folder.names()):
                document = folder.get(name)
                if document is None:
                    continue
                try:
                    changed = rewrapped(self.keys, owner, name, document)
                except SecretUnreadable as problem:
                    yield f"{owner}/{name}", str(problem)
                    continue
                # One that was set meanwhile is under the current key already.
                if changed is not None and folder.get(name) == document:
                    folder.put(name, changed)
                    yield f"{owner}/{name}", "wrapped"
