"""The keys with which data keys of secrets are wrapped: a file that the platform gives, the current key first.

In: lines `ID KEY`, where KEY is 32 bytes in base64. Out: the current key, and each by its id. Guards: a file that others than its
owner can read is refused; it is read again when it changes, so that a rotation needs no restart.
"""

import base64
import binascii
import re
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from process.private_files import write_private

#: Where the keys are where no platform gives them.
FILE = Path("identity") / "secrets.keys"
KEY_BYTES = 32
KEYS_MAX = 20
NAME = re.compile(r"[A-Za-z0-9._-]{1,40}")


class SecretKeysRefused(ValueError):
    """The file of keys cannot be used; the message names the file, what was found and what was expected, and no key."""


@dataclass(slots=True)
class SecretKeys:
    """The keys of the file at `path`."""

    path: Path
    _read: tuple[int, int, int] = (0, 0, 0)
    _keys: dict[str, bytes] = field(default_factory=dict)

    @property
    def is_there(self) -> bool:
        """False where no platform gave a file."""
        return self.path.is_file()

    @property
    def current(self) -> tuple[str, bytes]:
        """Id and key with which new secrets are wrapped; raises SecretKeysRefused."""
        return next(iter(self._all().items()))

    def find(self, name: str) -> bytes | None:
        """The key with the id `name`; raises SecretKeysRefused."""
        return self._all().get(name)

    def _all(self) -> dict[str, bytes]:
        try:
            found = self.path.stat()
        except OSError as problem:
            raise SecretKeysRefused(f"{self.path}: {problem.strerror}; expected a file of keys for secrets") from problem
        state = (found.st_mtime_ns, found.st_size, found.st_ino)
        if state != self._read:
            self._keys, self._read = read_keys(self.path), state
        return self._keys


def read_keys(path: Path) -> dict[str, bytes]:
    """The keys of a file by id, in its order; raises SecretKeysRefused naming the line."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise SecretKeysRefused(f"{path} has mode {mode:o}, expected 600: others may have read its keys")
    keys: dict[str, bytes] = {}
    for number, line in enumerate(path.read_text(encoding="ascii", errors="replace").splitlines(), 1):
        name, _, text = line.strip().partition(" ")
        if not name or name.startswith("#"):
            continue
        keys[_checked_name(path, number, name, keys)] = _decoded(path, number, text.strip())
    if not 0 < len(keys) <= KEYS_MAX:
        raise SecretKeysRefused(f"{path} has {len(keys)} keys, expected 1 to {KEYS_MAX}")
    return keys


def add_key(path: Path) -> str:
    """Put a new key before those of the file, which is made if there is none; its id."""
    keys = read_keys(path) if path.exists() else {}
    if len(keys) >= KEYS_MAX:
        raise SecretKeysRefused(f"{path} has {len(keys)} keys, expected fewer than {KEYS_MAX}; delete unused ones")
    number = 1 + max((int(name[1:]) for name in keys if re.fullmatch(r"k[0-9]{1,6}", name)), default=0)
    _write(path, {f"k{number}": secrets.token_bytes(KEY_BYTES)} | keys)
    return f"k{number}"


def drop_keys(path: Path, names: set[str]) -> None:
    """Delete keys from the file."""
    _write(path, {name: key for name, key in read_keys(path).items() if name not in names})


def _write(path: Path, keys: dict[str, bytes]) -> None:
    lines = "".join(f"{name} {base64.b64encode(key).decode()}\n" for name, key in keys.items())
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(path, lines.encode("ascii"))


def _checked_name(path: Path, number: int, name: str, before: dict[str, bytes]) -> str:
    if not NAME.fullmatch(name):
        raise SecretKeysRefused(f"{path}, line {number}: the id does not fit, expected 1 to 40 letters, digits, dots and dashes")
    if name in before:
        raise SecretKeysRefused(f"{path}, line {number}: the id {name} stands there twice")
    return name


def _decoded(path: Path, number: int, text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise SecretKeysRefused(f"{path}, line {number}: expected a key of {KEY_BYTES} bytes in base64 after the id")
    return key
