"""When the code of a running process counts as changed."""

import os
from pathlib import Path

import pytest

from deploy.stack import changed_at


@pytest.mark.parametrize("name", ["decide.py", "BannerShown.avsc", "aggregate.json", "topics.toml"])
def test_code_and_declarations_make_a_process_outdated(tmp_path: Path, name: str) -> None:
    (tmp_path / "banner").mkdir()
    (tmp_path / "banner" / name).touch()
    os.utime(tmp_path / "banner" / name, (1_000, 1_000))

    assert changed_at([tmp_path]) == 1_000


def test_what_python_compiled_makes_nothing_outdated(tmp_path: Path) -> None:
    (tmp_path / "decide.pyc").touch()

    assert changed_at([tmp_path]) == 0
