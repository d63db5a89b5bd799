"""A secret as it is stored: the value under a data key of its own, the data key under a key of the platform.

In: an owner, a name, a value. Out: a document, and its content again. Guards: AES-256-GCM, bound to owner, name and id, so that a
document put in the place of another is refused; changing the platform's key touches the wrapped data key alone.
"""

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from identity.secret_keys import KEY_BYTES, SecretKeys

NONCE_BYTES = 12
VERSION = 1


class SecretUnreadable(Exception):
    """A document that cannot be opened; the message says why and nothing of its content."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose secrets they are."""

    vo: str
    subject: str

    @property
    def folder(self) -> str:
        """A name for the place where they are kept."""
        return hashlib.sha256(f"{self.vo}/{self.subject}".encode()).hexdigest()

    def name_digest(self, name: str) -> str:
        """What the log and the store call the secret `name`."""
        return hashlib.sha256(orjson.dumps([self.vo, self.subject, name])).hexdigest()


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret in the clear; never printed."""

    secret_id: str
    name: str
    value: str

    def __repr__(self) -> str:
        return f"Secret({self.secret_id})"


def sealed(keys: SecretKeys, owner: Owner, secret: Secret) -> bytes:
    """The document of `secret`."""
    key_name, wrapping = keys.current
    data_key = secrets.token_bytes(KEY_BYTES)
    bound = _bound(owner, owner.name_digest(secret.name), secret.secret_id)
    content = orjson.dumps({"name": secret.name, "value": secret.value})
    document = {"v": VERSION, "id": secret.secret_id, "key": key_name, "wrapped": _seal(wrapping, data_key, bound)}
    return orjson.dumps(document | {"content": _seal(data_key, content, bound)})


def opened(keys: SecretKeys, owner: Owner, name_digest: str, document: bytes) -> Secret:
    """The secret of a document that stands under `name_digest`; raises SecretUnreadable."""
    parts = _parts(document)
    bound = _bound(owner, name_digest, parts["id"])
    content = orjson.loads(_open(_data_key(keys, parts, bound), parts["content"], bound))
    return Secret(parts["id"], content["name"], content["value"])


def rewrapped(keys: SecretKeys, folder: str, name_digest: str, document: bytes) -> bytes | None:
    """The document with its data key under the current key; None when it is already. Raises SecretUnreadable."""
    parts = _parts(document)
    key_name, wrapping = keys.current
    if parts["key"] == key_name:
        return None
    bound = _bound(folder, name_digest, parts["id"])
    return orjson.dumps(parts | {"key": key_name, "wrapped": _seal(wrapping, _data_key(keys, parts, bound), bound)})


def _data_key(keys: SecretKeys, parts: dict[str, str], bound: bytes) -> bytes:
    wrapping = keys.find(parts["key"])
    if wrapping is None:
        raise SecretUnreadable("it is wrapped by a key that is not in the file of keys")
    return _open(wrapping, parts["wrapped"], bound)


def _parts(document: bytes) -> dict[str, str]:
    try:
        parts = orjson.loads(document)
    except orjson.JSONDecodeError as problem:
        raise SecretUnreadable("it is not JSON") from problem
    names = ("id", "key", "wrapped", "content")
    if not isinstance(parts, dict) or parts.get("v") != VERSION or not all(isinstance(parts.get(name), str) for name in names):
        raise SecretUnreadable("it has another form than expected")
    return parts


def _bound(owner: "Owner | str", name_digest: str, secret_id: str) -> bytes:
    folder = owner if isinstance(owner, str) else owner.folder
    return f"{folder}/{name_digest}/{secret_id}".encode()


def _seal(key: bytes, content: bytes, bound: bytes) -> str:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, content, bound)).decode()


def _open(key: bytes, text: str, bound: bytes) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound)
    except (InvalidTag, ValueError, binascii.Error) as problem:
        raise SecretUnreadable("it was changed, or belongs elsewhere") from problem
