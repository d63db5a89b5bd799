"""Files that their owner alone can read, from their first byte on."""

from pathlib import Path

import pytest

from process.private_files import make_private


@pytest.mark.parametrize(("program", "mode"), [(False, 0o600), (True, 0o700)])
def test_a_new_file_is_its_owners_alone(tmp_path: Path, program: bool, mode: int) -> None:
    make_private(tmp_path / "file", b"s3cret", program=program)

    assert (tmp_path / "file").read_bytes() == b"s3cret"
    assert (tmp_path / "file").stat().st_mode & 0o777 == mode


def test_a_file_that_is_there_is_replaced_with_its_mode_and_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "open").write_text("before")
    (tmp_path / "elsewhere").write_text("not ours")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")

    make_private(tmp_path / "open", b"s3cret")
    make_private(tmp_path / "link", b"s3cret")

    assert ((tmp_path / "open").read_bytes(), (tmp_path / "open").stat().st_mode & 0o777) == (b"s3cret", 0o600)
    assert ((tmp_path / "elsewhere").read_text(), (tmp_path / "link").is_symlink()) == ("not ours", False)
