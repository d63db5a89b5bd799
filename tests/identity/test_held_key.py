"""A key that is held in memory is that of the file, also after the file was replaced."""

from pathlib import Path

from identity.issuer import HeldKey, key_path, signing_key


def test_a_held_key_is_read_once_and_again_when_its_file_was_replaced(tmp_path: Path) -> None:
    held = HeldKey(tmp_path)
    first = held.key()
    assert held.key() is first

    key_path(tmp_path).unlink()
    second = signing_key(tmp_path)

    assert held.key().kid == second.kid != first.kid


def test_a_key_is_made_where_there_is_none(tmp_path: Path) -> None:
    key_path(tmp_path).unlink()

    assert HeldKey(tmp_path).key().kid == signing_key(tmp_path).kid
