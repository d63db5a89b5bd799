"""A secret as it is stored: opened by its keys in its place, and nowhere else."""

import base64
import json
from pathlib import Path

import pytest

from api.secrets.envelope import Owner, Secret, SecretUnreadable, opened, rewrapped, sealed
from api.secrets.store import SecretStore
from api.shared.directory import DirectorySpace
from identity.secret_keys import SecretKeys, SecretKeysRefused, add_key, drop_keys, read_keys

JANE = Owner("wlcg", "jane")
SECRET = Secret("00000000-0000-0000-0000-000000000001", "db", "planted-value")


@pytest.fixture
def keys(tmp_path: Path) -> SecretKeys:
    add_key(tmp_path / "keys")
    return SecretKeys(tmp_path / "keys")


def test_a_secret_comes_back_and_its_document_holds_neither_name_nor_value(keys: SecretKeys) -> None:
    document = sealed(keys, JANE, SECRET)

    assert opened(keys, JANE, JANE.name_digest("db"), document) == SECRET
    assert b"planted" not in document
    assert b'"db"' not in document
    assert "planted" not in repr(SECRET)


@pytest.mark.parametrize(
    ("owner", "name"),
    [(Owner("wlcg", "bob"), "db"), (Owner("lsst", "jane"), "db"), (JANE, "other")],
    ids=["another person", "another VO", "another name"],
)
def test_a_document_in_the_place_of_another_is_refused(keys: SecretKeys, owner: Owner, name: str) -> None:
    document = sealed(keys, JANE, SECRET)

    with pytest.raises(SecretUnreadable, match="it was changed, or belongs elsewhere"):
        opened(keys, owner, owner.name_digest(name), document)


@pytest.mark.parametrize("part", ["id", "wrapped", "content"])
def test_a_document_that_was_changed_is_refused(keys: SecretKeys, part: str) -> None:
    parts = json.loads(sealed(keys, JANE, SECRET))
    flipped = "00000000-0000-0000-0000-000000000002" if part == "id" else _flipped(parts[part])

    with pytest.raises(SecretUnreadable):
        opened(keys, JANE, JANE.name_digest("db"), json.dumps(parts | {part: flipped}).encode())


@pytest.mark.parametrize("document", [b"", b"[]", b"{", b'{"v":2}', b'{"v":1,"id":1,"key":"k1","wrapped":"","content":""}'])
def test_what_is_no_document_is_refused(keys: SecretKeys, document: bytes) -> None:
    with pytest.raises(SecretUnreadable):
        opened(keys, JANE, JANE.name_digest("db"), document)


def test_after_a_rotation_the_old_key_is_not_needed_and_the_content_is_untouched(keys: SecretKeys, tmp_path: Path) -> None:
    store = SecretStore(DirectorySpace(tmp_path / "store"), keys)
    store.put(JANE, JANE.name_digest("db"), sealed(keys, JANE, SECRET))
    content = json.loads(_document(tmp_path))["content"]

    add_key(keys.path)
    done = list(store.rotate())
    drop_keys(keys.path, {"k1"})

    assert done == [(f"{JANE.folder}/{JANE.name_digest('db')}", "wrapped")]
    assert store.read(JANE) == [SECRET]
    assert json.loads(_document(tmp_path))["content"] == content
    assert list(store.rotate()) == []


def test_without_its_key_a_secret_cannot_be_read(keys: SecretKeys, tmp_path: Path) -> None:
    document = sealed(keys, JANE, SECRET)
    add_key(keys.path)
    drop_keys(keys.path, {"k1"})

    with pytest.raises(SecretUnreadable, match="a key that is not in the file"):
        opened(keys, JANE, JANE.name_digest("db"), document)
    with pytest.raises(SecretUnreadable):
        rewrapped(keys, JANE.folder, JANE.name_digest("db"), document)


def test_a_file_of_keys_that_others_can_read_is_refused(keys: SecretKeys) -> None:
    keys.path.chmod(0o640)

    with pytest.raises(SecretKeysRefused, match="has mode 640, expected 600"):
        read_keys(keys.path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "has 0 keys, expected 1 to 20"),
        ("k1 short\n", "line 1: expected a key of 32 bytes"),
        ("k1 " + base64.b64encode(b"x" * 31).decode(), "line 1: expected a key of 32 bytes"),
        ("a/b " + base64.b64encode(b"x" * 32).decode(), "line 1: the id does not fit"),
        ("".join(f"k1 {base64.b64encode(b'x' * 32).decode()}\n" for _ in range(2)), "line 2: the id k1 stands there twice"),
    ],
)
def test_a_file_of_keys_is_refused_by_line_and_expectation(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "keys"
    path.touch(mode=0o600)
    path.write_text(text)

    with pytest.raises(SecretKeysRefused, match=sentence) as refused:
        read_keys(path)
    assert base64.b64encode(b"x" * 32).decode() not in str(refused.value)


def _flipped(text: str) -> str:
    raw = bytearray(base64.b64decode(text))
    raw[-1] ^= 1
    return base64.b64encode(bytes(raw)).decode()


def _document(folder: Path) -> bytes:
    (found,) = [path for path in (folder / "store").rglob("*") if path.is_file()]
    return found.read_bytes()
