"""`buildGen`: sources in, library out, called as prun's build step calls it."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.wrappers.worker_node import WorkerNode, members, packed, worker_node

BUILD_GEN = "buildGen-00-00-01"
NAMES = ("-i", "sources.1.tar.gz", "-o", "panda.lib.tgz")


@pytest.fixture
def node(tmp_path: Path) -> Iterator[WorkerNode]:
    with worker_node(tmp_path) as node:
        node.upload("sources.1.tar.gz", {"src/main.c": "code", "Makefile": "all:\n\tcp src/main.c src/program\n"})
        yield node


def test_the_library_holds_sources_and_what_was_built(node: WorkerNode) -> None:
    ended = node.run(BUILD_GEN, *NAMES, "--sourceURL", node.url, "-r", ".", "--bexec", quote("cp src/main.c program"))

    assert ended.code == 0
    library = members(node.job / "panda.lib.tgz")
    assert sorted(library) == ["Makefile", "program", "src/main.c"]
    assert library["program"] == "code"


def test_the_build_command_runs_in_the_run_directory(node: WorkerNode) -> None:
    ended = node.run(BUILD_GEN, *NAMES, "--sourceURL", node.url, "-r", "src", "--bexec", quote("cp main.c program"))

    assert ended.code == 0
    assert members(node.job / "panda.lib.tgz")["src/program"] == "code"


def test_without_a_build_command_the_sources_are_packed_as_they_are(node: WorkerNode) -> None:
    ended = node.run(BUILD_GEN, *NAMES, "--sourceURL", node.url, "-r", ".", "--noCompile")

    assert ended.code == 0
    assert sorted(members(node.job / "panda.lib.tgz")) == ["Makefile", "src/main.c"]


def test_sources_that_were_staged_in_are_not_fetched(node: WorkerNode) -> None:
    node.put("sources.1.tar.gz", packed({"other": "1"}))

    ended = node.run(BUILD_GEN, *NAMES, "--sourceURL", node.url, "--noTarballDownload")

    assert ended.code == 0
    assert members(node.job / "panda.lib.tgz") == {"other": "1"}


def test_a_failed_build_gives_its_exit_code_and_no_library(node: WorkerNode) -> None:
    ended = node.run(BUILD_GEN, *NAMES, "--sourceURL", node.url, "--bexec", quote("exit 9"))

    assert ended.code == 9
    assert "panda.lib.tgz" not in node.files()


def test_sources_that_are_not_in_the_cache_are_reported(node: WorkerNode) -> None:
    ended = node.run(BUILD_GEN, "-i", "gone.tar.gz", "-o", "l.tgz", "--sourceURL", node.url)

    assert ended.code == os.EX_UNAVAILABLE
    assert "gone.tar.gz cannot be fetched: 404" in node.diagnosis()[1]
