"""What makes the wrappers fit for any worker node: single files, executable, Python 3.9, standard library only."""

import ast
import os
import re
import sys

import pytest

from tests.wrappers.worker_node import WRAPPERS

OF_CLIENTS = ("buildGen-00-00-01", "runGen-00-00-02", "runMerge-00-00-02")
NAMES = (*OF_CLIENTS, "bash-c", "bash-c-enc-new")


def test_the_common_part_is_the_same_in_all_wrappers_of_panda_client() -> None:
    parts = {
        re.findall(r"(?ms)^# ---- begin.*^# ---- end[^\n]*\n", (WRAPPERS / name).read_text())[0] for name in OF_CLIENTS
    }

    assert len(parts) == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_wrapper_is_an_executable_plain_file(name: str) -> None:
    path = WRAPPERS / name

    assert path.is_file()
    assert not path.is_symlink()
    assert os.access(path, os.X_OK)
    assert path.read_text().startswith("#!/usr/bin/env python3\n")


@pytest.mark.parametrize("name", NAMES)
def test_a_wrapper_is_python_3_9_and_needs_the_standard_library_only(name: str) -> None:
    tree = ast.parse((WRAPPERS / name).read_text(), feature_version=(3, 9))

    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else alias.name).partition(".")[0]  # type: ignore[union-attr]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imported <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("link", ["build_gen.py", "run_gen.py", "run_merge.py", "bash_c.py", "bash_c_enc_new.py"])
def test_every_wrapper_has_a_python_name_for_the_checkers(link: str) -> None:
    assert (WRAPPERS / link).resolve().name in NAMES
