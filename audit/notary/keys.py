"""The notary's key pair: made once, the private half readable by its owner only."""

from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)


def signing_key(folder: Path) -> Ed25519PrivateKey:
    """The private key in `folder`; made if there is none."""
    path = folder / "private.pem"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = Ed25519PrivateKey.generate()
        draft = folder / "private.pem.new"
        draft.touch(mode=0o600)
        draft.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        (folder / "public.pem").write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        draft.rename(path)
    found = load_pem_private_key(path.read_bytes(), None)
    assert isinstance(found, Ed25519PrivateKey), f"{path} holds another kind of key"
    return found


def public_key(folder: Path) -> Ed25519PublicKey:
    """The public key in `folder`; raises FileNotFoundError."""
    found = load_pem_public_key((folder / "public.pem").read_bytes())
    assert isinstance(found, Ed25519PublicKey), f"{folder} holds another kind of key"
    return found


def is_signed(key: Ed25519PublicKey, signature: str, text: bytes) -> bool:
    """True when `signature` (hexadecimal) over `text` was made with the private half of `key`."""
    try:
        key.verify(bytes.fromhex(signature), text)
    except (InvalidSignature, ValueError):
        return False
    return True
