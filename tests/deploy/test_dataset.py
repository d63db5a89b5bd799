"""Where files of an input dataset go and what is said about them."""

from pathlib import Path

import pytest

from cli.dataset import adler32_of, storage_path
from schemas.scopes import scope_of


def test_a_file_lies_where_the_storage_element_looks(tmp_path: Path) -> None:
    assert storage_path(tmp_path, "user.jdoe", "tile.fits") == tmp_path / "user/jdoe/27/2c/tile.fits"


@pytest.mark.parametrize(
    ("dataset", "scope"),
    [
        ("user.jdoe.deep.field", "user.jdoe"),
        ("group.phys-higgs.data", "group.phys-higgs"),
        ("mc23.601229.e8514", "mc23"),
        ("user.jdoe", "user.jdoe"),
    ],
)
def test_a_dataset_without_scope_gets_the_one_its_name_implies(dataset: str, scope: str) -> None:
    assert scope_of(dataset) == scope


def test_checksums_have_eight_digits(tmp_path: Path) -> None:
    empty, word = tmp_path / "empty", tmp_path / "word"
    empty.write_bytes(b"")
    word.write_bytes(b"Wikipedia")

    assert adler32_of(empty) == "00000001"
    assert adler32_of(word) == "11e60398"
