"""Secrets that APIs share for a while: each can be read only by who brings the text that was handed out for it.

In: a document. Out: a random text; with it, and with nothing that the store holds, the document can be read, changed and used up.
Guards: entries are named by a hash of the text and encrypted with a key that is derived from it, so that who reads the store logs
in as no one; entries leave the store after `seconds_max`.
"""

import hashlib
import secrets
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.shared.store import Space

TEXT_LENGTH_MAX = 100
_NONCE_BYTES = 12


class SealedSpace:
    """Documents in a space that all APIs share."""

    def __init__(self, space: Space, seconds_max: float) -> None:
        self._space, self._seconds_max = space, seconds_max

    def issue(self, document: dict[str, Any]) -> str:
        """A text that stands for `document` from now on."""
        text = secrets.token_urlsafe(32)
        self.keep(text, document)
        self._space.forget(self._seconds_max)
        return text

    def find(self, text: str) -> dict[str, Any] | None:
        """What `text` stands for; None for one that was not issued or has been used up."""
        if not 0 < len(text) <= TEXT_LENGTH_MAX:
            return None
        raw = self._space.get(name_of(text))
        if not raw or len(raw) <= _NONCE_BYTES:
            return None
        try:
            found = AESGCM(_key(text)).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], None)
        except InvalidTag:
            return None
        document: dict[str, Any] = orjson.loads(found)
        return document

    def keep(self, text: str, document: dict[str, Any]) -> None:
        """Let `text` stand for `document`."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        self._space.put(name_of(text), nonce + AESGCM(_key(text)).encrypt(nonce, orjson.dumps(document), None))

    def use_up(self, text: str) -> None:
        """Let `text` stand for nothing from now on."""
        self._space.put(name_of(text), b"")


def name_of(text: str) -> str:
    """The name under which the store has what `text` stands for; the text cannot be made of it."""
    return hashlib.sha256(b"name:" + text.encode("utf-8", "surrogatepass")).hexdigest()


def _key(text: str) -> bytes:
    return hashlib.sha256(b"key:" + text.encode("utf-8", "surrogatepass")).digest()
